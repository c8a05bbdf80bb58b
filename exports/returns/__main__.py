"""Take the sheets that account managers have sent back: their calls go into the landing, the senders get answers.

python -m exports.returns --as-of 2026-03-20

returns/                                   of FANOUT_HOME: where sheets are laid, as xlsx or CSV; a destination may have its own
returns/answers/<digest>_<name>.csv        what was taken of a sheet, and what is wrong with the rest
returns/taken/<as_of>/<digest>_<name>      the sheet itself, as it came
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contract.events import RETURNED_CALLS
from contract.object_path import ObjectPath
from contract.object_store import StoreGone, named
from contract.settings import SettingError, Settings, parse_as_of
from exports.delivery.receipts import write_whole
from exports.packs.csv_text import BOM, LINE_END
from exports.packs.manifest import to_json
from exports.pages.returned import CALL, result_word
from exports.pages.words import Words
from exports.returns import places
from exports.returns.check import Checked, Remark, check, waits
from exports.returns.lists import Lists
from exports.returns.places import TAKEN
from exports.returns.sheet import Unreadable, read
from lineage.emitter import emitting
from lineage.jobs import RETURNS
from publication.versions import one_publisher

log = logging.getLogger(__name__)

Event = dict[str, Any]
# By id of a call, what sheets told of it, with the day of the landing that it lies in; what was told first counts.
Known = dict[str, list[tuple[str, Event]]]
# Begins the rest of the name of a file with what was told later: of the copies of an event the ingest accepts the first by day
# and name, and no digest comes after it.
_LATER = "~"


class Failed(RuntimeError):
    """Sheets could not be taken; the message says why and what to do."""


@dataclass
class Outcome:
    """What became of a sheet.

    Attributes:
        new: its calls that nobody told of before.
        known: how many were told before.
        refused: how many rows are no calls, or tell otherwise of one that was told before.
        later: what the latter say, by the day of the landing that they have to lie in.
    """

    new: list[Event] = field(default_factory=list)
    known: int = 0
    refused: int = 0
    remarks: list[Remark] = field(default_factory=list)
    later: dict[str, list[Event]] = field(default_factory=dict)


def run(settings: Settings, as_of: date) -> dict[str, Any]:
    """Take what lies in the folders of returns; returns the report of the step.

    Raises:
        SettingError: the file of destinations has a fault.
        Failed: the landing or the folder of returns cannot be written. What was not taken still lies where it was.
    """
    counts = ("files", "waiting", "rows_in", "rows_out", "refused", "faults")
    report: dict[str, Any] = {"step": "returns"} | dict.fromkeys(counts, 0)
    folders = places.return_folders(settings)
    if not folders and not _sheets(settings):
        return report
    faults: list[str] = []
    try:
        with one_publisher(settings.returns):
            faults += places.fetch(settings, folders)
            if sheets := _sheets(settings):
                lists, known = Lists(settings), _known(settings)
                for path in sheets:
                    if not os.access(path, os.R_OK):
                        faults.append(f"{path} may not be read; give the user of the tasks the right")
                        continue
                    _add(report, _take(settings, as_of, path, lists, known))
            faults += places.answer(settings, folders)
    except OSError as error:
        raise Failed(
            f"{error.filename or settings.returns} cannot be read or written ({error.strerror or error}): calls of returned "
            f"sheets go through FANOUT_LANDING={settings.landing} and {settings.returns}; give the user of the tasks the right "
            "to write both, or make room. What was not taken lies where it was"
        ) from error
    for fault in faults:
        log.warning("%s", fault)
    return report | {"faults": len(faults)}


def _sheets(settings: Settings) -> list[Path]:
    """The files that were laid into the folder; links are passed over."""
    folder = settings.returns
    found = folder.iterdir() if folder.is_dir() else []
    return sorted(path for path in found if places.is_sheet(path.name) and path.is_file() and not path.is_symlink())


def _known(settings: Settings) -> Known:
    """What sheets told that lies in the landing already."""
    found: Known = {}
    for day, path in _landed(settings.landing / CALL.source):
        for line in path.read_bytes().splitlines():
            try:
                event = json.loads(line)
            except ValueError:  # somebody has changed the file; the ingest says so
                continue
            found.setdefault(event["id"], []).append((day, event))
    return found


def _landed(folder: Path | ObjectPath) -> Iterator[tuple[str, Path | ObjectPath]]:
    """The files of calls in a folder of the landing, each with its day, in order."""
    if isinstance(folder, ObjectPath):
        folder = folder.listed()
    days = [day for day in folder.iterdir() if day.name.startswith("dt=") and day.is_dir()] if folder.is_dir() else []
    for day in sorted(days, key=lambda day: day.name):
        files = (file for file in day.iterdir() if file.name.startswith(RETURNED_CALLS) and file.name.endswith(".jsonl"))
        yield from ((day.name, file) for file in sorted(files, key=lambda file: file.name))


def _take(settings: Settings, as_of: date, path: Path, lists: Lists, known: Known) -> Outcome | None:
    """Take one sheet; None if it waits for the run of a later day.

    The calls are in the landing before the sheet leaves its place: a command that is killed in between finds them known.
    """
    digest, words = places.digest_of(path), Words.of(settings.language)
    try:
        sheet = read(path)
        if waits(sheet, as_of, lists):
            return None
        outcome = _compared(check(sheet, as_of, lists), f"dt={as_of}", known, ZoneInfo(settings.timezone), words)
    except Unreadable as fault:
        outcome = Outcome(remarks=[Remark("", None, fault.problem, fault.values)])
    for day, events, name in ((f"dt={as_of}", outcome.new, ""), *((day, told, _LATER) for day, told in outcome.later.items())):
        _land(settings, day, events, name)
        for event in events:
            known.setdefault(event["id"], []).append((day, event))
    answer = places.answer_file(settings, digest, path.name)
    receipt = places.receipt_file(settings, digest)
    taken = settings.returns / TAKEN / as_of.isoformat() / f"{digest}_{places.safe_name(path.name)}"
    for file in (answer, receipt, taken):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(answer, _answer(outcome, words))
    counts = {"taken": len(outcome.new), "known": outcome.known, "refused": outcome.refused}
    told = {"file": places.safe_name(path.name), "as_of": as_of.isoformat(), "answer": answer.name, **counts}
    write_whole(receipt, to_json(told))
    os.replace(path, taken)
    return outcome


def _compared(checked: Checked, day: str, known: Known, zone: ZoneInfo, words: Words) -> Outcome:
    """Which calls are new. Of one that was told before, what was told first counts, and the sender learns of it."""
    outcome = Outcome(refused=checked.refused, remarks=list(checked.remarks))
    for call in checked.calls:
        event = call.event(zone)
        told = known.get(call.id, [])
        if not told:
            outcome.new.append(event)
        elif told[0][1] == event:
            outcome.known += 1
        else:
            first_day, first = told[0]
            result = words(result_word(first))
            outcome.refused += 1
            outcome.remarks.append(Remark(call.place, "result", "told_before", {"result": result}))
            if event not in [other for _, other in told]:
                outcome.later.setdefault(max(day, first_day), []).append(event)
    return outcome


def _land(settings: Settings, day: str, events: list[Event], name: str) -> None:
    """Write calls as a file of the landing, named by its content."""
    if not events:
        return
    lines = sorted(json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() for event in events)
    content = b"\n".join([*lines, b""])
    file = settings.landing / CALL.source / day / f"{RETURNED_CALLS}{name}{hashlib.sha256(content).hexdigest()[:16]}.jsonl"
    if isinstance(file, ObjectPath):
        file.write_bytes(content)
    else:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)


def _answer(outcome: Outcome, words: Words) -> bytes:
    """The answer to a sheet as CSV: a line for each cell with a fault, and one that sums up."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator=LINE_END)
    writer.writerow(words(f"answer.{name}") for name in ("row", "column", "wrong", "to_do"))
    writer.writerows(_lines(outcome, words))
    return (BOM + out.getvalue()).encode()


def _lines(outcome: Outcome, words: Words) -> Iterator[tuple[str, str, str, str]]:
    for remark in sorted(outcome.remarks, key=lambda remark: [int(part) for part in remark.place.split(":") if part]):
        column = words(f"column.{remark.column}") if remark.column else ""
        wrong, to_do = words(f"fault.{remark.problem}", **remark.values), words(f"fault.{remark.problem}_text")
        yield remark.place, column, wrong, to_do
    summary = words("answer.summary", taken=len(outcome.new), known=outcome.known, refused=outcome.refused)
    is_right = not any(remark.refuses for remark in outcome.remarks)
    yield "", "", summary, words("answer.nothing_to_do" if is_right else "answer.send_again")


def _add(report: dict[str, Any], outcome: Outcome | None) -> None:
    if outcome is None:
        report["waiting"] += 1
        return
    report["files"] += 1
    report["rows_in"] += len(outcome.new) + outcome.known + outcome.refused
    report["rows_out"] += len(outcome.new)
    report["refused"] += outcome.refused


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    arguments = parser.parse_args()
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
        with named(settings):
            report = run(settings, as_of)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except (Failed, StoreGone) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(report, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(emitting(main, RETURNS))
