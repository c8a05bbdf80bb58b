"""Lines that the ingest must refuse, one or more for each reason that a single line can have."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import msgspec

Event = dict[str, Any]
_encode = msgspec.json.encode


def specimen(number: int, today: date) -> Event:
    """A well-formed order, to be spoiled; it names nobody of the platform."""
    return {
        "specversion": "1.0",
        "id": f"x{number:06d}",
        "source": "shop/import",
        "type": "shop.order_paid.v1",
        "time": f"{today.isoformat()}T10:00:00+08:00",
        "data": {
            "merchant_id": "m-import",
            "order_id": f"x-{number}",
            "user_id": "u-import",
            "amount": "88.00",
            "currency": "CNY",
        },
    }


def conflicting_copy(event: Event) -> bytes:
    """The event with another amount under the same source and id."""
    return _encode(event | {"data": event["data"] | {"amount": "0.01"}})


def _with(event: Event, **changes: Any) -> bytes:
    return _encode(event | changes)


def _with_data(event: Event, **changes: Any) -> bytes:
    data = {name: value for name, value in (event["data"] | changes).items() if value is not ...}
    return _encode(event | {"data": data})


def _in_three_days(event: Event) -> str:
    day, clock = event["time"].split("T")
    return f"{date.fromisoformat(day) + timedelta(days=3)}T{clock}"


# By the reason's name in the contract; numbers after a slash distinguish variants.
_VARIANTS: dict[str, Callable[[Event], bytes]] = {
    "not_json/1": lambda event: _encode(event)[:-20],
    "not_json/2": lambda event: _encode(event).replace(b"m-import", b"\xff\xfe"),
    "not_an_object": lambda event: _encode([event]),
    "not_cloudevents/1": lambda event: _with(event, specversion="0.3"),
    "not_cloudevents/2": lambda event: _with(event, id=""),
    "unknown_type/1": lambda event: _with(event, type="shop.order_teleported.v1"),
    "unknown_type/2": lambda event: _with(event, type="group.chat_dissolved.v1", data={"group_id": "g-import"}),
    "missing_field/1": lambda event: _with_data(event, order_id=...),
    "missing_field/2": lambda event: _with_data(event, user_id=""),
    "wrong_type/1": lambda event: _with_data(event, order_id=17),
    "wrong_type/2": lambda event: _with_data(event, amount="八十八元"),
    "bad_enum": lambda event: _with(event, type="shop.merchant_active.v1", data={"merchant_id": "m-import", "action": "slept"}),
    "bad_time/1": lambda event: _with(event, time=event["time"][:19]),
    "bad_time/2": lambda event: _with(event, time=event["time"].replace("-", "/")),
    "reserved_id": lambda event: _with_data(event, merchant_id="all"),
    "past_time": lambda event: _with(event, time="1970-01-01T08:00:00+08:00"),
    "future_time": lambda event: _with(event, time=_in_three_days(event)),
    "out_of_range/1": lambda event: _with_data(event, amount="-88.00"),
    "out_of_range/2": lambda event: _with_data(event, amount="88.005"),
    "out_of_range/3": lambda event: _with_data(event, lines=[{"product_id": "p-1", "quantity": 0, "unit_price": "88.00"}]),
    "unsupported_currency": lambda event: _with_data(event, currency="USD"),
    "line_too_long": lambda event: _with_data(event, note="长" * 400_000),
}


def spoiled(number: int, today: date) -> tuple[bytes, str]:
    """The garbage of one day, cycling through the variants: a line, and the reason why it must be refused."""
    name = list(_VARIANTS)[number % len(_VARIANTS)]
    return _VARIANTS[name](specimen(number, today)), name.split("/")[0]
