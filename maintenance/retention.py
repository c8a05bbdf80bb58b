"""Old days and old files of FANOUT_HOME.

A folder or file of a day goes when its day is older than the oldest that is kept, whenever it was written. What belongs to no
day (logs, scratch) goes when it was last written before that day. Nothing here reads the clock.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from contract.object_store import SCHEME, filesystem
from contract.settings import SettingError, Settings
from maintenance.lake import Step
from publication.versions import newest_day, one_publisher
from spark_jobs.engine.session import SCRATCH_LOCK

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_IN_NAME = re.compile(r"(?<!\d)(\d{4}-\d{2}-\d{2})(?!\d)")
_REMOVED = ".removed"  # behind the name of what is being removed, so that a run that was killed finds it


def newest(settings: Settings) -> date:
    """The newest published day.

    Raises:
        SettingError: there is none.
    """
    day = newest_day(settings.published) if settings.published.is_dir() else None
    if day is None:
        raise SettingError(f"nothing is published in {settings.published}; name a day: --as-of YYYY-MM-DD")
    return date.fromisoformat(day)


def oldest_kept(settings: Settings, as_of: date) -> date:
    """The first business date that stays: FANOUT_KEEP_DAYS back from `as_of`, or from the newest published day if that is
    earlier, so that neither a pause nor a wrong date takes the days away that readers see."""
    try:
        last = min(as_of, newest(settings))
    except SettingError:
        last = as_of
    return last - timedelta(days=settings.keep_days - 1)


def remove_old(settings: Settings, oldest: date, step: Step) -> Counter[str]:
    """Remove what is older than the oldest day that is kept; gives what went, by folder of FANOUT_HOME."""
    done: Counter[str] = Counter()
    for folder in (settings.published, settings.site, *([settings.bi_parquet] if settings.bi_parquet else [])):
        if folder.is_dir():
            step(f"old days of {folder.name}")
            with one_publisher(folder):
                done[folder.name] += _remove_days(folder, oldest)
    if settings.exports.is_dir():
        step("old days of exports")
        with one_publisher(settings.exports):
            done["exports"] += _remove_days(settings.exports, oldest)
            done["exports"] += _remove_named(settings.exports / "deliveries", oldest)
    for name in ("work", "returns/taken"):
        step(f"old days of {name}")
        done[name] += _remove_days(settings.home / name, oldest)
    for name in ("data_docs", "lineage", "model_cards"):
        step(f"old days of {name}")
        done[name] += _remove_named(settings.home / name, oldest, deep=False)
    for name in ("logs", "work/duckdb", "work/spark"):
        step(f"old files of {name}")
        done[name] += _remove_unused(settings.home / name, oldest)
    done["work/spark"] += remove_scratch(settings, step)
    if settings.published_uri is not None:
        step("old days of the store")
        done["published_uri"] += _remove_days_of_store(settings.published_uri, oldest)
    return +done


def remove_scratch(settings: Settings, step: Step) -> int:
    """Remove what Spark sessions that are gone left in their folders; a session holds a lock in its own while it lives."""
    count = 0
    for lock in sorted((settings.home / "work" / "spark").glob(f"*/{SCRATCH_LOCK}")):
        if not is_held(lock.parent):
            step(f"scratch {lock.parent.name}")
            shutil.rmtree(lock.parent, ignore_errors=True)
            count += 1
    return count


def is_held(folder: Path) -> bool:
    """Whether a Spark session that lives has its scratch in this folder."""
    try:
        with (folder / SCRATCH_LOCK).open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def remove(path: Path) -> None:
    """Remove a file or folder, whose name goes first."""
    if path.is_dir() and not path.is_symlink():
        gone = path.with_name(f".{path.name}{_REMOVED}")
        path.rename(gone)
        shutil.rmtree(gone)
    else:
        path.unlink(missing_ok=True)


def _remove_days(folder: Path, oldest: date) -> int:
    """Remove the folders that are named by an old day, and what a removal that was killed left."""
    if not folder.is_dir():
        return 0
    for left in folder.glob(f".*{_REMOVED}"):
        shutil.rmtree(left)
    old = [path for path in folder.iterdir() if _DAY.fullmatch(path.name) and path.name < oldest.isoformat()]
    for path in old:
        remove(path)
    return len(old)


def _remove_named(folder: Path, oldest: date, *, deep: bool = True) -> int:
    """Remove files and folders with an old day in their name."""
    count = 0
    for path in sorted(folder.rglob("*") if deep else folder.glob("*")):
        found = _IN_NAME.search(path.name)
        if found and found[1] < oldest.isoformat() and path.exists():
            remove(path)
            count += 1
    return count


def _remove_unused(folder: Path, oldest: date) -> int:
    """Remove files that were last written before the oldest day, and folders that are left empty."""
    since = datetime.combine(oldest, time(), UTC).timestamp()
    count, emptied = 0, {folder}
    for path in _files(folder):
        try:
            if path.lstat().st_mtime < since and path.name != SCRATCH_LOCK:
                path.unlink()
                emptied.add(path.parent)
                count += 1
        except FileNotFoundError:
            continue
    for name, _, _ in os.walk(folder, topdown=False):
        below = Path(name)
        if below != folder and not os.listdir(below) and (below in emptied or below.stat().st_mtime < since):
            below.rmdir()
            emptied.add(below.parent)
    return count


def _files(folder: Path) -> Iterator[Path]:
    for below, _, names in os.walk(folder):
        yield from (Path(below, name) for name in names)


def _remove_days_of_store(uri: str, oldest: date) -> int:
    from pyarrow.fs import FileSelector, FileType

    folder = uri.removeprefix(SCHEME)
    days = filesystem().get_file_info(FileSelector(folder, allow_not_found=True))
    old = [
        day
        for day in days
        if day.type is FileType.Directory and _DAY.fullmatch(day.base_name) and day.base_name < oldest.isoformat()
    ]
    for day in old:
        filesystem().delete_dir(day.path)
    return len(old)
