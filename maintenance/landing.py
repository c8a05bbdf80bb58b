"""Landing files with lines that were erased: which they are, and how a line is emptied without the file becoming a new one.

A file has been read if the event table knows its size and time. So an emptied line of a plain file keeps its length, an archive
is filled up to its size, and the file keeps its time: the ingest sees the file that it knows, with its lines and their fates.
Loaded into a new lake, an emptied line is erased again.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Collection, Iterator
from typing import IO, cast

import zstandard

from contract.settings import Settings
from spark_jobs.ingest.classify import ERASED_LINE
from spark_jobs.ingest.files import UnreadableFile, landing_path, read_blocks

_SKIPPABLE_FRAME = b"\x50\x2a\x4d\x18"  # RFC 8878, 3.1.2: a frame of zstd that decoders pass over


class NotRewritten(Exception):
    """A file that cannot keep its size; the message says why."""


def open_landed(settings: Settings, name: str) -> IO[bytes]:
    return cast("IO[bytes]", (settings.landing / name).open("rb"))


def remaining(settings: Settings, name: str, lines: Collection[int]) -> list[int]:
    """Which of the lines that were erased still say something.

    Raises:
        FileNotFoundError: the file was taken out of the landing.
    """
    wanted, left = {*lines}, []
    found = landing_path(name)
    assert found is not None, name
    path = settings.landing / name
    if not path.exists():
        raise FileNotFoundError(name)
    try:
        for numbers, texts in read_blocks(path, found.codec):
            left += [int(at) for at, text in zip(numbers, texts, strict=True) if at in wanted and text.strip() != ERASED_LINE]
    except UnreadableFile:  # as the lake knows it: what could be decoded was read from a whole copy
        pass
    return left


def rewrite(settings: Settings, name: str, lines: Collection[int]) -> None:
    """Empty lines of a file, which keeps its size and its time; it is replaced as a whole, by one rename.

    Raises:
        NotRewritten: a line is too short, or the archive does not get small enough.
        OSError: the landing may not be written.
    """
    found = landing_path(name)
    assert found is not None, name
    path = settings.landing_folder / name
    before, content = path.stat(), path.read_bytes()
    text = b"".join(_emptied(_unpacked(content, found.codec), {*lines}, keep_length=not found.codec))
    emptied = _packed(text, found.codec, len(content))
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(emptied)
        os.fsync(file.fileno())
    os.chmod(part, before.st_mode & 0o7777)
    os.utime(part, ns=(before.st_atime_ns, before.st_mtime_ns))
    part.replace(path)


def _unpacked(content: bytes, codec: str) -> bytes:
    if codec == ".gz":
        return gzip.decompress(content)
    if codec == ".zst":
        with zstandard.ZstdDecompressor().stream_reader(content, read_across_frames=True) as stream:
            return stream.read()
    return content


def _emptied(content: bytes, lines: set[int], *, keep_length: bool) -> Iterator[bytes]:
    for number, line in enumerate(_lines(content), 1):
        if number not in lines:
            yield line
            continue
        text = line.rstrip(b"\r\n")
        if keep_length and len(text) < len(ERASED_LINE):
            raise NotRewritten(f"line {number} is too short")
        yield ERASED_LINE.ljust(len(text) if keep_length else 0) + line[len(text) :]


def _lines(content: bytes) -> Iterator[bytes]:
    """Lines end with a line feed alone, as the ingest counts them."""
    *whole, last = content.split(b"\n")
    yield from (line + b"\n" for line in whole)
    if last:
        yield last


def _packed(content: bytes, codec: str, size: int) -> bytes:
    """Content packed to exactly so many bytes."""
    if not codec:
        return content
    for level in (9, 6, 3, 1):
        packed = gzip.compress(content, level, mtime=0) if codec == ".gz" else zstandard.ZstdCompressor(level).compress(content)
        room = size - len(packed)
        if room == 0 or (codec == ".gz" and room > 0):  # zeros behind an archive are no part of it
            return packed.ljust(size, b"\0")
        if room >= 8:
            return packed + _SKIPPABLE_FRAME + (room - 8).to_bytes(4, "little") + bytes(room - 8)
    raise NotRewritten("it does not get small enough to keep its size")
