"""Delivery to a folder of this machine, perhaps a network drive."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Self

from exports.delivery.destinations import Destination
from exports.delivery.transport import Broken, DeliveryError, Refused, part_name


class Folder:
    """A folder of this machine, perhaps a network drive."""

    def __init__(self, destination: Destination):
        self.root = Path(destination.path)
        if not self.root.is_dir():
            raise Refused(f"{self.root} is no folder; make it, or mount the drive that holds it")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def put(self, path: Path, name: str) -> None:
        target, part = self.root / name, self.root / part_name(name)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with path.open("rb") as source, part.open("wb") as out:
                shutil.copyfileobj(source, out, 1 << 20)
                out.flush()
                os.fsync(out.fileno())
            part.replace(target)
        except OSError as error:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise _os_fault(error, str(target)) from error

    def size(self, name: str) -> int | None:
        try:
            return (self.root / name).stat().st_size
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _os_fault(error, str(self.root / name)) from error

    def delete(self, name: str) -> None:
        try:
            (self.root / name).unlink(missing_ok=True)
        except OSError as error:
            raise _os_fault(error, str(self.root / name)) from error

    def files(self) -> dict[str, int]:
        try:
            with os.scandir(self.root) as entries:
                return {one.name: one.stat().st_size for one in entries if one.is_file(follow_symlinks=False)}
        except OSError as error:
            raise _os_fault(error, str(self.root), is_read=True) from error

    def get(self, name: str, path: Path) -> None:
        try:
            source = (self.root / name).open("rb")
        except OSError as error:
            raise _os_fault(error, str(self.root / name), is_read=True) from error
        with source, path.open("wb") as out:
            shutil.copyfileobj(source, out, 1 << 20)


def _os_fault(error: OSError, where: str, *, is_read: bool = False) -> DeliveryError:
    doing, do = ("reading", "read") if is_read else ("writing", "write")
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return Refused(f"the disk that holds {where} is full; make room there")
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return Refused(f"{doing} {where} is not permitted; ask its owner for the right to {do}")
        case errno.ENAMETOOLONG | errno.EINVAL | errno.EILSEQ | errno.ENOTDIR | errno.EISDIR | errno.ELOOP:
            return Refused(
                f"the drive does not take {where} ({error.strerror}); look at what stands there, or choose another path"
            )
        case _:
            return Broken(
                f"the drive that holds {where} does not answer ({error.strerror or error}); look whether it is mounted"
            )
