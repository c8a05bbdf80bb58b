"""The text by which a row of a returned sheet is recognised."""

from __future__ import annotations

from datetime import date

import pytest

from exports.pages.playbook import Playbook
from exports.pages.reference import Reference

DAY = date(2026, 3, 20)


@pytest.mark.parametrize(
    ("manager", "merchant"),
    [("amy", "m-1"), ("", "007"), ("小王/2", "a/b%2Fc"), ("=1+1", ' "x",\n'), ("amy\u202e", "../.."), ("100%", "*")],
)
def test_a_reference_says_again_what_it_was_made_of(manager: str, merchant: str) -> None:
    reference = Reference(DAY, "v000012", manager, merchant, "at_risk.orders")
    text = str(reference)
    assert text.isascii()
    assert text.startswith("fanout/2026-03-20/v000012/")
    assert not set(text) & set(' ",;\t\n=')
    assert Reference.parse(f" {text}\n") == reference


def test_an_id_that_is_no_text_breaks_no_workbook() -> None:
    assert str(Reference(DAY, "v000001", "amy", "m\udfff", "*.*")).isascii()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "m-1",
        "fanout/2026-03-20/v000001/amy/m-1",
        "fanout/2026-03-20/v000001/amy/m-1/*.orders/more",
        "fanout/2026-02-30/v000001/amy/m-1/*.orders",
        "fanout/2026-03-20/../amy/m-1/*.orders",
        "fanout/2026-03-20/..%2F..%2Fx/amy/m-1/*.orders",
        "fanout/2026-03-20/v000001/amy//*.orders",
        "fanout/2026-03-20/v000001/amy/m-1/",
        "other/2026-03-20/v000001/amy/m-1/*.orders",
    ],
)
def test_what_no_list_has_written_is_no_reference(text: str) -> None:
    assert Reference.parse(text) is None


def test_a_step_is_named_as_its_row_of_the_playbook() -> None:
    rows = [("at_risk", "orders"), ("*", "logins"), ("*", "*")]
    texts = {"next_step_en": "do", "next_step_zh": "做"}
    book = Playbook("x", tuple({"stage": stage, "topic": topic} | texts for stage, topic in rows))
    assert book.step("at_risk", ["orders", "logins"]) == "at_risk.orders"
    assert book.step("operating", ["orders", "logins"]) == "*.logins"
    assert book.step("operating", []) == "*.*"
