"""The lock of those who write event tables."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pyspark.sql import SparkSession

from contract.lake_lock import lock_folder
from contract.object_store import is_uri
from contract.settings import Settings


def lock_file(settings: Settings) -> Path:
    return lock_folder(settings) / (".lake.writer.lock" if is_uri(settings.lake) else ".writer.lock")


@contextmanager
def one_writer_without_jvm(settings: Settings) -> Iterator[None]:
    """Hold the lake for a writer that starts no JVM: the same lock (POSIX, of the whole file), held by this process.

    No other file of this process may lead to the lock meanwhile, since closing one frees it.
    """
    path = lock_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def one_writer(spark: SparkSession, settings: Settings) -> Iterator[None]:
    """Hold the lake for one writer of event tables; others wait.

    The JVM holds the lock, since it is the JVM that writes and that may outlive a killed Python by a commit; the kernel frees
    it when the JVM is gone. An object store has no such locks: of a lake there the lock lies in FANOUT_HOME.
    """
    path = lock_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    jvm = spark._jvm
    assert jvm is not None
    channel = jvm.java.io.RandomAccessFile(str(path), "rw").getChannel()
    lock = channel.lock()
    try:
        yield
    finally:
        lock.release()
        channel.close()
