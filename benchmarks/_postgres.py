"""A PostgreSQL of a measurement's or a test's own, on loopback, from the programs of Debian's package."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

LOADER = "loader"  # the superuser


class MissingProgram(RuntimeError):
    """The programs of the server are not installed; the message names the package."""


@dataclass(frozen=True)
class Server:
    """A server: where it listens, and how to stop and start it."""

    port: int
    data: Path
    account: dict[str, Any]
    password: str = field(repr=False)

    def dsn(self, database: str, user: str = LOADER, password: str | None = None) -> str:
        return f"postgresql://{user}:{password or self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: str) -> None:
        """Run a statement that wants no transaction, such as `create database`."""
        with closing(psycopg2.connect(self.dsn("postgres"))) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(statement)

    def start(self, *options: str) -> None:
        asked = " ".join([f"-h 127.0.0.1 -p {self.port} -k ''", *(f"-c {option}" for option in options)])
        self._control("start", "-o", asked)

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *arguments: str) -> None:
        command = [str(_programs() / "pg_ctl"), "-D", str(self.data), "-w", "-s", "-l", str(self.data / "log"), *arguments]
        subprocess.run(command, check=True, cwd="/", **self.account)


@contextmanager
def running(*options: str) -> Iterator[Server]:
    """A server with these settings (`fsync=off`), which is stopped and removed at the end.

    PostgreSQL refuses to run as root, for whom the account of the package runs it.

    Raises:
        MissingProgram: see there.
    """
    initdb = _programs() / "initdb"
    account: dict[str, Any] = {}
    folder = Path(tempfile.mkdtemp(prefix="fanout-postgres-"))
    try:
        password = secrets.token_hex(16)
        (folder / "password").write_text(password)
        if os.geteuid() == 0:
            entry = pwd.getpwnam("postgres")
            account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
            for path in (folder, folder / "password"):
                os.chown(path, entry.pw_uid, entry.pw_gid)
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            server = Server(listener.getsockname()[1], folder / "data", account, password)
        command = [str(initdb), "-D", str(server.data), "-U", LOADER, "-A", "scram-sha-256", "-N", "-E", "UTF8", "--locale"]
        command += ["C.UTF-8", "--pwfile", str(folder / "password")]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **account)
        server.start(*options)
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if not found:
        raise MissingProgram("PostgreSQL is missing; install the package postgresql")
    return found[-1].parent
