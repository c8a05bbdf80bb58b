"""Prove that nobody who asked to be forgotten is named anywhere, but in the requests and in the list of whom to forget.

python -m maintenance.proof [--as-of 2026-03-20]      # which names the report; the newest day that is published

Every file of the lake and of FANOUT_HOME is searched, packed ones decoded, and the landing files with erased lines. The report
is FANOUT_HOME/erasure/<as_of>.json: places with files, bytes and a digest of all of them, and what names anybody. It names no
person.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings, parse_as_of
from maintenance.needles import Needles
from maintenance.retention import newest
from maintenance.search import LANDING, REPORTS, Search, people_to_forget, search


def describe(settings: Settings, before: Search, after: Search, needles: Needles) -> dict[str, Any]:
    """What a search found before and after erasure, as the report says it; ids in names of files are stars.

    Without an erasure in between both are the same search.
    """
    places = sorted({*before.searched, *after.searched})
    digests = {place: searched.digests for place, searched in after.searched.items()}
    return {
        "people": after.people,
        "places": {
            place: {
                "files": after.searched[place].files,
                "bytes": after.searched[place].bytes,
                "sha256_before": before.searched[place].sha256(),
                "sha256_after": after.searched[place].sha256(),
            }
            for place in places
        },
        "found": [
            {
                "place": finding.place,
                "file": needles.masked(finding.name.encode()).decode(),
                "sha256_before": finding.sha256,
                "sha256_after": digests.get(finding.place, {}).get(finding.name),
            }
            for finding in before.findings
            if not finding.why
        ],
        "remained": remained(settings, after, needles),
        "landing": [
            {"file": finding.name, "lines": sorted(line for _, line in finding.lines)}
            for finding in after.findings
            if finding.place == LANDING
        ],
    }


def remained(settings: Settings, found: Search, needles: Needles) -> list[dict[str, str]]:
    """What names somebody, or could not be searched. Landing files count only where they are to be rewritten."""
    return [
        {
            "place": finding.place,
            "file": needles.masked(finding.name.encode()).decode(),
            "why": finding.why or ("no table names it any more" if finding.is_dead else "it names somebody"),
        }
        for finding in found.findings
        if finding.place != LANDING or settings.rewrite_landing
    ]


def write(settings: Settings, as_of: date, report: Mapping[str, Any]) -> Path:
    """Write the report of a day, whole or not at all."""
    folder = settings.home / REPORTS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{as_of}.json"
    part = folder / f".{as_of}.json.part"
    part.write_text(json.dumps({"as_of": as_of.isoformat(), **report}, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    part.replace(path)
    return path


def prove(settings: Settings, as_of: date) -> dict[str, Any]:
    """Search, write the report; returns the report of the step."""
    people = people_to_forget(settings)
    found = search(settings, people)
    told = describe(settings, found, found, Needles(people))
    path = write(settings, as_of, told)
    return summary(told, path)


def summary(told: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """What the command prints of a report."""
    return {
        "step": "erasure_proof",
        "people": told["people"],
        "files": sum(place["files"] for place in told["places"].values()),
        "bytes": sum(place["bytes"] for place in told["places"].values()),
        "landing_files": len(told["landing"]),
        "remained": len(told["remained"]),
        "report": str(path),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", help="business date that names the report, YYYY-MM-DD")
    try:
        given = parser.parse_args().as_of
        settings = Settings.from_environment()
        as_of = newest(settings) if given is None else parse_as_of(given)
        with named(settings):
            report = prove(settings, as_of)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report))
    if report["remained"]:
        print(f"{report['remained']} files name somebody or could not be searched: {report['report']}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
