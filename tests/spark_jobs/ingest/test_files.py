"""Lines of landing files, and files that are not whole."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import zstandard

from spark_jobs.ingest.files import UnreadableFile, landing_entries, landing_path, read_blocks

CONTENT = b"one\n\n \t\r\ntwo\r\n" + b"x" * (9 << 20) + b"\nlast"
LINES = [(1, b"one"), (4, b"two\r"), (5, b"x" * (9 << 20)), (6, b"last")]


def lines(path: Path, codec: str) -> list[tuple[int, bytes]]:
    return [line for numbers, raws in read_blocks(path, codec) for line in zip(numbers.tolist(), raws, strict=True)]


def zstd_frames(content: bytes) -> bytes:
    """Two frames, as a writer that appends leaves them."""
    compress = zstandard.ZstdCompressor().compress
    return compress(content[: len(content) // 2]) + compress(content[len(content) // 2 :])


@pytest.mark.parametrize(
    ("codec", "packed"),
    [
        ("", CONTENT),
        (".gz", gzip.compress(CONTENT)),
        (".gz", gzip.compress(CONTENT[:7]) + gzip.compress(CONTENT[7:])),
        (".zst", zstd_frames(CONTENT)),
    ],
    ids=["plain", "gzip", "gzip members", "zstd frames"],
)
def test_blank_lines_count_but_are_no_lines(tmp_path: Path, codec: str, packed: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed)
    assert lines(path, codec) == LINES


@pytest.mark.parametrize(
    ("codec", "packed"),
    [("", b""), (".gz", gzip.compress(b"")), (".zst", zstandard.ZstdCompressor().compress(b""))],
    ids=["plain", "gzip", "zstd"],
)
def test_a_whole_file_may_have_no_lines(tmp_path: Path, codec: str, packed: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed)
    assert lines(path, codec) == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"\xef\xbb\xbfone\ntwo\n", [(1, b"one"), (2, b"two")]),
        (b"\xef\xbb\xbfone", [(1, b"one")]),
        (b"\xef\xbb\xbf\none\n", [(2, b"one")]),
        (b"\xef\xbb\xbf", []),
        (b"one\n\xef\xbb\xbftwo\n", [(1, b"one"), (2, b"\xef\xbb\xbftwo")]),
        (b"\xef\xbb\xbf\xef\xbb\xbfone", [(1, b"\xef\xbb\xbfone")]),
        (b"\xef\xbb\xbf" + b"x" * (9 << 20) + b"\n", [(1, b"x" * (9 << 20))]),
    ],
    ids=["lines", "one line", "blank line", "nothing else", "later", "two", "long line"],
)
@pytest.mark.parametrize("codec", ["", ".gz"])
def test_a_mark_at_the_start_is_skipped(tmp_path: Path, content: bytes, expected: list[tuple[int, bytes]], codec: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(content) if codec else content)
    assert lines(path, codec) == expected


@pytest.mark.parametrize("codec", ["", ".gz", ".zst"])
def test_a_fault_of_the_storage_says_nothing_about_the_file(tmp_path: Path, codec: str) -> None:
    with pytest.raises(FileNotFoundError):
        lines(tmp_path / "gone", codec)
    with pytest.raises(IsADirectoryError):
        lines(tmp_path, codec)


@pytest.mark.parametrize(
    ("codec", "packed"),
    [
        (".gz", b""),
        (".gz", bytes(100)),
        (".gz", gzip.compress(CONTENT)[:-9]),
        (".gz", b"plain text"),
        (".gz", gzip.compress(CONTENT)[:12] + b"\xff" * 8 + gzip.compress(CONTENT)[20:]),
        (".gz", gzip.compress(CONTENT)[:-8] + b"\x00" * 4 + gzip.compress(CONTENT)[-4:]),
        (".gz", gzip.compress(CONTENT)[:-4] + b"\x00\x00\x00\x01"),
        (".gz", gzip.compress(CONTENT) + b"more"),
        (".gz", gzip.compress(CONTENT) + gzip.compress(CONTENT)[:-9]),
        (".zst", b""),
        (".zst", zstandard.ZstdCompressor().compress(CONTENT)[:-9]),
        (".zst", b"plain text"),
        (".zst", zstd_frames(CONTENT)[:-9]),
    ],
    ids=[
        "gzip of no bytes",
        "gzip of zeros",
        "gzip cut",
        "gzip is none",
        "gzip damaged",
        "gzip with another check sum",
        "gzip of another length",
        "gzip with something behind",
        "second gzip cut",
        "zstd of no bytes",
        "zstd cut",
        "zstd is none",
        "second zstd frame cut",
    ],
)
def test_a_file_that_is_not_whole_is_unreadable(tmp_path: Path, codec: str, packed: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed)
    with pytest.raises(UnreadableFile) as error:
        lines(path, codec)
    assert str(path) not in str(error.value)


def test_an_archive_is_unreadable_wherever_it_is_cut(tmp_path: Path) -> None:
    path, whole = tmp_path / "file", gzip.compress(b"one\ntwo\n")
    for end in range(1, len(whole)):
        path.write_bytes(whole[:end])
        with pytest.raises(UnreadableFile):
            lines(path, ".gz")


@pytest.mark.parametrize(
    "name",
    [
        "shop/dt=2026-02-30/a.jsonl",
        "shop/dt=20260201/a.jsonl",
        "shop/2026-02-01/a.jsonl",
        "shop/dt=2026-02-01/a.json",
        "shop/dt=2026-02-01/a.jsonl.bz2",
        "shop/dt=2026-02-01/folder.jsonl/a.jsonl",
        "orders/dt=2026-02-01/a.jsonl",
    ],
)
def test_other_names_are_no_deliveries(name: str) -> None:
    assert landing_path(name) is None


def test_a_delivery_says_what_it_is() -> None:
    file = landing_path("group/dt=2026-02-01/a b%.jsonl.zst")
    assert file is not None
    assert (file.source, file.dt.isoformat(), file.codec) == ("group", "2026-02-01", ".zst")


def test_names_that_begin_with_a_mark_are_passed_over(tmp_path: Path) -> None:
    day = tmp_path / "shop" / "dt=2026-02-01"
    day.mkdir(parents=True)
    for name in ("_a.jsonl", ".a.jsonl", "a_.jsonl", "a.jsonl", "b", "._"):
        (day / name).touch()
    (day.parent / "_temporary").mkdir()
    assert list(landing_entries(tmp_path, "shop")) == [
        ("shop/dt=2026-02-01/a.jsonl", day / "a.jsonl", None),
        ("shop/dt=2026-02-01/a_.jsonl", day / "a_.jsonl", None),
        ("shop/dt=2026-02-01/b", day / "b", "is not *.jsonl, *.jsonl.gz or *.jsonl.zst"),
    ]
    assert list(landing_entries(tmp_path, "group")) == []
