"""Deliveries: events become CloudEvents lines, wait for their day, and are written as landing files.

Most lines come on the event's business day, a few come late, a few come twice (some with their keys in another order). A little
garbage is mixed in, and one archive is cut. Every event dated within the landing is delivered within it at least once.
"""

from __future__ import annotations

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import zstandard

from simulator.calendar import ZONE_OFFSET, Calendar, Ints
from simulator.garbage import conflicting_copy, spoiled

SOURCES = ("shop", "group", "stream")
LINES_PER_FILE = 200_000
LATE, LATEST_DAYS = 0.025, 10
REPEATED = 0.01
_CODECS = (".gz", ".zst", "")
_CODEC_SHARES = (0.82, 0.1, 0.08)

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.decode
Line = tuple[bytes, str | None]  # a line, and the reason why it must be refused, if it must
_NO_TIMES: Ints = np.empty(0, np.int64)


@dataclass
class Planted:
    """What the deliveries hold besides each event once: garbage, repeats and the cut archive."""

    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    late: int = 0
    repeated: int = 0
    garbage: list[dict[str, Any]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)


@dataclass
class _Parcel:
    """The lines that one source delivers on one day: `fresh` ones on the day of their event, `stale` ones late or again."""

    times: list[Ints] = field(default_factory=list)
    fresh: list[bytes] = field(default_factory=list)
    stale: list[Line] = field(default_factory=list)


class Outbox:
    """Takes events in any order and writes each source's files day by day.

    Memory: the lines of days not yet written, since plans reach some days ahead.

    Args:
        folder: the landing.
        calendar: the days that the landing covers.
        rng: decides only about deliveries, so that these do not change what happens.
        future: the folder for deliveries after the landing's last day; None drops them.
    """

    def __init__(self, folder: Path, calendar: Calendar, rng: np.random.Generator, future: Path | None = None):
        self.planted = Planted()
        self._folder = folder
        self._future = future
        self._calendar = calendar
        self._rng = rng
        self._parcels: dict[int, dict[str, _Parcel]] = defaultdict(lambda: defaultdict(_Parcel))
        self._written_to = -1
        self._number = 0
        self._cut_day = calendar.days * 3 // 5

    def add(self, event: str, at: Ints, **columns: list[Any]) -> None:
        """Add events of one type: their instants, and a list for each field of `data` (None leaves the field out).

        Raises:
            ValueError: an instant lies on a day that has been written, or a column is too short.
        """
        if len(at) == 0:
            return
        days = np.asarray(self._calendar.days_of(at))
        if days.min() <= self._written_to:
            raise ValueError(f"{event} on day {days.min()}, but day {self._written_to} has been written")
        lines = self._lines(event, at, columns)
        source = event.split(".", 1)[0]
        for day in np.unique(days).tolist():
            within = np.flatnonzero(days == day)
            if day < self._calendar.days:
                self.planted.events[event] += len(within)
            chosen = lines if len(within) == len(lines) else [lines[k] for k in within.tolist()]
            self._dispatch(day, source, at[within], chosen)

    def _lines(self, event: str, at: Ints, columns: dict[str, list[Any]]) -> list[bytes]:
        source = event.split(".", 1)[0]
        merchants = columns.get("merchant_id")
        senders = [f"{source}/{merchant or 'app'}" for merchant in merchants] if merchants else [f"{source}/app"] * len(at)
        names = tuple(columns)
        first = self._number + 1
        self._number += len(at)
        return [
            _encode(
                {
                    "specversion": "1.0",
                    "id": f"e{number:08d}",
                    "source": sender,
                    "type": event,
                    "time": time,
                    "data": {name: value for name, value in zip(names, values, strict=True) if value is not None},
                }
            )
            for number, sender, time, values in zip(
                range(first, self._number + 1),
                senders,
                self._times(at),
                zip(*columns.values(), strict=True),
                strict=True,
            )
        ]

    def _times(self, at: Ints) -> list[str]:
        """Instants as RFC 3339, mostly in the business zone, some in UTC."""
        in_utc = self._rng.random(len(at)) < 0.05
        shown = np.datetime_as_string((at + np.where(in_utc, 0, ZONE_OFFSET)).astype("datetime64[ms]")).tolist()
        return [text + ("Z" if utc else "+08:00") for text, utc in zip(shown, in_utc.tolist(), strict=True)]

    def _dispatch(self, day: int, source: str, at: Ints, lines: list[bytes]) -> None:
        luck = self._rng.random(len(lines))
        if day == self._calendar.days - 1:  # there is no later day to be delivered on
            luck[:] = 1
        for k in np.flatnonzero(luck < LATE + REPEATED).tolist():
            is_late = bool(luck[k] < LATE)
            line = lines[k] if is_late else self._again(lines[k])
            self._parcels[self._later(day)][source].stale.append((line, None))
            if day < self._calendar.days:
                self.planted.late += is_late
                self.planted.repeated += not is_late
        on_time = luck >= LATE
        parcel = self._parcels[day][source]
        parcel.times.append(at[on_time])
        parcel.fresh += [line for line, keep in zip(lines, on_time.tolist(), strict=True) if keep]

    def _later(self, day: int) -> int:
        """A later day of delivery; not after the landing's last day for an event of the landing."""
        later = day + int(self._rng.integers(1, LATEST_DAYS + 1))
        return min(later, self._calendar.days - 1) if day < self._calendar.days else later

    def _again(self, line: bytes) -> bytes:
        """The same event delivered again: byte for byte, or with its keys in another order and some white space."""
        if self._rng.random() < 0.5:
            return line
        event = _decode(line)
        event["data"] = dict(reversed(event["data"].items()))
        return msgspec.json.format(_encode(dict(reversed(event.items()))), indent=0)

    def write(self, day: int) -> None:
        """Write all deliveries of a day. Days are written in order, and a written day takes no more events."""
        in_landing = day < self._calendar.days
        folder = self._folder if in_landing else self._future
        parcels = self._parcels.pop(day, {})
        self._written_to = day
        if folder is None:
            return
        for source in SOURCES:
            parcel = parcels.get(source) or _Parcel()
            order = np.argsort(np.concatenate([*parcel.times, _NO_TIMES]), kind="stable")
            fresh: list[Line] = [(parcel.fresh[k], None) for k in order.tolist()]
            if in_landing:
                self._add_garbage(day, source, fresh)
            name = f"{source}/dt={self._calendar.date(day).isoformat()}"
            number = 0
            for lines in (fresh, parcel.stale):
                for start in range(0, len(lines), LINES_PER_FILE):
                    self._write_file(folder, f"{name}/part-{number:04d}.jsonl", lines[start : start + LINES_PER_FILE])
                    number += 1
            if source == "group" and day == self._cut_day and len(fresh) > 1:
                self._write_cut(f"{name}/part-{number:04d}.jsonl.gz", [line for line, _ in fresh])

    def _add_garbage(self, day: int, source: str, lines: list[Line]) -> None:
        """On some days, mix in a line that must be refused, for each reason in turn, and a changed copy of an earlier line."""
        if not lines or day == 0:
            return
        if source == "shop" and day % 2 == 1:
            place = int(self._rng.integers(0, len(lines) + 1))
            lines.insert(place, spoiled(day // 2, self._calendar.date(day)))
        if source == "shop" and day % 9 == 4 and day + 2 < self._calendar.days:
            copied = next((line for line, reason in lines if reason is None and b'"shop.spend_recorded.v1"' in line), None)
            if copied is not None:
                changed = conflicting_copy(_decode(copied))
                self._parcels[day + 2][source].stale.append((changed, "conflicting_duplicate"))

    def _write_file(self, folder: Path, name: str, lines: list[Line]) -> None:
        name += str(self._rng.choice(_CODECS, p=_CODEC_SHARES))
        if folder is self._folder:
            self.planted.garbage += [
                {"reason": reason, "file": name, "line": number}
                for number, (_, reason) in enumerate(lines, 1)
                if reason is not None
            ]
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(compress(b"\n".join(line for line, _ in lines) + b"\n", path.suffix))

    def _write_cut(self, name: str, lines: list[bytes]) -> None:
        """Write an archive with lines that were delivered before, cut off in the middle: no event is lost."""
        whole = compress(b"\n".join(lines[:400]) + b"\n", ".gz")
        (self._folder / name).write_bytes(whole[: len(whole) * 7 // 10])
        self.planted.unreadable.append(name)


def compress(content: bytes, suffix: str) -> bytes:
    """The bytes of a file with this suffix, the same on every run: without time stamp and file name."""
    match suffix:
        case ".gz":
            return gzip.compress(content, compresslevel=5, mtime=0)
        case ".zst":
            return zstandard.ZstdCompressor(level=3).compress(content)
        case _:
            return content
