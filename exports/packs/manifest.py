"""What a pack holds: files that are counted and hashed while they are written, and the manifest that names them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exports.packs.export_day import Published

MANIFEST = "manifest.json"
SCHEMA_VERSION = 3


@dataclass(frozen=True)
class File:
    """A file as the manifest names it."""

    name: str
    rows: int | None
    bytes: int
    sha256: str

    @classmethod
    def of(cls, folder: Path, name: str) -> File:
        """A file that is there and is no table."""
        with (folder / name).open("rb") as file:
            return cls(name, None, (folder / name).stat().st_size, hashlib.file_digest(file, "sha256").hexdigest())


def write(folder: Path, name: str, pieces: Iterable[tuple[int, bytes | memoryview]]) -> File:
    """Write the pieces (rows, bytes) of a new file below `folder`."""
    digest = hashlib.sha256()
    rows = size = 0
    # Without a buffer and a Path: a day has hundreds of thousands of small files, each of one or two pieces.
    with open(f"{folder}/{name}", "xb", buffering=0) as out:
        for count, piece in pieces:
            if out.write(piece) != len(piece):
                raise OSError(f"{folder}/{name} was not written whole")
            digest.update(piece)
            rows += count
            size += len(piece)
    return File(name, rows if name.endswith(".csv") else None, size, digest.hexdigest())


def write_same(folders: Iterable[Path], name: str, content: bytes) -> File:
    """Write one file into several folders; they share its bytes on the disk where that is possible."""
    first, *others = folders
    file = write(first, name, [(0, content)])
    for folder in others:
        try:
            os.link(first / name, folder / name)
        except OSError:  # no links here, or too many of one file
            (folder / name).write_bytes(content)
    return file


def write_manifest(
    folder: Path, owner: dict[str, str], published: Published, base: Published | None, files: Sequence[File]
) -> str:
    """Write the manifest of a pack, the last of its files; returns its SHA-256."""
    listed = [
        {"name": file.name, **({} if file.rows is None else {"rows": file.rows}), "bytes": file.bytes, "sha256": file.sha256}
        for file in sorted(files, key=lambda file: file.name)
    ]
    text = to_json({**owner, **versions(published, base), "files": listed})
    (folder / MANIFEST).write_bytes(text)
    return hashlib.sha256(text).hexdigest()


def versions(published: Published, base: Published | None) -> dict[str, Any]:
    return {
        **published.to_json(),
        "schema_version": SCHEMA_VERSION,
        "changes_since": None if base is None else base.to_json(),
    }


def to_json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()
