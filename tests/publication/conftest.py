"""A PostgreSQL of the tests' own, from the programs of Debian's package."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg2
import pytest

_NUMBERS = count()
PASSWORD = "s3cret-of-the-loader"


def programs() -> Path:
    """The folder of the server's programs, newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if not found:
        pytest.skip("PostgreSQL is missing; install the package postgresql")
    return found[-1].parent


@dataclass(frozen=True)
class Server:
    """A running server: where it listens, and how to stop and start it."""

    port: int
    data: Path
    account: dict[str, Any]

    def dsn(self, database: str, user: str = "loader", password: str = PASSWORD) -> str:
        return f"postgresql://{user}:{password}@127.0.0.1:{self.port}/{database}"

    def control(self, *arguments: str) -> None:
        command = [str(programs() / "pg_ctl"), "-D", str(self.data), "-w", "-s", "-l", str(self.data / "log"), *arguments]
        subprocess.run(command, check=True, cwd="/", **self.account)

    def start(self) -> None:
        options = f"-h 127.0.0.1 -p {self.port} -k '' -c fsync=off -c shared_buffers=32MB"
        self.control("start", "-o", options)


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """PostgreSQL refuses to run as root, whose tests start it under the account that the package has made."""
    account: dict[str, Any] = {}
    if os.geteuid() == 0:
        entry = pwd.getpwnam("postgres")
        account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="fanout-postgres-"))
    try:
        secret = folder / "password"
        secret.write_text(PASSWORD)
        if account:
            for path in (folder, secret):
                os.chown(path, account["user"], account["group"])
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = listener.getsockname()[1]
        started = Server(port, folder / "data", account)
        initdb = [str(programs() / "initdb"), "-D", str(started.data), "-U", "loader", "-A", "scram-sha-256", "-N"]
        initdb += ["--pwfile", str(secret), "-E", "UTF8", "--locale", "C.UTF-8"]
        subprocess.run(initdb, check=True, cwd="/", stdout=subprocess.DEVNULL, **account)
        started.start()
        yield started
        started.control("stop", "-m", "immediate")
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The name of an empty database of the test's own."""
    name = f"test_{next(_NUMBERS)}"
    connection = psycopg2.connect(server.dsn("postgres"))
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"create database {name}")
        yield name
        cursor.execute(f"drop database {name} with (force)")
    connection.close()
