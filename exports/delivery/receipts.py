"""What destinations have got: a journal of the files that arrived, and a receipt for each delivery that is done.

The journal (`exports/deliveries/<destination>/<as_of>.jsonl`) lets a delivery that broke or was killed resume where it stopped.
A receipt (`exports/receipts/`) ends the delivery: nothing is sent twice, and the next differences are to what it names.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from contract.settings import Settings
from exports.packs.export_day import Published
from exports.packs.manifest import to_json


def last_delivery(settings: Settings, destination: str, as_of: date) -> Published | None:
    """What the destination got last for an earlier day."""
    receipts = [json.loads(path.read_text(encoding="utf-8")) for path in _folder(settings).glob("*.json")]
    earlier = [
        (receipt["as_of"], receipt["warehouse_version"])
        for receipt in receipts
        if receipt["destination"] == destination and receipt["as_of"] < as_of.isoformat()
    ]
    if not earlier:
        return None
    day, version = max(earlier)
    return Published(date.fromisoformat(day), version)


def receipt_file(settings: Settings, destination: str, published: Published) -> Path:
    """Where the receipt of a delivery lies, or will."""
    return _folder(settings) / f"{destination}_{published.as_of}_{published.version}.json"


def write_receipt(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, to_json(content))


class Journal:
    """Which files a destination holds for a day, and their hashes, as far as is known."""

    def __init__(self, path: Path):
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> dict[str, str]:
        arrived: dict[str, str] = {}
        if self.path.exists():
            for line in self.path.read_text(encoding="utf-8").splitlines():
                try:
                    note = json.loads(line)
                except ValueError:  # blank, or the last line of a process that was killed
                    continue
                if note["sha256"] is None:
                    arrived.pop(note["name"], None)
                else:
                    arrived[note["name"]] = note["sha256"]
        return arrived

    def note(self, name: str, sha256: str | None) -> None:
        """Note that a file has arrived, or is gone."""
        with self.path.open("a", encoding="utf-8") as journal:
            journal.write(f"\n{json.dumps({'name': name, 'sha256': sha256})}\n")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that nobody finds half written."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)


def _folder(settings: Settings) -> Path:
    return settings.exports / "receipts"
