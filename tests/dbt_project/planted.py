"""A planted landing as dbt's staging models have it, and the models above it run in order, without a lake."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from graphlib import TopologicalSorter

import duckdb
import pandas as pd
import yaml

from contract.events import EVENT_TYPES, Kind
from dbt_project.build import PROJECT
from tests.dbt_project.rendering import model
from tests.simulator.landing import Landing

_TYPES = {
    Kind.MONEY: "decimal(18, 2)",
    Kind.INTEGER: "bigint",
    Kind.BOOLEAN: "boolean",
    Kind.TIME: "timestamp",
    Kind.TEXTS: "varchar[]",
    Kind.ORDER_LINES: "struct(product_id varchar, quantity bigint, unit_price decimal(18, 2))[]",
}
# What Spark makes of shares whose trees have two layers, and whose parents are all there.
TWO_LAYERS = """
    create table stg_spread_graph__cascade_nodes as
    select merchant_id, share_id, user_id, event_time as shared_at, coalesce(parent_share_id, share_id) as root_share_id,
        parent_share_id, if(parent_share_id is null, 0, 1) as depth
    from stg_shop__share_created
"""
_REF = re.compile(r"ref\('(\w+)'\)")


class Themselves(Mapping[str, str]):
    """Each table stands for itself."""

    def __getitem__(self, name: str) -> str:
        return f"select * from {name}"

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def stage(con: duckdb.DuckDBPyConnection, landing: Landing) -> None:
    """Make the staging tables of every event type, the lines of each source, and the seeds."""
    for event_type in EVENT_TYPES.values():
        types = {field.name: _TYPES.get(field.kind, "varchar") for field in event_type.fields}
        rows = [
            {"event_id": event.id, "event_time": event.at.astimezone(UTC).replace(tzinfo=None), "event_date": event.day}
            | {name: event.data.get(name) for name in types}
            for event in landing.events[event_type.name]
        ]
        con.register("rows", pd.DataFrame(rows, columns=["event_id", "event_time", "event_date", *types], dtype=object))
        columns = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in types.items())
        con.execute(
            f"""create table stg_{event_type.source}__{event_type.short_name} as
            select cast(event_id as varchar) as event_id, '' as event_source, cast(event_time as timestamp) as event_time,
                cast(event_date as date) as event_date, {columns}
            from rows"""
        )
    for source in ("shop", "group", "stream"):
        merchants = {
            f"stg_{source}__{one.short_name}": "merchant_id" in {field.name for field in one.fields}
            for one in EVENT_TYPES.values()
            if one.source == source
        }
        merchant = {True: "merchant_id", False: "null::varchar as merchant_id"}
        events = " union all ".join(
            f"select event_id, event_time, event_date, {merchant[has_one]} from {name}" for name, has_one in merchants.items()
        )
        con.execute(
            f"""create table stg_{source}__lines as
            select *, '{source}' as source, event_date as dt, 'accepted' as fate, null::varchar as reason, '' as file,
                1 as line, 1 as rows_read, 1 as bytes, null::varchar as error, '' as event_source, '' as event_type
            from ({events})"""
        )
    declared = yaml.safe_load((PROJECT / "seeds" / "_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    for seed in declared:
        path, types = PROJECT / "seeds" / f"{seed['name']}.csv", seed["config"]["column_types"]
        with path.open(encoding="utf-8", newline="") as file:
            has_rows = len(list(csv.reader(file))) > 1
        if has_rows:
            con.execute(f"create table {path.stem} as from read_csv('{path}', header = true, types = {types})")


def run(con: duckdb.DuckDBPyConnection, models: Iterable[str], **variables: str) -> list[str]:
    """Make these models and all that they need and that is not there, each after those that it reads.

    Returns:
        Their names in the order in which they were made.
    """
    paths = {path.stem: path for path in (PROJECT / "models").rglob("*.sql")}
    there = {name for (name,) in con.execute("select table_name from information_schema.tables").fetchall()}
    reads: dict[str, set[str]] = {}
    wanted = [*models]
    while wanted:
        name = wanted.pop()
        if name not in reads and name not in there:
            reads[name] = {*_REF.findall(paths[name].read_text(encoding="utf-8"))} - there
            wanted += reads[name]
    made = list(TopologicalSorter(reads).static_order())
    for name in made:
        con.execute(f"create table {name} as {model(name, Themselves(), **variables)}")
    return made
