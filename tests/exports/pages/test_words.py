"""Every word in every language, and how numbers are written."""

from __future__ import annotations

import csv
import re
import string
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import exports
from contract.events import EVENT_TYPES
from contract.settings import CHECKOUT
from contract.values import (
    BENCHMARKS,
    CAMPAIGN_VERDICTS,
    CAUSES,
    CHANNEL_VERDICTS,
    GROUP_AXES,
    GROUP_CAUSES,
    GROUP_COLOURS,
    LEAD_ADVICE,
    LEAD_SOURCES,
    LEAKS,
    LIST_EXITS,
    LIVE_VERDICTS,
    NODES,
    OWNER_VERDICTS,
    POND_KINDS,
    PUSH_STATUSES,
    REP_VERDICTS,
    STAGES,
    TIERS,
    TIPS,
)
from exports.pages.words import LANGUAGES, Words, rounded_parts, time_unit

ROOM = Path(exports.__file__).parent
SOURCES = "\n".join(path.read_text() for path in [*ROOM.rglob("*.py"), *ROOM.rglob("*.j2")])


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
    spoken |= {*STAGES, *TIPS, *BENCHMARKS, *LEAKS, *LIST_EXITS, "info"}  # a kind of page that the simulated shops have
    spoken |= {*CHANNEL_VERDICTS, *CAMPAIGN_VERDICTS, *CAUSES, *NODES, *LIVE_VERDICTS, *PUSH_STATUSES}
    spoken |= {*LEAD_ADVICE, *LEAD_SOURCES, *REP_VERDICTS}
    spoken |= {*GROUP_AXES, *GROUP_CAUSES, *GROUP_COLOURS, *OWNER_VERDICTS, *POND_KINDS, *TIERS}
    with (CHECKOUT / "dbt_project" / "seeds" / "channels.csv").open(newline="") as seed:
        spoken |= {row["channel"] for row in csv.DictReader(seed)}
    unused = [
        name
        for name in Words.of("en").texts
        if not name.startswith("region.")
        and re.sub(r"_(text|note|never|silent|overdue|change)$", "", name.partition(".")[2]) not in spoken
    ]
    assert unused == []


def test_a_missing_word_is_an_error() -> None:
    with pytest.raises(KeyError):
        Words.of("en")("title.nowhere")
    with pytest.raises(KeyError):
        Words.of("en")("title.day")


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
        assert sum(rounded) == sum(parts, Decimal()).quantize(Decimal(1))
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
