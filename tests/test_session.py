"""The one session."""

from __future__ import annotations

from pyspark.sql import SparkSession

from spark_jobs.session import CLASS_ARCHIVE


def test_the_jvm_starts_from_the_class_archive(spark: SparkSession) -> None:
    jvm = spark._jvm
    assert jvm is not None
    arguments = list(jvm.java.lang.management.ManagementFactory.getRuntimeMXBean().getInputArguments())
    assert f"-XX:SharedArchiveFile={CLASS_ARCHIVE}" in arguments
    assert CLASS_ARCHIVE.stat().st_size > 10_000_000
