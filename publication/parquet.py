"""The marts as Parquet files, one a mart, in a folder with the days, versions and links of `published/`."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb

from contract.settings import Settings
from contract.sql import literal, quoted
from publication.publish import current_database
from publication.versions import RUN, current, finish, one_publisher, point, remove_leftovers, remove_old


def write(settings: Settings, as_of: date) -> dict[str, Any]:
    """Write the current version of a day and make it the current one here; returns a report.

    Raises:
        PublicationError: the day has no published version.
    """
    folder = settings.bi_parquet
    assert folder is not None
    with one_publisher(folder):
        database = current_database(settings, as_of)
        day, version = folder / as_of.isoformat(), database.parent.name
        day.mkdir(exist_ok=True)
        remove_leftovers(folder, day)
        before = current(day)
        run = (database.parent / RUN).read_bytes()
        is_new = not (day / version / RUN).is_file() or (day / version / RUN).read_bytes() != run
        if is_new:
            building = day / ".building"
            building.mkdir()
            with duckdb.connect(str(database), read_only=True) as con:
                tables = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
                for (mart,) in tables:
                    file = building / f"{mart}.parquet"
                    con.execute(f"copy marts.{quoted(mart)} to {literal(file)} (format parquet, compression zstd)")
            (building / RUN).write_bytes(run)
            for path in building.iterdir():
                path.chmod(0o444)
            if (day / version).exists():  # of a FANOUT_HOME that was made again: another version of this name
                (day / version).rename(day / f".{version}.removed")
            finish(building, version)
        point(folder, as_of, version)
        removed = remove_old(day, settings.keep_versions, before)
        remove_leftovers(folder, day)
    return {"folder": str(day / version), "version": version, "is_new": is_new, "removed": removed}
