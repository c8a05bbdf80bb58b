"""One line, one verdict. The verdicts are worked out by hand from the event contract's rules."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from contract.events import Reason
from spark_jobs.ingest.classify import Classifier, Line, number, parse_time
from spark_jobs.ingest.columns import ColumnClassifier, Lines
from spark_jobs.ingest.files import landing_path

DELIVERED = date(2026, 3, 1)


def order(**data: Any) -> dict[str, Any]:
    """A good order; `data` replaces fields of its data, and `envelope` fields around them."""
    envelope: dict[str, Any] = data.pop("envelope", {})
    good = {"merchant_id": "m1", "order_id": "o1", "user_id": "u1", "amount": "129.00", "currency": "CNY"}
    event = {
        "specversion": "1.0",
        "id": "e1",
        "source": "shop/m1",
        "type": "shop.order_paid.v1",
        "time": "2026-03-01T12:00:00+08:00",
        "data": good | data,
    }
    return event | envelope


def other(type_: str, **data: Any) -> dict[str, Any]:
    return order(envelope={"type": type_, "data": data})


def classify(event: Any, source: str = "shop") -> Line:
    line = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    classifier = Classifier(source, "CNY", "Asia/Shanghai")
    return classifier.classify(line, classifier.latest_time(DELIVERED))


PRODUCT = {"merchant_id": "m1", "product_id": "p1", "list_price": "1"}
TEAM = {
    "merchant_id": "m1",
    "team_id": "t1",
    "leader_id": "u1",
    "product_id": "p1",
    "size_required": 2,
    "expires_at": "2031-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        pytest.param(b"x" * (1 << 20) + b"x", Reason.LINE_TOO_LONG, id="one byte over a megabyte, not JSON either"),
        pytest.param(order(pad="x" * (1 << 20)), Reason.LINE_TOO_LONG, id="good, but too long"),
        pytest.param(b"x" * (1 << 20), Reason.NOT_JSON, id="just a megabyte"),
        pytest.param(b"[%1048574d]" % 1, Reason.NOT_AN_OBJECT, id="just a megabyte, an array"),
        pytest.param(b"[%1048575d]" % 1, Reason.LINE_TOO_LONG, id="one byte over a megabyte, an array"),
        pytest.param(b"{", Reason.NOT_JSON, id="cut"),
        pytest.param(b'{"a": NaN}', Reason.NOT_JSON, id="NaN is no JSON"),
        pytest.param(json.dumps(order()).encode() + b"\xff", Reason.NOT_JSON, id="a byte too many"),
        pytest.param(json.dumps(order()).encode().replace(b"u1", b"\xff\xfe"), Reason.NOT_JSON, id="not UTF-8"),
        pytest.param([1], Reason.NOT_AN_OBJECT, id="array"),
        pytest.param("text", Reason.NOT_AN_OBJECT, id="string"),
        pytest.param(None, Reason.NOT_AN_OBJECT, id="null"),
        pytest.param({}, Reason.NOT_CLOUDEVENTS, id="empty object"),
        pytest.param(order(envelope={"specversion": "0.3"}), Reason.NOT_CLOUDEVENTS, id="old version"),
        pytest.param(order(envelope={"specversion": 1.0}), Reason.NOT_CLOUDEVENTS, id="version as number"),
        pytest.param(order(envelope={"id": 7}), Reason.NOT_CLOUDEVENTS, id="id as number"),
        pytest.param(order(envelope={"source": ""}), Reason.NOT_CLOUDEVENTS, id="empty source"),
        pytest.param(order(envelope={"time": None}), Reason.NOT_CLOUDEVENTS, id="null time"),
        pytest.param(order(envelope={"data": [1]}), Reason.NOT_CLOUDEVENTS, id="data is no object"),
        pytest.param(order(envelope={"type": "shop.order_paid.v2"}), Reason.UNKNOWN_TYPE, id="next version"),
        pytest.param(other("group.team_opened.v1", **TEAM), Reason.UNKNOWN_TYPE, id="another source's type"),
        pytest.param(order(user_id=None), Reason.MISSING_FIELD, id="null"),
        pytest.param(order(user_id=""), Reason.MISSING_FIELD, id="empty string"),
        pytest.param(other("shop.share_opened.v1", merchant_id="m1", user_id="u1"), Reason.MISSING_FIELD, id="left out"),
        pytest.param(order(lines=[{"product_id": "p", "quantity": 1}]), Reason.MISSING_FIELD, id="missing in a line"),
        pytest.param(order(user_id=7), Reason.WRONG_TYPE, id="identifier as number"),
        pytest.param(order(amount="twelve"), Reason.WRONG_TYPE, id="amount in words"),
        pytest.param(order(amount="NaN"), Reason.WRONG_TYPE, id="amount is no number"),
        pytest.param(order(amount=True), Reason.WRONG_TYPE, id="amount is true"),
        pytest.param(order(amount={}), Reason.WRONG_TYPE, id="amount is an object"),
        pytest.param(order(lines={}), Reason.WRONG_TYPE, id="lines are no array"),
        pytest.param(order(lines=["p"]), Reason.WRONG_TYPE, id="a line is no object"),
        pytest.param(order(recipient_is_self="yes"), Reason.WRONG_TYPE, id="boolean as word"),
        pytest.param(other("shop.user_registered.v1", user_id="u", city_tier=1.5), Reason.WRONG_TYPE, id="half a tier"),
        pytest.param(other("shop.user_registered.v1", user_id="u", city_tier=True), Reason.WRONG_TYPE, id="tier is true"),
        pytest.param(other("shop.merchant_active.v1", merchant_id="m", action="sleep"), Reason.BAD_ENUM, id="enum"),
        pytest.param(other("shop.merchant_active.v1", merchant_id="m", action=3), Reason.WRONG_TYPE, id="enum as number"),
        pytest.param(order(envelope={"time": "2026-03-01T12:00:00"}), Reason.BAD_TIME, id="no offset"),
        pytest.param(order(envelope={"time": "2026-03-01 12:00:00Z"}), Reason.BAD_TIME, id="no T"),
        pytest.param(order(envelope={"time": "2026-02-29T12:00:00Z"}), Reason.BAD_TIME, id="no such day"),
        pytest.param(order(envelope={"time": "2026-03-01T24:00:00Z"}), Reason.BAD_TIME, id="hour 24"),
        pytest.param(order(envelope={"time": "2026-03-01T12:00:00+08:60"}), Reason.BAD_TIME, id="offset of 60 minutes"),
        pytest.param(order(envelope={"time": "2026-03-01T12:30:60Z"}), Reason.BAD_TIME, id="leap second at noon"),
        pytest.param(order(envelope={"time": "0000-03-01T12:00:00Z"}), Reason.BAD_TIME, id="no year"),
        pytest.param(order(envelope={"time": "1999-12-31T23:59:59.999999Z"}), Reason.PAST_TIME, id="before 2000"),
        pytest.param(order(envelope={"time": "2000-01-01T07:59:59+08:00"}), Reason.PAST_TIME, id="before 2000 in UTC"),
        pytest.param(order(envelope={"time": "0001-01-01T00:00:00Z"}), Reason.PAST_TIME, id="first year"),
        pytest.param(
            other("shop.merchant_active.v1", merchant_id="all", action="login"), Reason.RESERVED_ID, id="merchant all"
        ),
        pytest.param(
            other("shop.spend_recorded.v1", merchant_id="all", channel="c", amount=1), Reason.RESERVED_ID, id="optional"
        ),
        # dt 2026-03-01 ends in Shanghai at 2026-03-01T16:00Z, a day later is 2026-03-02T16:00Z
        pytest.param(order(envelope={"time": "2026-03-02T16:00:00.000001Z"}), Reason.FUTURE_TIME, id="a day and a blink"),
        pytest.param(order(amount="-0.01"), Reason.OUT_OF_RANGE, id="negative"),
        pytest.param(order(amount="1.005"), Reason.OUT_OF_RANGE, id="three decimals"),
        pytest.param(order(amount="1." + "0" * 40 + "1"), Reason.OUT_OF_RANGE, id="decimals beyond 28 digits"),
        pytest.param(order(amount=10**10), Reason.OUT_OF_RANGE, id="ten thousand million"),
        pytest.param(order(amount="10000000000.00"), Reason.OUT_OF_RANGE, id="ten thousand million as text"),
        pytest.param(
            order(lines=[{"product_id": "p", "quantity": 1, "unit_price": 1e10}]), Reason.OUT_OF_RANGE, id="in a line"
        ),
        pytest.param(order(amount="1e999999999"), Reason.OUT_OF_RANGE, id="astronomical"),
        pytest.param(
            order(lines=[{"product_id": "p", "quantity": 0, "unit_price": 1}]), Reason.OUT_OF_RANGE, id="nothing bought"
        ),
        pytest.param(other("shop.user_registered.v1", user_id="u", birth_year=1899), Reason.OUT_OF_RANGE, id="too old"),
        pytest.param(other("shop.user_registered.v1", user_id="u", city_tier=6), Reason.OUT_OF_RANGE, id="tier 6"),
        pytest.param(other("shop.product_listed.v1", **PRODUCT, cost=-1), Reason.OUT_OF_RANGE, id="optional price"),
        pytest.param(order(currency="USD"), Reason.UNSUPPORTED_CURRENCY, id="dollars"),
        pytest.param(order(currency="cny"), Reason.UNSUPPORTED_CURRENCY, id="lower case"),
        # several faults: the first of the closed list
        pytest.param(order(currency="USD", amount="-1", user_id=None), Reason.MISSING_FIELD, id="missing before range"),
        pytest.param(order(merchant_id="all", envelope={"time": "now"}), Reason.RESERVED_ID, id="id before time"),
        pytest.param(other("shop.merchant_active.v1", merchant_id="all", action="x"), Reason.BAD_ENUM, id="enum before id"),
        pytest.param(order(amount="-1", envelope={"time": "1970-01-01T00:00:00Z"}), Reason.PAST_TIME, id="past before range"),
        pytest.param(order(currency=5, amount="-1"), Reason.WRONG_TYPE, id="type before range, whatever the field order"),
        pytest.param(order(amount="-1", envelope={"time": "2031-01-01T00:00:00Z"}), Reason.FUTURE_TIME, id="envelope last"),
        pytest.param(order(amount="-1", currency="USD"), Reason.OUT_OF_RANGE, id="range before currency"),
    ],
)
def test_faulty_lines_get_the_first_reason(event: Any, reason: Reason) -> None:
    if isinstance(event, dict) and reason is Reason.FUTURE_TIME and event["data"]["amount"] == "-1":
        event = event | {"data": order(amount="-1")["data"]}
    assert classify(event).reason is reason


@pytest.mark.parametrize(
    ("amount", "cents"),
    [
        ("129.00", 12900),
        (129.0, 12900),
        (129, 12900),
        ("12.340", 1234),
        (0.1, 10),
        ("0", 0),
        (b"1.29e2", 12900),
        ("1e2", 10000),
        (9999999999.99, 999999999999),
        ("9999999999.99", 999999999999),
    ],
)
def test_amounts_are_read_by_value(amount: Any, cents: int) -> None:
    line = json.dumps(order(amount="AMOUNT")).encode()
    literal = amount if isinstance(amount, bytes) else json.dumps(amount).encode()
    found = classify(line.replace(b'"AMOUNT"', literal))
    assert found.reason is None
    assert found.values is not None
    assert found.values[3] == cents


@pytest.mark.parametrize("size", [b"2", b"2.0", b"2.00", b"0.2e1"])
def test_whole_numbers_are_read_by_value(size: bytes) -> None:
    line = json.dumps(other("group.team_opened.v1", **(TEAM | {"size_required": 777}))).encode().replace(b"777", size)
    found = classify(line, source="group")
    assert found.reason is None
    assert found.values is not None
    assert found.values[4] == 2


@pytest.mark.parametrize(
    ("timezone", "delivered", "at"),
    [
        ("Asia/Shanghai", date(2026, 3, 20), datetime(2026, 3, 21, 16, tzinfo=UTC)),
        ("America/Havana", date(2026, 10, 30), datetime(2026, 11, 1, 4, tzinfo=UTC)),  # the first of two midnights
        ("America/St_Johns", date(2010, 11, 5), datetime(2010, 11, 7, 3, 30, tzinfo=UTC)),  # the second: Saturday comes back
    ],
)
def test_the_future_begins_a_day_after_the_end_of_the_delivery_day(timezone: str, delivered: date, at: datetime) -> None:
    latest = Classifier("shop", "CNY", timezone).latest_time(delivered)
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=latest) == at


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-01T12:00:00+08:00", datetime(2026, 3, 1, 4, tzinfo=UTC)),
        ("2026-03-01t12:00:00z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00.1234567-00:30", datetime(2026, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2017-01-01T07:59:60+08:00", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_times_are_instants(text: str, at: datetime) -> None:
    assert parse_time(text) == int(at.timestamp()) * 1_000_000 + at.microsecond


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0001-01-01T00:00:00Z", -62_135_596_800),
        ("0001-01-01T00:00:00+08:00", -62_135_596_800 - 8 * 3600),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
        ("9999-12-31T23:59:59-08:00", 253_402_300_799 + 8 * 3600),
    ],
)
def test_times_reach_over_all_years_that_can_be_written(text: str, seconds: int) -> None:
    assert parse_time(text) == seconds * 1_000_000
    found = classify(other("group.team_opened.v1", **(TEAM | {"expires_at": text})), source="group")
    assert found.reason is None
    assert found.values is not None
    assert found.values[5] == seconds * 1_000_000


@pytest.mark.parametrize("merchant", ["ALL", "all ", "al", "all-1"])
def test_only_the_very_name_of_the_totals_is_reserved(merchant: str) -> None:
    assert classify(order(merchant_id=merchant)).reason is None
    assert classify(order(user_id="all")).reason is None


def test_the_last_days_that_a_folder_can_name_have_no_future() -> None:
    assert Classifier("shop", "CNY", "Asia/Shanghai").latest_time(date(9999, 12, 31)) > parse_time("9999-12-31T23:59:59-08:00")


def test_the_last_instant_of_the_day_after_the_delivery_is_not_in_the_future() -> None:
    assert classify(order(envelope={"time": "2026-03-02T16:00:00Z"})).reason is None


def test_the_first_instant_of_2000_is_not_in_the_past() -> None:
    assert classify(order(envelope={"time": "2000-01-01T00:00:00Z"})).reason is None


def test_keys_and_contents_are_told_by_16_bytes() -> None:
    found = classify(order())
    assert found.key is not None
    assert found.content_hash is not None
    assert (len(found.key), len(found.content_hash)) == (16, 16)


def test_optional_fields_may_be_null_or_empty_and_unknown_ones_are_kept() -> None:
    found = classify(order(region="", via_share_id=None, loyalty={"tier": "gold"}, envelope={"traceparent": "00-1"}))
    assert found.reason is None
    assert found.values is not None
    assert found.values[6:8] == [None, None]
    assert found.extra is not None
    assert json.loads(found.extra) == {"loyalty": {"tier": "gold"}}
    assert found.extensions is not None
    assert json.loads(found.extensions) == {"traceparent": "00-1"}


def test_unknown_fields_of_an_order_line_are_kept() -> None:
    lines = [{"product_id": "p", "quantity": 2.0, "unit_price": "3.50", "size": "XL"}]
    found = classify(order(lines=lines))
    assert found.extra is not None
    assert json.loads(found.extra) == {"lines": [{**lines[0], "quantity": 2}]}


def test_content_hash_ignores_only_how_it_is_written() -> None:
    one = b'{"specversion":"1.0","id":"e1","source":"s","type":"shop.share_opened.v1","time":"2026-03-01T12:00:00Z","data":'
    base = classify(one + b'{"merchant_id":"m","share_id":"s","user_id":"u","n":10.50,"a":"\xc3\xa9"}}').content_hash
    assert base is not None
    assert classify(one + b'{ "a":"\\u00e9", "user_id":"u","share_id":"s","merchant_id":"m","n":105e-1}}').content_hash == base
    assert classify(one + b'{"merchant_id":"m","share_id":"s","user_id":"u","n":"10.5","a":"\xc3\xa9"}}').content_hash != base
    assert classify(one + b'{"merchant_id":"m","share_id":"s","user_id":"u","n":10.51,"a":"\xc3\xa9"}}').content_hash != base


@pytest.mark.parametrize(
    ("change", "is_same"),
    [
        ({"time": "2026-03-01T04:00:00Z"}, True),
        ({"time": "2026-03-01T12:00:00.000000000+08:00"}, True),
        ({"time": "2026-03-01T12:00:00.0000001+08:00"}, False),
        ({"time": "2026-03-01T12:00:00-08:00"}, False),
        ({"traceparent": "00-0af7-01", "time": "2026-03-01T12:00:00+08:00"}, True),
        ({"arrived": 5, "subject": "x", "dataschema": "https://example.org"}, True),
        ({"type": "shop.order_refunded.v1"}, False),
    ],
)
def test_copies_say_the_same_in_type_instant_and_data(change: dict[str, Any], is_same: bool) -> None:
    base, copy = classify(order(refund_id="r1")), classify(order(refund_id="r1", envelope=change))
    assert base.content_hash is not None
    assert copy.content_hash is not None
    assert (base.content_hash == copy.content_hash) is is_same


def test_keys_do_not_run_together() -> None:
    assert (
        classify(order(envelope={"source": "ab", "id": "c"})).key != classify(order(envelope={"source": "a", "id": "bc"})).key
    )


def test_a_line_may_have_just_a_megabyte() -> None:
    """By itself, and among the columns of a block."""
    room = (1 << 20) - len(json.dumps(order(pad="")))
    just, over = (json.dumps(order(pad="x" * (room + more))).encode() for more in (0, 1))
    assert (len(just), len(over)) == (1_048_576, 1_048_577)
    assert [classify(line).reason for line in (just, over)] == [None, Reason.LINE_TOO_LONG]
    file = landing_path("shop/dt=2026-03-01/a.jsonl")
    assert file is not None
    block = Lines()
    block.add(file, (np.arange(1, 3), [just, over]))
    rows = [row for found in ColumnClassifier("shop", "CNY", "Asia/Shanghai").classified(block) for row in found.to_pylist()]
    assert {row["line"]: row.get("reason") for row in rows} == {1: None, 2: "line_too_long"}


@pytest.mark.parametrize(("seats", "reason"), [(2**63 - 1, None), (2**63, Reason.OUT_OF_RANGE)])
def test_a_number_without_a_range_of_its_own_is_one_of_64_bits(seats: int, reason: Reason | None) -> None:
    assert classify(other("group.team_opened.v1", **(TEAM | {"size_required": seats})), source="group").reason is reason


def test_numbers_of_up_to_forty_digits_are_written_out() -> None:
    """So that copies say the same however their numbers are written; longer ones could fill the memory."""
    assert number("1e39") == 10**39
    assert type(number("1e39")) is int
    assert type(number("1e40")) is not int


def test_persons_are_found_in_lines_of_any_fate() -> None:
    broken = order(amount="x", owner_id="u2")
    assert classify(broken).persons == ["u1", "u2"]
    assert classify(order(envelope={"type": "nonsense"})).persons == ["u1"]
    assert classify(order(user_id=5)).persons is None
    assert classify(order(pad="x" * (1 << 20))).persons == ["u1"]
