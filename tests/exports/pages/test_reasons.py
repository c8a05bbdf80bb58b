"""Every reason in words."""

from __future__ import annotations

import math
import re
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest

from exports.pages.reasons import TOPICS, reasons
from exports.pages.words import Words
from spark_jobs.merchant_churn.features import FEATURES, sentence
from spark_jobs.merchant_churn.features import TOPICS as MODEL_TOPICS

SAID = [
    reason
    for _, say in MODEL_TOPICS.values()
    for silence in (1.0, 3.0, 45.0, 236.0, math.nan)
    for gap in (1.0, 3.0, 60.0)
    for now in (0.0, 5.0, 9_445.0)
    if (
        reason := say(
            {name: 9_445.0 if "_prev_" in name else now for name in FEATURES}
            | {"days_since_order": silence, "days_since_login": silence, "order_gap": gap, "login_gap": gap}
        )
    )
]


def _row(**values: Any) -> dict[str, Any]:
    """A merchant that no rule puts on the list."""
    return {
        "reasons": [],
        "has_left": False,
        "has_not_sold": False,
        "is_churn_flagged": False,
        "has_fallen": False,
        "churn_probability": 0.617,
        "days_since_start": 12,
        "days_since_last_order": 0,
        "days_since_last_login": 0,
        "revenue_28d": Decimal(5),
        "revenue_prev_28d": Decimal(5),
        **values,
    }


def _model(topic: str, **values: Any) -> dict[str, Any]:
    return dict.fromkeys(("days", "gap", "now", "before")) | {"topic": topic, **values}


def test_every_reason_of_the_model_is_told_in_every_language() -> None:
    assert {reason.topic for reason in SAID} == MODEL_TOPICS.keys()
    assert len({sentence(reason) for reason in SAID}) > 20
    for reason in SAID:
        row = _row(reasons=[asdict(reason)])
        [english], [chinese] = reasons(row, Words.of("en")), reasons(row, Words.of("zh"))
        assert english.text == sentence(reason)
        assert english.topic in TOPICS
        assert re.search(r"[一-鿿]", chinese.text), chinese
        figures = {name: re.findall(r"\d[\d,]*", text) for name, text in (("en", english.text), ("zh", chinese.text))}
        assert set(figures["en"]) <= set(figures["zh"]), chinese


def test_reasons_in_chinese() -> None:
    def told(reason: dict[str, Any]) -> str:
        return reasons(_row(reasons=[reason]), Words.of("zh"))[0].text

    assert told(_model("orders", days=12, gap=3)) == "已 12 天没有付款订单；此前平均 3 天一单"
    assert told(_model("logins", days=1)) == "已 1 天没有登录"
    assert told(_model("orders")) == "从未有过付款订单"
    assert told(_model("revenue", now=Decimal("1234.50"), before=Decimal("-5.00"))) == "近 28 天净收入 1,234，前 28 天 -5"


FELL = {"has_fallen": True, "revenue_28d": Decimal(60), "revenue_prev_28d": Decimal(100)}


STOPPED = {"has_fallen": True, "revenue_28d": Decimal(0), "revenue_prev_28d": Decimal(9445)}


FEWER_FANS = _model("fans_won", now=Decimal(2), before=Decimal(8))


NO_LOGIN = _model("logins", days=9)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(_row(), [], id="nothing to say"),
        pytest.param(_row(**FELL), [("revenue", "net revenue 60 in the last 28 days, 100 in the 28 days before")], id="fell"),
        pytest.param(
            _row(**STOPPED, days_since_last_order=30),
            [
                ("sales_stopped", "net revenue 0 in the last 28 days, 9,445 in the 28 days before"),
                ("orders", "no paid order for 30 days"),
            ],
            id="fell to nothing",
        ),
        pytest.param(
            _row(**FELL, reasons=[FEWER_FANS, _model("revenue", now=Decimal(60), before=Decimal(100))]),
            [
                ("revenue", "net revenue 60 in the last 28 days, 100 in the 28 days before"),
                ("fans_won", "new fans: 2 in the last 28 days, 8 in the 28 days before"),
            ],
            id="what put it on the list comes before what the model saw, and nothing twice",
        ),
        pytest.param(
            _row(**FELL, is_churn_flagged=True, reasons=[FEWER_FANS, NO_LOGIN]),
            [
                ("fans_won", "new fans: 2 in the last 28 days, 8 in the 28 days before"),
                ("revenue", "net revenue 60 in the last 28 days, 100 in the 28 days before"),
                ("logins", "no login for 9 days"),
            ],
            id="flagged and fell",
        ),
        pytest.param(
            _row(is_churn_flagged=True, days_since_last_login=9),
            [("risk", "risk of leaving 62%"), ("logins", "no login for 9 days")],
            id="flagged for nothing that has a word",
        ),
        pytest.param(
            _row(**FELL, is_churn_flagged=True),
            [("revenue", "net revenue 60 in the last 28 days, 100 in the 28 days before"), ("risk", "risk of leaving 62%")],
            id="flagged for nothing that has a word, and fell",
        ),
        pytest.param(
            _row(
                has_left=True,
                days_since_last_order=62,
                days_since_last_login=None,
                reasons=[_model("orders", days=62, gap=2), FEWER_FANS],
            ),
            [
                ("left", "has left: no paid order for 62 days, no login ever"),
                ("fans_won", "new fans: 2 in the last 28 days, 8 in the 28 days before"),
            ],
            id="left",
        ),
        pytest.param(
            _row(
                has_not_sold=True,
                is_churn_flagged=True,
                days_since_last_order=None,
                days_since_last_login=8,
                reasons=[_model("orders")],
            ),
            [("first_order", "no paid order ever, 12 days after the start"), ("logins", "no login for 8 days")],
            id="never sold",
        ),
        pytest.param(_row(days_since_last_order=7), [("orders", "no paid order for 7 days")], id="silent"),
        pytest.param(_row(days_since_last_login=None), [("logins", "no login ever")], id="never"),
        pytest.param(
            _row(reasons=[_model("orders", days=1), FEWER_FANS, _model("tickets", now=Decimal(3))], days_since_last_login=99),
            [
                ("orders", "no paid order for a day"),
                ("fans_won", "new fans: 2 in the last 28 days, 8 in the 28 days before"),
                ("tickets", "support tickets: 3 in the last 28 days"),
            ],
            id="at most three",
        ),
    ],
)
def test_reasons(row: dict[str, Any], told: list[tuple[str, str]]) -> None:
    assert [(reason.topic, reason.text) for reason in reasons(row, Words.of("en"))] == told
