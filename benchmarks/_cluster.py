"""A Spark standalone cluster on this machine, each part in a process of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pyspark

_PATIENCE = 60  # seconds until the master listens


@contextmanager
def standalone(workers: int, scratch: Path, memory: str = "4g") -> Iterator[str]:
    """Address of a master with workers of one core each.

    Raises:
        TimeoutError: the master does not listen.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    master = f"spark://127.0.0.1:{port}"
    deploy, one = "org.apache.spark.deploy", ("--host", "127.0.0.1", "--webui-port", "0")
    commands = [[f"{deploy}.master.Master", *one, "--port", str(port)]]
    commands += [
        [
            f"{deploy}.worker.Worker",
            *one,
            "--cores",
            "1",
            "--memory",
            memory,
            "--work-dir",
            str(scratch / f"worker-{number}"),
            master,
        ]
        for number in range(workers)
    ]
    spark_class = str(Path(pyspark.__file__).parent / "bin" / "spark-class")
    environment = os.environ | {
        "SPARK_LOCAL_IP": "127.0.0.1",
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_DIRS": str(scratch),
    }
    processes: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            with (scratch / f"{len(processes)}.log").open("wb") as log:
                processes.append(subprocess.Popen([spark_class, *command], env=environment, stdout=log, stderr=log))
            _wait_for(port)
        yield master
    finally:
        for process in reversed(processes):
            process.terminate()
        for process in processes:
            process.wait()


def _wait_for(port: int) -> None:
    for _ in range(_PATIENCE * 10):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(f"no Spark master on port {port} after {_PATIENCE} s")
