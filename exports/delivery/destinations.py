"""Where exports go: one declarative file, checked before anything starts.

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
"""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Meta, Struct

from contract.settings import SettingError
from exports.packs.manifest import MANIFEST
from exports.packs.pack import UNASSIGNED, Pack, PackKind

Kind = Literal["folder", "s3", "sftp"]
Schedule = Literal["daily", "monday", "month_end"]
_Text = Annotated[str, Meta(min_length=1)]
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


class _File(Struct, forbid_unknown_fields=True):
    destination: list[dict[str, Any]] = []


def read(path: Path | None) -> list[Destination]:
    """The destinations of the file, none where there is no file.

    Raises:
        SettingError: the file has a fault; the message names it and says what would be right.
    """
    if path is None:
        return []
    try:
        tables = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File).destination
    except msgspec.ValidationError as error:
        raise SettingError(f"{path}: {error}; the file holds tables [[destination]] and nothing else") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: {error}") from None
    found = []
    for number, table in enumerate(tables, 1):
        try:
            found.append(msgspec.convert(table, Destination))
        except msgspec.ValidationError as error:
            raise SettingError(f"{path}, destination {table.get('name', number)}: {_in_words(error, table)}") from None
    names = [destination.name for destination in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise SettingError(f"{path}: two destinations are named {', '.join(doubled)}")
    return found


def _in_words(error: msgspec.ValidationError, table: dict[str, Any]) -> str:
    """A fault of one table with what would be right, which msgspec does not know."""
    hints = get_type_hints(Destination, include_extras=True)
    if match := re.search(r"unknown field `(.+)`", str(error)):
        return f"unknown {match[1]}; known are {', '.join(hints)}"
    match = re.search(r"`(?:\$\.)?(\w+)(?:\[\d+\])?`$", str(error))
    if match is None:  # words of our own
        return str(error)
    name = match[1]
    right = hints[name].__metadata__[-1].description
    if table.get(name, "") == "":
        return f"{name} is missing; it has to be {right}"
    return f"{name} {table[name]!r} has to be {right}"
