"""The fate of every line of a landing, worked out slowly from the rules: a second way, without Spark, hashes or history.

The landings are made here too: each line is written together with the reason that it alone is refused for, if any.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PERSONS = ("user_id", "leader_id", "owner_id", "inviter_id", "beneficiary_id", "host_id")


@dataclass(frozen=True)
class Written:
    """A line and what is wrong with it by itself."""

    text: str
    reason: str | None = None


Landing = Mapping[str, list[Written]]


def fates(landing: Landing) -> dict[tuple[str, int], tuple[str, str | None]]:
    """(file, line) → (fate, reason), when all files have come."""
    found: dict[tuple[str, int], tuple[str, str | None]] = {}
    places = [
        (name.split("/")[1], name, number, line) for name, lines in landing.items() for number, line in enumerate(lines, 1)
    ]
    places = sorted((place for place in places if place[3].text.strip()), key=lambda place: place[:3])
    events = {place[1:3]: _event(place[3].text) for place in places}
    gone: set[str] = set()
    while True:  # requests are accepted first, so one pass finds them all; the loop shows that nothing moves after it
        found.clear()
        winners: dict[tuple[str, str], Any] = {}
        for _, name, number, line in places:
            event = events[name, number]
            is_request = line.reason is None and event["type"] == "shop.erasure_requested.v1"
            if not is_request and _persons(event) & gone:
                found[name, number] = ("erased", None)
            elif line.reason is not None:
                found[name, number] = ("quarantined", line.reason)
            else:
                winner = winners.setdefault((event["source"], event["id"]), event)
                if winner is event:
                    found[name, number] = ("accepted", None)
                elif winner == event:
                    found[name, number] = ("duplicate", None)
                else:
                    found[name, number] = ("quarantined", "conflicting_duplicate")
        asked = {
            events[place]["data"]["user_id"]
            for place, (fate, _) in found.items()
            if fate == "accepted" and events[place]["type"] == "shop.erasure_requested.v1"
        }
        if asked == gone:
            return found
        gone = asked


def _event(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _persons(event: Any) -> set[str]:
    data = event.get("data") if isinstance(event, dict) else None
    return {data[name] for name in PERSONS if isinstance(data.get(name), str)} if isinstance(data, dict) else set()


def write(landing: Landing, root: Path) -> None:
    for name, lines in landing.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line.text}\n" for line in lines))


def random_landing(seed: int, files: int = 6, lines: int = 40) -> dict[str, list[Written]]:
    """Shop deliveries full of copies, conflicts, faults and people who want to be forgotten."""
    chance = random.Random(seed)
    days = [f"2026-03-0{1 + number // 2}" for number in range(files)]
    names = [f"shop/dt={day}/part-{number}.jsonl" for number, day in enumerate(days)]
    sent: list[Written] = []
    landing: dict[str, list[Written]] = {name: [] for name in names}
    for name in names:
        for _ in range(lines):
            kind = chance.random()
            if kind < 0.25 and sent:
                landing[name].append(_copied(chance, chance.choice(sent)))
            elif kind < 0.30:
                landing[name].append(Written(chance.choice(["", "  ", "{", "[]"]), None))
                text = landing[name][-1].text
                landing[name][-1] = Written(text, {"{": "not_json", "[]": "not_an_object"}.get(text))
            else:
                landing[name].append(_fresh(chance, len(sent)))
                sent.append(landing[name][-1])
    return landing


def _fresh(chance: random.Random, number: int) -> Written:
    user = f"u{chance.randrange(30)}"
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "shop/m1",
        "type": "shop.share_opened.v1",
        "time": "2026-02-28T12:00:00Z",
        "data": {"merchant_id": "m1", "share_id": f"s{chance.randrange(9)}", "user_id": user},
    }
    kind = chance.random()
    if kind < 0.04:
        event |= {"type": "shop.erasure_requested.v1", "data": {"user_id": user}}
    elif kind < 0.2:
        event |= {"type": "shop.invite_accepted.v1"}
        event["data"] = {"merchant_id": "m1", "inviter_id": f"u{chance.randrange(30)}", "user_id": user}
    elif kind < 0.3:
        event["data"].pop("share_id")
        return Written(json.dumps(event), "missing_field")
    return Written(json.dumps(event))


def _copied(chance: random.Random, line: Written) -> Written:
    """The same event again: as it was, written otherwise, or saying something else."""
    event = json.loads(line.text)
    kind = chance.random()
    if kind < 0.4:
        return line
    if kind < 0.7:
        return Written(json.dumps(dict(reversed(event.items())), indent=None, separators=(",", ":")), line.reason)
    event["data"]["note"] = chance.randrange(3)
    if kind > 0.85:
        event["data"]["user_id"] = f"u{chance.randrange(30)}"
    return Written(json.dumps(event), line.reason)
