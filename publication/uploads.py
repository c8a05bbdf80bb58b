"""Published versions in an object store, for those who read it there.

    <prefix>/current                                  2026-03-20/v000003/fanout.duckdb, of the newest day
    <prefix>/2026-03-20/current                       the same path, of the day's current version
    <prefix>/2026-03-20/v000003/fanout.duckdb         and run.json, which is put once the database is there

An object appears as a whole. Objects cannot be linked, so `current` holds the name of the database, and is put last.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from pyarrow.fs import FileSelector, FileType

from contract.object_store import SCHEME, filesystem, named
from contract.settings import Settings
from publication.publish import current_database
from publication.versions import CURRENT, DATABASE, RUN, newest_day, one_publisher, versions

_PIECE = 32 << 20


def write(settings: Settings, as_of: date) -> dict[str, Any]:
    """Put the current version of a day, and make it the current one there; returns a report.

    Raises:
        PublicationError: the day has no published version.
        StoreGone: the store does not answer.
    """
    assert settings.published_uri is not None
    with named(settings), one_publisher(settings.published):
        database = current_database(settings, as_of)
        folder = settings.published_uri.removeprefix(SCHEME)
        day, version = f"{folder}/{as_of}", database.parent.name
        is_new = _upload(database.parent, f"{day}/{version}")
        for other in {*versions(database.parent.parent)} - {version}:
            if _content(f"{day}/{other}/{RUN}") is not None:  # people may have been taken out of it since
                _upload(database.parent.with_name(other), f"{day}/{other}")
        name = f"{as_of}/{version}/{DATABASE}".encode()
        _put(f"{day}/{CURRENT}", name)
        if newest_day(settings.published) == as_of.isoformat():
            _put(f"{folder}/{CURRENT}", name)
        removed = _remove_all_but(day, versions(database.parent.parent))
    return {"folder": f"{SCHEME}{day}/{version}", "version": version, "is_new": is_new, "removed": removed}


def _upload(version: Path, there: str) -> bool:
    """Put a version unless it is there as it is here; returns whether it was put."""
    run = (version / RUN).read_bytes()
    if _content(f"{there}/{RUN}") == run:
        return False
    with filesystem().open_output_stream(f"{there}/{DATABASE}") as out, (version / DATABASE).open("rb") as file:
        while piece := file.read(_PIECE):
            out.write(piece)
    _put(f"{there}/{RUN}", run)
    return True


def _content(path: str) -> bytes | None:
    try:
        with filesystem().open_input_stream(path) as file:
            content: bytes = file.read()
            return content
    except FileNotFoundError:
        return None


def _put(path: str, content: bytes) -> None:
    with filesystem().open_output_stream(path) as out:
        out.write(content)


def _remove_all_but(day: str, kept: list[str]) -> list[str]:
    """Remove the versions of a day that `published/` has no longer."""
    there = filesystem().get_file_info(FileSelector(day))
    old = [found.base_name for found in there if found.type is FileType.Directory and found.base_name not in kept]
    for version in old:
        filesystem().delete_file(f"{day}/{version}/{RUN}")  # without it a version does not count
        filesystem().delete_dir(f"{day}/{version}")
    return old
