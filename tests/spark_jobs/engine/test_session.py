"""The one session."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from threading import Barrier

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from contract.settings import CHECKOUT
from spark_jobs.engine.session import CLASS_ARCHIVE, run_concurrently, shuffle_into, shuffle_partitions


def test_the_jvm_starts_from_the_class_archive(spark: SparkSession) -> None:
    jvm = spark._jvm
    assert jvm is not None
    arguments = list(jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments())
    assert f"-XX:SharedArchiveFile={CLASS_ARCHIVE}" in arguments
    assert CLASS_ARCHIVE.stat().st_size > 10_000_000


@pytest.mark.parametrize(
    ("cores", "rows", "expected"), [(2, 0, 4), (2, 2_000_000, 4), (2, 10_000_000, 10), (16, 10_000_000, 32)]
)
def test_a_shuffle_makes_two_partitions_a_core_and_more_for_many_rows(cores: int, rows: int, expected: int) -> None:
    assert shuffle_partitions(cores, rows) == expected


def test_python_workers_of_this_machine_import_the_jobs_from_the_checkout(spark: SparkSession) -> None:
    assert (CHECKOUT / "spark_jobs" / "engine" / "session.py").is_file()
    assert str(CHECKOUT) in os.environ["PYTHONPATH"].split(os.pathsep)


def test_a_number_of_partitions_holds_for_a_while(spark: SparkSession) -> None:
    name, before = "spark.sql.shuffle.partitions", spark.conf.get("spark.sql.shuffle.partitions")
    with suppress(ZeroDivisionError), shuffle_into(spark, 7):
        assert spark.conf.get(name) == "7"
        _ = 1 // 0
    assert spark.conf.get(name) == before


def test_work_is_done_at_the_same_time_and_its_results_keep_their_order() -> None:
    met = Barrier(2)

    def first() -> str:
        met.wait(60)
        return "first"

    def second() -> int:
        met.wait(60)
        return 2

    assert run_concurrently(first, second) == ("first", 2)
    assert run_concurrently() == ()
    with pytest.raises(ZeroDivisionError):
        run_concurrently(lambda: 1, lambda: 1 // 0)


def test_python_workers_find_modules_in_folders_alone_and_pass_over_them_when_they_collect_garbage(spark: SparkSession) -> None:
    found = spark.range(1).mapInArrow(_worker, "folders bigint, archives array<string>, frozen bigint").collect()
    assert [row.archives for row in found] == [[]]
    assert found[0].folders > 0
    assert found[0].frozen > 10_000


def _worker(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    archives = [entry for entry in sys.path if os.path.isfile(entry)]
    for _ in batches:
        yield pa.RecordBatch.from_pydict(
            {
                "folders": [len(sys.path) - len(archives)],
                "archives": pa.array([archives], pa.list_(pa.string())),
                "frozen": [gc.get_freeze_count()],
            }
        )
