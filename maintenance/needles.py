"""The ids of people, as they may be written anywhere: found in bytes and in columns by one regular expression for many ids."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc

from contract.events import EVENT_TYPES, PERSON_FIELDS, Kind

# Declared ids of other things: an employee, an order or a merchant may have the id of a person without being it.
_OTHER_IDS = frozenset(
    field.name for event in EVENT_TYPES.values() for field in event.fields if field.kind is Kind.IDENTIFIER
) - {*PERSON_FIELDS}
# Fewer bytes stand in any text by chance: such an id is only found where it is a whole value, or in quotes.
_TELLING_BYTES = 4
# In what is compressed or binary they do so as well, once in 2^(8 n) bytes.
_TELLING_BYTES_OF_BINARY = 6
_IDS_OF_A_PATTERN = 200  # RE2 keeps an automaton of this size in its memory
_CHUNK = 4 << 20
# An id ends where no letter or digit follows, so that u-1 is not found in u-12; an escape of JSON may stand before it.
_BEFORE, _AFTER = r"(?:[^0-9A-Za-z]|\\[bfnrt])", "[^0-9A-Za-z]"


class Needles:
    """Ids of people to look for. An id may be written as it is, or escaped as in JSON, HTML, XML or a URL."""

    def __init__(self, people: Iterable[str]):
        ids = sorted({*people} - {""})
        self.people = len(ids)
        long = [id_ for id_ in ids if len(id_.encode()) >= _TELLING_BYTES]
        short = [id_ for id_ in ids if len(id_.encode()) < _TELLING_BYTES]
        self._text = [*_patterns(long, _BEFORE, _AFTER), *_patterns(short, '"', '"')]
        self._binary = _patterns([id_ for id_ in ids if len(id_.encode()) >= _TELLING_BYTES_OF_BINARY], _BEFORE, _AFTER)
        self._values = [*_patterns(long, f"(?:^|{_BEFORE})", f"(?:{_AFTER}|$)"), *_patterns(short, '(?:^|")', '(?:"|$)')]
        self._overlap = max((len(form) for id_ in ids for form in _forms(id_)), default=0) + 4

    def in_values(self, values: pa.Array) -> pa.BooleanArray:
        """For each value of a column of texts or bytes whether it names anybody; null where there is no value."""
        found = pa.nulls(len(values), pa.bool_()) if not self._values else None
        binary = values.cast(pa.large_binary())
        for pattern in self._values:
            one = pc.match_substring_regex(binary, pattern)
            found = one if found is None else pc.or_kleene(found, one)
        return found

    def in_stream(self, stream: IO[bytes], *, binary: bool = False) -> bool:
        """Whether the bytes of a stream name anybody, read some megabytes at a time.

        Args:
            binary: whether the bytes are no text, so that a short id would stand in them by chance.
        """
        patterns = self._binary if binary else self._text
        if not patterns:
            return False
        rest, ended = b"\n", False
        while not ended:
            chunk = stream.read(_CHUNK)
            ended = not chunk
            piece = rest + (chunk or b"\n")
            values = pa.array([piece], pa.large_binary())
            if any(pc.match_substring_regex(values, pattern)[0].as_py() for pattern in patterns):
                return True
            rest = piece[-self._overlap :]
        return False

    def rows(self, table: pa.Table | pa.RecordBatch) -> pa.ChunkedArray | pa.Array:
        """For each row whether any of its texts, lists or structures names anybody; ids of other things are passed over."""
        found = pa.array([False] * len(table), pa.bool_())
        for name, column in zip(table.schema.names, table.columns, strict=True):
            if name in _OTHER_IDS:
                continue
            array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
            named = self._named(array)
            if named is not None:
                found = pc.or_(found, pc.fill_null(named, False))
        return found

    def _named(self, array: pa.Array) -> pa.Array | None:
        """By value of an array of any type; None if the type holds no text."""
        kind = array.type
        if pa.types.is_dictionary(kind):
            return self._named(array.dictionary_decode())
        if (
            pa.types.is_string(kind)
            or pa.types.is_large_string(kind)
            or pa.types.is_binary(kind)
            or pa.types.is_large_binary(kind)
        ):
            return self.in_values(array)
        if pa.types.is_list(kind) or pa.types.is_large_list(kind):
            inner = self._named(array.flatten())
            if inner is None:
                return None
            hits = pc.list_parent_indices(array).filter(pc.fill_null(inner, False))
            return pc.is_in(pa.array(range(len(array)), pa.int64()), value_set=pc.cast(hits, pa.int64()))
        if pa.types.is_map(kind):  # only checkpoints of a table's log have any
            return self.in_values(pa.array([None if pairs is None else str(pairs) for pairs in array.to_pylist()], pa.string()))
        if pa.types.is_struct(kind):
            parts = [part for field in array.flatten() if (part := self._named(field)) is not None]
            found = None
            for part in parts:
                filled = pc.fill_null(part, False)
                found = filled if found is None else pc.or_(found, filled)
            return found
        return None

    def masked(self, content: bytes) -> bytes:
        """Text with a star in place of each byte of an id; as long as before."""
        import re

        for pattern in self._text:
            compiled = re.compile(pattern.encode("latin-1"))
            at = 0
            while found := compiled.search(b"\n" + content + b"\n", at):
                start, end = found.span("id")
                content = content[: start - 1] + b"*" * (end - start) + content[end - 1 :]
                at = end
        return content


def _forms(id_: str) -> set[bytes]:
    """How an id may be written, as bytes."""
    texts = {id_, json.dumps(id_)[1:-1], json.dumps(id_, ensure_ascii=False)[1:-1], html.escape(id_), quote(id_, safe="")}
    return {text.encode("utf-8", "surrogatepass") for text in texts}


def _patterns(ids: Sequence[str], before: str, after: str) -> list[str]:
    """Regular expressions of bytes, each for some of the ids."""
    return [f"{before}(?P<id>{'|'.join(forms)}){after}" for forms in _groups(ids)]


def _groups(ids: Sequence[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), _IDS_OF_A_PATTERN):
        forms = {form for id_ in ids[start : start + _IDS_OF_A_PATTERN] for form in _forms(id_)}
        yield ["".join(_literal(byte) for byte in form) for form in sorted(forms)]


def _literal(byte: int) -> str:
    return chr(byte) if chr(byte).isascii() and chr(byte).isalnum() else f"\\x{byte:02x}"
