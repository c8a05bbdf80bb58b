"""Write the site of a published day, in a folder with the days, versions and links of `published/`."""

from __future__ import annotations

import time
from datetime import date
from pathlib import Path
from typing import Any

from contract.settings import Settings
from publication.versions import current, finish, one_publisher, point, remove_leftovers, remove_old
from static_site.pages import groups, index, ingest, live, merchants, platform, regions, spread
from static_site.published_day import PublishedDay, open_day
from static_site.render import render
from static_site.section import Page

INDEX = "index.html"
PAGES = (platform, merchants, regions, groups, spread, live, ingest)  # the index is before them


def write(settings: Settings, as_of: date) -> dict[str, Any]:
    """Write the site of the current version of a day and make it the current one; returns the report of the step.

    Raises:
        PublicationError: the day has no published version, or one without the marts that the site reads.
    """
    started = time.monotonic()
    with one_publisher(settings.site):
        with open_day(settings, as_of) as published:
            pages = make_pages(published)
            files = {f"{page.name}.html": render(page, published, pages) for page in pages}
        day, version = settings.site / as_of.isoformat(), published.run["version"]
        day.mkdir(exist_ok=True)
        remove_leftovers(settings.site, day)
        before = current(day)
        is_new = not _is_there(day / version, files)
        if is_new:
            building = day / ".building"
            building.mkdir()
            for name, content in files.items():
                (building / name).write_bytes(content)
                (building / name).chmod(0o444)
            if (day / version).exists():  # drawn by another release, or of a FANOUT_HOME that was made again
                (day / version).rename(day / f".{version}.removed")
            finish(building, version)
        is_newest = point(settings.site, as_of, version)
        removed = remove_old(day, settings.keep_versions, before)
        remove_leftovers(settings.site, day)
    return {
        "step": "site",
        "rows": sum(len(section.rows) for page in pages for section in page.sections),
        "pages": len(files),
        "bytes": sum(map(len, files.values())),
        "seconds": round(time.monotonic() - started, 1),
        "version": version,
        "is_new": is_new,
        "is_newest_day": is_newest,
        "removed": removed,
        "site": str(day / version / INDEX),
    }


def make_pages(day: PublishedDay) -> list[Page]:
    """The pages of a day, the index first."""
    shown = [module.page(day) for module in PAGES]
    return [index.page(day, shown), *shown]


def _is_there(folder: Path, files: dict[str, bytes]) -> bool:
    """Whether a folder holds these files and no others."""
    if not folder.is_dir() or {path.name for path in folder.iterdir()} != files.keys():
        return False
    return all((folder / name).read_bytes() == content for name, content in files.items())
