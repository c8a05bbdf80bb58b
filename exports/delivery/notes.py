"""What account managers are told in the morning: how many merchants need a call, the first three names, and where the list is.

A name is whatever a merchant chose. It is shown as a text: what a chat or a mail program takes for a mention, a link or markup
is written with characters of full width, which look alike and do nothing.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import quote

from exports.delivery.destinations import Message
from exports.packs.csv_tables import CSV
from exports.packs.csv_text import read_rows
from exports.packs.pack import MANAGERS, UNASSIGNED, Pack, read_packs
from exports.pages.words import Words
from exports.policy.names import readable

NAMED = 3
_LONGEST_NAME = 40
_LIVE = str.maketrans("@<>[]", "＠＜＞［］")
_LINKS = re.compile(r"\.(?=\w*[^\W\d_]{2})|:(?=//)")  # example.com, https://
_DEAD = {".": "．", ":": "："}


@dataclass(frozen=True)
class Note:
    """A message to one manager: nothing of it is markup, and its names are harmless in all forms.

    Attributes:
        link_text: what is shown in place of the link, where a form has such links.
        link_line: the link as the last line of a plain text.
    """

    manager: str
    language: str
    title: str
    lines: tuple[str, ...]
    link: str
    link_text: str
    link_line: str

    @property
    def text(self) -> str:
        """All of it but the title, as plain text."""
        return "\n".join((*self.lines, self.link_line))

    @property
    def sha256(self) -> str:
        return hashlib.sha256(f"{self.manager}\n{self.title}\n{self.text}".encode()).hexdigest()


def notes(folder: Path, as_of: date, message: Message, words: Words) -> list[Note]:
    """The notes that a message makes of a day's exports, by manager.

    Args:
        folder: of the day's exports.
    """
    packs = [pack for pack in read_packs(folder) if pack.kind == MANAGERS]
    wanted = sorted((pack for pack in packs if message.wants(pack.owner or UNASSIGNED)), key=lambda pack: pack.owner)
    return [_note(folder, as_of, pack, message, words) for pack in wanted]


def _note(folder: Path, as_of: date, pack: Pack, message: Message, words: Words) -> Note:
    calls = sorted(read_rows(folder / pack.folder / CSV / "calls.csv"), key=lambda row: int(row["rank"]))
    names = [as_text(row["name"]) or as_text(row["merchant_id"]) for row in calls[:NAMED]]
    told = words("message.calls", calls=len(calls)) if calls else words("title.nobody")
    manager = as_text(pack.owner) or words("title.unassigned")
    link = message.link.replace("{as_of}", as_of.isoformat()).replace("{folder}", quote(pack.folder, safe="/~"))
    return Note(
        pack.owner or UNASSIGNED,
        words.language,
        words("message.title", manager=manager, day=as_of.isoformat()),
        (told, *(f"{number}. {name}" for number, name in enumerate(names, 1))),
        link,
        words("message.link"),
        words("message.link_line", link=link),
    )


def as_text(name: str) -> str:
    """A name on one line that no chat takes for anything else, short enough to read on a phone.

    >>> as_text("<!here> @all [win](https://evil.example)")
    '＜!here＞ ＠all ［win］(https：//evil．example)'
    >>> as_text("小店 No.1")
    '小店 No.1'
    """
    plain = " ".join(readable(name).split())
    if len(plain) > _LONGEST_NAME:
        plain = f"{plain[: _LONGEST_NAME - 1]}…"
    return _LINKS.sub(lambda found: _DEAD[found[0]], plain.translate(_LIVE))
