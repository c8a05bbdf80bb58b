"""Look before anything is sent: what would go where and what is new in it, and one manager's pack."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

from contract.settings import Settings
from exports.delivery import destinations
from exports.delivery.destinations import Destination, Message
from exports.delivery.notes import notes
from exports.delivery.receipts import last_delivery
from exports.packs.csv_tables import CSV
from exports.packs.csv_text import read_rows
from exports.packs.datapackage import CHANGES
from exports.packs.pack import MANAGERS, UNASSIGNED, Pack, last_export, read_packs
from exports.pages.words import Words
from exports.write_packs import write_packs
from publication.versions import PublicationError


@contextmanager
def _trial(settings: Settings, as_of: date) -> Iterator[Path]:
    """The packs of a day in a folder of their own, which goes away."""
    folder = settings.work(as_of) / "exports_dry_run"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_packs(settings, as_of, last_export(settings, as_of), folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def dry_run(settings: Settings, as_of: date) -> tuple[list[str], dict[str, Any]]:
    """What an export would send: lines for a person, and the report."""
    places, messages = destinations.read(settings.destinations), destinations.read_messages(settings.destinations)
    with _trial(settings, as_of) as folder:
        packs = read_packs(folder)
        lines = [f"exports of {as_of}, compared with {last_export(settings, as_of) or 'nothing'}"]
        lines += [line for pack in packs if pack.kind == MANAGERS for line in _news(folder, pack)]
        merchants = [pack for pack in packs if pack.kind != MANAGERS]
        changed = sum(any(_changes(folder, pack).values()) for pack in merchants)
        lines.append(f"{len(merchants)} packs of merchants, {changed} of them with changes")
        lines += [_plan(settings, as_of, place, packs) for place in places]
        if not places:
            lines.append(f"no destination is set: they would stay in {settings.exports / as_of.isoformat()}")
        lines += [line for message in messages for line in _messages(settings, as_of, folder, message)]
    report = {"packs": len(packs), "destinations": len(places), "messages": len(messages)}
    return lines, {"step": "exports_dry_run", **report}


def _messages(settings: Settings, as_of: date, folder: Path, message: Message) -> Iterator[str]:
    """The text of every message, and the managers whom none reaches."""
    for note in notes(folder, as_of, message, Words.of(settings.language)):
        if message.way_to(note.manager) is None:
            yield f"{message.name}: {message.kind} to {note.manager}: no way is declared"
        else:
            yield f"{message.name}: {message.kind} to {note.manager}: {note.title}"
            yield from (f"  {line}" for line in note.text.splitlines())


def _plan(settings: Settings, as_of: date, place: Destination, packs: list[Pack]) -> str:
    if not place.is_due(as_of):
        return f"{place.name}: nothing, not due ({place.schedule})"
    files = [file for pack in packs if place.wants(pack) for file in pack.files if place.wants_file(file.name)]
    wanted = [pack for pack in packs if place.wants(pack)]
    size = sum(file.bytes for file in files)
    since = last_delivery(settings, place.name, as_of)
    names = ", ".join(pack.folder for pack in wanted[:5]) + (", …" if len(wanted) > 5 else "")
    what = f"{len(wanted)} packs ({names}), {len(files) + len(wanted) + 1} files, {size:,} bytes"
    return f"{place.name}: {place.kind} {place.path}: {what}; last delivered: {since or 'never'}"


def _news(folder: Path, pack: Pack) -> list[str]:
    """What is new for a manager: rows that changed by table, and who came onto or left the list of calls."""
    owner = pack.owner or UNASSIGNED
    counts = [f"{table} {_counted(changes)}" for table, changes in sorted(_changes(folder, pack).items()) if changes]
    lines = [f"{owner}: {len(_rows(folder / pack.folder / CSV / 'calls.csv'))} to call; " + ("; ".join(counts) or "no changes")]
    for row in _rows(folder / pack.folder / CSV / "calls.changes.csv"):
        if row["change"] in ("added", "removed"):
            sign = "+" if row["change"] == "added" else "-"
            lines.append(f"  {sign} {row['merchant_id']} {row['name']} {row['reason_1']}".rstrip())
    return lines


def _changes(folder: Path, pack: Pack) -> dict[str, Counter[str]]:
    """Rows by change by table."""
    files = [file.name for file in pack.files if file.name.endswith(".changes.csv") and file.rows]
    return {
        Path(name).name.removesuffix(".changes.csv"): Counter(row["change"] for row in _rows(folder / pack.folder / name))
        for name in files
    }


def _counted(changes: Counter[str]) -> str:
    return ", ".join(f"{changes[change]} {change}" for change in CHANGES if changes[change])


def _rows(path: Path) -> list[dict[str, str]]:
    return read_rows(path) if path.exists() else []


def pack(settings: Settings, as_of: date, manager: str) -> Path:
    """The folder of a manager's pack as settings and playbook make it now, whatever the day's exports hold.

    Raises:
        PublicationError: the day is not published, or has no such manager.
        PlaybookError: the playbook has faults.
    """
    folder = settings.work(as_of) / "exports_preview"
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    pages_of = "" if manager == UNASSIGNED else manager
    write_packs(settings, as_of, last_export(settings, as_of), folder, pages_of)
    managers = {found.owner or UNASSIGNED: found for found in read_packs(folder) if found.kind == MANAGERS}
    if manager not in managers:
        raise PublicationError(f"{as_of} has no manager {manager!r}; the managers are {', '.join(managers)}")
    return folder / managers[manager].folder
