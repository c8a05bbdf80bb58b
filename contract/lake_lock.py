"""Who is at work in the lake: those who read it or write derived tables, side by side, or maintenance alone.

Maintenance takes data files away that no table names any more, and days of derived tables. A reader holds the files of the
version that it began with, and a writer has files that no commit names yet; so each waits for the other. The kernel frees a
lock when its process is gone. Writers of event tables exclude one another by a lock of their own (`spark_jobs/lake/lock.py`).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from contract.object_store import is_uri
from contract.settings import Settings


def lock_folder(settings: Settings) -> Path:
    """Where the locks of a lake lie: in it, or, as an object store has none, in FANOUT_HOME."""
    return settings.home / "work" if is_uri(settings.lake) else Path(settings.lake)


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    """Keep maintenance from taking files away; any number of processes at once."""
    with _held(settings, fcntl.LOCK_SH):
        yield


@contextmanager
def alone(settings: Settings) -> Iterator[None]:
    """Wait until nobody is at work in the lake, and keep others waiting."""
    with _held(settings, fcntl.LOCK_EX):
        yield


@contextmanager
def _held(settings: Settings, kind: int) -> Iterator[None]:
    path = lock_folder(settings) / ".readers.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, kind)
        yield
    finally:
        os.close(handle)
