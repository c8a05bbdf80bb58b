"""Simulated platforms of several sizes from landing to marts: time and memory stage by stage, and model by model.

    python -m benchmarks.marts [--events 1000000 3000000 10000000] [--simulated 10000000] [--dearest 12] [--keep FOLDER]
                               [--workers 2] [--stage marts] [--lake s3://bucket/prefix]

Each stage is the command that its task runs. The models stand beside one DuckDB scan of the columns that they read. The
growth is the slope of log time over log events between the smallest and the largest. With `--workers` the Spark jobs run on a
standalone cluster of so many workers of one core, and their drivers have 1 GB. With `--lake` the lakes lie in an object store,
which the variables `AWS_*` say how to reach. More events than `--simulated`, of which one core makes 25,000 a second, are
copies of such a platform beside each other.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path

import duckdb

from benchmarks._cluster import standalone
from benchmarks._copies import multiply_landing
from benchmarks._memory import Memory
from contract.events import SOURCES, source_fields
from contract.object_store import duckdb_statements
from contract.settings import Settings, parse_as_of
from dbt_project.extensions import load_extensions
from spark_jobs.families import SESSIONS, command

AS_OF = "2026-04-30"
STAGES = {
    **{f"ingest of {source}": ["spark_jobs.ingest", "--source", source] for source in SOURCES},
    **{session.replace("_", " "): [*command(session).split(), "--as-of", AS_OF] for session in SESSIONS},
    "marts": ["dbt_project.build", "--as-of", AS_OF],
    "gate": ["expectations.gate", "publication", "--as-of", AS_OF],
}


def run_stage(command: list[str], where: dict[str, str]) -> tuple[float, Memory]:
    """Seconds that it took, and the peak memory in that time."""
    environment = os.environ | where
    started = time.perf_counter()
    with Memory() as memory:
        subprocess.run([sys.executable, "-m", *command], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started, memory


def scan_seconds(settings: Settings) -> float:
    """Seconds of one DuckDB scan of the contract's columns, which the marts read."""
    connection = duckdb.connect()
    load_extensions(connection)
    for statement in duckdb_statements(settings.lake):
        connection.execute(statement)
    started = time.perf_counter()
    for source in SOURCES:
        columns = ", ".join(f'count("{name}")' for name in ["event_id", "event_time", "event_date", *source_fields(source)])
        lake = f"delta_scan('{settings.lake}/{source}_events')"
        connection.execute(f"select {columns} from {lake} where fate = 'accepted'").fetchall()
    return time.perf_counter() - started


def by_model(settings: Settings, as_of: date, memory: Memory) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each model and test of dbt's last run, and megabytes of the process while it ran.

    If a build ran out of memory, that run is the second one, of what was built again.
    """
    results = json.loads((settings.work(as_of) / "dbt" / "run_results.json").read_text())["results"]
    seconds, megabytes = {}, {}
    for result in results:
        name = result["unique_id"].split(".")[2]
        seconds[name] = result["execution_time"]
        if ran := [step for step in result["timing"] if step["name"] == "execute"]:
            begin, end = (datetime.fromisoformat(ran[0][moment]) for moment in ("started_at", "completed_at"))
            megabytes[name] = float(memory.peak(begin, end))
    return seconds, megabytes


def landing(folder: Path, events: int, simulated: int) -> Path:
    out = folder / f"landing-{events}"
    if out.exists():
        return out
    if events > simulated:
        multiply_landing(landing(folder, simulated, simulated), out, round(events / simulated))
        return out
    command = [sys.executable, "-m", "simulator", "--out", str(out), "--events", str(events), "--end", AS_OF]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return out


def show(title: str, rows: dict[int, dict[str, float]], names: list[str]) -> None:
    """A line for each name, a column for each size, and the growth between the first and the last."""
    sizes = sorted(rows)
    print(f"\n{title:60}" + "".join(f"{events:>14,}" for events in sizes) + ("    exponent" if len(sizes) > 1 else ""))
    for name in names:
        values = [rows[events].get(name, 0.0) for events in sizes]
        growth = ""
        if len(sizes) > 1 and min(values) > 0:
            growth = f"{math.log(values[-1] / values[0]) / math.log(sizes[-1] / sizes[0]):>12.2f}"
        print(f"{name[:60]:60}" + "".join(f"{value:>14.1f}" for value in values) + growth)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 3_000_000, 10_000_000])
    parser.add_argument("--simulated", type=int, default=10_000_000, help="events that are simulated; more are copies of these")
    parser.add_argument("--dearest", type=int, default=12)
    parser.add_argument(
        "--keep", type=Path, help="a folder for landing and lake, which stay; the landing of an earlier run is used"
    )
    parser.add_argument("--workers", type=int, default=0, help="of a standalone cluster; default none, in one process")
    parser.add_argument("--lake", help="s3://bucket/prefix of the lakes; default folders")
    parser.add_argument("--stage", choices=STAGES, nargs="+", default=list(STAGES), help="some stages on a home that was kept")
    args = parser.parse_args()
    times: dict[int, dict[str, float]] = {}
    memory: dict[int, dict[str, float]] = {}
    models: dict[int, dict[str, float]] = {}
    model_memory: dict[int, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="fanout-bench-") as scratch, ExitStack() as stack:
        folder: Path = args.keep or Path(scratch)
        cluster = {}
        if args.workers:
            master = stack.enter_context(standalone(args.workers, Path(scratch)))
            cluster = {"FANOUT_SPARK_MASTER": master, "FANOUT_SPARK_MEMORY": "1g"}
        for events in sorted(args.events):
            landed = landing(folder, events, args.simulated)
            where = {"FANOUT_HOME": str(folder / f"home-{events}"), "FANOUT_LANDING": str(landed)}
            if args.lake:
                where["FANOUT_LAKE"] = f"{args.lake}/{events}"
            settings = Settings.from_environment(where)
            times[events], memory[events] = {}, {}
            for stage in args.stage:
                times[events][stage], seen = run_stage(STAGES[stage], cluster | where)
                memory[events][stage] = float(seen.peak())
                if stage == "marts":
                    models[events], model_memory[events] = by_model(settings, parse_as_of(AS_OF), seen)
                print(f"{events:>12,} events, {stage}: {times[events][stage]:.1f} s", file=sys.stderr, flush=True)
            times[events]["one DuckDB scan of the lake"] = scan_seconds(settings)
    show("seconds", times, list(times[max(times)]))
    show("peak megabytes", memory, args.stage)
    largest = models.get(max(args.events), {})
    dearest = sorted(largest, key=largest.__getitem__, reverse=True)[: args.dearest]
    show("seconds of a model or test", models, dearest)
    show("megabytes while it ran", model_memory, dearest)
    return 0


if __name__ == "__main__":
    sys.exit(main())
