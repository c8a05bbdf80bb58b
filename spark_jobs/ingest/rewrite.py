"""Take lines out of an event table: the data files that hold some are written again without them, in the Python workers.

Lines keep their columns in Arrow on the way, and nothing is shuffled. A MERGE, which handles a hundred columns row by row,
joins the whole table with the lines first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from spark_jobs.ingest.deduplicate import PLACE, Mask, are_among, runs
from spark_jobs.lake import event_tables
from spark_jobs.lake.files import DATA_FILE, DataFile, read_groups, write_file

PLACES = pa.schema({"file": pa.string(), "line": pa.int64()})
FILE_LINES = pa.schema({"file": pa.string(), "lines": pa.binary()})  # the numbers of lines, 8 bytes each
RAW_LINES = pa.schema([*PLACES, pa.field("raw", pa.binary())])
# A data file, and what is to take its place: a row without the columns of `DATA_FILE`, and one for each new file.
REWRITTEN = pa.schema([pa.field("instead_of", pa.string()), *DATA_FILE])
_LINE_BITS = 40
_BYTES_PER_FILE = 512 << 20  # in memory


def place_numbers(rows: pa.Table, files: pa.Array) -> NDArray[np.int64]:
    """A number for each row's place (file, line); rows of files that are not among `files` share none with the others."""
    of_file = pc.index_in(rows["file"], value_set=files).fill_null(len(files)).cast(pa.int64())
    numbers: NDArray[np.int64] = (of_file.to_numpy() << _LINE_BITS) + rows["line"].to_numpy()
    return numbers


def by_file(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of `PLACES` as rows of `FILE_LINES`; for `mapInArrow`."""
    places = pa.Table.from_batches(batches, PLACES)
    names = places["file"].combine_chunks().dictionary_encode()
    numbers = names.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(numbers, kind="stable")
    lines = places["line"].to_numpy()[order]
    rows = [
        {"file": names.dictionary[numbers[order[begin]]].as_py(), "lines": lines[begin:end].tobytes()}
        for begin, end in runs(numbers[order])
    ]
    yield pa.RecordBatch.from_pylist(rows, schema=FILE_LINES)


@dataclass(frozen=True)
class Places:
    """Places in an event table, 8 bytes each.

    Args:
        lines: of some files the numbers of lines.
        whole: files of which it is all lines.
    """

    lines: dict[str, NDArray[np.int64]] = field(default_factory=dict)
    whole: Sequence[str] = ()

    @classmethod
    def of(cls, rows: Iterable[Any], *, whole: Sequence[str] = ()) -> Places:
        """From rows of `FILE_LINES`, of which a file may have several."""
        parts: dict[str, list[NDArray[np.int64]]] = {}
        for row in rows:
            parts.setdefault(row["file"], []).append(np.frombuffer(row["lines"], np.int64))
        return cls({file: np.concatenate(found) for file, found in parts.items()}, whole)

    def __bool__(self) -> bool:
        return bool(self.lines or self.whole)


class _Among:
    """Tells which rows lie at some places."""

    def __init__(self, places: Places):
        self._whole = pa.array(places.whole, pa.string())
        self._files = pa.array(places.lines, pa.string())
        numbers = [(number << _LINE_BITS) + lines for number, lines in enumerate(places.lines.values())]
        self._numbers = np.sort(np.concatenate([np.empty(0, np.int64), *numbers]))

    def __call__(self, rows: pa.Table) -> Mask:
        are_there = are_among(place_numbers(rows, self._files), self._numbers)
        if len(self._whole):
            are_there |= pc.is_in(rows["file"], value_set=self._whole).to_numpy()
        return are_there


@dataclass(frozen=True)
class LinesAt:
    """Lines of an event table at some places; for `mapInArrow` over positions in `slots`.

    Args:
        table: where the event table lies.
        slots: the data files that each task reads.
        places: of the lines.
        schema: of the event table; a file that Spark wrote, as earlier versions had it do, may hold a column as another type.
    """

    table: str
    slots: Sequence[Sequence[DataFile]]
    places: Places
    schema: pa.Schema

    def raw(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Their bytes, where the table keeps them: rows of `RAW_LINES`."""
        for file, are_there in self._files(batches):
            for group, mask in zip(read_groups(self.table, file, RAW_LINES.names), are_there, strict=True):
                found = group.filter(pa.array(mask))
                if "raw" not in found.column_names:
                    found = found.append_column("raw", pa.nulls(len(found), pa.binary()))
                yield from found.select(RAW_LINES.names).cast(RAW_LINES).to_batches()

    def taken_out(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Data files without them, which no commit names yet, and what they are instead of: rows of `REWRITTEN`."""
        for file, are_gone in self._files(batches):
            yield pa.RecordBatch.from_pylist([*self._without(file, are_gone)], schema=REWRITTEN)

    def _files(self, batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[DataFile, list[Mask]]]:
        """The data files that hold some of them, and which rows of each row group these are."""
        are_among_them = _Among(self.places)
        for batch in batches:
            for slot in batch.column(0).to_pylist():
                for file in self.slots[slot]:
                    found = [are_among_them(group) for group in read_groups(self.table, file, PLACE)]
                    if any(mask.any() for mask in found):
                        yield file, found

    def _without(self, file: DataFile, are_gone: Sequence[Mask]) -> Iterator[dict[str, Any]]:
        """Rows of `REWRITTEN`, several where what is left does not fit into memory at once."""
        nothing = {"instead_of": file.path}
        yield nothing
        left: list[pa.Table] = []
        for group, mask in zip(read_groups(self.table, file), are_gone, strict=True):
            left.append(group.filter(pa.array(~mask)))
            if sum(part.nbytes for part in left) >= _BYTES_PER_FILE:
                yield nothing | self._written(file, left)
                left = []
        if sum(map(len, left)):
            yield nothing | self._written(file, left)

    def _written(self, file: DataFile, parts: list[pa.Table]) -> dict[str, Any]:
        rows = pa.concat_tables(parts)
        rows = rows.cast(pa.schema([self.schema.field(name) for name in rows.column_names]))
        [written] = write_file(self.table, file.partition, rows, described=event_tables.DESCRIBED).to_pylist()
        return dict(written)
