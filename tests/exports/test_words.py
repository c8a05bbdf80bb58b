"""Every word in every language, every reason in words, every next step."""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import exports
from expectations.contract import EVENT_TYPES
from exports import playbook
from exports.playbook import Playbook, PlaybookError
from exports.reasons import TOPICS, reasons, translate
from exports.words import LANGUAGES, Words, rounded_parts, time_unit
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
        name
        for name in Words.of("en").texts
        if not name.startswith("region.") and re.sub(r"_(text|never|silent)$", "", name.partition(".")[2]) not in spoken
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


# ISO 3166-2:CN, whole.
CHINA = "AH BJ CQ FJ GD GS GX GZ HA HB HE HI HK HL HN JL JS JX LN MO NM NX QH SC SD SH SN SX TJ TW XJ XZ YN ZJ".split()  # noqa: SIM905


def test_regions_of_china_have_names_and_others_their_codes() -> None:
    assert len(CHINA) == 34
    for language in LANGUAGES:
        words = Words.of(language)
        names = [words.region(f"CN-{code}") for code in CHINA]
        assert len(set(names)) == 34
        assert not [name for name in names if name.startswith("CN-")]
        assert (words.region("FR-75"), words.region("CN-XX")) == ("FR-75", "CN-XX")
        assert words.region("unknown") == words("unit.unknown")
    assert [Words.of("zh").region(f"CN-{code}") for code in ("ZJ", "SN", "SX", "HA")] == ["浙江", "陕西", "山西", "河南"]
    assert [Words.of("en").region(f"CN-{code}") for code in ("ZJ", "SN", "SX", "HA")] == [
        "Zhejiang",
        "Shaanxi",
        "Shanxi",
        "Henan",
    ]


@pytest.mark.parametrize(
    ("value", "english", "chinese", "short", "short_chinese"),
    [
        (0, "0", "0", "0", "0"),
        (Decimal("-0.3"), "0", "0", "0", "0"),
        (Decimal("999.6"), "1,000", "1,000", "1.0k", "1,000"),
        (9_300, "9,300", "9,300", "9.3k", "9,300"),
        (Decimal("9999.6"), "10,000", "1.00万", "10.0k", "1.0万"),
        (99_960, "99,960", "10.00万", "100k", "10.0万"),
        (999_999, "999,999", "100.00万", "1.0M", "100万"),
        (1_234_567, "1.23M", "123.46万", "1.2M", "123万"),
        (99_999_999, "100.00M", "1.00亿", "100M", "1.0亿"),
        (2_500_000_000, "2.50bn", "25.00亿", "2.5bn", "25.0亿"),
        (-1_234_567.5, "-1.23M", "-123.46万", "-1.2M", "-123万"),
        (3 * 10**13, "30,000.00bn", "300,000.00亿", "30,000bn", "300,000亿"),
    ],
)
def test_numbers_are_written_in_the_units_of_their_language(
    value: Any, english: str, chinese: str, short: str, short_chinese: str
) -> None:
    en, zh = Words.of("en"), Words.of("zh")
    assert (en.number(value), zh.number(value)) == (english, chinese)
    assert (en.short(value), zh.short(value)) == (short, short_chinese)


def test_rounded_parts_add_up_to_the_rounded_whole() -> None:
    """All triples of some amounts: each part is one of its two neighbours, and no other choice of them is nearer."""
    amounts = [Decimal(cents) / 100 for cents in (-251, -150, -50, -1, 0, 33, 49, 50, 51, 99, 100, 167)]
    seen = 0
    for parts in product(amounts, repeat=3):
        rounded = rounded_parts(parts)
        assert sum(rounded) == sum(parts).quantize(Decimal(1))
        neighbours = [(part.to_integral_value(ROUND_FLOOR), part.to_integral_value(ROUND_CEILING)) for part in parts]
        assert all(one in near for one, near in zip(rounded, neighbours, strict=True))
        choices = [choice for choice in product(*neighbours) if sum(choice) == sum(rounded)]
        assert off(rounded, parts) == min(off(choice, parts) for choice in choices)
        seen += 1
    assert seen == 12**3


def off(rounded: Sequence[Decimal], parts: Sequence[Decimal]) -> Decimal:
    return sum((abs(one - part) for one, part in zip(rounded, parts, strict=True)), Decimal(0))


def test_parts_are_in_one_unit_that_the_smallest_can_be_read_in() -> None:
    zh, en = Words.of("zh"), Words.of("en")
    assert zh.parts([Decimal(9_300), Decimal(114_200)]) == ("12.35万", ["0.93万", "11.42万"])
    assert zh.parts([Decimal(50), Decimal(114_200)]) == ("114,250", ["50", "114,200"])
    assert en.parts([Decimal(400_000), Decimal(0), Decimal(1_004_999)]) == ("1.40M", ["0.40M", "0.00M", "1.00M"])
    assert en.parts([Decimal(5_000_000), Decimal(-4_999_000)]) == ("0.00M", ["5.00M", "-5.00M"])
    assert en.parts([]) == ("0", [])


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(0, "minutes"), (7_199, "minutes"), (7_200, "hours"), (172_799, "hours"), (172_800, "days"), (1764.2 * 3600, "days")],
)
def test_a_span_of_time_is_in_the_unit_that_suits_it(seconds: float, unit: str) -> None:
    assert time_unit(seconds)[0] == unit
    assert f"map.{unit}" in Words.of("en").texts
