"""Keep the lake's tables small: fewer data files, none that are dead, no old days, a short log.

Delta-rs does all of it, so that no JVM is started and an object store is as good as a folder.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

from deltalake import CommitProperties, DeltaTable, WriterProperties

from contract.events import SOURCES
from contract.object_store import delta_options, is_uri
from contract.settings import Settings
from publication.publish import lake_versions
from spark_jobs.lake.catalog import table_path

# Workers and DuckDB read file by file: large enough to be few, small enough to be shared out.
_FILE_BYTES = 64 << 20
_ROWS_OF_A_GROUP = 100_000  # as the ingest writes them: a reader skips row groups by their statistics
_DAY_COLUMN = "as_of"

Step = Callable[[str], None]


def tables(settings: Settings) -> dict[str, DeltaTable]:
    """The tables of the lake by name, as they are now."""
    options = delta_options(settings.lake)
    names = lake_versions(settings.lake)
    return {name: DeltaTable(table_path(settings, name), storage_options=options) for name in names}


def derived_tables(settings: Settings) -> dict[str, DeltaTable]:
    """Those that hold what was worked out for a day."""
    return {name: table for name, table in tables(settings).items() if table.metadata().partition_columns == [_DAY_COLUMN]}


def compact(settings: Settings, step: Step) -> Counter[str]:
    """Put the small data files of the event tables together. The caller holds the writers' lock.

    Rows, partitions and the ranges that commits state stay as they are. A table is committed once, so a run that is killed
    leaves files that no commit names.
    """
    done: Counter[str] = Counter()
    for name, table in tables(settings).items():
        if name not in {f"{source}_events" for source in SOURCES}:
            continue
        step(f"compact {name}")
        told = table.optimize.compact(
            target_size=_FILE_BYTES,
            writer_properties=WriterProperties(compression="ZSTD", max_row_group_size=_ROWS_OF_A_GROUP),
            commit_properties=_by(settings),
        )
        done += Counter(files_put_together=told["numFilesRemoved"], files_made=told["numFilesAdded"])
    return done


def remove_days(settings: Settings, older_than: date, also: set[str], step: Step) -> list[str]:
    """Take days out of every derived table, in one commit a table; gives the days that were there.

    Args:
        older_than: the first day that stays.
        also: further days, `YYYY-MM-DD`, whose rows have to be computed again.
    """
    gone: set[str] = set()
    for name, table in derived_tables(settings).items():
        days = {str(values[_DAY_COLUMN]) for values in table.partitions()}
        old = sorted(day for day in days if day < older_than.isoformat() or day in also)
        if old:
            step(f"remove days of {name}")
            listed = ", ".join(f"'{day}'" for day in old)
            table.delete(f"{_DAY_COLUMN} in ({listed})", commit_properties=_by(settings))
            gone |= {*old}
    return sorted(gone)


def vacuum(settings: Settings, hours: int, step: Step) -> Counter[str]:
    """Remove data files that no version younger than some hours names, and those of writers that were killed.

    Delta-rs compares the clock with the time at which a commit took a file out, or at which a file without a commit was
    written. The caller is alone in the lake.
    """
    done: Counter[str] = Counter()
    for name, table in tables(settings).items():
        step(f"vacuum {name}")
        remove = partial(table.vacuum, hours, enforce_retention_duration=False, full=True, commit_properties=_by(settings))
        dead = [path for path in remove(dry_run=True) if _is_there(settings, name, path)]
        if dead:
            remove(dry_run=False)
        _remove_empty_folders(settings, name)
        done["dead_files"] += len(dead)
    return done


def shorten_logs(settings: Settings, step: Step) -> None:
    """Make a checkpoint of every table, and remove the entries of its log that are older than its setting (30 days)."""
    for name, table in tables(settings).items():
        step(f"checkpoint {name}")
        table.create_checkpoint()
        table.cleanup_metadata()


def _is_there(settings: Settings, name: str, path: str) -> bool:
    """Whether a dead file still lies there: a log remembers for a while those that were removed before."""
    return is_uri(settings.lake) or os.path.exists(os.path.join(table_path(settings, name), path))


def _remove_empty_folders(settings: Settings, name: str) -> None:
    if is_uri(settings.lake):
        return
    for folder, _, _ in os.walk(table_path(settings, name), topdown=False):
        if "=" in Path(folder).name and not os.listdir(folder):
            os.rmdir(folder)


def _by(settings: Settings) -> CommitProperties:
    return CommitProperties(custom_metadata={"userMetadata": settings.run_id})
