"""What the files of a pack hold, for the tests that look for what must not be there."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from xml.etree import ElementTree


def texts(pack: Path) -> Iterator[tuple[str, str]]:
    """Every decoded text of a pack: (file, text) of each cell, each text of the report, each name in the manifest."""
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    for node in ElementTree.fromstring(book.read(name)).iter():
                        yield from ((path.name, text) for text in [node.text or "", *node.attrib.values()])
        elif path.suffix == ".html":
            page = path.read_text()
            yield from ((path.name, unescape(text)) for text in re.split(r"<[^>]*>", page))
            yield from ((path.name, unescape(text)) for text in re.findall(r"=\"([^\"]*)\"", page))
        else:
            yield from ((path.name, text) for text in re.split(r"[,\r\n\"]", path.read_text("utf-8-sig")))


def names_in(pack: Path) -> set[str]:
    """The identifiers of people and merchants (u-1, m-1, ...) anywhere in a pack."""
    found = {name for _, text in texts(pack) for name in re.findall(r"\b[um]-\d+\b", text)}
    assert found, pack
    return found


def packs_with(folder: Path, secret: str) -> list[Path]:
    """The packs of a day that hold these words."""
    packs = [path for kind in ("merchants", "managers") for path in sorted((folder / kind).iterdir())]
    assert len(packs) >= 4, folder
    return [pack for pack in packs if any(secret in text for _, text in texts(pack))]


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def add(path: Path, text: str) -> None:
    """Put a text at the end of a file: into one of its own, since tests share what they do not change."""
    content = path.read_bytes() + text.encode()
    path.unlink()
    path.write_bytes(content)
