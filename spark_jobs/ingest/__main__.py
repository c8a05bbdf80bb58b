"""Load a source's new landing files into the lake.

python -m spark_jobs.ingest --source shop
"""

from __future__ import annotations

import argparse
import json
import logging
import sys

from expectations.contract import SOURCES
from expectations.settings import SettingError, Settings
from spark_jobs.ingest.job import ingest, landed_rows
from spark_jobs.session import MissingJars, spark_session


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    source = parser.parse_args().source
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        settings = Settings.from_environment()
        spark = spark_session(f"ingest_{source}", settings, rows=landed_rows(settings, source))
        report = ingest(spark, settings, source)
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
