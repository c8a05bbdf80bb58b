"""Classify lines again, after the contract or a setting was changed.

    python -m spark_jobs.ingest.replay --source shop [--reason bad_enum ...] [--file shop/dt=2026-02-01/part-2.jsonl ...]
    python -m spark_jobs.ingest.replay --source shop --accepted [--file ...]

Quarantined lines: the lake is then the same as if they had been valid from the start; what still breaks the contract stays
quarantined. With `--accepted` accepted lines as well: optional fields that were declared after they came get the values that
the lines have kept as unknown, and the lake is the same as if the fields had been declared from the start.
"""

from __future__ import annotations

import argparse
import sys

from contract.events import SOURCES, Reason
from lineage.emitter import emitting
from lineage.jobs import REPLAY
from spark_jobs.ingest.command import run
from spark_jobs.ingest.job import replay


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    parser.add_argument("--reason", action="append", default=[], choices=[*Reason], help="only lines refused for it")
    parser.add_argument("--file", action="append", default=[], help="only lines of this file, named as in ingest_ledger")
    parser.add_argument("--accepted", action="store_true", help="also fill fields of accepted lines that are declared now")
    args = parser.parse_args()
    if args.accepted and args.reason:
        parser.error("--reason chooses quarantined lines; leave it out, or --accepted")
    return run(
        f"replay_{args.source}",
        lambda spark, settings: replay(spark, settings, args.source, args.reason, args.file, accepted=args.accepted),
    )


if __name__ == "__main__":
    sys.exit(emitting(main, REPLAY))
