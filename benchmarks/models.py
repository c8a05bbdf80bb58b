"""dbt models by name at several sizes: seconds, growth and peak memory of each, and all beside one scan and a copy.

    python -m benchmarks.models --as-of 2026-04-30 [--events 1000000 10000000] [--models merchant_cube journeys] [--keep FOLDER]

The lake is that of `FANOUT_HOME`, as it was run for the day, as often beside each other as it takes; each copy has merchants
and people of its own. Measured are the marts that are named, and the models that nothing but these marts reads. What they read
is built first; then they are built one after another, in a process of their own. All of them stand beside one DuckDB scan of
the columns that they read of other models and of the lake, and a plain copy of what they write. The growth is the slope of log
time over log events between the smallest and the largest.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from benchmarks._copies import multiply_lake
from benchmarks._memory import Memory
from benchmarks.marts import by_model, show
from contract.settings import Settings, parse_as_of
from contract.sql import literal
from dbt_project.build import run_dbt
from dbt_project.extensions import load_extensions

# A merchant's day, why it went as it did, the ways on which people come, and what its live streams brought.
MARTS = (
    "merchant_cube",
    "journeys",
    "page_funnel",
    "diagnosis",
    "traffic_assets",
    "channel_returns",
    "campaign_review",
    "red_packet_response",
    "lead_funnel",
    "merchants",
    "live_sessions",
    "live_minutes",
    "live_products",
    "live_pushes",
    "live_channels",
    "live_spread",
)
AIMS = "aims: 3 times, 6,144 MB, exponents of 1.05"

Scans = dict[tuple[str, str], set[str]]


def dbt(settings: Settings, as_of: date, *command: str) -> Memory:
    """Run a dbt command in a process of its own; returns the memory of that time.

    Raises:
        RuntimeError: a model failed, or one is not there.
    """
    alone = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
    with Memory() as memory, alone:
        fault = alone.submit(_dbt, settings, as_of, command).result()
    if fault:
        raise RuntimeError(f"{fault}\nlog: {settings.work(as_of) / 'dbt' / 'dbt.log'}")
    return memory


def _dbt(settings: Settings, as_of: date, command: tuple[str, ...]) -> str:
    """What went wrong, in words; empty if nothing did."""
    outcome = run_dbt(settings, as_of, "--quiet", *command)
    if outcome.success:
        return ""
    results = getattr(outcome.result, "results", None) or []
    faults = [f"{result.node.name}: {result.message}" for result in results if result.message]
    return "\n".join([str(outcome.exception or "a model failed"), *faults])


def measured(manifest: dict[str, Any], marts: Iterable[str]) -> list[str]:
    """The marts, and the models that only they read, as dbt names them.

    Raises:
        RuntimeError: a mart is not there.
    """
    models = {name: node for name, node in manifest["nodes"].items() if node["resource_type"] == "model"}
    found = {f"model.fanout.{mart}" for mart in marts}
    if missing := sorted(name.rsplit(".", 1)[1] for name in found - models.keys()):
        raise RuntimeError(f"no model is called {', '.join(missing)}; name others by --models")
    readers = {name: {one for one in manifest["child_map"][name] if one in models} for name in models}
    is_more = True
    while is_more:
        more = {
            name
            for name, reading in readers.items()
            if name not in found and reading and reading <= found and models[name]["config"]["materialized"] == "table"
        }
        found |= more
        is_more = bool(more)
    return sorted(models[name]["name"] for name in found)


def scans(con: duckdb.DuckDBPyConnection, queries: dict[str, str]) -> Scans:
    """The columns that queries read: by table of the warehouse, or by source and type of the events of the lake.

    Other tables of the lake, which are small, are left out.
    """
    found: Scans = defaultdict(set)
    for query in queries.values():
        plan = con.execute(f"explain (format json) {query}").fetchall()[0][1]
        for node in nodes(json.loads(plan)):
            told = node["extra_info"]
            columns = told.get("Projections", [])
            columns = ({columns} if isinstance(columns, str) else {*columns}) - {""}
            if node["name"] == "SEQ_SCAN":
                schema, table = told["Table"].split(".")[-2:]
                if table not in queries:
                    found["", f"{schema}.{table}"] |= columns
            elif node["name"] == "DELTA_SCAN":
                filters = told.get("Filters", [])
                for one in [filters] if isinstance(filters, str) else filters:
                    if one.startswith("event_type="):
                        event = one.removeprefix("event_type=").strip("'")
                        found[event.split(".")[0], event] |= columns
    return found


def nodes(plan: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The operators of a plan that DuckDB explains as JSON, each before its children."""
    for node in plan:
        yield node
        yield from nodes(node["children"])


def scan_seconds(con: duckdb.DuckDBPyConnection, lake: str, found: Scans) -> float:
    """Seconds of one scan of the columns."""
    started = time.perf_counter()
    for (source, name), columns in found.items():
        counts = ", ".join(f'count("{column}")' for column in columns) or "count(*)"
        events = f"delta_scan({literal(f'{lake}/{source}_events')}) where fate = 'accepted' and event_type = {literal(name)}"
        con.execute(f"select {counts} from {events if source else name}").fetchall()
    return time.perf_counter() - started


def copy_seconds(con: duckdb.DuckDBPyConnection, target: Path, tables: Iterable[str]) -> float:
    """Seconds of a plain copy of tables into another file."""
    con.execute(f"attach {literal(target)} as target")
    started = time.perf_counter()
    for number, table in enumerate(tables):
        con.execute(f"create table target.t{number} as from {table}")
    con.execute("checkpoint target")
    seconds = time.perf_counter() - started
    con.execute("detach target")
    target.unlink()  # it may be as large as the warehouse
    return seconds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", type=parse_as_of, required=True, help="business date that the home was run for")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--models", nargs="+", default=MARTS, help="marts; default those of a merchant's day")
    parser.add_argument("--keep", type=Path, help="a folder for the lakes, which stay; those of an earlier run are used")
    arguments = parser.parse_args()
    source = Settings.from_environment()
    if not (Path(source.lake) / "shop_events").is_dir():
        print(f"{source.lake} holds no events; run: make run, or set FANOUT_HOME to a home that was run", file=sys.stderr)
        return 2
    seconds: dict[int, dict[str, float]] = {}
    memory: dict[int, dict[str, float]] = {}
    together: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="fanout-models-") as scratch:
        for events in sorted(arguments.events):
            home = (arguments.keep or Path(scratch)) / f"copies-{events}"
            settings = replace(source, home=home, lake=str(home / "lake"))
            if not home.exists():
                multiply_lake(Path(source.lake), home / "lake", events)
            try:
                seconds[events], memory[events], together[events] = measure(settings, arguments.as_of, arguments.models)
            except RuntimeError as error:
                print(error, file=sys.stderr)
                return 2
            print(f"{events:>12,} events: {together[events]['all of them']:.1f} s", file=sys.stderr, flush=True)
    show("seconds", seconds, list(seconds[max(seconds)]))
    show("megabytes of the process while it ran", memory, list(memory[max(memory)]))
    show(f"together ({AIMS})", together, list(together[max(together)]))
    return 0


def measure(
    settings: Settings, as_of: date, marts: Iterable[str]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Seconds and megabytes of each model, and what all of them come to."""
    dbt(settings, as_of, "parse")
    manifest = json.loads((settings.work(as_of) / "dbt" / "manifest.json").read_text())
    models = measured(manifest, marts)
    before = [f"+{model}" for model in models]
    dbt(settings, as_of, "build", "--resource-type", "model", "--resource-type", "seed", "--select", *before)
    seen = dbt(settings, as_of, "run", "--threads", "1", "--select", *models)
    seconds, megabytes = by_model(settings, as_of, seen)
    results = json.loads((settings.work(as_of) / "dbt" / "run_results.json").read_text())["results"]
    # What a model in Python reads is not counted.
    queries = {
        result["unique_id"].split(".")[2]: result["compiled_code"]
        for result in results
        if manifest["nodes"][result["unique_id"]]["language"] == "sql"
    }
    tables = [result["relation_name"] for result in results]
    with duckdb.connect() as con:
        load_extensions(con)
        con.execute("set TimeZone = 'UTC'")
        con.execute(f"attach {literal(settings.warehouse(as_of))} as warehouse (read_only)")
        con.execute("use warehouse")
        scan = scan_seconds(con, settings.lake, scans(con, queries))
        copy = copy_seconds(con, settings.home / "copy.duckdb", tables)
    total = sum(seconds.values())
    return (
        seconds,
        megabytes,
        {
            "all of them": total,
            "scan": scan,
            "copy": copy,
            "times scan and copy": total / (scan + copy),
            "peak megabytes": float(seen.peak()),
        },
    )


if __name__ == "__main__":
    sys.exit(main())
