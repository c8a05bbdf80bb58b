"""Where exports go, and who is told of them: one declarative file, checked before anything starts.

[[destination]]
name = "success-share"         # names the receipts
kind = "sftp"                  # folder, s3 or sftp
path = "/upload/success"       # folder: an existing folder; s3: bucket/prefix; sftp: a folder on the server
connection = "success_sftp"    # s3 and sftp: a connection of Airflow, or AIRFLOW_CONN_SUCCESS_SFTP in the environment
packs = ["managers"]           # managers, merchants or both
only = ["amy", "unassigned"]   # these managers or merchants alone; default all
files = ["workbook.xlsx"]      # patterns of file names in a pack; default all
schedule = "daily"             # daily; monday, month_end: on business dates that are one
tries = 3
returns = "/upload/returned"   # written like path: where account managers put sheets that come back; default none

[[message]]
name = "morning"               # names the receipts; no destination has it too
kind = "wecom"                 # mail, wecom, dingtalk, feishu or slack
connection = "wecom_success"   # mail: the SMTP server; else: the robot of a chat that gets the messages to all managers
to = {amy = "wecom_amy"}       # mail: addresses by manager; else: robots of managers who have a chat of their own
link = "https://files.example/{as_of}/{folder}/report.html"   # where the reader finds the pack
only = ["amy"]                 # these managers alone; default all
after = "success-share"        # the destination that the link leads to: no message before it has its files
tries = 3
"""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from contract.settings import SettingError
from exports.packs.manifest import MANIFEST
from exports.packs.pack import UNASSIGNED, Pack, PackKind

Kind = Literal["folder", "s3", "sftp"]
Schedule = Literal["daily", "monday", "month_end"]
MessageKind = Literal["mail", "wecom", "dingtalk", "feishu", "slack"]
MAIL = "mail"
_Text = Annotated[str, Meta(min_length=1)]
_LINK = re.compile(r"https?://[^\s<>\"|{}\\]+")
_LONGEST_LINK = 500  # characters: with it the message is shorter than every vendor's limit
_ADDRESS = re.compile(r"[!-?A-~]+@[A-Za-z0-9.-]+")  # of a mail, in ASCII
_Name = Annotated[str, Meta(pattern="^[a-z0-9][a-z0-9-]{0,40}$", description="small letters, digits and hyphens, at most 41")]


class Destination(Struct, frozen=True, forbid_unknown_fields=True):
    """One place that exports are delivered to. The description of a field is what a message says that it has to be."""

    name: _Name
    kind: Annotated[Kind, Meta(description=f"one of {', '.join(get_args(Kind))}")]
    path: Annotated[_Text, Meta(description="an absolute path of this machine, bucket/prefix, or a folder of the server")]
    connection: Annotated[_Text | None, Meta(description="the name of a connection")] = None
    packs: Annotated[tuple[PackKind, ...], Meta(description=f"a list of {' or '.join(get_args(PackKind))}")] = ()
    only: Annotated[tuple[_Text, ...], Meta(description="a list of managers or merchants")] = ()
    files: Annotated[tuple[_Text, ...], Meta(description="a list of patterns of file names")] = ()
    schedule: Annotated[Schedule, Meta(description=f"one of {', '.join(get_args(Schedule))}")] = "daily"
    tries: Annotated[int, Meta(ge=1, le=20, description="a number from 1 to 20")] = 3
    returns: Annotated[_Text | None, Meta(description="a place of returned sheets, written like path")] = None

    def __post_init__(self) -> None:
        if (self.kind == "folder") == (self.connection is not None):
            raise ValueError("s3 and sftp need a connection, a folder has none")
        for name, place in (("path", self.path), ("returns", self.returns)):
            if self.kind == "folder" and place is not None and not Path(place).is_absolute():
                raise ValueError(f"{name} {place!r} is not absolute")

    def is_due(self, as_of: date) -> bool:
        if self.schedule == "monday":
            return as_of.isoweekday() == 1
        if self.schedule == "month_end":
            return as_of.day == monthrange(as_of.year, as_of.month)[1]
        return True

    def wants(self, pack: Pack) -> bool:
        is_kind = not self.packs or pack.kind in self.packs
        return is_kind and (not self.only or (pack.owner or UNASSIGNED) in self.only)

    def wants_file(self, name: str) -> bool:
        return not self.files or name == MANIFEST or any(fnmatchcase(name, pattern) for pattern in self.files)


class Message(Struct, frozen=True, forbid_unknown_fields=True):
    """One way in which account managers are told that their list is there."""

    name: _Name
    kind: Annotated[MessageKind, Meta(description=f"one of {', '.join(get_args(MessageKind))}")]
    link: Annotated[_Text, Meta(description="where the reader finds the pack, such as https://files.example/{as_of}/{folder}/")]
    connection: Annotated[_Text | None, Meta(description="the name of a connection")] = None
    to: Annotated[dict[str, _Text], Meta(description='a table by manager, such as {amy = "amy@example.org"}')] = {}
    only: Annotated[tuple[_Text, ...], Meta(description="a list of managers")] = ()
    after: Annotated[_Text | None, Meta(description="the name of a destination")] = None
    tries: Annotated[int, Meta(ge=1, le=20, description="a number from 1 to 20")] = 3

    def __post_init__(self) -> None:
        bare = self.link.replace("{as_of}", "").replace("{folder}", "")
        if not _LINK.fullmatch(bare) or len(self.link) > _LONGEST_LINK:
            raise ValueError(
                f"link {self.link!r} has to be an address such as https://files.example/{{as_of}}/{{folder}}/report.html, "
                "with these two placeholders and no other"
            )
        if self.kind == MAIL:
            if self.connection is None or not self.to:
                raise ValueError("mail needs a connection, the SMTP server, and to, the addresses by manager")
            if wrong := [address for address in self.to.values() if not _ADDRESS.fullmatch(address)]:
                raise ValueError(f"to: {', '.join(wrong)} is not an address such as amy@example.org")
        elif self.connection is None and not self.to:
            raise ValueError(f"{self.kind} needs a connection, the robot of a chat, or to, robots by manager")

    def way_to(self, manager: str) -> tuple[str, str | None] | None:
        """The connection by which a manager is told, and the address of a mail; None if there is no way."""
        to = self.to.get(manager)
        if self.kind == MAIL:
            return None if to is None or self.connection is None else (self.connection, to)
        name = to or self.connection
        return None if name is None else (name, None)

    def wants(self, manager: str) -> bool:
        """Merchants without a manager are told of only where they are named."""
        return manager in self.only if self.only else manager != UNASSIGNED or manager in self.to


class _File(Struct, forbid_unknown_fields=True):
    destination: list[dict[str, Any]] = []
    message: list[dict[str, Any]] = []


_Entry = TypeVar("_Entry", Destination, Message)


def read(path: Path | None) -> list[Destination]:
    """The destinations of the file, none where there is no file.

    Raises:
        SettingError: the file has a fault; the message names it and says what would be right.
    """
    if path is None:
        return []
    found = _entries(path, "destination", _tables(path).destination, Destination)
    names = [destination.name for destination in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise SettingError(f"{path}: two destinations are named {', '.join(doubled)}")
    return found


def read_messages(path: Path | None) -> list[Message]:
    """The messages of the file, none where there is no file.

    Raises:
        SettingError: the file has a fault; the message names it and says what would be right.
    """
    if path is None:
        return []
    places = {destination.name for destination in read(path)}
    found = _entries(path, "message", _tables(path).message, Message)
    names = [*places, *(message.name for message in found)]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise SettingError(f"{path}: two messages, or a message and a destination, are named {', '.join(doubled)}")
    for message in found:
        if message.after is not None and message.after not in places:
            raise SettingError(f"{path}, message {message.name}: after {message.after!r} has to be the name of a destination")
    return found


def _tables(path: Path) -> _File:
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except msgspec.ValidationError as error:
        raise SettingError(f"{path}: {error}; the file holds tables [[destination]] and [[message]] and nothing else") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: {error}") from None


def _entries(path: Path, what: str, tables: list[dict[str, Any]], kind: type[_Entry]) -> list[_Entry]:
    found = []
    for number, table in enumerate(tables, 1):
        try:
            found.append(msgspec.convert(table, kind))
        except msgspec.ValidationError as error:
            raise SettingError(f"{path}, {what} {table.get('name', number)}: {_in_words(error, table, kind)}") from None
    return found


def _in_words(error: msgspec.ValidationError, table: dict[str, Any], kind: type) -> str:
    """A fault of one table with what would be right, which msgspec does not know."""
    hints = get_type_hints(kind, include_extras=True)
    if match := re.search(r"unknown field `(.+)`", str(error)):
        return f"unknown {match[1]}; known are {', '.join(hints)}"
    match = re.search(r"`(?:\$\.)?(\w+)(?:\[(?:\d+|\.\.\.)\])?`$", str(error))
    if match is None:  # words of our own
        return str(error)
    name = match[1]
    right = hints[name].__metadata__[-1].description
    if table.get(name, "") == "":
        return f"{name} is missing; it has to be {right}"
    return f"{name} {table[name]!r} has to be {right}"
