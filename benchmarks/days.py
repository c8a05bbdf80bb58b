"""Many days of deliveries, one after another, with maintenance each week: disk, files, and seconds of one more day.

    python -m benchmarks.days [--days 400] [--lines 2000] [--keep 90]

A day is what the commands leave in the lake and in FANOUT_HOME: a commit of lines and line 0 in each event table, a partition
in each derived table, folders of published marts, exports, pages, work and logs. It is written at the level of Delta, without a
JVM, and timed with what an ingest reads of the history: the files that were read, and the keys of all events. The same days
without maintenance follow. Weeks pass in minutes, so dead files are removed at once, and the tables' logs are dated back.
"""

from __future__ import annotations

import argparse
import logging
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from contract.events import SOURCES, Fate
from contract.settings import Settings
from contract.tables import TABLES
from maintenance import lake, retention
from publication.versions import DATABASE, point
from spark_jobs.lake.catalog import table_path
from spark_jobs.lake.event_tables import DESCRIBED, PARTITION_COLUMNS, landing_files
from spark_jobs.lake.files import commit, data_files, open_table, read_groups, write_file

_SCHEMA = pa.schema(
    {
        **dict.fromkeys((*PARTITION_COLUMNS, "file", "event_type", "user_id"), pa.string()),
        **dict.fromkeys(("line", "rows_read", "bytes"), pa.int64()),
        **dict.fromkeys(("event_time", "modified_at"), pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(("dt", "event_date"), pa.date32()),
        "event_key": pa.binary(),
    }
)
_FOLDER_BYTES = 20_000  # of what a day leaves in each folder of FANOUT_HOME
_AROUND = 5  # days whose median is a day's figure
_nothing = logging.getLogger(__name__).debug


def deliver(settings: Settings, source: str, day: date, lines: int, random: np.random.Generator) -> None:
    """Commit a day's lines and its file's line 0, as the ingest does."""
    path, name = table_path(settings, f"{source}_events"), f"{source}/dt={day}/part-0001.jsonl"
    at = datetime(day.year, day.month, day.day, tzinfo=UTC)
    rows = pa.table(
        {
            "file": pa.array([name] * lines),
            "line": pa.array(range(1, lines + 1), pa.int64()),
            "dt": pa.array([day] * lines),
            "event_date": pa.array([day] * lines),
            "event_time": pa.array(
                [at + timedelta(seconds=40 * number) for number in range(lines)], _SCHEMA.field("event_time").type
            ),
            "event_type": pa.array([f"{source}.{number % 7}.v1" for number in range(lines)]),
            "user_id": pa.array([f"u-{number:08}" for number in random.integers(0, 10**6, lines)]),
            "event_key": pa.array([random.bytes(16) for _ in range(lines)], pa.binary()),
        }
    )
    read = pa.table(
        {
            "file": [name],
            "line": pa.array([0], pa.int64()),
            "dt": [day],
            "rows_read": pa.array([lines], pa.int64()),
            "bytes": pa.array([lines * 250], pa.int64()),
            "modified_at": pa.array([at], _SCHEMA.field("modified_at").type),
        }
    )
    table = open_table(path, _SCHEMA, PARTITION_COLUMNS, "days", **{"delta.dataSkippingStatsColumns": ",".join(DESCRIBED)})
    accepted = {"fate": Fate.ACCEPTED.value, "event_month": f"{day:%Y-%m}"}
    files = [
        *write_file(path, accepted, rows, described=DESCRIBED).to_pylist(),
        *write_file(path, {"fate": Fate.READ.value, "event_month": None}, read, described=DESCRIBED).to_pylist(),
    ]
    commit(table, files, "days")


def read_history(settings: Settings, source: str) -> int:
    """What an ingest reads of the days before: the files that were read, and the keys of all events."""
    landing_files(settings, source)
    path = table_path(settings, f"{source}_events")
    accepted = [file for file in data_files(path) if file.partition["fate"] == Fate.ACCEPTED.value]
    return sum(len(group) for file in accepted for group in read_groups(path, file, ["event_key"]))


def derive(settings: Settings, day: date, random: np.random.Generator) -> None:
    """Replace the day in every derived table."""
    for name in (name for name, table in TABLES.items() if table.family is not None):
        path = table_path(settings, name)
        table = open_table(path, pa.schema({"user_id": pa.string(), "n": pa.int64(), "as_of": pa.date32()}), ["as_of"], "days")
        rows = pa.table({"user_id": [f"u-{number}" for number in range(200)], "n": random.integers(0, 9, 200)})
        partition = {"as_of": day.isoformat()}
        commit(table, write_file(path, partition, rows).to_pylist(), "days", replaced=partition)


def leave_files(settings: Settings, day: date, random: np.random.Generator) -> None:
    """What a day leaves in FANOUT_HOME."""
    content = random.bytes(_FOLDER_BYTES)
    places = (
        settings.published / f"{day}" / "v000001" / DATABASE,
        settings.site / f"{day}" / "v000001" / "index.html",
        settings.exports / f"{day}" / "managers" / "workbook.xlsx",
        settings.warehouse(day),
        settings.home / "data_docs" / f"publication_{day}" / "index.html",
        settings.home / "logs" / "dag_id=ingest" / f"{day}.log",
    )
    at = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
    for path in places:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (at, at))
    for folder in (settings.published, settings.site):
        point(folder, day, "v000001")
    for log in Path(settings.lake).glob("*/_delta_log/[0-9]*"):
        if log.stat().st_mtime > at + 10**8 or time.time() - log.stat().st_mtime < 3600:
            os.utime(log, (at, at))


def maintain(settings: Settings, day: date) -> None:
    """What `python -m maintenance` does where nobody is to be forgotten, but that no day passes between these weeks."""
    oldest = retention.oldest_kept(settings, day)
    retention.remove_old(settings, oldest, _nothing)
    lake.compact(settings, _nothing)
    lake.remove_days(settings, oldest, set(), _nothing)
    lake.vacuum(settings, 0, _nothing)
    lake.shorten_logs(settings, _nothing)


def days(settings: Settings, count: int, lines: int, *, is_maintained: bool) -> Iterator[tuple[float, float, int, int]]:
    """Of each day the seconds of one more day and of its reading of history, the bytes on disk and the files of the lake."""
    random = np.random.default_rng(7)
    first = datetime.now(UTC).date() - timedelta(days=count)
    for number in range(count):
        day = first + timedelta(days=number)
        started = time.perf_counter()
        for source in SOURCES:
            if number:
                read_history(settings, source)
        history = time.perf_counter() - started
        for source in SOURCES:
            deliver(settings, source, day, lines, random)
        derive(settings, day, random)
        seconds = time.perf_counter() - started
        leave_files(settings, day, random)
        if is_maintained and number % 7 == 6:
            maintain(settings, day)
        files = [path for path in settings.home.rglob("*") if path.is_file() and not path.is_symlink()]
        yield seconds, history, sum(path.stat().st_size for path in files), sum("lake" in path.parts for path in files)


def told(label: str, seen: list[tuple[float, float, int, int]], at: list[int]) -> Iterator[str]:
    for number in at:
        around = seen[max(number - _AROUND, 0) : number]
        seconds, history = (statistics.median(values) for values in list(zip(*around, strict=True))[:2])
        _, _, size, files = seen[number - 1]
        yield f"| {label} | {number} | {seconds:.2f} | {history:.2f} | {size / 1e6:.1f} | {files:,} |"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=400)
    parser.add_argument("--lines", type=int, default=2_000, help="of each source on each day")
    parser.add_argument("--keep", type=int, default=90)
    given = parser.parse_args()
    at = sorted({10, *range(100, given.days + 1, 100), given.days})
    print("| | day | one more day, s | of these for history, s | on disk, MB | files of the lake |\n|---|---|---|---|---|---|")
    for label, is_maintained in (("with maintenance", True), ("without", False)):
        with tempfile.TemporaryDirectory(prefix="fanout-days-") as folder:
            settings = replace(Settings.from_environment({"FANOUT_HOME": folder}), keep_days=given.keep)
            seen = list(days(settings, given.days, given.lines, is_maintained=is_maintained))
            print("\n".join(told(label, seen, [number for number in at if number <= given.days])), flush=True)
            shutil.rmtree(settings.home / "lake", ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
