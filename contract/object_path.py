"""Paths in an object store that the landing is read by, with as much of `pathlib.Path` as that takes.

A store has no folders: a path is one if the name of an object goes on behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from typing import TYPE_CHECKING

from contract.object_store import SCHEME, filesystem

if TYPE_CHECKING:
    from pyarrow.fs import FileInfo, S3FileSystem

# A bucket, then what needs no encoding in a URL and has no meaning to Spark, Delta Lake or DuckDB.
_URI = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[A-Za-z0-9_=+@.~-]+)*")
_READ_AHEAD = 8 << 20  # bytes: each read is a request


def can_be_read(uri: str) -> bool:
    """Whether a URI has the form that all who read it understand."""
    return _URI.fullmatch(uri) is not None and not {".", ".."} & {*uri.split("/")}


@dataclass(frozen=True)
class Stat:
    """What `os.stat_result` calls the same."""

    st_size: int
    st_mtime: float


@dataclass(frozen=True)
class ObjectPath:
    """A path `s3://bucket/name`. One that comes out of `iterdir` knows what the listing said, and asks no more."""

    uri: str
    _info: FileInfo | None = field(default=None, repr=False, compare=False)
    _below: Mapping[str, ObjectPath] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return self.uri

    def __truediv__(self, name: str) -> ObjectPath:
        return ObjectPath(f"{self.uri}/{name}")

    @property
    def name(self) -> str:
        return self.uri.rpartition("/")[2]

    def exists(self) -> bool:
        from pyarrow.fs import FileType

        return self._known().type is not FileType.NotFound

    def is_dir(self) -> bool:
        from pyarrow.fs import FileType

        return self._known().type is FileType.Directory

    def is_file(self) -> bool:
        from pyarrow.fs import FileType

        return self._known().type is FileType.File

    def stat(self) -> Stat:
        """Size and time of an object.

        Raises:
            FileNotFoundError: there is none.
        """
        known = self._known()
        if known.mtime_ns is None or known.size is None:
            raise FileNotFoundError(self.uri)
        return Stat(known.size, known.mtime_ns / 1e9)

    def iterdir(self) -> Iterator[ObjectPath]:
        return iter((self._listing(recursive=False) if self._below is None else self._below).values())

    def listed(self) -> ObjectPath:
        """The same path, with everything below it from one listing: a request a thousand objects, not a folder."""
        return ObjectPath(self.uri, self._info, self._listing(recursive=True))

    def open(self, mode: str) -> BufferedReader:
        assert mode == "rb"
        return BufferedReader(self._store.open_input_file(self._path), _READ_AHEAD)

    def read_bytes(self) -> bytes:
        with self.open("rb") as file:
            return file.read()

    def write_bytes(self, content: bytes) -> None:
        """Put an object, which is there as a whole or not at all."""
        with self._store.open_output_stream(self._path) as file:
            file.write(content)

    def _known(self) -> FileInfo:
        return self._store.get_file_info(self._path) if self._info is None else self._info

    def _listing(self, *, recursive: bool) -> dict[str, ObjectPath]:
        from pyarrow.fs import FileSelector

        infos = self._store.get_file_info(FileSelector(self._path, allow_not_found=True, recursive=recursive))
        below: dict[str, dict[str, ObjectPath]] = {self._path: {}}
        # Folders, of which pyarrow tells as a file system does, before what lies in them.
        for info in sorted(infos, key=lambda info: str(info.path)):
            mine = below.setdefault(info.path, {}) if recursive else None
            folder, _, name = info.path.rpartition("/")
            below[folder][name] = ObjectPath(f"{SCHEME}{info.path}", info, mine)
        return below[self._path]

    @property
    def _path(self) -> str:
        return self.uri.removeprefix(SCHEME)

    @property
    def _store(self) -> S3FileSystem:
        return filesystem()
