"""Take accepted lines out of every figure, or put withdrawn ones back.

    python -m spark_jobs.ingest.withdraw --source shop --file shop/dt=2026-02-01/part-2.jsonl --because "a test feed"
    python -m spark_jobs.ingest.withdraw --source shop --id e-1 [--event-source shop/m-17] --because "an order number as amount"
    python -m spark_jobs.ingest.withdraw --source shop --put-back --because "a test feed"

A file's lines are withdrawn as if the file had never come: copies of its events that other files brought count instead. An
event is withdrawn with all its copies, and later ones that say the same follow it; one that says something else is a correction
and counts. `--put-back` takes the same choices, and `--because` then chooses what was withdrawn with these words. Marts change
with the next run of their day.
"""

from __future__ import annotations

import argparse
import sys
from functools import reduce
from operator import and_
from typing import Any

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as f

from contract.events import SOURCES, Withdrawal
from contract.settings import Settings
from lineage.emitter import emitting
from lineage.jobs import WITHDRAW
from spark_jobs.ingest.command import run
from spark_jobs.ingest.job import WithdrawalError, put_back, withdraw
from spark_jobs.lake import catalog


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", required=True, choices=SOURCES)
    parser.add_argument("--file", action="append", default=[], help="all lines of this file, named as in ingest_ledger")
    parser.add_argument("--id", action="append", default=[], help="all copies of the event with this CloudEvents id")
    parser.add_argument("--event-source", help="the CloudEvents source of the ids, where several sources use one")
    parser.add_argument("--because", help="the reason in words; the ledger of withdrawn lines keeps it")
    parser.add_argument("--put-back", action="store_true", help="bring withdrawn lines back")
    args = parser.parse_args()
    if not args.put_back and (bool(args.file) == bool(args.id) or not args.because):
        parser.error("name lines by --file or by --id, and say why with --because")
    if args.put_back and not (args.file or args.id or args.because):
        parser.error("name what comes back by --file, --id or --because")
    return run(f"withdraw_{args.source}", lambda spark, settings: _withdraw(spark, settings, args))


def _withdraw(spark: SparkSession, settings: Settings, args: argparse.Namespace) -> dict[str, Any]:
    conditions = [f.col("file").isin(args.file)] if args.file else []
    if args.id:
        conditions += [f.col("event_id").isin(args.id), _source(spark, settings, args)]
    if args.put_back and args.because:
        conditions.append(f.col("reason") == args.because)
    chosen = reduce(and_, conditions)
    if args.put_back:
        return put_back(spark, settings, args.source, chosen)
    by = Withdrawal.FILE if args.file else Withdrawal.EVENT
    return withdraw(spark, settings, args.source, chosen, by, args.because)


def _source(spark: SparkSession, settings: Settings, args: argparse.Namespace) -> Column:
    """The one CloudEvents source of the events with the ids."""
    if args.event_source:
        return f.col("event_source").isin(args.event_source)
    events = spark.read.format("delta").load(catalog.table_path(settings, f"{args.source}_events"))
    known = events.where(f.col("event_id").isin(args.id) & f.col("event_key").isNotNull())
    sources = sorted(row.event_source for row in known.select("event_source").distinct().collect())
    if len(sources) > 1:
        raise WithdrawalError(f"several sources use these ids: {', '.join(sources)}; name one with --event-source")
    return f.col("event_source").isin(sources)


if __name__ == "__main__":
    sys.exit(emitting(main, WITHDRAW))
