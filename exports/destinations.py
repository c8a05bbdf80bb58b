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
"""

from __future__ import annotations

import re
import tomllib
from calendar import monthrange
from dataclasses import dataclass, fields
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from contract.settings import SettingError
from exports.manifest import MANIFEST
from exports.packs import MANAGERS, MERCHANTS, UNASSIGNED, Pack

KINDS = ("folder", "s3", "sftp")
SCHEDULES = ("daily", "monday", "month_end")


@dataclass(frozen=True)
class Destination:
    """One place that exports are delivered to."""

    name: str
    kind: str
    path: str
    connection: str | None = None
    packs: tuple[str, ...] = (MANAGERS, MERCHANTS)
    only: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    schedule: str = "daily"
    tries: int = 3

    def is_due(self, as_of: date) -> bool:
        if self.schedule == "monday":
            return as_of.isoweekday() == 1
        if self.schedule == "month_end":
            return as_of.day == monthrange(as_of.year, as_of.month)[1]
        return True

    def wants(self, pack: Pack) -> bool:
        return pack.kind in self.packs and (not self.only or (pack.owner or UNASSIGNED) in self.only)

    def wants_file(self, name: str) -> bool:
        return not self.files or name == MANIFEST or any(fnmatchcase(name, pattern) for pattern in self.files)


def read(path: Path | None) -> list[Destination]:
    """The destinations of the file, none where there is no file.

    Raises:
        SettingError: the file has a fault; the message names it and says what would be right.
    """
    if path is None:
        return []
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: {error}") from None
    unknown = sorted(content.keys() - {"destination"})
    if unknown:
        raise SettingError(f"{path}: unknown {', '.join(unknown)}; the file holds tables [[destination]]")
    found = [_destination(path, number, table) for number, table in enumerate(content.get("destination", []), 1)]
    names = [destination.name for destination in found]
    if doubled := sorted({name for name in names if names.count(name) > 1}):
        raise SettingError(f"{path}: two destinations are named {', '.join(doubled)}")
    return found


def _destination(path: Path, number: int, table: dict[str, Any]) -> Destination:
    where = f"{path}, destination {table.get('name', number)}"

    def refuse(fault: str) -> SettingError:
        return SettingError(f"{where}: {fault}")

    known = {field.name for field in fields(Destination)}
    if unknown := sorted(table.keys() - known):
        raise refuse(f"unknown {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    for name in ("name", "kind", "path"):
        if not isinstance(table.get(name), str) or not table[name]:
            raise refuse(f"{name} is missing")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,40}", table["name"]):
        raise refuse("a name has small letters, digits and hyphens")
    if table["kind"] not in KINDS:
        raise refuse(f"kind {table['kind']!r} is none of {', '.join(KINDS)}")
    if table.get("schedule", "daily") not in SCHEDULES:
        raise refuse(f"schedule {table['schedule']!r} is none of {', '.join(SCHEDULES)}")
    if (table["kind"] == "folder") == bool(table.get("connection")):
        raise refuse("s3 and sftp need a connection, a folder has none")
    if table["kind"] == "folder" and not Path(table["path"]).is_absolute():
        raise refuse(f"path {table['path']!r} is not absolute")
    tries = table.get("tries", 3)
    if type(tries) is not int or not 1 <= tries <= 20:
        raise refuse("tries is a number from 1 to 20")
    lists: dict[str, tuple[str, ...]] = {}
    for name in ("packs", "only", "files"):
        value = table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
            raise refuse(f"{name} is a list of texts")
        lists[name] = tuple(value)
    lists["packs"] = lists["packs"] or (MANAGERS, MERCHANTS)
    if wrong := sorted(set(lists["packs"]) - {MANAGERS, MERCHANTS}):
        raise refuse(f"packs {', '.join(wrong)} are neither {MANAGERS} nor {MERCHANTS}")
    return Destination(**{**table, **lists})
