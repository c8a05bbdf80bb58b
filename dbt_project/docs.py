"""Writes the warehouse's documentation as one static page (lineage, columns, tests); needs a build of the day, but no network.

python -m dbt_project.docs [--as-of 2026-03-20]      # or: make docs; the newest day that was built
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from datetime import date
from pathlib import Path

from contract.settings import SettingError, Settings, parse_as_of
from dbt_project.build import BuildFailed, run_dbt


def write_docs(settings: Settings, as_of: date) -> Path:
    """Document the warehouse of a day; returns the page.

    Raises:
        BuildFailed: there is no warehouse of that day, or dbt could not read it.
    """
    if not settings.warehouse(as_of).exists():
        raise BuildFailed(f"{settings.warehouse(as_of)} is missing; run: python -m dbt_project.build --as-of {as_of}")
    outcome = run_dbt(settings, as_of, "docs", "generate", "--static")
    if not outcome.success:
        raise BuildFailed(f"{outcome.exception}\nlog: {settings.work(as_of) / 'dbt' / 'dbt.log'}")
    page = settings.home / "docs" / "warehouse.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(settings.work(as_of) / "dbt" / "static_index.html", page)
    return page


def newest_day(settings: Settings) -> date:
    """The newest day with a warehouse in the work folder.

    Raises:
        BuildFailed: no day was built yet.
    """
    built = sorted(path.parent.name for path in (settings.home / "work").glob("*-*-*/warehouse.duckdb"))
    if not built:
        raise BuildFailed(f"no warehouse lies in {settings.home / 'work'}; run: make run")
    return parse_as_of(built[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", help="business date, YYYY-MM-DD")
    given = parser.parse_args().as_of
    try:
        settings = Settings.from_environment()
        page = write_docs(settings, parse_as_of(given) if given else newest_day(settings))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except BuildFailed as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps({"step": "docs", "page": str(page)}, separators=(",", ":")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
