"""Event tables: `shop_events`, `group_events` and `stream_events`, which the ingest writes and the models read.

They hold every line of every delivery with its fate, and for each file a line 0 that says how many lines it had (`rows_read`)
or why it could not be read. So the ledger is a query, and one batch of files is one commit. They are partitioned by fate and by
the month of the business date.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import deltalake
import pyarrow as pa
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t
from pyspark.sql.pandas.types import to_arrow_schema

from contract.events import COLUMN_KINDS, ERASURE_REQUEST, EVENT_TYPES, SOURCES, Fate, source_fields
from contract.settings import SettingError, Settings
from contract.sql import literal
from spark_jobs.lake.catalog import row_counts, table_path
from spark_jobs.lake.files import DataFile, commit, data_files, delta_table, open_table, select, write_file

# What is known of a line, before the fields of its event; see docs/events.md.
ENVELOPE = """
    fate string, dt date, file string, line bigint, reason string, raw binary,
    rows_read bigint, error string, bytes bigint, modified_at timestamp, reread_by string, withdrawn_by string,
    event_key binary, content_hash binary, event_id string, event_source string, event_type string,
    event_time timestamp, event_date date, event_month string, persons array<string>, extra string, extensions string
"""
PARTITION_COLUMNS = ("fate", "event_month")
DESCRIBED = ("dt", "file", "line", "event_type", "event_date", "event_time")  # columns whose range a commit states
ERASED_PEOPLE = "erased_people"


def event_schema(source: str) -> t.StructType:
    """Columns of a source's event table: the envelope, then every field of the source's events."""
    fields = ", ".join(f"`{field.name}` {COLUMN_KINDS[field.kind]}" for field in source_fields(source).values())
    schema = t.StructType.fromDDL(f"{ENVELOPE}, {fields}")
    assert isinstance(schema, t.StructType)
    return schema


def event_table(settings: Settings, source: str) -> deltalake.DeltaTable:
    """The event table of a source, made if it is missing and widened if the contract has new fields.

    Raises:
        SettingError: an earlier version, which compared copies differently, loaded it, so later copies would be conflicts.
    """
    path, schema = table_path(settings, f"{source}_events"), to_arrow_schema(event_schema(source))
    there = delta_table(path)
    if there is not None and any(field.name == "value_hash" for field in there.schema().fields):
        raise SettingError(
            f"{path} was loaded by an earlier version, which compared whole lines; load the landing into a new FANOUT_LAKE"
        )
    described = {"delta.dataSkippingStatsColumns": ",".join(DESCRIBED)}
    return open_table(path, schema, PARTITION_COLUMNS, settings.run_id, **described)


def commit_events(settings: Settings, source: str, files: list[Row], removed: Sequence[DataFile] = ()) -> None:
    """Make data files that lie in the folder of an event table part of it, instead of some that were, in one commit."""
    commit(event_table(settings, source), [file.asDict() for file in files], settings.run_id, removed=removed)


def event_rows(settings: Settings) -> int:
    """Accepted events of all sources, from the tables' logs alone."""
    return sum(row_counts(settings, f"{source}_events", "fate").get(Fate.ACCEPTED, 0) for source in SOURCES)


def refuse_before_first_event(settings: Settings, as_of: date) -> None:
    """From the tables' logs alone.

    Raises:
        SettingError: there are events, but none at or before `as_of`.
    """
    days = []
    for source in SOURCES:
        table = delta_table(table_path(settings, f"{source}_events"))
        if table is not None:
            files = pa.table(table.get_add_actions(flatten=True))
            if "min.event_date" in files.column_names:
                fates, first = files["partition.fate"].to_pylist(), files["min.event_date"].to_pylist()
                days += [day for fate, day in zip(fates, first, strict=True) if fate == Fate.ACCEPTED.value and day]
    if days and as_of < min(days):
        raise SettingError(
            f"AS_OF={as_of} lies before the first event, which is of {min(days)}; choose that day or a later one"
        )


def event_files(settings: Settings, source: str, *fates: Fate) -> list[DataFile]:
    """The data files of an event table, all or those that hold lines of some fates."""
    files = data_files(table_path(settings, f"{source}_events"))
    return [file for file in files if not fates or file.partition["fate"] in fates]


def landing_files(settings: Settings, source: str) -> list[dict[str, Any]]:
    """The landing files that an event table knows: file, fate (`read` or `unreadable`), bytes, modified_at."""
    table = delta_table(table_path(settings, f"{source}_events"))
    if table is None:
        return []
    return select(table, "file, fate, bytes, modified_at", f"fate in ('{Fate.READ}', '{Fate.UNREADABLE}')")


def types_of_file(settings: Settings, source: str, file: str) -> list[str]:
    """The event types of the accepted lines that a landing file brought; the file is named as in ingest_ledger."""
    table = delta_table(table_path(settings, f"{source}_events"))
    if table is None:
        return []
    rows = select(table, "distinct event_type", f"fate = '{Fate.ACCEPTED}' and file = {literal(file)}")
    return sorted(row["event_type"] for row in rows)


def erasure_requests(settings: Settings) -> set[str]:
    """The people whose request to be erased was accepted."""
    table = delta_table(table_path(settings, "shop_events"))
    if table is None:
        return set()
    rows = select(table, "distinct user_id", f"fate = '{Fate.ACCEPTED}' and event_type = '{ERASURE_REQUEST}'")
    return {row["user_id"] for row in rows}


def erased_people(settings: Settings) -> set[str]:
    """The people who were erased from every event table."""
    table = delta_table(table_path(settings, ERASED_PEOPLE))
    return set() if table is None else {row["user_id"] for row in select(table, "user_id")}


def add_erased_people(settings: Settings, people: Iterable[str]) -> None:
    rows = pa.table({"user_id": pa.array(sorted(people), pa.string())})
    path = table_path(settings, ERASED_PEOPLE)
    table = open_table(path, rows.schema, [], settings.run_id)
    commit(table, write_file(path, {}, rows).to_pylist(), settings.run_id)


def accepted_events(spark: SparkSession, settings: Settings, source: str, as_of: date) -> DataFrame:
    """Accepted events of a source with a business date of at most `as_of`, all columns of the contract.

    Fields that were declared after the last ingest, which the table lacks, are null.
    """
    events = spark.read.format("delta").load(table_path(settings, f"{source}_events"))
    missing = [field for field in event_schema(source) if field.name not in events.columns]
    events = events.withColumns({field.name: f.lit(None).cast(field.dataType) for field in missing})
    return events.where((f.col("fate") == Fate.ACCEPTED.value) & (f.col("event_date") <= f.lit(as_of)))


def read_events(spark: SparkSession, settings: Settings, event_type: str, as_of: date) -> DataFrame:
    """Accepted events of one type with a business date of at most `as_of`.

    Columns: event_id, event_source, event_time, event_date, then the type's fields in the order of the contract.
    """
    event = EVENT_TYPES[event_type]
    return (
        accepted_events(spark, settings, event.source, as_of)
        .where(f.col("event_type") == event_type)
        .select("event_id", "event_source", "event_time", "event_date", *(f"`{field.name}`" for field in event.fields))
    )
