"""What a dataset is made of, what is made of it, and what feeds a column.

    python -m operations.lineage upstream orders
    python -m operations.lineage upstream exports/merchants/products.csv --column revenue
    python -m operations.lineage downstream shop.order_paid.v1 --stage exports
    python -m operations.lineage downstream shop/dt=2026-03-20/part-0001.jsonl --stage exports
    python -m operations.lineage list

A dataset is named as in the lineage events (docs/lineage.md), or by a mart, an event type, or a landing file, which stands for
the event types of its accepted lines. The models are those of the newest day that was built, or of --as-of. --json prints one
object.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from contract.events import EVENT_TYPES, SOURCES
from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings, parse_as_of
from contract.tables import TABLES
from lineage import names
from lineage.manifest import read_manifest
from operations.lineage_graph import Edge, Graph, columns, graph
from spark_jobs.lake.event_tables import types_of_file


def manifest_file(settings: Settings, as_of: str | None) -> Path:
    """The manifest of a day's build, the newest if no day is named.

    Raises:
        SettingError: that day, or no day, was built.
    """
    day = parse_as_of(as_of).isoformat() if as_of else "*-*-*"
    built = sorted((settings.home / "work").glob(f"{day}/dbt/manifest.json"))
    if not built:
        what = f"no build of {as_of or 'any day'} lies in {settings.home / 'work'}"
        raise SettingError(f"{what}; run: python -m dbt_project.build")
    return built[-1]


def resolved(settings: Settings, known: Graph, name: str) -> list[str]:
    """The datasets that a name stands for.

    Raises:
        SettingError: it stands for none.
    """
    if name in known.datasets:
        return [name]
    if name in EVENT_TYPES:
        return [names.event_type(name)]
    if name in TABLES:
        table = TABLES[name]
        return [names.published(name) if table.is_mart else names.lake(name)]
    source = name.partition("/")[0]
    if source in SOURCES and "/dt=" in name:
        types = types_of_file(settings, source, name)
        if types:
            return [names.event_type(kind) for kind in types]
        raise SettingError(f"no accepted line of the lake came with {name}; ingest_ledger names the files")
    near = [dataset for dataset in known.datasets if name and name in dataset]
    raise SettingError(f"there is no dataset {name}" + (f"; is it one of {', '.join(near[:8])}?" if near else ""))


def of_datasets(known: Graph, starts: list[str], *, up: bool, stage: str | None) -> dict[str, Any]:
    edges: dict[Edge, None] = {}
    for start in starts:
        edges |= dict.fromkeys(known.reach(start, up=up))
    reached = dict.fromkeys(edge.above if up else edge.below for edge in edges)
    shown = sorted(dataset for dataset in reached if stage is None or dataset.startswith(f"{stage}/"))
    return {
        "of": starts,
        "direction": "upstream" if up else "downstream",
        "datasets": shown,
        "edges": [{"from": edge.above, "to": edge.below, "by": edge.by} for edge in edges],
    }


def of_column(known: Graph, dataset: str, column: str, *, up: bool) -> dict[str, Any]:
    """What feeds a column, or what it feeds, over all steps.

    Raises:
        SettingError: the dataset has no such column.
    """
    has = columns(dataset, known.manifest)
    if has and column not in has:
        raise SettingError(f"{dataset} has no column {column}; it has {', '.join(has)}")
    feeds = {} if up else _feeding_of_all(known, dataset)
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    rest = [(dataset, column)]
    while rest:
        here = rest.pop(0)
        if here not in found:
            found[here] = sorted(known.feeding(*here) if up else feeds.get(here, set()))
            rest += found[here]
    return {
        "of": f"{dataset}:{column}",
        "direction": "upstream" if up else "downstream",
        "columns": [
            {"column": ":".join(here), "feeds" if not up else "from": [":".join(each) for each in steps]}
            for here, steps in found.items()
        ],
        "untraced": sorted(known.manifest.untraced),
    }


def _feeding_of_all(known: Graph, dataset: str) -> dict[tuple[str, str], set[tuple[str, str]]]:
    """What each column of everything below a dataset is fed by, the other way round."""
    feeds: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for below in dict.fromkeys(edge.below for edge in known.reach(dataset, up=False)):
        for column in columns(below, known.manifest):
            for above in known.feeding(below, column):
                feeds.setdefault(above, set()).add((below, column))
    return feeds


def _told(answer: dict[str, Any]) -> str:
    if "columns" in answer:
        word = "from" if answer["direction"] == "upstream" else "feeds"
        lines = [f"{step['column']}  {word}  {', '.join(step[word]) or '-'}" for step in answer["columns"]]
        return "\n".join([*lines, *(f"{name} could not be traced through its SQL" for name in answer["untraced"])])
    return "\n".join(answer["datasets"]) or f"nothing is {answer['direction']} of {', '.join(answer['of'])}"


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0, or 2 where a name, a day or a setting is wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m operations.lineage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", choices=["upstream", "downstream", "list"])
    parser.add_argument("dataset", nargs="?", help="of upstream and downstream")
    parser.add_argument("--column", help="of the dataset: ask for its columns, not for datasets")
    parser.add_argument("--stage", help="only datasets whose name begins with it, such as exports or landing")
    parser.add_argument("--as-of", help="business date whose build is asked")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    asked = parser.parse_args(arguments)
    if (asked.question == "list") == bool(asked.dataset):
        parser.error("name a dataset with upstream and downstream, and none with list")
    try:
        settings = Settings.from_environment()
        with named(settings):
            answer = _answer(settings, asked)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(answer, ensure_ascii=False) if asked.json else _told(answer))
    return 0


def _answer(settings: Settings, asked: argparse.Namespace) -> dict[str, Any]:
    known = graph(read_manifest(manifest_file(settings, asked.as_of)))
    if asked.question == "list":
        shown = [name for name in known.datasets if asked.stage is None or name.startswith(f"{asked.stage}/")]
        return {"of": [], "direction": "list", "datasets": shown}
    starts = resolved(settings, known, asked.dataset)
    up = asked.question == "upstream"
    if asked.column is None:
        return of_datasets(known, starts, up=up, stage=asked.stage)
    if len(starts) > 1:
        raise SettingError(f"{asked.dataset} stands for {', '.join(starts)}; name one of them with --column")
    return of_column(known, starts[0], asked.column, up=up)


if __name__ == "__main__":
    sys.exit(main())
