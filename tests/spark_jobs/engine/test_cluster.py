"""A standalone cluster: a job that can get no executor says why, and two writers of the lake do not wait for each other."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
import pytest

from contract.settings import CHECKOUT
from spark_jobs.engine.cluster import Worker, shortage

MASTER = "spark://host:7077"
SPARK = Path(pyspark.__file__).parent
# A job of one task on the cluster; what its watch allows is shortened.
JOB = """
import sys
from contract.settings import Settings
from spark_jobs.engine import cluster
from spark_jobs.engine.session import spark_session
cluster.LOOK_EVERY_SECONDS, cluster.GIVE_UP_SECONDS = 1, 2
spark = spark_session("job", Settings.from_environment(), spark_driver_host="127.0.0.1", spark_driver_bindAddress="127.0.0.1")
print("the session is there", flush=True)
"""
COUNT = "print(spark.range(10).repartition(2).count(), 'rows', flush=True)\n"
# Holds the lock from before the other one asks for it until that one has its session; only then it needs a core.
WRITER = """
from spark_jobs.lake.lock import one_writer
sys.stdin.readline()
with one_writer(spark, Settings.from_environment()):
    print("it has the lock", flush=True)
    sys.stdin.readline()
    print(spark.range(10).repartition(2).count(), "rows", flush=True)
"""


@pytest.mark.parametrize(
    ("workers", "says"),
    [
        (None, "does not answer"),
        ([], "has no worker"),
        ([Worker(False, 9000)], "has no worker"),
        (
            [Worker(True, 1000), Worker(False, 9000)],
            "an executor wants 2048 MB, and the largest worker of spark://host:7077 offers",
        ),
        ([Worker(True, 1000), Worker(True, 2048)], None),
    ],
)
def test_a_cluster_that_is_short_of_something_is_told_from_a_busy_one(workers: list[Worker] | None, says: str | None) -> None:
    reason = shortage(MASTER, workers, 2048)
    assert reason is None if says is None else says in (reason or "")


@contextmanager
def part(name: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A master or a worker, once it has said that it is there."""
    environ = os.environ | {"SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(CHECKOUT)}
    command = [str(SPARK / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", "--webui-port", "0", *arguments]
    # Through a shell's exec, so that ending it ends the JVM.
    process = subprocess.Popen(command, env=environ, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "New state: ALIVE" in line or "Successfully registered" in line:
                break
        else:
            raise AssertionError(f"{name} ended")
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def master() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    with part("master.Master", "--host", "127.0.0.1", "--port", port):
        yield f"spark://127.0.0.1:{port}"


def job(master: str, home: Path, code: str) -> subprocess.Popen[str]:
    environ = os.environ | {
        "FANOUT_HOME": str(home),
        "FANOUT_SPARK_MASTER": master,
        "FANOUT_SPARK_MEMORY": "600m",
        "FANOUT_EXECUTOR_MEMORY": "512m",
        "PYTHONPATH": str(CHECKOUT),
    }
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", JOB + code], env=environ, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.acceptance
def test_a_job_without_a_worker_ends_with_the_reason(master: str, tmp_path: Path) -> None:
    process = job(master, tmp_path, COUNT)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 1
    assert err.splitlines()[-1].endswith(
        f"s: {master} has no worker; start one, or look why those that were started have not registered"
    )


@pytest.mark.acceptance
def test_one_that_waits_for_the_lock_holds_no_cores(master: str, tmp_path: Path) -> None:
    """Both sessions are there before one takes the lock; the cluster has one core."""
    arguments = ("--cores", "1", "--memory", "600m", "--work-dir", str(tmp_path / "work"), master)
    with part("worker.Worker", *arguments):
        first, second = job(master, tmp_path / "home", WRITER), job(master, tmp_path / "home", WRITER)
        for process in (first, second):
            assert says(process) == "the session is there"
        tell(second)
        assert says(second) == "it has the lock"
        tell(first)
        tell(second)
        assert says(second) == "10 rows"
        assert second.wait(timeout=300) == 0
        assert says(first) == "it has the lock"
        tell(first)
        assert says(first) == "10 rows"
        assert first.wait(timeout=300) == 0


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
