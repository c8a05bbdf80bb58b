"""Returned sheets at destinations: fetched by name into the folder of returns, answered there, and left where they lie."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from msgspec import structs

from contract.settings import SettingError, Settings
from exports.delivery import destinations
from exports.delivery.deliver import connect
from exports.delivery.destinations import Destination
from exports.delivery.transport import DeliveryError, Transport
from exports.returns.sheet import LARGEST_FILE

ANSWERS, RECEIPTS, TAKEN = "answers", "receipts", "taken"
_LONGEST_NAME = 120  # bytes, of 255 that a name may have
_UNFINISHED = (".part", ".filepart", ".tmp", ".crdownload")


def is_sheet(name: str) -> bool:
    """Whether a name is that of a file somebody returned: none that a program keeps beside it, or has not finished."""
    return not name.startswith((".", "_", "~$")) and "/" not in name and not name.lower().endswith(_UNFINISHED)


def safe_name(name: str) -> str:
    """A name of a file that leaves no folder and hides nothing, as long as a name may be.

    >>> safe_name("../Today 小王 (2).xlsx")
    '..-Today 小王 -2-.xlsx'
    """
    plain = "".join(one if one.isalnum() or one in "-_.~ " else "-" for one in unicodedata.normalize("NFC", name))
    stem, dot, suffix = plain.rpartition(".")
    stem, end = (stem, f"{dot}{suffix}") if stem and len(suffix) <= 8 else (plain, "")
    return stem.encode()[: _LONGEST_NAME - len(end.encode())].decode(errors="ignore") + end


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]


def receipt_file(settings: Settings, digest: str) -> Path:
    return settings.returns / RECEIPTS / f"{digest}.json"


def answer_file(settings: Settings, digest: str, name: str) -> Path:
    return settings.returns / ANSWERS / f"{digest}_{safe_name(name)}.csv"


def return_folders(settings: Settings) -> list[Destination]:
    """Destinations that sheets come back from, with the place of those as their path."""
    places = destinations.read(settings.destinations)
    return [structs.replace(place, path=place.returns) for place in places if place.returns is not None]


def fetch(settings: Settings, places: list[Destination]) -> Iterator[str]:
    """Fetch what is new at the places into the folder of returns; gives a sentence for each fault."""
    for place in places:
        try:
            with connect(place) as transport:
                for name, size in sorted(transport.files().items()):
                    if is_sheet(name) and size > LARGEST_FILE:
                        yield f"{place.name}: {safe_name(name)} is larger than {LARGEST_FILE >> 20} MB and was left there"
                    elif is_sheet(name):
                        _fetch(settings, place, transport, name)
        except (DeliveryError, SettingError) as fault:
            yield f"the returned sheets of {place.name} could not be fetched: {fault}"


def answer(settings: Settings, places: list[Destination]) -> Iterator[str]:
    """Lay the answers beside the sheets that were fetched, in the folder answers/; gives a sentence for each fault."""
    receipts = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((settings.returns / RECEIPTS).glob("*.json"))]
    for place in places:
        told = [Path(receipt["answer"]).name for receipt in receipts if receipt["file"].startswith(_prefix(place))]
        try:
            with connect(place) as transport:
                for name in told:
                    own = settings.returns / ANSWERS / name
                    if own.exists() and transport.size(f"{ANSWERS}/{name}") is None:
                        transport.put(own, f"{ANSWERS}/{name}")
        except (DeliveryError, SettingError) as fault:
            yield f"{place.name} has not got the answers to its sheets: {fault}"


def _fetch(settings: Settings, place: Destination, transport: Transport, name: str) -> None:
    settings.returns.mkdir(parents=True, exist_ok=True)
    part = settings.returns / f".{place.name}.part"
    try:
        transport.get(name, part)
        if not receipt_file(settings, digest_of(part)).exists():
            part.replace(settings.returns / f"{_prefix(place)}{safe_name(name)}")
    finally:
        part.unlink(missing_ok=True)


def _prefix(place: Destination) -> str:
    return f"{place.name}~"
