"""Hand the published marts of a day on: to PostgreSQL, as Parquet files, into an object store, or to several of these.

python -m publication.bi --as-of 2026-03-20
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date
from typing import Any

from contract.object_store import StoreGone
from contract.settings import SettingError, Settings, parse_as_of
from lineage.emitter import emitting
from lineage.jobs import BI
from publication import parquet, postgres, uploads
from publication.versions import PublicationError


def hand_over(settings: Settings, as_of: date) -> tuple[dict[str, Any], list[str]]:
    """Hand a day on in every way that is set; gives the report of each, and what failed, in words."""
    ways = {
        "parquet": ("FANOUT_BI_PARQUET", settings.bi_parquet, parquet.write),
        "postgres": ("FANOUT_BI_DSN", settings.bi_dsn, postgres.load),
        "object_store": ("FANOUT_PUBLISHED_URI", settings.published_uri, uploads.write),
    }
    report: dict[str, Any] = {}
    failures = []
    for way, (setting, value, write) in ways.items():
        if value is None:
            report[way] = f"{setting} is not set"
            continue
        try:
            report[way] = write(settings, as_of)
        except (PublicationError, StoreGone) as error:  # no way waits for another
            failures.append(str(error))
    return report, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date")
    arguments = parser.parse_args()
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    report, failures = hand_over(settings, as_of)
    if failures:
        print("; ".join(failures), file=sys.stderr)
        return 1
    print(json.dumps({"step": "bi", **report}))
    return 0


if __name__ == "__main__":
    sys.exit(emitting(main, BI))
