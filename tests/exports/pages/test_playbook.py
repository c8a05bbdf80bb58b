"""Every next step of the playbook, and the faults that it is refused for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contract.values import STAGES
from exports.pages import playbook
from exports.pages.playbook import Playbook, PlaybookError
from exports.pages.reasons import TOPICS
from exports.pages.words import LANGUAGES


def test_the_playbook_has_a_step_for_everybody() -> None:
    book = playbook.read()
    assert len(book.rows) > 5
    for stage in STAGES:
        for topic in TOPICS:
            for language in LANGUAGES:
                assert book.next_step(stage, [topic], language)


def test_the_step_of_the_playbook_suits_the_reason() -> None:
    """Every topic but the bare risk has its own step in every stage; none tells a figure that the reason may contradict."""
    book = playbook.read()
    everybody = {book.next_step(stage, [], "en") for stage in STAGES}
    for stage in STAGES:
        steps = {topic: book.next_step(stage, [topic], "en") for topic in TOPICS}
        assert {topic for topic, step in steps.items() if step in everybody} == {"risk"}
        assert len(set(steps.values())) == len(TOPICS)
    assert not [row for row in book.rows if re.search(r"third|half|%|三成|一半", row["next_step_en"] + row["next_step_zh"])]


def test_the_strongest_reason_with_a_step_decides() -> None:
    rows = [("at_risk", "logins", "log in"), ("at_risk", "orders", "sell"), ("at_risk", "*", "call"), ("*", "*", "ask")]
    book = Playbook("x", tuple({"stage": stage, "topic": topic, "next_step_en": step} for stage, topic, step in rows))
    assert book.next_step("at_risk", ["orders", "logins"], "en") == "sell"
    assert book.next_step("at_risk", ["shares", "logins"], "en") == "log in"
    assert book.next_step("at_risk", [], "en") == "call"
    assert book.next_step("churned", ["orders"], "en") == "ask"


HEAD = "stage,topic,next_step_en,next_step_zh\n"


LAST = "*,*,Call.,致电。\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        pytest.param("stage,topic,next\n" + LAST, "first row must be", id="other columns"),
        pytest.param(HEAD + "sleeping,*,Call.,致电。\n" + LAST, "row 2: stage 'sleeping'", id="unknown stage"),
        pytest.param(HEAD + "churned,weather,Call.,致电。\n" + LAST, "row 2: topic 'weather'", id="unknown topic"),
        pytest.param(HEAD + "churned,*,Call.,\n" + LAST, "row 2: next_step_zh is empty", id="a language is missing"),
        pytest.param(HEAD + "churned,*,Call.,致电。\n", "last row must fit everything", id="not for everybody"),
        pytest.param(HEAD, "last row must fit everything", id="empty"),
    ],
)
def test_the_playbook_is_checked(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "2026-02.csv").write_text(text, encoding="utf-8-sig")
    with pytest.raises(PlaybookError, match=re.escape(fault)):
        playbook.read(tmp_path)


def test_the_playbook_has_to_be_utf_8(tmp_path: Path) -> None:
    (tmp_path / "2026-02.csv").write_bytes((HEAD + LAST).encode("gbk"))
    with pytest.raises(PlaybookError, match="save it as “CSV UTF-8”"):
        playbook.read(tmp_path)


def test_the_newest_playbook_counts(tmp_path: Path) -> None:
    for version in ("2026-02", "2026-10", "2026-09"):
        (tmp_path / f"{version}.csv").write_text(HEAD + LAST.replace("Call.", version), encoding="utf-8")
    assert playbook.read(tmp_path).next_step("churned", [], "en") == "2026-10"
    with pytest.raises(PlaybookError, match="holds no playbook"):
        playbook.read(tmp_path / "nowhere")
