"""Landing files: their paths, their lines, and whether they are whole."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from gzip import BadGzipFile
from pathlib import Path
from typing import IO

import numpy as np
import zstandard
from isal import igzip, isal_zlib
from numpy.typing import NDArray

from contract.object_path import ObjectPath

_PATH = re.compile(r"(?P<source>shop|group|stream)/dt=(?P<dt>\d{4}-\d\d-\d\d)/[^/._][^/]*\.jsonl(?P<codec>\.gz|\.zst)?")
_CHUNK = 2 << 20

Block = tuple[NDArray[np.int64], list[bytes]]  # the numbers of lines in their file, from 1, and the lines


_UNDECODABLE = (BadGzipFile, EOFError, isal_zlib.error, zstandard.ZstdError)


class UnreadableFile(Exception):
    """An archive that is truncated or cannot be decompressed; the message says why."""


@dataclass(frozen=True, slots=True)
class LandingPath:
    """The path of a landing file; `name` is the path below the landing folder, which begins with the source."""

    name: str
    source: str
    dt: date
    codec: str


def landing_path(name: str) -> LandingPath | None:
    """A path below the landing folder, taken apart; None if it is not `<source>/dt=YYYY-MM-DD/*.jsonl[.gz|.zst]`."""
    found = _PATH.fullmatch(name)
    if found is None:
        return None
    try:
        return LandingPath(name, found["source"], date.fromisoformat(found["dt"]), found["codec"] or "")
    except ValueError:  # dt=2026-02-30
        return None


def landing_entries(landing: Path | ObjectPath, source: str) -> Iterator[tuple[str, Path | ObjectPath, str | None]]:
    """What lies below a source's landing folder, down to where the files should be, in order: names below the landing, paths,
    and what is wrong with them.

    Names that begin with `_` or `.` are files still being written and are passed over.
    """
    folder = landing / source if isinstance(landing, Path) else (landing / source).listed()
    if folder.exists() and not folder.is_dir():
        yield source, folder, "is a file, not a folder"
    for day in entries(folder):
        name = f"{source}/{day.name}"
        if not day.is_dir():
            yield name, day, "is a file, not a folder dt=YYYY-MM-DD"
        elif landing_path(f"{name}/x.jsonl") is None:
            yield name, day, "is not a folder dt=YYYY-MM-DD"
        else:
            for file in entries(day):
                path = f"{name}/{file.name}"
                if not file.is_file():
                    yield path, file, "is not a file"
                else:
                    yield path, file, None if landing_path(path) else "is not *.jsonl, *.jsonl.gz or *.jsonl.zst"


def entries(folder: Path | ObjectPath) -> list[Path | ObjectPath]:
    """The entries of a folder by name, except those that begin with `_` or `.`; none if there is no folder."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.name[0] not in "_.")
    return sorted(found, key=lambda path: path.name)


def read_blocks(path: Path | ObjectPath, codec: str) -> Iterator[Block]:
    """The lines of a file that are not blank, in blocks of some megabytes; a byte order mark before the first is skipped.

    Raises:
        UnreadableFile: possibly after some blocks; the caller discards what it has of the file.
        OSError: the storage failed, which says nothing about the file.
    """
    number, rest, mark = 0, list[bytes](), codecs.BOM_UTF8
    try:
        with path.open("rb") as file:
            for chunk in _decompressed(file, codec):
                head, feed, tail = chunk.rpartition(b"\n")
                if not feed:  # a line longer than a chunk
                    rest.append(tail)
                    continue
                lines = b"".join([*rest, head]).removeprefix(mark).split(b"\n")
                rest, mark = [tail], b""
                yield _not_blank(number + 1, lines)
                number += len(lines)
    except _UNDECODABLE as error:  # type: ignore[misc]
        raise UnreadableFile(f"{type(error).__name__}: {error}") from error
    last = b"".join(rest).removeprefix(mark)
    if last and not last.isspace():
        yield _not_blank(number + 1, [last])


def _not_blank(first: int, lines: list[bytes]) -> Block:
    numbers = np.arange(first, first + len(lines), dtype=np.int64)
    if all(lines) and not any(map(bytes.isspace, lines)):
        return numbers, lines
    there = [bool(line) and not line.isspace() for line in lines]
    return numbers[there], [line for line, is_there in zip(lines, there, strict=True) if is_there]


def _decompressed(file: IO[bytes], codec: str) -> Iterator[bytes]:
    if codec and not file.read(1):
        raise EOFError("the archive has no bytes")
    file.seek(0)
    if codec == ".zst":
        yield from _zstd_chunks(file)
        return
    stream: IO[bytes] = igzip.IGzipFile(fileobj=file) if codec == ".gz" else file  # type: ignore[assignment,no-untyped-call]
    while chunk := stream.read(_CHUNK):
        yield chunk


def _zstd_chunks(file: IO[bytes]) -> Iterator[bytes]:
    """Frames one after another; unlike `stream_reader` this detects a truncated frame."""
    frame = None
    while compressed := file.read(1 << 19):
        while compressed:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            if chunk := frame.decompress(compressed):
                yield chunk
            compressed = b""
            if frame.eof:
                compressed, frame = frame.unused_data, None
    if frame is not None:
        raise EOFError("the last zstd frame is cut")
