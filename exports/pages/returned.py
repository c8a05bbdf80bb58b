"""What a sheet may say when it comes back: the workbook says so while it is filled in, and the rest is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from contract.events import EVENT_TYPES, EventType

CALL = EVENT_TYPES["shop.success_call.v1"]
LEAD_CALL = EVENT_TYPES["shop.outreach_made.v1"]
OPTED_OUT = "opted_out"  # a result that sheets of leads have: refused, and wants to hear no more


def _results(event_type: EventType) -> tuple[str, ...]:
    return next(field.values for field in event_type.fields if field.name == "result")


# By the section of their words, what may stand in the column of results.
RESULTS: Mapping[str, tuple[str, ...]] = {"result": _results(CALL), "lead_result": (*_results(LEAD_CALL), OPTED_OUT)}
LONGEST_NOTE = 500  # characters
_DAYS_BEFORE = 60  # the day of the list: a call that old has nothing to do with it
_DAYS_AHEAD = 366  # of a next call


def result_word(event: Mapping[str, Any]) -> str:
    """The name of the word for the result of a call that was told."""
    data = event["data"]
    if event["type"] == LEAD_CALL.name:
        return f"lead_result.{OPTED_OUT if data.get('is_opt_out') else data['result']}"
    return f"result.{data['result']}"


def earliest_call(listed_on: date) -> date:
    return listed_on - timedelta(days=_DAYS_BEFORE)


def latest_next_call(called_on: date) -> date:
    return called_on + timedelta(days=_DAYS_AHEAD)
