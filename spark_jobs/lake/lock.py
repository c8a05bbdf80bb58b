"""The lock of those who write event tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from contract.settings import Settings


@contextmanager
def one_writer(spark: SparkSession, settings: Settings) -> Iterator[None]:
    """Hold the lake for one writer of event tables; others wait.

    The JVM holds the lock, since it is the JVM that writes and that may outlive a killed Python by a commit; the kernel frees
    it when the JVM is gone.
    """
    Path(settings.lake).mkdir(parents=True, exist_ok=True)
    jvm = spark._jvm
    assert jvm is not None
    channel = jvm.java.io.RandomAccessFile(f"{settings.lake}/.writer.lock", "rw").getChannel()
    lock = channel.lock()
    try:
        yield
    finally:
        lock.release()
        channel.close()
