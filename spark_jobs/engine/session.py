"""The one way to a SparkSession.

    python -m spark_jobs.engine.session      # resolve the JARs into the environment, once, at set-up

The JARs lie in `<environment>/jars`, shared by jobs, tests and the image; no job resolves or downloads anything.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, overload

from pyspark.sql import SparkSession

from contract.settings import CHECKOUT, Settings
from spark_jobs.engine import cluster

JARS = Path(sys.prefix) / "jars"
# Sedona's shaded JAR carries GraphFrames 0.9; see DECISIONS.md.
COORDINATES = ("io.delta:delta-spark_4.1_2.13:4.4.0", "org.apache.sedona:sedona-spark-shaded-4.0_2.13:1.8.0")
# A class of each library, to tell a missing JAR from everything else that can go wrong.
REQUIRED_CLASSES = ("io.delta.sql.DeltaSparkSessionExtension", "org.graphframes.GraphFrame")
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
_RESOLVED = JARS / "resolved.json"

_A = TypeVar("_A")
_B = TypeVar("_B")
_C = TypeVar("_C")


class MissingJars(RuntimeError):
    """The JARs of Delta and GraphFrames are not there."""


def jars() -> list[str]:
    """Paths of the JARs that every session loads.

    Raises:
        MissingJars: they were not resolved, were resolved for other coordinates, or one was deleted.
    """
    hint = f"run: {sys.executable} -m spark_jobs.engine.session"
    if not _RESOLVED.exists():
        raise MissingJars(f"the JARs of Delta Lake and GraphFrames are missing in {JARS}; {hint}")
    resolved = json.loads(_RESOLVED.read_text())
    paths = [str(JARS / name) for name in resolved["files"]]
    lost = [path for path in paths if not Path(path).exists()]
    if resolved["coordinates"] != list(COORDINATES) or lost:
        raise MissingJars(f"the JARs in {JARS} are not those of {', '.join(COORDINATES)} (missing: {lost or 'none'}); {hint}")
    return paths


def resolve_jars() -> None:
    """Let Spark's own Ivy fetch the JARs of `COORDINATES` with what they need into `JARS`."""
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")  # the machine's own name need not resolve
    with tempfile.TemporaryDirectory() as ivy:
        spark = (
            SparkSession.builder.master("local[1]")
            .config("spark.ui.enabled", "false")
            .config("spark.jars.ivy", ivy)
            .config("spark.jars.packages", ",".join(COORDINATES))
            .getOrCreate()
        )
        spark.stop()
        JARS.mkdir(parents=True, exist_ok=True)
        files = sorted((Path(ivy) / "jars").glob("*.jar"))
        for file in files:
            shutil.copy(file, JARS / file.name)
    _RESOLVED.write_text(json.dumps({"coordinates": COORDINATES, "files": [file.name for file in files]}, indent=1))


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
    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # Executors import the jobs' own code from the checkout, wherever the driver was started.
    root = str(CHECKOUT)
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys([root, *os.environ.get("PYTHONPATH", "").split(os.pathsep)]))
    base = {
        "spark.driver.memory": settings.spark_memory,
        "spark.driver.extraJavaOptions": JVM_OPTIONS,
        "spark.executor.memory": settings.executor_memory,
        "spark.executorEnv.PYTHONPATH": root,
        "spark.jars": ",".join(jars()),
        "spark.python.daemon.module": "spark_jobs.engine.daemon",
        "spark.local.dir": str(scratch),
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
    if local:
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        base["spark.driver.host"] = "localhost"
        base["spark.driver.bindAddress"] = "127.0.0.1"
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
    loader = jvm.java.lang.Thread.currentThread().getContextClassLoader()
    for name in REQUIRED_CLASSES:
        if loader.getResource(name.replace(".", "/") + ".class") is None:
            raise MissingJars(f"{name} is in none of the JARs of {JARS}; run: {sys.executable} -m spark_jobs.engine.session")
    if standalone:
        cluster.watch(spark)
    return spark


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
    resolve_jars()
    print(f"{len(jars())} JARs in {JARS}")
