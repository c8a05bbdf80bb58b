"""Whether anything of a day's delivery came since the last load; a waiting ingest asks before it starts Spark.

python -m operations.arrived --source shop --as-of 2026-03-20     # exit status 0 if something came, 3 if nothing did
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, date, datetime

from contract.events import RETURNED_CALLS, SOURCES
from contract.lake_lock import at_work
from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings, parse_as_of
from expectations.suites.deliveries import NOT_DELIVERED
from spark_jobs.ingest.files import entries, landing_path
from spark_jobs.lake.event_tables import landing_files


def arrived(settings: Settings, source: str, as_of: date) -> list[str]:
    """Files of a day's delivery that are new, or have changed since they were loaded."""
    read = {row["file"]: (row["bytes"], row["modified_at"]) for row in landing_files(settings, source)}
    found = []
    for path in entries(settings.landing / source / f"dt={as_of}"):
        name = f"{source}/dt={as_of}/{path.name}"
        if path.is_file() and landing_path(name) and not path.name.startswith(RETURNED_CALLS):
            stat = path.stat()
            if read.get(name) != (stat.st_size, datetime.fromtimestamp(int(stat.st_mtime), UTC)):
                found.append(name)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    parser.add_argument("--as-of", required=True)
    arguments = parser.parse_args()
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
        with named(settings), at_work(settings):
            found = arrived(settings, arguments.source, as_of)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except StoreGone as error:
        print(error, file=sys.stderr)
        return 1
    if not found:
        print(f"{settings.landing / arguments.source / f'dt={as_of}'} still holds nothing new to read", file=sys.stderr)
        return NOT_DELIVERED
    print(f"{len(found)} files came, first {found[0]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
