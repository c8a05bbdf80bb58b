"""Classify quarantined lines anew, after the contract or a setting was mended.

    python -m spark_jobs.ingest.replay --source shop [--reason bad_enum ...] [--file shop/dt=2026-02-01/part-2.jsonl ...]

The lake is then the same as if the lines had been right from the start; what still breaks the contract stays quarantined.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys

from expectations.contract import SOURCES, Reason
from expectations.settings import SettingError, Settings
from spark_jobs.ingest.job import replay
from spark_jobs.session import MissingJars, spark_session


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    parser.add_argument("--reason", action="append", default=[], choices=[*Reason], help="only lines refused for it")
    parser.add_argument("--file", action="append", default=[], help="only lines of this file, named as in ingest_ledger")
    args = parser.parse_args()
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        settings = Settings.from_environment()
        spark = spark_session(f"replay_{args.source}", settings)
        report = replay(spark, settings, args.source, args.reason, args.file)
    except (SettingError, MissingJars) as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(report))
    return 0


if __name__ == "__main__":
    sys.exit(main())
