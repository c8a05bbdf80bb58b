"""A standalone cluster: a job that can get no executor says why, two writers of the lake do not wait for each other, and
workers that see nothing of this machine but its environment load what lies in an object store, though one of them is killed.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pyspark
import pytest

from contract.settings import CHECKOUT
from spark_jobs.engine.cluster import Cluster, Worker, shortage
from spark_jobs.lake.files import delta_table
from tests.object_stores import BUCKET, ObjectStore

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
# A task that has begun once a file says so, and ends when another one is there.
HELD = """
from pathlib import Path
def held(_):
    import time
    Path({begun!r}).touch()
    while not Path({go!r}).exists():
        time.sleep(0.1)
    return 1
print(spark.sparkContext.parallelize([0], 1).map(held).sum(), "row", flush=True)
"""
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
    ("cluster", "says"),
    [
        (None, "does not answer"),
        (Cluster([]), "has no worker"),
        (Cluster([Worker(False, 9000)]), "has no worker"),
        (
            Cluster([Worker(True, 1000), Worker(False, 9000)]),
            "an executor wants 2048 MB, and the largest worker of spark://host:7077 offers",
        ),
        (Cluster([Worker(True, 1000), Worker(True, 2048)]), None),
        (Cluster([Worker(True, 2048)], knows_this_job=False), "does not know this job; run it again"),
    ],
)
def test_a_cluster_that_is_short_of_something_is_told_from_a_busy_one(cluster: Cluster | None, says: str | None) -> None:
    reason = shortage(MASTER, cluster, 2048)
    assert reason is None if says is None else says in (reason or "")


@contextmanager
def part(name: str, *arguments: str, within: Sequence[str] = ()) -> Iterator[subprocess.Popen[str]]:
    """A master or a worker, once it has said that it is there; started by the command `within`, if there is one."""
    environ = os.environ | {"SPARK_HOME": str(SPARK), "SPARK_LOCAL_IP": "127.0.0.1", "PYTHONPATH": str(CHECKOUT)}
    spark = str(SPARK / "bin" / "spark-class")
    command = [*within, spark, f"org.apache.spark.deploy.{name}", "--webui-port", "0", *arguments]
    # Through a shell's exec, so that ending it ends the JVM.
    process = subprocess.Popen(command, env=environ, cwd="/", stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    try:
        assert process.stderr is not None
        for line in process.stderr:
            if "New state: ALIVE" in line or "Successfully registered" in line:
                break
        else:
            raise AssertionError(f"{name} ended")
        # It says more later, and would wait for a reader.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process
    finally:
        process.terminate()
        process.wait(timeout=60)


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.fixture(scope="module")
def master() -> Iterator[str]:
    port = free_port()
    with part("master.Master", "--host", "127.0.0.1", "--port", port):
        yield f"spark://127.0.0.1:{port}"


def cluster_environ(master: str, home: Path) -> dict[str, str]:
    return os.environ | {
        "FANOUT_HOME": str(home),
        "FANOUT_SPARK_MASTER": master,
        "FANOUT_SPARK_MEMORY": "600m",
        "FANOUT_EXECUTOR_MEMORY": "512m",
        "PYTHONPATH": str(CHECKOUT),
    }


def job(master: str, home: Path, code: str) -> subprocess.Popen[str]:
    environ, pipe = cluster_environ(master, home), subprocess.PIPE
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


@pytest.mark.acceptance
def test_a_job_whose_master_was_started_again_ends_with_the_reason(tmp_path: Path) -> None:
    port = free_port()
    master, run_master = f"spark://127.0.0.1:{port}", ("master.Master", "--host", "127.0.0.1", "--port", port)
    begun, go = tmp_path / "begun", tmp_path / "go"
    with ExitStack() as parts:
        first = parts.enter_context(part(*run_master))
        arguments = ("--cores", "1", "--memory", "600m", "--work-dir", str(tmp_path / "work"), master)
        parts.enter_context(part("worker.Worker", *arguments))
        process = job(master, tmp_path / "home", HELD.format(begun=str(begun), go=str(go)))
        while not begun.exists():
            assert process.poll() is None
            time.sleep(0.1)
        first.kill()
        first.wait()
        parts.enter_context(part(*run_master))
        # The worker ends the executor, of which its new master has not heard.
        _, err = process.communicate(timeout=600)
        go.touch()
    assert process.returncode == 1
    assert err.splitlines()[-1].endswith(
        f"s: the master {master} was started again meanwhile, and does not know this job; run it again"
    )


@pytest.fixture
def hidden(tmp_path: Path) -> list[str]:
    """A command that starts another one where the checkout, but for its environment, and the homes of the test are hidden."""
    checkout, kept, home = CHECKOUT, tmp_path / "environment", tmp_path / "home"
    kept.mkdir()
    home.mkdir()
    lines = [
        f"mount --bind '{Path(sys.prefix).resolve()}' '{kept}'",
        *(f"mount -t tmpfs none '{folder}'" for folder in (checkout, home)),
        f"mkdir -p '{sys.prefix}'",
        f"mount --bind '{kept}' '{sys.prefix}'",
        'exec "$@"',
    ]
    command = ["unshare", "--mount", "sh", "-ec", "\n".join(lines), "sh"]
    tried = subprocess.run([*command, "ls", str(checkout), str(home)], capture_output=True, text=True, cwd="/")
    if tried.returncode:
        pytest.skip(f"no namespace of mounts can be made here: {tried.stderr.strip()}")
    assert {*tried.stdout.split()} == {f"{checkout}:", f"{home}:"}  # .venv is not listed
    return command


@pytest.mark.acceptance
def test_workers_that_see_the_store_alone_load_every_line_though_one_is_killed(
    master: str, store: ObjectStore, tmp_path: Path, hidden: list[str]
) -> None:
    days = ("2026-03-01", "2026-03-02", "2026-03-03")
    for day in days:
        file = tmp_path / "landing" / "shop" / f"dt={day}" / "a.jsonl"
        file.parent.mkdir(parents=True)
        file.write_text("".join(f"{json.dumps(login(f'{day}-{number}', day))}\n" for number in range(2)) + "{\n")
    store.put(tmp_path / "landing", f"{tmp_path.name}/landing")
    shutil.rmtree(tmp_path / "landing")
    uri = f"s3://{BUCKET}/{tmp_path.name}"
    environ = cluster_environ(master, tmp_path / "home") | {"SPARK_LOCAL_IP": "127.0.0.1"}
    environ |= {"FANOUT_LANDING": f"{uri}/landing", "FANOUT_LAKE": f"{uri}/lake"}
    with ExitStack() as parts:
        workers = {}
        for name in ("one", "two"):
            arguments = ("--cores", "1", "--memory", "600m", "--work-dir", str(tmp_path / name), master)
            workers[name] = parts.enter_context(part("worker.Worker", *arguments, within=hidden))
        load = [sys.executable, "-m", "spark_jobs.ingest", "--source", "shop"]
        process = subprocess.Popen(load, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        working: list[Path] = []
        while not working and process.poll() is None:
            time.sleep(0.2)
            working = [*tmp_path.glob("*/app-*/*/stderr")]  # of an executor that has been started
        assert process.poll() is None
        workers[working[0].relative_to(tmp_path).parts[0]].kill()
        out, _ = process.communicate(timeout=900)
    assert process.returncode == 0, out
    report = json.loads(out.splitlines()[-1])
    assert (report["accepted"], report["quarantined"], report["files"]) == (6, 3, 3)
    table = delta_table(f"{uri}/lake/shop_events")
    assert table is not None
    rows = table.to_pyarrow_table(columns=["file", "line", "fate"]).to_pylist()
    fates = ("read", "accepted", "accepted", "quarantined")
    planted = [(f"shop/dt={day}/a.jsonl", line, fate) for day in days for line, fate in enumerate(fates)]
    assert sorted((row["file"], row["line"], row["fate"]) for row in rows) == planted
    assert not (tmp_path / "home" / "lake").exists()


def login(name: str, day: str) -> dict[str, object]:
    """A merchant's login, as an event."""
    data = {"merchant_id": "m-1", "action": "login"}
    envelope = {"specversion": "1.0", "id": name, "source": "shop/1", "type": "shop.merchant_active.v1"}
    return {**envelope, "time": f"{day}T12:00:00+08:00", "data": data}


def says(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go on\n")
    process.stdin.flush()
