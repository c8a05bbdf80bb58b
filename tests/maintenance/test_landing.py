"""An emptied line leaves its file as the ingest knows it."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest
import zstandard

from contract.settings import Settings
from maintenance.landing import NotRewritten, remaining, rewrite
from spark_jobs.ingest.classify import ERASED_LINE
from spark_jobs.ingest.files import read_blocks
from tests.maintenance.small_home import FORGOTTEN, put

LINES = [f'{{"id": "{number}", "user_id": "{FORGOTTEN}"}}'.encode() for number in range(50)]
CONTENT = b"\xef\xbb\xbf" + b"\r\n".join(LINES[:25]) + b"\n\n" + b"\n".join(LINES[25:])
PACKED = {"": CONTENT, ".gz": gzip.compress(CONTENT, 1), ".zst": zstandard.compress(CONTENT, 1)}


@pytest.mark.parametrize("codec", PACKED)
def test_a_file_keeps_its_size_its_time_and_its_other_lines(settings: Settings, codec: str) -> None:
    name = f"shop/dt=2026-03-20/a.jsonl{codec}"
    path = put(settings.landing_folder / name, PACKED[codec])
    os.utime(path, (1_700_000_000, 1_700_000_000.25))
    before = path.stat()
    wanted = {1, 3, 27, 51}
    assert remaining(settings, name, wanted) == sorted(wanted)
    rewrite(settings, name, wanted)
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert remaining(settings, name, wanted) == []
    read = {
        int(at): text.strip() for numbers, texts in read_blocks(path, codec) for at, text in zip(numbers, texts, strict=True)
    }
    assert read == {
        at: ERASED_LINE if at in wanted else LINES[at - 1 if at <= 25 else at - 2] for at in range(1, 52) if at != 26
    }
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_a_line_that_is_too_short_stays_and_is_told(settings: Settings) -> None:
    name = "shop/dt=2026-03-20/a.jsonl"
    path = put(settings.landing_folder / name, b"u-00017\n{}\n")
    with pytest.raises(NotRewritten, match="line 1 is too short"):
        rewrite(settings, name, {1})
    assert path.read_bytes() == b"u-00017\n{}\n"


def test_a_file_that_has_left_the_landing_is_no_finding(settings: Settings) -> None:
    with pytest.raises(FileNotFoundError):
        remaining(settings, "shop/dt=2026-03-20/gone.jsonl", {1})
    assert not Path(settings.landing_folder, "shop").exists()
