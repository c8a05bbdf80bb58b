"""Reads a landing with the ingest's own eyes, and counts by brute force what the truth claims."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from contract.events import ERASURE_REQUEST, PERSON_FIELDS, SOURCES
from spark_jobs.ingest.classify import Classifier
from spark_jobs.ingest.files import UnreadableFile, landing_path, read_blocks

ZONE = ZoneInfo("Asia/Shanghai")


@dataclass
class Event:
    """The accepted copy of an event."""

    id: str
    at: datetime
    data: dict[str, Any]
    dt: date

    @property
    def day(self) -> date:
        return self.at.date()


@dataclass
class Landing:
    """What the ingest would make of a landing, and its truth. `events` hold nobody who asked to be forgotten."""

    truth: dict[str, Any]
    events: dict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    counts: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: list[tuple[str, str, int]] = field(default_factory=list)  # reason, file, line
    unreadable: list[str] = field(default_factory=list)
    copies: list[tuple[date, date]] = field(default_factory=list)  # days of delivery of the original and of its copy
    names: set[str] = field(default_factory=set)
    suffixes: set[str] = field(default_factory=set)

    def of(self, short_name: str) -> list[Event]:
        """The events of a type, `order_paid` for `shop.order_paid.v1`, in the order of time."""
        (found,) = [events for name, events in self.events.items() if name.split(".")[1] == short_name]
        return sorted(found, key=lambda event: (event.at, event.id))


def read_landing(folder: Path, truth: dict[str, Any]) -> Landing:
    landing = Landing(truth)
    forgotten = set(truth["erasable_users"])
    seen: dict[bytes, tuple[bytes, date]] = {}
    names = sorted(path.relative_to(folder).as_posix() for source in SOURCES for path in (folder / source).rglob("*.*"))
    classifiers = {source: Classifier(source, "CNY", "Asia/Shanghai") for source in SOURCES}
    files = [file for file in map(landing_path, names) if file is not None]
    assert len(files) == len(names) > 0, "every file of the source folders has a landing name"
    for file in sorted(files, key=lambda file: (file.dt, file.name)):
        landing.suffixes.add(file.codec)
        classifier, latest = classifiers[file.source], classifiers[file.source].latest_time(file.dt)
        try:
            blocks = list(read_blocks(folder / file.name, file.codec))
        except UnreadableFile:
            landing.unreadable.append(file.name)
            continue
        for number, line in (line for numbers, lines in blocks for line in zip(numbers.tolist(), lines, strict=True)):
            found = classifier.classify(line, latest)
            if found.reason is not None:
                landing.refused.append((found.reason.value, file.name, number))
                continue
            assert found.key is not None
            assert found.content_hash is not None
            assert found.type is not None
            if found.key in seen:
                original, dt = seen[found.key]
                if original == found.content_hash:
                    landing.copies.append((dt, file.dt))
                else:
                    landing.refused.append(("conflicting_duplicate", file.name, number))
                continue
            seen[found.key] = found.content_hash, file.dt
            landing.counts[found.type] += 1
            event = json.loads(line)
            landing.names.update(event["data"])
            if found.type == ERASURE_REQUEST or not forgotten & {event["data"].get(name) for name in PERSON_FIELDS}:
                at = datetime.fromisoformat(event["time"]).astimezone(ZONE)
                landing.events[found.type].append(Event(event["id"], at, event["data"], file.dt))
    return landing


def team_outcomes(landing: Landing, end: datetime) -> dict[str, dict[str, int]]:
    """By region what became of its teams by `end`, by SPEC's rule: formed by an event or by the people present."""
    registered: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for event in landing.of("user_registered"):
        registered[event.data["user_id"]].append((event.at, event.data.get("region", "unknown")))
    moves: dict[str, list[tuple[datetime, str, str]]] = defaultdict(list)
    for name in ("team_joined", "team_left"):
        for event in landing.of(name):
            moves[event.data["team_id"]].append((event.at, name, event.data["user_id"]))
    formed: dict[str, tuple[datetime, int]] = {}
    for event in landing.of("team_formed"):
        formed.setdefault(event.data["team_id"], (event.at, event.data.get("auto_filled", 0)))
    outcomes: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in landing.of("team_opened"):
        team = event.data
        known = [region for at, region in registered[team["leader_id"]] if at <= event.at]
        region = team.get("region") or known[-1]
        expires = datetime.fromisoformat(team["expires_at"])
        present, fills = {team["leader_id"]}, None
        for at, name, user in sorted(moves[team["team_id"]]):
            if at >= expires or at >= end:
                break
            (present.add if name == "team_joined" else present.discard)(user)
            if len(present) >= team["size_required"]:
                fills = at
                break
        outcome = outcomes[region]
        outcome["opened"] += 1
        declared = formed.get(team["team_id"])
        if declared is not None and declared[0] < end:
            outcome["formed_auto_filled" if declared[1] else "formed_organic"] += 1
        elif fills is not None:
            outcome["formed_organic"] += 1
        elif expires < end:
            outcome["failed"] += 1
    return outcomes


def depths(landing: Landing) -> list[int]:
    """How many shares stand at each depth of their trees."""
    shares = [event.data for event in landing.of("share_created")]
    parents = {(share["merchant_id"], share["share_id"]): share.get("parent_share_id") for share in shares}
    counts: dict[int, int] = defaultdict(int)
    for merchant, share in parents:
        depth, parent = 0, parents[merchant, share]
        while parent is not None:
            depth, parent = depth + 1, parents[merchant, parent]
        counts[depth] += 1
    return [counts[depth] for depth in range(max(counts) + 1)]
