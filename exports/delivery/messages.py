"""A message each morning to each account manager, once a day and version of the day.

An outbox (`exports/deliveries/<message>/<as_of>_<version>.jsonl`) says of each manager how far the message has come. A message
that failed is sent again alone, one that was accepted never. No chat and no mail server lets anybody ask whether a message has
arrived: where a process was killed while it sent, or no answer came, that is told once, and the message is not sent again. A
receipt, as that of a delivery, ends it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Protocol

from contract.connections import connection
from contract.settings import SettingError, Settings
from exports.delivery.destinations import MAIL, Message
from exports.delivery.mail import Mail
from exports.delivery.notes import Note, notes
from exports.delivery.receipts import receipt_file, write_receipt
from exports.delivery.robots import Robot
from exports.delivery.transport import Broken, Closed, DeliveryError, Uncertain, Unreachable
from exports.packs.export_day import Published
from exports.packs.manifest import MANIFEST
from exports.pages.words import Words

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 1.0, 60.0
_SHOWN_MANAGERS = 5
# How far the message to a manager has come. What was left at SENDING by a process that was killed is uncertain.
SENDING, ACCEPTED, FAILED, UNCERTAIN = "sending", "accepted", "failed", "uncertain"
_FINAL = (ACCEPTED, UNCERTAIN)
_LOOK = "look whether it arrived; docs/runbooks/message.md says how to send it again"


class Way(Protocol):
    """A way to managers."""

    def send(self, note: Note, to: str | None, identifier: str) -> None: ...

    def close(self) -> None: ...


class Outbox:
    """How far the messages of a day have come, by manager."""

    def __init__(self, path: Path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def entries(self) -> list[tuple[str, str]]:
        """(manager, state), the oldest first."""
        found = []
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    entry = json.loads(line)
                except ValueError:  # blank, or the last line of a process that was killed
                    continue
                found.append((entry["manager"], entry["state"]))
        return found

    def note(self, manager: str, state: str) -> None:
        """Note a state; it is on the disk when this returns, since a message cannot be taken back."""
        with self.path.open("a", encoding="utf-8") as outbox:
            outbox.write(f"\n{json.dumps({'manager': manager, 'state': state}, ensure_ascii=False)}\n")
            outbox.flush()
            os.fsync(outbox.fileno())


def send(
    settings: Settings,
    as_of: date,
    message: Message,
    pause: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.time,
) -> str:
    """Send the messages of a day's exports that have not been sent; returns what was done, in words.

    Args:
        now: the clock, by which robots are signed to and mails dated.

    Raises:
        DeliveryError: managers have not got theirs, or nobody knows; the message names them.
    """
    folder = settings.exports / as_of.isoformat()
    newest = max(path.parent.name for path in settings.exports.glob(f"[0-9]*/{MANIFEST}"))
    if newest > as_of.isoformat():
        return f"no messages, since {newest} has been exported already"
    version = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["warehouse_version"]
    receipt = receipt_file(settings, message.name, Published(as_of, version))
    all_notes = notes(folder, as_of, message, Words.of(settings.language))
    reachable = [note for note in all_notes if message.way_to(note.manager) is not None]
    missing = [note.manager for note in all_notes if message.way_to(note.manager) is None]
    said = f"{len(reachable)} messages" + (f", no way to {_listed(missing)}" if missing else "")
    outbox = Outbox(settings.exports / "deliveries" / message.name / f"{as_of}_{version}.jsonl")
    if not reachable or (receipt.exists() and not outbox.path.exists()):
        return said
    faults = _send_all(reachable, message, f"{as_of} {version}", outbox, pause, now)
    entries = outbox.entries()
    states = dict(entries)
    if all(states.get(note.manager) in _FINAL for note in reachable):
        write_receipt(
            receipt,
            {
                "destination": message.name,
                "kind": message.kind,
                "as_of": as_of.isoformat(),
                "warehouse_version": version,
                "changes_since": None,
                "packs": len(reachable),
                "files": sum(states[note.manager] == ACCEPTED for note in reachable),
                "bytes": sum(len(f"{note.title}\n{note.text}".encode()) for note in reachable),
                "attempts": max(Counter(manager for manager, state in entries if state == SENDING).values()),
                "manifest_sha256": hashlib.sha256("\n".join(note.sha256 for note in reachable).encode()).hexdigest(),
                "run_id": settings.run_id,
            },
        )
    if faults:
        raise DeliveryError("; ".join(f"{_listed(managers)}: {why}" for why, managers in faults.items()))
    uncertain = [note.manager for note in reachable if states[note.manager] == UNCERTAIN]
    return said + (f", {_listed(uncertain)}: nobody knows whether it arrived" if uncertain else "")


def _send_all(
    all_notes: Iterable[Note],
    message: Message,
    version: str,
    outbox: Outbox,
    pause: Callable[[float], None],
    now: Callable[[], float],
) -> dict[str, list[str]]:
    """Send what is not accepted yet, connection by connection; returns the managers by fault."""
    states = dict(outbox.entries())
    faults: dict[str, list[str]] = {}

    def fault(note: Note, error: Exception) -> None:
        faults.setdefault(str(error), []).append(note.manager)

    for note in all_notes:
        if states.get(note.manager) == SENDING:
            outbox.note(note.manager, UNCERTAIN)
            fault(note, Uncertain(f"an earlier run ended while it sent; {_LOOK}"))
    due = [(message.way_to(note.manager), note) for note in all_notes if states.get(note.manager) not in (*_FINAL, SENDING)]
    ordered = sorted(((way, note) for way, note in due if way), key=lambda entry: (entry[0][0], entry[1].manager))
    for name, entries in groupby(ordered, key=lambda entry: entry[0][0]):
        group = list(entries)
        try:
            way = _way(message, name, now)
        except (DeliveryError, SettingError) as error:
            for _, note in group:
                fault(note, error)
            continue
        with closing(way):
            blocked: DeliveryError | None = None
            for (_, to), note in group:
                if blocked is not None:
                    fault(note, blocked)
                    continue
                try:
                    identifier = hashlib.sha256(f"{message.name} {version} {note.manager}".encode()).hexdigest()[:32]
                    _send(way, note, to, identifier, message.tries, outbox, pause)
                except DeliveryError as error:
                    fault(note, error)
                    if isinstance(error, Unreachable | Closed):
                        blocked = error
                    elif isinstance(error, Uncertain):
                        blocked = Broken("not sent, since the message before it got no answer; run it again")
    return faults


def _send(
    way: Way, note: Note, to: str | None, identifier: str, tries: int, outbox: Outbox, pause: Callable[[float], None]
) -> None:
    """Send one note, with as many tries as are allowed; the outbox knows of it before anything leaves."""
    for attempt in range(1, tries + 1):
        outbox.note(note.manager, SENDING)
        try:
            way.send(note, to, identifier)
        except Uncertain as error:
            outbox.note(note.manager, UNCERTAIN)
            raise Uncertain(f"{error}; {_LOOK}") from None
        except DeliveryError as error:
            outbox.note(note.manager, FAILED)
            if attempt == tries or not isinstance(error, Broken):
                raise
            log.warning("%s, try %d: %s", note.manager, attempt, error)
            pause(min(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1), _LONGEST_PAUSE_SECONDS))
        else:
            outbox.note(note.manager, ACCEPTED)
            return


def _way(message: Message, name: str, now: Callable[[], float]) -> Way:
    found = connection(name)
    return Mail(found, now) if message.kind == MAIL else Robot(message.kind, found, now)


def _listed(managers: list[str]) -> str:
    """Some names, and how many more there are."""
    more = len(managers) - _SHOWN_MANAGERS
    return ", ".join(managers[:_SHOWN_MANAGERS]) + (f" and {more} more" if more > 0 else "")
