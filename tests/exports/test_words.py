"""Every word in every language, every reason in words, every next step."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Sequence
from dataclasses import asdict
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import exports
from contract.events import EVENT_TYPES
from exports import playbook
from exports.playbook import Playbook, PlaybookError
from exports.reasons import TOPICS, reasons
from exports.words import LANGUAGES, Words, rounded_parts, time_unit
from spark_jobs.merchant_churn.features import FEATURES, sentence
from spark_jobs.merchant_churn.features import TOPICS as MODEL_TOPICS

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
        if not name.startswith("region.")
        and re.sub(r"_(text|never|silent|overdue|change)$", "", name.partition(".")[2]) not in spoken
    ]
    assert unused == []


def test_a_missing_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words.of("en")("title.nowhere")
    with pytest.raises(KeyError):
        Words.of("en")("title.day")


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


def test_the_playbook_has_a_step_for_everybody() -> None:
    book = playbook.read()
    assert len(book.rows) > 5
    for stage in playbook.STAGES:
        for topic in TOPICS:
            for language in LANGUAGES:
                assert book.next_step(stage, [topic], language)


def test_the_step_of_the_playbook_suits_the_reason() -> None:
    """Every topic but the bare risk has its own step in every stage; none tells a figure that the reason may contradict."""
    book = playbook.read()
    everybody = {book.next_step(stage, [], "en") for stage in playbook.STAGES}
    for stage in playbook.STAGES:
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


def test_a_part_that_did_not_fit_is_left_blank_and_so_is_the_whole() -> None:
    assert Words.of("en").parts([Decimal(1), None, Decimal(2)]) == ("", ["1", "", "2"])
    assert Words.of("en").parts([None]) == ("", [""])
