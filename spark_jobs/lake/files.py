"""Data files of Delta tables, written by Python workers from Arrow and made part of their table by one commit of the driver.

With Spark's own Delta writer the 14 tables of the graph and the 9 of groups, fans and merchants took five and six seconds of
processor time more.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import deltalake
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.fs import DeltaStorageHandler
from deltalake.transaction import AddAction, RemoveAction
from pyarrow.dataset import dataset
from pyarrow.fs import PyFileSystem

from contract.object_store import delta_options

# What `write_file` reports of a file: path below the table, size (bytes), modified_at (milliseconds since 1970), partition and
# statistics (JSON).
DATA_FILE = pa.schema(
    {"path": pa.string(), "size": pa.int64(), "modified_at": pa.int64(), "partition": pa.string(), "statistics": pa.string()}
)
_ROWS_OF_A_GROUP = 100_000  # where rows are sorted, a reader skips most of a large file
_SAMPLE_ROWS = 1000
_BYTES_PER_TASK = 16 << 20
_ROWS_AT_A_TIME = 500_000
_UNDER_A_MILLISECOND = timedelta(microseconds=999)
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def write_file(
    uri: str,
    partition: Mapping[str, str | None],
    rows: pa.Table,
    *,
    described: Sequence[str] = (),
) -> pa.RecordBatch:
    """Write rows into the folder of a table, where no commit names them yet; gives one row of `DATA_FILE`.

    Args:
        uri: of the table.
        partition: the values of its partition columns, which are not among the rows' columns.
        described: columns whose range the commit states, so that readers skip files, and the file states, so that they skip row
            groups; if none is named, the file states it for all.
    """
    files = _folder(uri)
    path = "/".join([*(f"{name}={value or _NO_VALUE}" for name, value in partition.items()), f"part-{uuid4()}.zstd.parquet"])
    with files.open_output_stream(path) as sink:
        pq.write_table(
            rows,
            sink,
            compression="zstd",
            store_decimal_as_integer=True,
            row_group_size=_ROWS_OF_A_GROUP,
            use_dictionary=_repeating(rows),
            write_statistics=list(described) or True,
        )
    written = files.get_file_info(path)
    row = {
        "path": path,
        "size": written.size,
        "modified_at": (written.mtime_ns or 0) // 1_000_000,
        "partition": json.dumps(partition),
        "statistics": json.dumps(statistics(rows, described)),
    }
    return pa.RecordBatch.from_pylist([row], schema=DATA_FILE)


def _repeating(rows: pa.Table) -> list[str]:
    """Columns whose values repeat: for others a dictionary only makes the file slower to write, and larger."""
    sample = rows.take(np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE_ROWS)).astype(np.int64))
    return [
        name
        for name, column in zip(sample.column_names, sample.columns, strict=True)
        if not pa.types.is_nested(column.type) and 2 * len(column.unique()) <= len(column) - column.null_count
    ]


@dataclass(frozen=True)
class DataFile:
    """A file of a table: its path below the table, its rows and bytes, the values of its partition columns."""

    path: str
    rows: int
    bytes: int
    partition: Mapping[str, str | None]


def delta_table(uri: str) -> deltalake.DeltaTable | None:
    """A table as it is now; None if there is none."""
    options = delta_options(uri)
    return deltalake.DeltaTable(uri, storage_options=options) if deltalake.DeltaTable.is_deltatable(uri, options) else None


def select(table: deltalake.DeltaTable, columns: str, where: str = "true") -> list[dict[str, Any]]:
    """The rows of a table as it is now, for what fits the driver; `columns` and `where` are SQL.

    By delta-rs' own engine: pyarrow would call the table's store, which is Python, from threads of its own, and the one that is
    still about to let go of it when Python ends aborts the process (apache/arrow#34314).
    """
    rows = deltalake.QueryBuilder().register("lake", table).execute(f"select {columns} from lake where {where}")
    return pa.table(rows).to_pylist()  # type: ignore[no-any-return]


def _folder(uri: str) -> PyFileSystem:
    """The folder of a table."""
    return PyFileSystem(DeltaStorageHandler(uri, delta_options(uri)))


def data_files(uri: str) -> list[DataFile]:
    """The files of a table, from its log alone, in the order of their paths; none if there is no table."""
    table = delta_table(uri)
    if table is None:
        return []
    known = pa.table(table.get_add_actions())
    partitions = known["partition"].to_pylist() if "partition" in known.column_names else [{}] * len(known)
    paths, rows, sizes = (known[name].to_pylist() for name in ("path", "num_records", "size_bytes"))
    files = (
        DataFile(path, count, size, {name: None if value is None else str(value) for name, value in values.items()})
        for path, count, size, values in zip(paths, rows, sizes, partitions, strict=True)
    )
    return sorted(files, key=lambda file: file.path)


def read_groups(
    uri: str,
    file: DataFile,
    names: Sequence[str] | None = None,
    wanted: tuple[str, Callable[[pa.ChunkedArray], pa.Array]] | None = None,
) -> Iterator[pa.Table]:
    """Columns of a data file, a row group at a time; columns that the file lacks are left out.

    Args:
        uri: of the table.
        file: of the table.
        names: of the columns, partition columns among them; by default all that the file itself holds.
        wanted: one of the columns, and what says of its values whose rows are wanted, instead of all; of a group without any,
            no other column is read, and of a file without that column nothing.
    """
    by, are_wanted = wanted or (None, None)
    with _folder(uri).open_input_file(file.path) as source:
        content = pq.ParquetFile(source, coerce_int96_timestamp_unit="us")  # Spark's, of years that nanoseconds do not reach
        in_file = content.schema_arrow.names
        if by is not None and by not in in_file:
            return
        there = in_file if names is None else [name for name in names if name in in_file and name not in file.partition]
        for number in range(content.num_row_groups):
            if are_wanted is None:
                group = content.read_row_group(number, columns=there)
            else:
                group = content.read_row_group(number, columns=[by])
                rows = are_wanted(group[by])
                if not pc.any(rows).as_py():
                    continue
                if others := [name for name in there if name != by]:
                    group = content.read_row_group(number, columns=others).append_column(by, group[by])
                group = group.filter(rows)
            for name in names or ():
                if name in file.partition:
                    group = group.append_column(name, pa.repeat(pa.scalar(file.partition[name], pa.string()), len(group)))
            yield group


def matching_rows(uri: str, files: Sequence[DataFile], schema: pa.Schema, wanted: pc.Expression) -> Iterator[pa.Table]:
    """The rows of data files that are wanted, some hundred thousand at a time; columns that a file lacks are null.

    Row groups without any are not read.
    """
    rows = dataset([file.path for file in files], schema=schema, format="parquet", filesystem=_folder(uri))
    found: list[pa.RecordBatch] = []
    for batch in rows.to_batches(filter=wanted, use_threads=False, batch_readahead=1, fragment_readahead=1):
        found.append(batch)
        if sum(map(len, found)) >= _ROWS_AT_A_TIME:
            yield pa.Table.from_batches(found)
            found = []
    if sum(map(len, found)):
        yield pa.Table.from_batches(found)


class _Sized(Protocol):
    @property
    def bytes(self) -> int: ...


_File = TypeVar("_File", bound=_Sized)


def slots(files: Sequence[_File], cores: int) -> list[list[_File]]:
    """Split files into tasks of about equal size, none empty; in their order, so that a task sees few months."""
    total = sum(file.bytes for file in files)
    tasks = min(len(files), max(min(cores, total >> 20), total // _BYTES_PER_TASK, 1))
    of_tasks: list[list[_File]] = [[] for _ in range(tasks)]
    before = 0
    for file in files:
        middle = before + file.bytes // 2
        of_tasks[min(middle * tasks // max(total, 1), tasks - 1)].append(file)
        before += file.bytes
    return [slot for slot in of_tasks if slot]


@dataclass(frozen=True)
class PartitionWriter:
    """Writes what a task has as one file of one partition; for `mapInArrow`."""

    uri: str
    partition: Mapping[str, str | None]

    def write(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        rows = list(batches)
        if sum(map(len, rows)):
            yield write_file(self.uri, self.partition, pa.Table.from_batches(rows))


def statistics(rows: pa.Table, described: Sequence[str]) -> dict[str, Any]:
    """What a commit states about a file's rows (Delta's per-file statistics); times in milliseconds enclose the range."""
    found: dict[str, Any] = {"numRecords": len(rows), "minValues": {}, "maxValues": {}, "nullCount": {}}
    for name in described:
        if name not in rows.column_names:
            found["nullCount"][name] = len(rows)
            continue
        found["nullCount"][name] = rows[name].null_count
        ends = pc.min_max(rows[name]).as_py()
        if ends["min"] is not None:
            found["minValues"][name] = _written(ends["min"], up=False)
            found["maxValues"][name] = _written(ends["max"], up=True)
    return found


def _written(value: Any, *, up: bool) -> Any:
    if isinstance(value, datetime):
        value = value.replace(tzinfo=None)
        if up:
            value = min(value, datetime.max - _UNDER_A_MILLISECOND) + _UNDER_A_MILLISECOND
        return f"{value.isoformat(timespec='milliseconds')}Z"
    return value.isoformat() if isinstance(value, date) else value


def open_table(
    uri: str, schema: pa.Schema, partition_by: Sequence[str], run_id: str, **configuration: str
) -> deltalake.DeltaTable:
    """A table, made if it is missing and widened if the schema has new columns."""
    wanted = deltalake.Schema.from_arrow(pa.schema([field.with_nullable(True) for field in schema]))
    table = delta_table(uri)
    if table is None:
        options = delta_options(uri)
        deltalake.DeltaTable.create(
            uri,
            wanted,
            mode="ignore",
            partition_by=list(partition_by),
            configuration=configuration,
            storage_options=options,
            commit_properties=_by(run_id),
        )
        return deltalake.DeltaTable(uri, storage_options=options)
    known = {field.name for field in table.schema().fields}
    new = [field for field in wanted.fields if field.name not in known]
    if new:
        table.alter.add_columns(new, commit_properties=_by(run_id))
    return table


def commit(
    table: deltalake.DeltaTable,
    files: Iterable[Mapping[str, Any]],
    run_id: str,
    replaced: Mapping[str, str] | None = None,
    removed: Sequence[DataFile] = (),
) -> None:
    """Make files (rows of `DATA_FILE`) part of a table, in one commit.

    Args:
        table: as it is now.
        files: in its folder.
        run_id: the DAG run that makes the commit.
        replaced: a partition whose files are part of the table no longer.
        removed: files that are part of it no longer, without `replaced`.
    """
    now = time.time_ns() // 1_000_000
    actions: list[AddAction | RemoveAction] = [
        RemoveAction(file.path, True, now, file.bytes, dict(file.partition)) for file in removed
    ]
    actions += [
        AddAction(
            path=file["path"],
            size=file["size"],
            partition_values=json.loads(file["partition"]),
            modification_time=file["modified_at"],
            data_change=True,
            stats=file["statistics"],
        )
        for file in sorted(files, key=lambda file: str(file["path"]))
    ]
    table.create_write_transaction(
        actions,
        "append" if replaced is None else "overwrite",
        table.schema(),
        table.metadata().partition_columns,
        partition_filters=[(name, "=", value) for name, value in replaced.items()] if replaced else None,
        commit_properties=_by(run_id),
    )


def _by(run_id: str) -> deltalake.CommitProperties:
    """The DAG run that makes a commit, in the field that Spark uses too."""
    return deltalake.CommitProperties(custom_metadata={"userMetadata": run_id})
