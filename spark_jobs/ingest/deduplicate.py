"""What happens to a line because of other lines: duplicates, conflicts, erasure.

Of the copies of one event (`source` + `id`) the one with the smallest (dt, file, line) is accepted, whichever load brought
it; the others are duplicates if they say the same, otherwise conflicts. Lines that name an erased person take no part, and
neither do withdrawn lines, which take lines that say the same with them.

Copies travel in buckets by event, many in one binary value, so that Spark shuffles few rows. Of many lines most are the only
copy of their event, which the keys alone tell; only the other copies travel then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from contract.events import ERASURE_REQUEST, Fate, Reason, Withdrawal
from spark_jobs.engine.batches import deserialized, serialized

PLACE = ("file", "line")
# What is known of a copy; `batch` numbers the line batch that it lies in, null if it lies in the event table.
COPY = pa.schema(
    {
        "event_key": pa.binary(),
        "content_hash": pa.binary(),
        "dt": pa.date32(),
        "file": pa.string(),
        "line": pa.int64(),
        "fate": pa.string(),
        "event_type": pa.string(),
        "event_id": pa.string(),
        "event_source": pa.string(),
        "persons": pa.list_(pa.string()),
        "reason": pa.string(),
        "withdrawn_by": pa.string(),
        "batch": pa.int64(),
    }
)
COPY_COLUMNS = tuple(COPY.names[:-1])
BUCKET = pa.schema({"bucket": pa.int32(), "copies": pa.binary()})
KEYS = pa.schema({"keys": pa.binary()})  # the first halves of event keys, 8 bytes each
KEY_BUCKET = pa.schema({"bucket": pa.int32(), "is_new": pa.bool_(), "keys": pa.binary()})
_VERDICT = ("new_fate", "new_reason", "new_withdrawn_by")
JUDGED = pa.schema([*COPY, *((name, pa.string()) for name in _VERDICT)])
# The changed copies of a line batch as serialized rows of `CHANGE`; if `batch` is null, those of the event table as `JUDGED`.
CHANGES = pa.schema({"batch": pa.int64(), "changes": pa.binary()})
CHANGE = pa.schema([JUDGED.field(name) for name in (*PLACE, *_VERDICT)])
PEOPLE = pa.schema({"user_id": pa.string()})
KEPT = {
    Fate.DUPLICATE: COPY_COLUMNS,
    Fate.QUARANTINED: (*COPY_COLUMNS, "raw"),
    Fate.WITHDRAWN: (*COPY_COLUMNS, "raw"),
    Fate.ERASED: ("dt", "file", "line", "fate"),
}
KEEP_RAW = tuple(fate for fate, kept in KEPT.items() if "raw" in kept)
_DIGEST_BYTES = 16
# How some columns of copies travel.
_NAME = pa.dictionary(pa.int32(), pa.string())
_SLIM = {
    **{name: pa.binary(_DIGEST_BYTES) for name in ("event_key", "content_hash")},
    **dict.fromkeys(("file", "fate", "event_type", "reason", "withdrawn_by"), _NAME),
}

Mask = NDArray[np.bool_]
Digests = NDArray[np.uint64]


def digests(column: pa.ChunkedArray | pa.Array) -> Digests:
    """Keys or hashes as rows of two integers."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    fixed = whole.cast(pa.binary(_DIGEST_BYTES))
    content = np.frombuffer(fixed.buffers()[1] or b"", np.uint64)
    return content[2 * fixed.offset : 2 * (fixed.offset + len(fixed))].reshape(-1, 2)


def are_among(values: NDArray[Any], others: NDArray[Any]) -> Mask:
    """Which values, such as first halves of keys, occur among sorted others."""
    if not len(others):
        return np.zeros(len(values), np.bool_)
    at = np.minimum(np.searchsorted(others, values), len(others) - 1)
    among: Mask = others[at] == values
    return among


def slim(copies: pa.Table) -> pa.Table:
    """Copies (some columns of `COPY`) as they travel."""
    return copies.cast(pa.schema([(name, _SLIM.get(name, COPY.field(name).type)) for name in copies.column_names]))


@dataclass(frozen=True)
class Buckets:
    """Sorts copies into buckets, so that all copies of an event are in one."""

    count: int = 1

    def of_table(self, copies: pa.Table) -> Iterator[pa.RecordBatch]:
        """Copies (some columns of `COPY`) as rows of `BUCKET`."""
        copies = slim(copies)
        order, buckets = self._sorted(digests(copies["event_key"])[:, 0])
        if self.count > 1:
            copies = copies.take(pa.array(order))
        for bucket, begin, end in buckets:
            row = {"bucket": bucket, "copies": serialized(copies.slice(begin, end - begin))}
            yield pa.RecordBatch.from_pylist([row], schema=BUCKET)

    def of_rows(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """For `mapInArrow` over copies."""
        for batch in batches:
            if len(batch):
                yield from self.of_table(pa.Table.from_batches([batch]))

    def of_keys(self, keys: NDArray[np.uint64], *, is_new: bool) -> pa.RecordBatch:
        """First halves of event keys as rows of `KEY_BUCKET`."""
        order, buckets = self._sorted(keys)
        keys = keys[order]
        rows = [{"bucket": bucket, "is_new": is_new, "keys": keys[begin:end].tobytes()} for bucket, begin, end in buckets]
        return pa.RecordBatch.from_pylist(rows, schema=KEY_BUCKET)

    def of_new_keys(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """For `mapInArrow` over `KEYS` of line batches."""
        for batch in batches:
            for keys in batch.column("keys"):
                yield self.of_keys(np.frombuffer(keys.as_buffer(), np.uint64), is_new=True)

    def _sorted(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.int64], list[tuple[int, int, int]]]:
        """The order by bucket, and each bucket that there is: its number, begin and end."""
        bucket = keys % np.uint64(self.count)
        order = np.argsort(bucket, kind="stable")
        bucket = bucket[order]
        return order, [(int(bucket[begin]), begin, end) for begin, end in runs(bucket)]


def repeated_keys(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The keys of new copies that other copies share, as `KEYS`; for `mapInArrow` over `KEY_BUCKET`, a bucket in one task."""
    parts: dict[bool, list[NDArray[np.uint64]]] = {True: [np.empty(0, np.uint64)], False: [np.empty(0, np.uint64)]}
    for batch in batches:
        for is_new, keys in zip(batch.column("is_new").to_pylist(), batch.column("keys"), strict=True):
            parts[is_new].append(np.frombuffer(keys.as_buffer(), np.uint64))
    new, known = np.sort(np.concatenate(parts[True])), np.concatenate(parts[False])
    found = np.unique(np.concatenate([new[1:][new[1:] == new[:-1]], known[are_among(known, new)]]))
    yield pa.RecordBatch.from_pylist([{"keys": found.tobytes()}], schema=KEYS)


@dataclass(frozen=True)
class Candidates:
    """The copies that line batches hold; for `mapInArrow`.

    Args:
        buckets: for the copies.
        wanted: the first halves of the event keys of which all copies are judged, sorted; None of all events.
    """

    buckets: Buckets
    wanted: NDArray[np.uint64] | None = None

    def copies(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Serialized copies as rows of `BUCKET`: those of the wanted events, and those that are judged even if alone."""
        for batch in batches:
            for value in batch.column("copies"):
                copies = deserialized(value)
                if self.wanted is not None:
                    is_wanted = are_among(digests(copies["event_key"])[:, 0], self.wanted)
                    copies = copies.filter(_are_open(copies, is_wanted))
                if len(copies):
                    yield from self.buckets.of_table(copies)


@dataclass(frozen=True)
class Judge:
    """Gives copies their fates; its methods are for `mapInArrow` over buckets, all of an event in one task.

    Args:
        people: whose lines take no part, except well-formed requests to be erased and what the event table already holds.
        unreadable: files whose lines take no part.
    """

    people: Sequence[str] = field(default=(), repr=False)
    unreadable: Sequence[str] = ()

    def undecided(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """What has to be judged, as rows of `BUCKET`: requests, events of several copies, copies that are not accepted.

        Copies that will take no part are among them.
        """
        parts = [deserialized(copies) for batch in batches for copies in batch.column("copies")]
        is_repeated = _are_repeated(
            np.concatenate([np.empty(0, np.uint64), *(digests(part["event_key"])[:, 0] for part in parts)])
        )
        undecided = [COPY.empty_table()]
        for part in parts:
            of_part, is_repeated = is_repeated[: len(part)], is_repeated[len(part) :]
            undecided.append(_whole(part.filter(_are_open(part, of_part))))
        yield from Buckets().of_table(pa.concat_tables(undecided))

    def asked(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The people whose request to be erased is accepted: rows of `PEOPLE`."""
        judged = _judged(self._taking_part(batches))
        is_accepted = pc.equal(judged["new_fate"], Fate.ACCEPTED.value)
        requests = judged.filter(pc.and_(is_accepted, pc.equal(judged["event_type"], ERASURE_REQUEST)))
        yield from pa.table({"user_id": pc.list_element(requests["persons"], 0)}, schema=PEOPLE).to_batches()

    def changes(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The copies that get another fate: rows of `CHANGES`."""
        judged = _judged(self._taking_part(batches))
        changed = judged.filter(pc.not_equal(judged["new_fate"], judged["fate"])).sort_by("batch").combine_chunks()
        known = changed.filter(pc.is_null(changed["batch"]))
        new = changed.slice(0, len(changed) - len(known))  # nulls are last
        found = [(None, known)] if len(known) else []
        found += [(new["batch"][begin].as_py(), new.slice(begin, end - begin)) for begin, end in runs(new["batch"].to_numpy())]
        for batch, rows in found:
            row = {"batch": batch, "changes": serialized(rows if batch is None else rows.select(CHANGE.names))}
            yield pa.RecordBatch.from_pylist([row], schema=CHANGES)

    def _taking_part(self, batches: Iterable[pa.RecordBatch]) -> pa.Table:
        """All copies but those whose lines `Reader` drops or erases; the two must agree."""
        parts = [_whole(deserialized(copies)) for batch in batches for copies in batch.column("copies")]
        copies = pa.concat_tables([COPY.empty_table(), *parts])
        is_out = np.zeros(len(copies), np.bool_)
        if self.unreadable:
            is_out |= pc.is_in(copies["file"], value_set=pa.array(self.unreadable, pa.string())).to_numpy()
        if self.people:
            is_known = pc.or_(pc.is_null(copies["batch"]), pc.equal(copies["event_type"], ERASURE_REQUEST))
            is_out |= naming(copies["persons"], self.people) & ~is_known.to_numpy()
        return copies.filter(pa.array(~is_out)) if is_out.any() else copies


def runs(values: NDArray[Any]) -> Iterator[tuple[int, int]]:
    """Where runs of equal values begin and end."""
    if len(values):
        yield from pairwise([0, *(np.flatnonzero(values[1:] != values[:-1]) + 1).tolist(), len(values)])


def _are_open(copies: pa.Table, are_repeated: Mask) -> pa.ChunkedArray:
    """Which copies have to be judged: of repeated events, requests, and those that are not accepted."""
    is_request = pc.equal(copies["event_type"], ERASURE_REQUEST)
    return reduce(pc.or_, [pa.array(are_repeated), is_request, pc.not_equal(copies["fate"], Fate.ACCEPTED.value)])


def _whole(copies: pa.Table) -> pa.Table:
    """Copies with all columns of `COPY`."""
    there = copies.column_names
    columns = [copies[part.name].cast(part.type) if part.name in there else pa.nulls(len(copies), part.type) for part in COPY]
    return pa.table(columns, schema=COPY)


def changed_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """`CHANGES` of the event table as rows of `JUDGED`; for `mapInArrow`."""
    for batch in batches:
        for changes in batch.column("changes"):
            yield from deserialized(changes).to_batches()


def rows_of_buckets(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of `BUCKET` as rows of `COPY`; for `mapInArrow`."""
    for batch in batches:
        for copies in batch.column("copies"):
            yield from _whole(deserialized(copies)).to_batches()


def first_halves(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Event keys as `KEYS`; for `mapInArrow`."""
    for batch in batches:
        keys = np.unique(digests(batch.column("event_key"))[:, 0])
        yield pa.RecordBatch.from_pylist([{"keys": keys.tobytes()}], schema=KEYS)


def naming(persons: pa.ChunkedArray, people: Sequence[str]) -> Mask:
    """Which of the lists hold one of the people."""
    lists = persons.combine_chunks()
    named = np.zeros(len(lists), np.bool_)
    hits = pc.is_in(pc.list_flatten(lists), value_set=pa.array(people, pa.string()))
    named[pc.list_parent_indices(lists).filter(hits).to_numpy()] = True
    return named


def _judged(copies: pa.Table) -> pa.Table:
    """Rows of `JUDGED` for all copies of some events that are not withdrawn already."""
    is_withdrawn = pc.is_valid(copies["withdrawn_by"])
    withdrawn, others = copies.filter(is_withdrawn), copies.filter(pc.invert(is_withdrawn))
    if not len(withdrawn):
        return _competed(others)
    verdicts = {}
    for row in withdrawn.to_pylist():
        said = (row["event_key"], row["content_hash"])
        place = said if row["withdrawn_by"] == Withdrawal.EVENT else (*said, row["file"])
        verdicts[place] = (Fate.WITHDRAWN.value, row["reason"], row["withdrawn_by"])
    places = zip(*(others[name].to_pylist() for name in ("event_key", "content_hash", "file")), strict=True)
    found = [verdicts.get(place[:2]) or verdicts.get(place) for place in places]
    follows = pa.array([verdict is not None for verdict in found], pa.bool_())
    following = others.filter(follows)
    for number, name in enumerate(_VERDICT):
        verdict = [verdict[number] for verdict in found if verdict is not None]
        following = following.append_column(name, pa.array(verdict, pa.string()))
    return pa.concat_tables([_competed(others.filter(pc.invert(follows))), following.select(JUDGED.names).cast(JUDGED)])


def _competed(copies: pa.Table) -> pa.Table:
    """Rows of `JUDGED` for copies; those of one event compete, and one is accepted."""
    event = _numbered(digests(copies["event_key"]))
    order = pc.sort_indices(
        pa.table({"event": event, **{name: copies[name] for name in ("dt", *PLACE)}}),
        sort_keys=[(name, "ascending") for name in ("event", "dt", *PLACE)],
    )
    copies, event = copies.take(order), event[order.to_numpy()]
    first = np.searchsorted(event, event)  # the first copy of each copy's event
    hashes = digests(copies["content_hash"])
    is_first, is_same = first == np.arange(len(event)), (hashes == hashes[first]).all(axis=1)
    fates = np.where(is_first, Fate.ACCEPTED.value, np.where(is_same, Fate.DUPLICATE.value, Fate.QUARANTINED.value))
    conflict = pa.scalar(Reason.CONFLICTING_DUPLICATE.value)
    reasons = pc.if_else(pa.array(is_first | is_same), pa.scalar(None, pa.string()), conflict)
    verdict = (pa.array(fates.tolist(), pa.string()), reasons, pa.nulls(len(copies), pa.string()))
    for name, column in zip(_VERDICT, verdict, strict=True):
        copies = copies.append_column(name, column)
    return copies.select(JUDGED.names).cast(JUDGED)


def _are_repeated(values: NDArray[np.uint64]) -> Mask:
    """Which values occur more than once."""
    order = np.argsort(values)
    again = values[order[1:]] == values[order[:-1]]
    repeated = np.zeros(len(values), np.bool_)
    repeated[order[1:][again]] = repeated[order[:-1][again]] = True
    return repeated


def _numbered(keys: Digests) -> NDArray[np.int64]:
    """A number for each row, the same for equal rows."""
    order = np.lexsort((keys[:, 1], keys[:, 0]))
    is_new = np.ones(len(keys), np.bool_)
    is_new[1:] = (keys[order[1:]] != keys[order[:-1]]).any(axis=1)
    numbers = np.empty(len(keys), np.int64)
    numbers[order] = np.cumsum(is_new)
    return numbers


def is_copy() -> Column:
    """Lines that are well-formed events, whatever their fate among the copies."""
    return f.col("event_key").isNotNull()


def with_fate(lines: DataFrame, fate: Fate, columns: list[str]) -> DataFrame:
    """The lines as `columns`, with only what a line of `fate` keeps; all other columns are null."""
    kept = KEPT[fate]
    return lines.withColumn("fate", f.lit(fate.value)).select(
        *(f.col(name) if name in kept else f.lit(None).alias(name) for name in columns)
    )
