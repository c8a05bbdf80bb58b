"""Delivery: every file once, the manifest last, and a receipt.

A destination's manifest is deleted before its files change and comes back last: while it is there, all that it names is there.
"""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from contract.connections import Connection, connection
from contract.settings import Settings
from exports.delivery.destinations import Destination
from exports.delivery.folder import Folder
from exports.delivery.receipts import Journal, last_delivery, receipt_file, write_receipt, write_whole
from exports.delivery.s3 import S3
from exports.delivery.sftp import Sftp
from exports.delivery.transport import Broken, Transport
from exports.packs.export_day import Published
from exports.packs.manifest import MANIFEST, to_json
from exports.packs.pack import read_packs
from exports.write_packs import write_packs

log = logging.getLogger(__name__)

_FIRST_PAUSE_SECONDS = 1.0
# The kinds of destinations that are reached by a connection.
_REMOTE: dict[str, Callable[[Destination, Connection], Transport]] = {"s3": S3, "sftp": Sftp}


@dataclass(frozen=True)
class Parcel:
    """What one destination gets: files by name with size and hash, and the manifest that names them."""

    folder: Path
    files: dict[str, dict[str, Any]]
    manifest: bytes
    packs: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def bytes(self) -> int:
        return sum(file["bytes"] for file in self.files.values())


@contextmanager
def packed(settings: Settings, as_of: date, destination: Destination) -> Iterator[Parcel]:
    """The parcel of a destination: the day's exports, or others where it needs differences to another day."""
    folder = settings.exports / as_of.isoformat()
    base = last_delivery(settings, destination.name, as_of)
    since = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["changes_since"]
    if since == (None if base is None else base.to_json()):
        yield _parcel(folder, destination)
        return
    own = settings.work(as_of) / f"exports_{destination.name}"
    shutil.rmtree(own, ignore_errors=True)
    own.parent.mkdir(parents=True, exist_ok=True)
    try:
        write_packs(settings, as_of, base, own)
        yield _parcel(own, destination)
    finally:
        shutil.rmtree(own, ignore_errors=True)


def _parcel(folder: Path, destination: Destination) -> Parcel:
    index = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    wanted = [pack for pack in read_packs(folder) if destination.wants(pack)]
    files: dict[str, dict[str, Any]] = {}
    for pack in wanted:
        own = folder / pack.folder / MANIFEST
        entries = [
            *(vars(file) for file in pack.files),
            {"name": MANIFEST, "bytes": own.stat().st_size, "sha256": pack.manifest_sha256},
        ]
        for entry in entries:
            if destination.wants_file(entry["name"]):
                rows = {"rows": entry["rows"]} if entry.get("rows") is not None else {}
                files[f"{pack.folder}/{entry['name']}"] = rows | {"bytes": entry["bytes"], "sha256": entry["sha256"]}
    about = {name: index[name] for name in ("as_of", "warehouse_version", "schema_version", "changes_since")}
    listed = [{"name": name, **file} for name, file in sorted(files.items())]
    return Parcel(folder, files, to_json({"destination": destination.name, **about, "files": listed}), len(wanted))


def deliver(
    settings: Settings, as_of: date, destination: Destination, pause: Callable[[float], None] = time.sleep
) -> dict[str, Any]:
    """Deliver a day to a destination; returns its receipt. A delivery that is done already is not done again.

    Raises:
        DeliveryError: it ended without success; what arrived stays, without a manifest.
        SettingError: its connection is missing.
    """
    with packed(settings, as_of, destination) as parcel:
        about = json.loads(parcel.manifest)
        receipt = receipt_file(settings, destination.name, Published(as_of, about["warehouse_version"]))
        if receipt.exists():
            known: dict[str, Any] = json.loads(receipt.read_text(encoding="utf-8"))
            if known["manifest_sha256"] == parcel.digest:
                return known
        attempts = _send(settings, as_of, destination, parcel, pause)
        since = about["changes_since"]
        content = {
            "destination": destination.name,
            "kind": destination.kind,
            "as_of": as_of.isoformat(),
            "warehouse_version": about["warehouse_version"],
            "changes_since": None if since is None else f"{since['as_of']} {since['warehouse_version']}",
            "packs": parcel.packs,
            "files": len(parcel.files) + 1,
            "bytes": parcel.bytes + len(parcel.manifest),
            "attempts": attempts,
            "manifest_sha256": parcel.digest,
            "run_id": settings.run_id,
        }
        write_receipt(receipt, content)
        return content


def _send(settings: Settings, as_of: date, destination: Destination, parcel: Parcel, pause: Callable[[float], None]) -> int:
    """Send a parcel, with as many tries as the destination allows; returns the number that it took."""
    journal = Journal(settings.exports / "deliveries" / destination.name / f"{as_of}.jsonl")
    for attempt in range(1, destination.tries + 1):
        try:
            with connect(destination) as transport:
                _send_files(transport, as_of, parcel, journal)
            return attempt
        except Broken as fault:
            if attempt == destination.tries:
                raise Broken(f"after {attempt} tries: {fault}") from fault
            log.warning("%s, try %d: %s", destination.name, attempt, fault)
            pause(_FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    raise AssertionError("a destination has at least one try")


def _send_files(transport: Transport, as_of: date, parcel: Parcel, journal: Journal) -> None:
    arrived = journal.read()
    changed = [name for name, file in parcel.files.items() if arrived.get(name) != file["sha256"]]
    gone = sorted(arrived.keys() - parcel.files.keys() - {MANIFEST})
    if changed or gone or arrived.get(MANIFEST) != parcel.digest:
        transport.delete(f"{as_of}/{MANIFEST}")
        journal.note(MANIFEST, None)
    for name, file in sorted(parcel.files.items()):
        remote = f"{as_of}/{name}"
        if name not in changed and transport.size(remote) == file["bytes"]:
            continue
        transport.put(parcel.folder / name, remote)
        journal.note(name, file["sha256"])
    for name in gone:
        transport.delete(f"{as_of}/{name}")
        journal.note(name, None)
    own = journal.path.with_suffix(f".{MANIFEST}")
    write_whole(own, parcel.manifest)
    transport.put(own, f"{as_of}/{MANIFEST}")
    journal.note(MANIFEST, parcel.digest)


def connect(destination: Destination) -> Transport:
    """A way to a destination.

    Raises:
        DeliveryError: there is none.
        SettingError: its connection is missing.
    """
    if destination.connection is None:
        return Folder(destination)
    return _REMOTE[destination.kind](destination, connection(destination.connection))
