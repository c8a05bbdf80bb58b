"""Classify quarantined lines again, after the contract or a setting was fixed.

    python -m spark_jobs.ingest.replay --source shop [--reason bad_enum ...] [--file shop/dt=2026-02-01/part-2.jsonl ...]

The lake is then the same as if the lines had been valid from the start; what still breaks the contract stays quarantined.
"""

from __future__ import annotations

import argparse
import sys

from contract.events import SOURCES, Reason
from spark_jobs.ingest.command import run
from spark_jobs.ingest.job import replay


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    parser.add_argument("--reason", action="append", default=[], choices=[*Reason], help="only lines refused for it")
    parser.add_argument("--file", action="append", default=[], help="only lines of this file, named as in ingest_ledger")
    args = parser.parse_args()
    return run(
        f"replay_{args.source}",
        lambda spark, settings: replay(spark, settings, args.source, args.reason, args.file),
    )


if __name__ == "__main__":
    sys.exit(main())
