"""The lake: names of its tables, their columns, and every read and write of them.

Event tables (`shop_events`, `group_events`, `stream_events`) hold every line of every delivery with its fate, and for each
file a line 0 that says how many lines it had (`rows_read`) or why it could not be read, so that the ledger is a query and
one batch of files is one commit. They are partitioned by fate and by the month of the business date.
Tables that a day's run derives are partitioned by `as_of`; a run replaces its own day and no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import deltalake
import pyarrow as pa
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as f
from pyspark.sql import types as t
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from contract.events import COLUMN_KINDS, ERASURE_REQUEST, EVENT_TYPES, SOURCES, Fate, source_fields
from contract.settings import SettingError, Settings
from spark_jobs.lake.files import DATA_FILE, DataFile, PartitionWriter, commit, data_files, open_table, write_file
from spark_jobs.lake.schemas import arrow_schema, declared_frame

# What is known of a line, before the fields of its event; see docs/events.md.
ENVELOPE = """
    fate string, dt date, file string, line bigint, reason string, raw binary,
    rows_read bigint, error string, bytes bigint, modified_at timestamp, reread_by string, withdrawn_by string,
    event_key binary, content_hash binary, event_id string, event_source string, event_type string,
    event_time timestamp, event_date date, event_month string, persons array<string>, extra string, extensions string
"""
PARTITION_COLUMNS = ("fate", "event_month")
DESCRIBED = ("dt", "file", "line", "event_type", "event_date", "event_time")  # columns whose range a commit tells
_ERASED_PEOPLE = "erased_people"
TIME_ORDER = ("event_time", "event_id", "event_source")  # the total order in which events replace one another


def event_schema(source: str) -> t.StructType:
    """Columns of a source's event table: the envelope, then every field of the source's events."""
    fields = ", ".join(f"`{field.name}` {COLUMN_KINDS[field.kind]}" for field in source_fields(source).values())
    schema = t.StructType.fromDDL(f"{ENVELOPE}, {fields}")
    assert isinstance(schema, t.StructType)
    return schema


def table_path(settings: Settings, table: str) -> str:
    return f"{settings.lake}/{table}"


def event_table(settings: Settings, source: str) -> deltalake.DeltaTable:
    """The event table of a source, made if it is missing and widened if the contract has new fields.

    Raises:
        SettingError: its copies were compared in another way, so that later ones would be taken for conflicts.
    """
    path, schema = table_path(settings, f"{source}_events"), to_arrow_schema(event_schema(source))
    there = deltalake.DeltaTable(path).schema().fields if deltalake.DeltaTable.is_deltatable(path) else []
    if any(field.name == "value_hash" for field in there):
        raise SettingError(
            f"{path} was loaded by an earlier version, which compared whole lines; load the landing into a new FANOUT_LAKE"
        )
    described = {"delta.dataSkippingStatsColumns": ",".join(DESCRIBED)}
    return open_table(path, schema, PARTITION_COLUMNS, settings.run_id, **described)


def commit_events(settings: Settings, source: str, files: list[Row]) -> None:
    """Make data files that lie in the folder of an event table part of it, in one commit."""
    commit(event_table(settings, source), [file.asDict() for file in files], settings.run_id)


def row_counts(settings: Settings, table: str, partition: str) -> dict[str, int]:
    """Rows of a table by the value of one partition column, from the table's log alone; empty if there is no table."""
    counts: Counter[str] = Counter()
    for file in data_files(table_path(settings, table)):
        counts[str(file.partition[partition])] += file.rows
    return dict(counts)


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
        path = table_path(settings, f"{source}_events")
        if deltalake.DeltaTable.is_deltatable(path):
            files = pa.table(deltalake.DeltaTable(path).get_add_actions(flatten=True))
            if "min.event_date" in files.column_names:
                fates, first = files["partition.fate"].to_pylist(), files["min.event_date"].to_pylist()
                days += [day for fate, day in zip(fates, first, strict=True) if fate == Fate.ACCEPTED.value and day]
    if days and as_of < min(days):
        raise SettingError(
            f"AS_OF={as_of} lies before the first event, which is of {min(days)}; choose that day or a later one"
        )


def has_rows(settings: Settings, table: str) -> bool:
    """Whether a table is there and holds anything, from its log alone."""
    return bool(data_files(table_path(settings, table)))


def event_files(settings: Settings, source: str, *fates: Fate) -> list[DataFile]:
    """The data files of an event table that hold lines of some fates."""
    files = data_files(table_path(settings, f"{source}_events"))
    return [file for file in files if file.partition["fate"] in fates]


def erasure_requests(settings: Settings) -> set[str]:
    """The people whose request to be erased was accepted."""
    if not event_files(settings, "shop", Fate.ACCEPTED):
        return set()
    accepted = [("fate", "=", Fate.ACCEPTED.value), ("event_type", "=", ERASURE_REQUEST)]
    requests = deltalake.DeltaTable(table_path(settings, "shop_events")).to_pyarrow_table(filters=accepted, columns=["user_id"])
    return set(requests["user_id"].to_pylist())


def erased_people(settings: Settings) -> set[str]:
    """The people of whom nothing is left in any event table."""
    path = table_path(settings, _ERASED_PEOPLE)
    if not deltalake.DeltaTable.is_deltatable(path):
        return set()
    return set(deltalake.DeltaTable(path).to_pyarrow_table()["user_id"].to_pylist())


def add_erased_people(settings: Settings, people: Iterable[str]) -> None:
    rows = pa.table({"user_id": pa.array(sorted(people), pa.string())})
    path = table_path(settings, _ERASED_PEOPLE)
    table = open_table(path, rows.schema, [], settings.run_id)
    commit(table, write_file(path, {}, rows).to_pylist(), settings.run_id)


def landing_files(settings: Settings, source: str) -> list[dict[str, Any]]:
    """The landing files that an event table knows: file, fate (`read` or `unreadable`), bytes, modified_at."""
    table = deltalake.DeltaTable(table_path(settings, f"{source}_events"))
    fates = [("fate", "in", [Fate.READ.value, Fate.UNREADABLE.value])]
    rows: list[dict[str, Any]] = table.to_pyarrow_table(
        filters=fates, columns=["file", "fate", "bytes", "modified_at"]
    ).to_pylist()
    return rows


def accepted_events(spark: SparkSession, settings: Settings, source: str, as_of: date) -> DataFrame:
    """Accepted events of a source with a business date of at most `as_of`, all columns."""
    events = spark.read.format("delta").load(table_path(settings, f"{source}_events"))
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


def write_day(df: DataFrame, settings: Settings, table: str, as_of: date) -> None:
    """Replace the rows of `as_of` in a derived table, in one commit; makes the table if it is missing.

    Raises:
        SchemaError: the rows are not those that `contract.tables` declares.
    """
    replace_day(settings, table, as_of, day_files(df, settings, table, as_of))


def derived_table(settings: Settings, table: str) -> deltalake.DeltaTable:
    """A derived table, made if it is missing and widened if columns have been declared since."""
    schema = arrow_schema(table).append(pa.field("as_of", pa.date32()))
    return open_table(table_path(settings, table), schema, ["as_of"], settings.run_id)


def day_files(df: DataFrame, settings: Settings, table: str, as_of: date) -> list[Row]:
    """Write rows into the folder of a derived table, where no commit names them yet; gives rows of `DATA_FILE`.

    Raises:
        SchemaError: the rows are not those that `contract.tables` declares.
    """
    rows = declared_frame(df, table)
    derived_table(settings, table)
    writer = PartitionWriter(table_path(settings, table), {"as_of": as_of.isoformat()})
    return rows.mapInArrow(writer.write, from_arrow_schema(DATA_FILE)).collect()


def replace_day(settings: Settings, table: str, as_of: date, files: Iterable[Row]) -> None:
    """Make data files the rows of `as_of` in a derived table, in place of those that it had, in one commit."""
    derived = derived_table(settings, table)
    commit(derived, [file.asDict() for file in files], settings.run_id, replaced={"as_of": as_of.isoformat()})


def read_day(spark: SparkSession, settings: Settings, table: str, as_of: date) -> DataFrame:
    """The rows that the run of `as_of` wrote into a derived table, without the column `as_of`."""
    return spark.read.format("delta").load(table_path(settings, table)).where(f.col("as_of") == f.lit(as_of)).drop("as_of")


@contextmanager
def one_writer(spark: SparkSession, settings: Settings) -> Iterator[None]:
    """Hold the lake for one writer of event tables; others wait.

    The JVM holds the lock, since it is the JVM that writes and that may outlive a killed Python by a commit; the kernel frees
    it when the JVM is gone.
    """
    Path(settings.lake).mkdir(parents=True, exist_ok=True)
    jvm = spark._jvm
    assert jvm is not None
    channel = jvm.java.io.RandomAccessFile(f"{settings.lake}/.writer.lock", "rw").getChannel()
    lock = channel.lock()
    try:
        yield
    finally:
        lock.release()
        channel.close()
