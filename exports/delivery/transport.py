"""The way to a destination: a file has its name only when all of it is there, so that nobody sees half of one.

Each kind has a module of its own (`folder`, `s3`, `sftp`). A server needs only what S3 and SFTP version 3 themselves define; an
extension is used where the server has it. Every fault becomes a `Refused`, which trying again does not fix, or a `Broken`,
which may hold the next time; both say what a person can do.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Protocol, Self

TIMEOUT_SECONDS = 20


class DeliveryError(RuntimeError):
    """A file could not be delivered."""


class Refused(DeliveryError):
    """Somebody has to fix something first."""


class Broken(DeliveryError):
    """The way there broke; it may hold at the next try."""


class Unreachable(Broken):
    """Nothing gets there now: what comes next would break as well."""


class Closed(Refused):
    """Nothing is taken there: what comes next would be refused as well."""


class Uncertain(DeliveryError):
    """It was sent, and no answer says whether it was accepted."""


class Transport(Protocol):
    """A way to a destination; names are paths below its folder, with `/`."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...

    def put(self, path: Path, name: str) -> None:
        """Send a file; it has its name only when all of it is there, and replaces one that had it."""

    def size(self, name: str) -> int | None:
        """Bytes of a file, None if it is not there."""

    def delete(self, name: str) -> None:
        """Remove a file that may be there."""

    def files(self) -> dict[str, int]:
        """Bytes by name of the files that lie in the folder itself, not below it."""

    def get(self, name: str, path: Path) -> None:
        """Fetch a file into a new one, or over an old one."""


def part_name(name: str) -> str:
    """The temporary name of a file, always the same, so that the next try replaces what a broken one left."""
    path = PurePosixPath(name)
    return str(path.with_name(f".{path.name}.part"))
