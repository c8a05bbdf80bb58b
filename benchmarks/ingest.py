"""Ingest against DuckDB's plain copy of the same gzip files to Parquet, and one more day against that day alone.

    python -m benchmarks.ingest [--events 2000000] [--rounds 3] [--history 100]

Every figure is a median of rounds in one process, so that all share one Spark session; its start is given apart.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
from pyspark.sql import SparkSession

from contract.events import SOURCES
from contract.settings import Settings
from spark_jobs.engine.session import spark_session
from spark_jobs.ingest.job import ingest


def seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def copy_with_duckdb(landing: Path, out: Path) -> None:
    """Copy each source's files into one Parquet file with inferred types; DuckDB skips what it cannot parse."""
    for source in SOURCES:
        files = [str(file) for file in sorted((landing / source).glob("*/*.jsonl.gz"))]
        if files:
            duckdb.execute(
                f"copy (from read_ndjson({files}, ignore_errors = true, union_by_name = true)) to '{out / source}.parquet'"
            )


def load(spark: SparkSession, settings: Settings) -> None:
    for source in SOURCES:
        ingest(spark, settings, source)


def only_gzip(landing: Path) -> None:
    """Keep only files that both sides can read: whole gzip files."""
    for file in landing.glob("*/*/*"):
        if not file.name.endswith(".jsonl.gz") or subprocess.call(["gzip", "--test", "--quiet", str(file)]):
            file.unlink()


def against_duckdb(spark: SparkSession, settings: Settings, scratch: Path, rounds: int) -> None:
    copies, loads = [], []
    for number in range(rounds):
        out = scratch / f"copy-{number}"
        out.mkdir()
        copies.append(seconds(lambda out=out: copy_with_duckdb(settings.landing_folder, out)))  # type: ignore[misc]
        target = replace(settings, lake=str(scratch / f"lake-{number}"))
        loads.append(seconds(lambda target=target: load(spark, target)))  # type: ignore[misc]
        shutil.rmtree(target.lake)
    copy, first, median = statistics.median(copies), loads[0], statistics.median(loads)
    print(f"DuckDB copy {copy:.1f} s; ingest {median:.1f} s (the first, with a cold JVM, {first:.1f} s): {median / copy:.2f}x")


def one_more_day(spark: SparkSession, settings: Settings, scratch: Path, history: int) -> None:
    days = sorted({folder.name for folder in settings.landing_folder.glob("*/dt=*")})[: history + 1]
    before, last = days[:-1], days[-1]
    landing = {"alone": scratch / "alone", "after": scratch / "after"}

    def deliver(name: str, chosen: list[str]) -> Settings:
        for folder in settings.landing_folder.glob("*/dt=*"):
            if folder.name in chosen:
                shutil.copytree(folder, landing[name] / folder.parent.name / folder.name, dirs_exist_ok=True)
        return replace(settings, landing=landing[name], lake=str(scratch / f"lake-{name}"))

    history_settings = deliver("after", before)
    load(spark, history_settings)
    deliver("after", [last])
    alone_settings = deliver("alone", [last])
    alone = seconds(lambda: load(spark, alone_settings))
    after = seconds(lambda: load(spark, history_settings))
    print(f"one day alone {alone:.1f} s; after {len(before)} days {after:.1f} s: {after / alone:.2f}x")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--history", type=int, default=100)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="fanout-bench-") as folder:
        scratch = Path(folder)
        landing = scratch / "landing"
        subprocess.check_call([sys.executable, "-m", "simulator", "--out", str(landing), "--events", str(args.events)])
        only_gzip(landing)
        settings = Settings.from_environment({"FANOUT_HOME": str(scratch / "home"), "FANOUT_LANDING": str(landing)})
        started = time.perf_counter()
        spark = spark_session("benchmark", settings)
        print(f"Spark session {time.perf_counter() - started:.1f} s")
        against_duckdb(spark, settings, scratch, args.rounds)
        one_more_day(spark, settings, scratch, args.history)
        spark.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
