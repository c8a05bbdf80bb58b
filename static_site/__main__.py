"""Write the site of a published day: static pages with charts that open without a server or a network.

python -m static_site [--as-of 2026-03-20]      # or: make site; the newest day that is published
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from contract.settings import SettingError, Settings, parse_as_of
from lineage import names
from lineage.emitter import Job, emitting
from publication.versions import PublicationError, newest_day
from static_site.write import PAGES, write

JOB = Job(
    "static_site",
    lambda _: names.published_marts(),
    lambda _: (names.site("index"), *(names.site(page.__name__.rpartition(".")[2]) for page in PAGES)),
)


def newest(settings: Settings) -> date:
    """The newest day that is published.

    Raises:
        PublicationError: there is none.
    """
    day = newest_day(settings.published) if settings.published.is_dir() else None
    if day is None:
        raise PublicationError(f"nothing is published in {settings.published}; run: make run")
    return parse_as_of(day)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", help="business date, YYYY-MM-DD")
    given = parser.parse_args().as_of
    try:
        settings = Settings.from_environment()
        report = write(settings, parse_as_of(given) if given else newest(settings))
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except PublicationError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(emitting(main, JOB))
