"""The versions of a published day on disk, and the links that name the current one.

    published/current              -> 2026-03-20/current     the newest day
    published/2026-03-20/current   -> v000003
    published/2026-03-20/v000003/  fanout.duckdb, run.json   never changed once it has this name

A version is built in a folder whose name starts with a dot and gets its own name once it is complete; a link is replaced by
renaming another over it. A publisher that is killed leaves an intact `current`, and a dotted name that the next run removes.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

CURRENT = "current"
DATABASE = "fanout.duckdb"
RUN = "run.json"
_VERSION = re.compile(r"v\d{6,}")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


class PublicationError(RuntimeError):
    """Nothing was published or loaded; the message says why and what to do."""


@contextmanager
def one_publisher(published: Path) -> Iterator[None]:
    """Lock `published` for one process; others wait. The kernel releases the lock when the process dies."""
    published.mkdir(parents=True, exist_ok=True)
    handle = os.open(published / ".lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def versions(day: Path) -> list[str]:
    """The finished versions of a day, oldest first."""
    return sorted((path.name for path in day.iterdir() if _VERSION.fullmatch(path.name)), key=_number) if day.is_dir() else []


def current(day: Path) -> str | None:
    """The version that a day's `current` points to; None if there is no link or no such version."""
    link = day / CURRENT
    return os.readlink(link) if link.is_symlink() and link.exists() else None


def newest_day(published: Path) -> str | None:
    """The newest business date that has a current version."""
    days = [path.name for path in published.iterdir() if _DAY.fullmatch(path.name) and current(path)]
    return max(days, default=None)


def next_version(day: Path) -> str:
    return f"v{_number((versions(day) or ['v000000'])[-1]) + 1:06d}"


def remove_leftovers(published: Path, day: Path) -> None:
    """Remove what a killed publication left behind; the caller holds `one_publisher`."""
    for path in [*published.glob(f".{CURRENT}.*"), *day.glob(".*")]:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


def finish(building: Path, version: str) -> Path:
    """Give a complete version its name, once everything in it has been written to disk."""
    for path in building.iterdir():
        _sync(path)
    _sync(building)
    finished = building.with_name(version)
    building.rename(finished)
    _sync(finished.parent)
    return finished


def point(published: Path, as_of: date, version: str) -> bool:
    """Make `version` the current one of its day; returns whether `published/current` points to that day."""
    day = published / as_of.isoformat()
    _link(day / CURRENT, version)
    newest = newest_day(published) == day.name
    if newest:
        _link(published / CURRENT, f"{day.name}/{CURRENT}")
    return newest


def remove_old(day: Path, keep: int, *spared: str | None) -> list[str]:
    """Remove a day's versions except the last `keep`, the current one and those in `spared`; returns the removed names."""
    kept = {*versions(day)[-keep:], current(day), *spared}
    old = [version for version in versions(day) if version not in kept]
    for version in old:
        gone = day / f".{version}.removed"
        (day / version).rename(gone)  # a named version is always complete
        shutil.rmtree(gone)
    return old


def _number(version: str) -> int:
    return int(version[1:])


def _link(link: Path, target: str) -> None:
    if link.is_symlink() and os.readlink(link) == target:
        return
    part = link.with_name(f".{link.name}.link")
    part.unlink(missing_ok=True)
    part.symlink_to(target)
    part.replace(link)
    _sync(link.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
