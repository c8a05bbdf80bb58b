"""Every word in every language, every reason in words, every next step."""

from __future__ import annotations

import re
import string
from pathlib import Path
from typing import Any

import pytest

import exports
from expectations.contract import EVENT_TYPES
from exports import playbook
from exports.playbook import Playbook, PlaybookError
from exports.reasons import TOPICS, reasons, translate
from exports.words import LANGUAGES, Words
from spark_jobs.cohorts.churn_features import FEATURES
from spark_jobs.cohorts.churn_features import TOPICS as MODEL_TOPICS

ROOM = Path(exports.__file__).parent
SOURCES = "\n".join(path.read_text() for path in [*ROOM.glob("*.py"), *ROOM.glob("templates/*.j2")])


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_languages_have_the_same_words_and_placeholders() -> None:
    english = Words.of("en").texts
    assert len(english) > 100
    for language in LANGUAGES:
        texts = Words.of(language).texts
        assert texts.keys() == english.keys()
        assert {name: placeholders(text) for name, text in texts.items()} == {
            name: placeholders(text) for name, text in english.items()
        }
        assert all(text.strip() for text in texts.values())


def test_chinese_is_chinese() -> None:
    same = {name for name, text in Words.of("zh").texts.items() if text == Words.of("en").texts[name]}
    assert same == {"title.merchant"}


def test_every_word_that_is_used_is_there() -> None:
    used = set(re.findall(r"words\(\s*\"([a-z_0-9]+\.[a-z_0-9]+)\"", SOURCES))
    assert len(used) > 50
    assert used <= Words.of("en").texts.keys()


def test_every_word_is_used() -> None:
    spoken = set(re.findall(r"[a-z_0-9]+", SOURCES)) | {
        kind for event in EVENT_TYPES.values() for field in event.fields for kind in field.values
    }
    unused = [
        name for name in Words.of("en").texts if re.sub(r"_(text|never|silent)$", "", name.partition(".")[2]) not in spoken
    ]
    assert unused == []


def test_a_missing_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words.of("en")("title.nowhere")
    with pytest.raises(KeyError):
        Words.of("en")("title.day")


SENTENCES = [
    words(dict.fromkeys(FEATURES, value) | {f"{short}_gap": gap for short in ("order", "login")})
    for _, words in MODEL_TOPICS.values()
    for value in (0.0, 1.0, 5.0, 45.0)
    for gap in (1.0, 3.0, 60.0)
]


def test_every_sentence_of_the_model_is_told_in_every_language() -> None:
    assert len(set(SENTENCES)) > 20
    for sentence in SENTENCES:
        english, chinese = translate(sentence, Words.of("en")), translate(sentence, Words.of("zh"))
        assert english.topic != "other", sentence
        assert english.text == sentence
        assert re.search(r"[一-鿿]", chinese.text), sentence
        assert re.findall(r"\d[\d,.]*", chinese.text) != [] or "day" in sentence


def test_figures_survive_the_translation() -> None:
    told = translate("no paid order for 12 days; before that every 3 days", Words.of("zh"))
    assert (told.topic, told.text) == ("orders", "已 12 天没有付款订单；此前每3 天一单")
    assert translate("no login for a day", Words.of("zh")).text == "已 1 天没有登录"
    money = translate("net revenue 1,234.50 in the last 28 days, -5.00 in the 28 days before", Words.of("zh"))
    assert money.text == "近 28 天净收入 1,234.50，前 28 天 -5.00"


def test_an_unknown_sentence_is_shown_as_it_is() -> None:
    told = translate("the moon is full", Words.of("zh"))
    assert (told.topic, told.text) == ("other", "the moon is full")


def _row(**values: Any) -> dict[str, Any]:
    nothing = dict.fromkeys(("reason_1", "reason_2", "reason_3", "days_since_last_order", "days_since_last_login"))
    return {
        **nothing,
        "days_since_last_order": 0,
        "days_since_last_login": 0,
        "revenue_28d": 5,
        "revenue_prev_28d": 5,
        **values,
    }


@pytest.mark.parametrize(
    ("row", "told"),
    [
        pytest.param(_row(), [], id="nothing to say"),
        pytest.param(
            _row(revenue_28d=60, revenue_prev_28d=100),
            ["net revenue 60 in the last 28 days, 100 in the 28 days before"],
            id="fell",
        ),
        pytest.param(_row(revenue_28d=70, revenue_prev_28d=100), [], id="fell by no more than 30 %"),
        pytest.param(_row(days_since_last_order=7), ["no paid order for 7 days"], id="silent"),
        pytest.param(_row(days_since_last_login=None), ["no login yet"], id="never"),
        pytest.param(
            _row(reason_1="no login for 9 days", days_since_last_login=9, days_since_last_order=8),
            ["no login for 9 days", "no paid order for 8 days"],
            id="no topic twice",
        ),
        pytest.param(
            _row(reason_1="a", reason_2="b", reason_3="c", days_since_last_order=99), ["a", "b", "c"], id="at most three"
        ),
    ],
)
def test_reasons(row: dict[str, Any], told: list[str]) -> None:
    assert [reason.text for reason in reasons(row, Words.of("en"))] == told


def test_the_playbook_has_a_step_for_everybody() -> None:
    book = playbook.read()
    assert len(book.rows) > 5
    for stage in playbook.STAGES:
        for topic in TOPICS:
            for language in LANGUAGES:
                assert book.next_step(stage, [topic], language)


def test_the_strongest_reason_with_a_step_decides() -> None:
    rows = [("at_risk", "logins", "log in"), ("at_risk", "orders", "sell"), ("at_risk", "*", "call"), ("*", "*", "ask")]
    book = Playbook("x", tuple({"stage": stage, "topic": topic, "next_step_en": step} for stage, topic, step in rows))
    assert book.next_step("at_risk", ["orders", "logins"], "en") == "sell"
    assert book.next_step("at_risk", ["tenure", "logins"], "en") == "log in"
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
