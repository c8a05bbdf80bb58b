"""The one way to a SparkSession.

    python -m spark_jobs.engine.session                     # resolve the JARs into the environment, once, at set-up
    python -m spark_jobs.engine.session --object-store      # those for a landing or lake in an object store

The JARs lie in `<environment>/jars`, shared by jobs, tests and the image; no job resolves or downloads anything.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, overload
from uuid import uuid4

from pyspark.sql import SparkSession

from contract import object_store
from contract.settings import CHECKOUT, Settings
from spark_jobs.engine import cluster, shipped

JARS = Path(sys.prefix) / "jars"
# Sedona's shaded JAR carries GraphFrames 0.9; see DECISIONS.md.
COORDINATES = ("io.delta:delta-spark_4.1_2.13:4.4.0", "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0")
# A class of each library, to tell a missing JAR from everything else that can go wrong.
REQUIRED_CLASSES = ("io.delta.sql.DeltaSparkSessionExtension", "org.graphframes.GraphFrame")
# What reads an object store: 640 MB, which are resolved only where a setting names a place in one.
STORE_JARS = JARS / "object_store"
STORE_COORDINATES = ("org.apache.hadoop:hadoop-aws:3.4.2", "software.amazon.awssdk:bundle:2.29.52")
# What `class_archive` makes; a JVM that finds none, or one made by another JVM, runs without.
CLASS_ARCHIVE = JARS / "classes.jsa"
_EVERY_JVM = f'-XX:+UseParallelGC -XX:ReservedCodeCacheSize=512m "-XX:SharedArchiveFile={CLASS_ARCHIVE}" -Xlog:cds*=off'
# Spark's planner is a lot of code that runs a few times: compiling it as if it were hot took half of the processor time of a
# small job. Loops over rows still reach the optimising compiler, a little later.
JVM_OPTIONS = (
    f"{_EVERY_JVM} -XX:Tier4InvocationThreshold=100000"
    " -XX:Tier4MinInvocationThreshold=60000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=1000000"
)
# Where the rows are few, compiling costs more than it saves: neither the JVM nor Spark optimises then.
SMALL_ROWS = 2_000_000
SMALL_CONF = {
    "spark.driver.extraJavaOptions": f"{_EVERY_JVM} -XX:TieredStopAtLevel=1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
_ROWS_PER_PARTITION = 1_000_000
# A session holds this file of its scratch folder while its process lives: the folders of others are left over.
SCRATCH_LOCK = ".session.lock"
_RESOLVED = "resolved.json"

_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")


class MissingJars(RuntimeError):
    """The JARs of Delta and GraphFrames, or those of object stores, are not there."""


def jars(folder: Path = JARS, coordinates: Sequence[str] = COORDINATES) -> list[str]:
    """Paths of the JARs that every session loads, or of those in another folder.

    Raises:
        MissingJars: they were not resolved, were resolved for other coordinates, or one was deleted.
    """
    hint = f"run: {sys.executable} -m spark_jobs.engine.session{'' if folder == JARS else ' --object-store'}"
    if not (folder / _RESOLVED).exists():
        raise MissingJars(f"the JARs of {', '.join(coordinates)} are missing in {folder}; {hint}")
    resolved = json.loads((folder / _RESOLVED).read_text())
    paths = [str(folder / name) for name in resolved["files"]]
    lost = [path for path in paths if not Path(path).exists()]
    if resolved["coordinates"] != list(coordinates) or lost:
        raise MissingJars(f"the JARs in {folder} are not those of {', '.join(coordinates)} (missing: {lost or 'none'}); {hint}")
    return paths


def resolve_jars(folder: Path, coordinates: Sequence[str]) -> None:
    """Let Spark's own Ivy fetch the JARs of coordinates with what they need into a folder."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the machine's own name need not resolve
    with tempfile.TemporaryDirectory() as ivy:
        spark = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.jars.ivy", ivy)
            .config("spark.jars.packages", ",".join(coordinates))
            .getOrCreate()
        )
        spark.stop()
        folder.mkdir(parents=True, exist_ok=True)
        files = sorted((Path(ivy) / "jars").glob("*.jar"))
        for file in files:
            shutil.copy(file, folder / file.name)
    (folder / _RESOLVED).write_text(json.dumps({"coordinates": coordinates, "files": [file.name for file in files]}, indent=1))


def spark_session(app: str, settings: Settings, *, rows: int = SMALL_ROWS, **conf: str) -> SparkSession:
    """A session with Delta Lake, GraphFrames, UTC and Arrow.

    Args:
        app: name of the job.
        settings: where Spark runs, and with how much memory.
        rows: about how many rows the job reads; below `SMALL_ROWS` it is set up for a short life.
        conf: overrides single keys, written with `_` for `.`.

    Raises:
        MissingJars: see `jars`.
    """
    local = settings.spark_master.startswith("local")
    scratch = settings.home / "work" / "spark"
    scratch.mkdir(parents=True, exist_ok=True)
    # `local:` JARs are loaded from where they lie: otherwise every session copies 150 MB into its scratch folder.
    scheme = "local:" if local else ""
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # Python workers of this machine import the jobs' own code from the checkout, wherever the driver was started.
    root = str(CHECKOUT)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
    base = {
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.extraJavaOptions": JVM_OPTIONS,
        "spark.executor.memory": settings.executor_memory,
        "spark.jars": ",".join(f"{scheme}{path}" for path in jars()),
        "spark.python.daemon.module": "spark_jobs.engine.daemon",
        "spark.local.dir": str(_own_folder(scratch)),
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        # A row may be a batch of megabytes: a worker gets one after another, not thousands at once.
        "spark.sql.execution.arrow.maxBytesPerBatch": "4m",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.databricks.delta.commitInfo.userMetadata": settings.run_id,
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if rows < SMALL_ROWS:
        base |= SMALL_CONF
    if settings.uses_object_store:
        _add_store(base, scratch)
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        base["spark.driver.host"] = "localhost"
        base["spark.driver.bindAddress"] = "127.0.0.1"
    else:  # executors import what this session imports, unpacked in their working directory
        base["spark.archives"] = f"{shipped.code(scratch)}#{shipped.CODE}"
        base["spark.executorEnv.PYTHONPATH"] = shipped.CODE
    standalone = settings.spark_master.startswith("spark://")
    if standalone:
        base |= cluster.CONF
    builder = SparkSession.builder.appName(app).master(settings.spark_master)
    for key, text in (base | {key.replace("_", "."): text for key, text in conf.items()}).items():
        builder = builder.config(key, text)
    spark = builder.getOrCreate()
    if "spark_sql_shuffle_partitions" not in conf:
        spark.conf.set("spark.sql.shuffle.partitions", str(shuffle_partitions(spark.sparkContext.defaultParallelism, rows)))
    jvm = spark._jvm
    assert jvm is not None
    if settings.uses_object_store:  # after the JVM was started, whose arguments everybody can list
        hadoop: Any = spark.sparkContext._jsc.hadoopConfiguration()
        for name, text in object_store.access().spark_secrets().items():
            hadoop.set(name, text)
        spark.sparkContext.environment.update(object_store.access().environment())
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    for name in REQUIRED_CLASSES:
        if loader.getResource(name.replace(".", "/") + ".class") is None:
            raise MissingJars(f"{name} is in none of the JARs of {JARS}; run: {sys.executable} -m spark_jobs.engine.session")
    if standalone:
        cluster.watch(spark)
    return spark


@cache
def _own_folder(scratch: Path) -> Path:
    """A scratch folder of this process, with its lock in it."""
    folder = scratch / f"session-{uuid4()}"
    folder.mkdir()
    handle = os.open(folder / f"{SCRATCH_LOCK}.part", os.O_RDWR | os.O_CREAT)
    fcntl.flock(handle, fcntl.LOCK_SH)  # until the process ends
    (folder / f"{SCRATCH_LOCK}.part").rename(folder / SCRATCH_LOCK)
    return folder


def _add_store(base: dict[str, str], scratch: Path) -> None:
    """Configure a session for an object store, but for its keys."""
    found = object_store.access()
    base |= found.spark_conf()
    # Workers have these in their image; every executor would copy 640 MB otherwise.
    base["spark.jars"] += "".join(f",local:{path}" for path in jars(STORE_JARS, STORE_COORDINATES))
    if found.ca_bundle:
        trusted = shipped.truststore(found.ca_bundle, scratch)
        base["spark.driver.extraJavaOptions"] += f' "-Djavax.net.ssl.trustStore={trusted}"'
        base["spark.executor.extraJavaOptions"] = f"-Djavax.net.ssl.trustStore={trusted.name}"
        base["spark.files"] = str(trusted)


def shuffle_partitions(cores: int, rows: int) -> int:
    """How many partitions a shuffle makes: each is a task of Python in the end, and Spark's own 200 are mostly empty."""
    return max(2 * cores, rows // _ROWS_PER_PARTITION)


@contextmanager
def shuffle_into(spark: SparkSession, partitions: int) -> Iterator[None]:
    """Let every shuffle of the session make so many partitions, for a while."""
    name = "spark.sql.shuffle.partitions"
    before = spark.conf.get(name)
    assert before is not None
    spark.conf.set(name, str(partitions))
    try:
        yield
    finally:
        spark.conf.set(name, before)


@overload
def run_concurrently(one: Callable[[], _A], two: Callable[[], _B], /) -> tuple[_A, _B]: ...


@overload
def run_concurrently(one: Callable[[], _A], two: Callable[[], _B], three: Callable[[], _C], /) -> tuple[_A, _B, _C]: ...


@overload
def run_concurrently(*works: Callable[[], _A]) -> tuple[_A, ...]: ...


def run_concurrently(*works: Callable[[], Any]) -> tuple[Any, ...]:
    """What each returns, computed at the same time in one session: alone each is too short to keep the cores busy."""
    with ThreadPoolExecutor(len(works) or 1) as pool:
        return tuple(work.result() for work in [pool.submit(work) for work in works])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--object-store", action="store_true", help="the JARs for a landing or lake in an object store alone")
    chosen = (STORE_JARS, STORE_COORDINATES) if parser.parse_args().object_store else (JARS, COORDINATES)
    resolve_jars(*chosen)
    print(f"{len(jars(*chosen))} JARs in {chosen[0]}")
