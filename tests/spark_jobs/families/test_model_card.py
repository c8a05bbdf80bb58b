"""The model card as a page: made of the sections of families, each of which renews its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from contract.settings import Settings
from spark_jobs.families.model_card import render, write_model_card

AS_OF, OTHER = date(2026, 3, 31), date(2026, 3, 30)


def test_a_family_renews_its_section_and_leaves_the_others(settings: Settings) -> None:
    write_model_card(settings, AS_OF, {"lifetime_value": "<p>fans</p>", "merchant_churn": "<p>first</p>"})
    write_model_card(settings, OTHER, {"lifetime_value": "<p>another day</p>"})
    page = write_model_card(settings, AS_OF, {"merchant_churn": "<p>second</p>"})
    assert page == settings.home / "model_cards" / "2026-03-31.html"
    text = page.read_text()
    assert text.endswith("<h1>Models of 2026-03-31</h1>\n<p>second</p>\n<p>fans</p>\n</body>\n</html>\n")
    assert "http-equiv" not in text
    assert "src=" not in text
    assert sorted(file.name for file in page.parent.iterdir()) == ["2026-03-30.html", "2026-03-31.html"]


def test_the_order_of_families_on_the_page_is_that_of_the_registry(settings: Settings, tmp_path: Path) -> None:
    sections = {"lifetime_value": "<p>fans</p>", "merchant_churn": "<p>merchants</p>"}
    at_once = write_model_card(settings, AS_OF, sections).read_text()
    one_by_one = replace(settings, home=tmp_path / "other")
    for family in sections:
        page = write_model_card(one_by_one, AS_OF, {family: sections[family]})
    assert page.read_text() == at_once


def test_a_value_that_a_template_misses_stops_the_page() -> None:
    with pytest.raises(UndefinedError, match="'sections' is undefined"):
        render("families/model_card.html.j2", as_of="2026-03-31")
