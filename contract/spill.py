"""Where DuckDB spills what does not fit into memory."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from contract.settings import Settings


@contextmanager
def spill_folder(settings: Settings) -> Iterator[Path]:
    """A folder below FANOUT_HOME/work for one connection alone: DuckDB gives its files the same names in every process, and two
    that share a folder read and cut short what the other wrote. What a killed process left goes when the next one comes."""
    parent = settings.home / "work" / "duckdb"
    parent.mkdir(parents=True, exist_ok=True)
    coming = _locked(parent, fcntl.LOCK_EX)  # so that a folder is locked before others look at it
    try:
        for left in parent.iterdir():
            if left.is_dir() and not _is_used(left):
                shutil.rmtree(left, ignore_errors=True)
        folder = Path(mkdtemp(dir=parent))
        using = _locked(folder, fcntl.LOCK_EX)
    finally:
        os.close(coming)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(using)


def _locked(folder: Path, kind: int) -> int:
    """A lock on a folder, which the kernel frees with the process that holds it."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, kind)
    except OSError:
        os.close(handle)
        raise
    return handle


def _is_used(folder: Path) -> bool:
    try:
        os.close(_locked(folder, fcntl.LOCK_EX | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    except OSError:  # gone meanwhile
        pass
    return False
