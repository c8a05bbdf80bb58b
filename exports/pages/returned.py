"""What a sheet may say when it comes back: the workbook says so while it is filled in, and the rest is refused."""

from __future__ import annotations

from datetime import date, timedelta

from contract.events import EVENT_TYPES

CALL = EVENT_TYPES["shop.success_call.v1"]
RESULTS = next(field.values for field in CALL.fields if field.name == "result")
LONGEST_NOTE = 500  # characters
_DAYS_BEFORE = 60  # the day of the list: a call that old has nothing to do with it
_DAYS_AHEAD = 366  # of a next call


def earliest_call(listed_on: date) -> date:
    return listed_on - timedelta(days=_DAYS_BEFORE)


def latest_next_call(called_on: date) -> date:
    return called_on + timedelta(days=_DAYS_AHEAD)
