"""Calls that rows of returned sheets tell of, and the lines of a delivery that they become."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from contract.business_days import day_start
from contract.events import EventType
from exports.pages.returned import CALL, LEAD_CALL, OPTED_OUT


@dataclass(frozen=True)
class Call:
    """A call to a merchant.

    Attributes:
        listed_on: the day of the list that named the merchant, None if it was called without.
        step: that the list suggested, as far as the row says.
    """

    place: str
    manager: str
    merchant_id: str
    listed_on: date | None
    step: str | None
    called_on: date
    result: str
    next_on: date | None
    note: str | None

    @property
    def id(self) -> str:
        """The same for every sheet that tells of this call, whatever else it says of it."""
        return _id("success-call", self.manager, self.merchant_id, self.called_on, self.listed_on)

    @property
    def said(self) -> tuple[Any, ...]:
        """What a sheet says of the call."""
        return self.result, self.step, self.next_on, self.note

    def event(self, zone: ZoneInfo) -> dict[str, Any]:
        """The line of a delivery."""
        data = {
            "merchant_id": self.merchant_id,
            "manager": self.manager,
            "result": self.result,
            "listed_on": None if self.listed_on is None else _start(self.listed_on, zone),
            "step": self.step,
            "next_on": None if self.next_on is None else _start(self.next_on, zone),
            "note": self.note,
        }
        return _line(CALL, self.id, _start(self.called_on, zone), data)


@dataclass(frozen=True)
class LeadCall:
    """A call to a lead of a merchant."""

    place: str
    merchant_id: str
    user_id: str
    called_on: date
    result: str

    @property
    def id(self) -> str:
        """The same for every sheet that tells of this call, whatever else it says of it: one a day."""
        return _id("lead-call", self.merchant_id, self.user_id, self.called_on)

    @property
    def said(self) -> tuple[Any, ...]:
        """What a sheet says of the call."""
        return (self.result,)

    def event(self, zone: ZoneInfo) -> dict[str, Any]:
        """The line of a delivery. Who opted out has refused."""
        opted_out = self.result == OPTED_OUT
        data = {
            "merchant_id": self.merchant_id,
            "user_id": self.user_id,
            "kind": "call",
            "result": "refused" if opted_out else self.result,
            "is_opt_out": opted_out or None,
        }
        return _line(LEAD_CALL, self.id, _start(self.called_on, zone), data)


def _id(kind: str, *parts: date | str | None) -> str:
    named = json.dumps([None if part is None else str(part) for part in parts])
    return f"{kind}-{hashlib.sha256(named.encode()).hexdigest()[:32]}"


def _start(day: date, zone: ZoneInfo) -> str:
    """A sheet knows the day of a call, so its time is the start of that day."""
    return datetime.strftime(day_start(day, zone).astimezone(UTC), "%Y-%m-%dT%H:%M:%SZ")


def _line(event_type: EventType, identifier: str, time: str, data: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in data.items() if value is not None}
    line = {"specversion": "1.0", "id": identifier, "source": "fanout/returns", "type": event_type.name, "time": time}
    return line | {"data": told}
