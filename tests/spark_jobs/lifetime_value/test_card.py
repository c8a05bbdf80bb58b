"""The lifetime models' section of the model card."""

from __future__ import annotations

from spark_jobs.lifetime_value.card import section


def test_the_section_shows_what_came_beside_what_was_expected() -> None:
    page = section([(0, 10, 3, 2.5), (7, 4, 9, 8.0)], [(1, 6, 5.0), (2, 6, 5.5)])
    assert page.count("<svg") == 2
    assert "7 and more" in page
    assert "<td>0</td><td>10</td><td>3</td><td>2.5</td>" in page


def test_the_section_says_when_there_is_no_holdout() -> None:
    page = section([], [])
    assert "No merchant has a holdout" in page
    assert "<svg" not in page
