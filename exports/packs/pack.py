"""A pack: the folder of one account manager or one merchant below a day's exports, as its manifests name it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

from contract.settings import Settings
from exports.packs.export_day import Published
from exports.packs.manifest import MANIFEST, File
from exports.policy.names import safe_name

PackKind = Literal["managers", "merchants"]
MANAGERS, MERCHANTS = get_args(PackKind)
UNASSIGNED = "unassigned"


@dataclass(frozen=True)
class Pack:
    """A pack that was written: whose, where below the day's folder, and its files."""

    kind: str
    owner: str
    folder: str
    files: tuple[File, ...]
    manifest_sha256: str


def pack_folder(folder: Path, kind: str, owner: str) -> Path:
    """Where the pack of an owner lies in the folder of a day."""
    return folder / kind / (safe_name(owner) if owner or kind == MERCHANTS else UNASSIGNED)


def last_export(settings: Settings, as_of: date) -> Published | None:
    """What the exports before this day were made of."""
    earlier = sorted(
        path.parent.name for path in settings.exports.glob(f"[0-9]*/{MANIFEST}") if path.parent.name < as_of.isoformat()
    )
    if not earlier:
        return None
    manifest = json.loads((settings.exports / earlier[-1] / MANIFEST).read_text(encoding="utf-8"))
    return Published(date.fromisoformat(manifest["as_of"]), manifest["warehouse_version"])


def read_packs(folder: Path) -> list[Pack]:
    """The packs of a day that was written."""
    packs = []
    for entry in json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["packs"]:
        manifest = json.loads((folder / entry["folder"] / MANIFEST).read_text(encoding="utf-8"))
        files = [File(file["name"], file.get("rows"), file["bytes"], file["sha256"]) for file in manifest["files"]]
        packs.append(Pack(entry["kind"], entry["owner"], entry["folder"], tuple(files), entry["manifest_sha256"]))
    return packs
