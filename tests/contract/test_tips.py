"""Rules of tips that somebody edits: the newest file counts, and a fault is told by file, row and column."""

from __future__ import annotations

from pathlib import Path

import pytest

from contract import tips
from contract.settings import LANGUAGES
from contract.tips import TipRulesError
from contract.values import TIPS

HEAD = "tip,priority,least,do_en,do_zh,aim_en,aim_zh"
ASLEEP = "asleep,1,3,wake {figure},唤醒 {figure},{aim} buy,{aim} 人下单"


def folder(tmp_path: Path, *lines: str, name: str = "2026-01.csv") -> Path:
    (tmp_path / name).write_text("\n".join((HEAD, *lines)) + "\n", encoding="utf-8")
    return tmp_path


def test_the_rules_that_ship_have_every_tip_in_every_language() -> None:
    rules = tips.read()
    assert sorted(rules.rows) == sorted(TIPS)
    for tip in TIPS:
        for language in LANGUAGES:
            for name in ("do", "aim"):
                text = rules.text(tip, name, language, subject="S", figure="7", amount="9", aim="3")
                assert "{" not in text
                assert ("3" if name == "aim" else "7") in text


def test_the_last_name_counts_and_dbt_gets_the_numbers(tmp_path: Path) -> None:
    folder(tmp_path, ASLEEP)
    folder(tmp_path, "one_seat,2,4,a,b,c,d", ASLEEP.replace(",1,3,", ",1,5,"), name="2026-02.csv")
    assert tips.read(tmp_path).variables() == {
        "tip_rules_version": "2026-02",
        "tip_rules": "(values ('one_seat', 2, 4), ('asleep', 1, 5))",
    }


def test_a_spreadsheet_may_save_it_with_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "2026-01.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEAD}\r\n{ASLEEP}\r\n".encode())
    assert list(tips.read(tmp_path).rows) == ["asleep"]


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        pytest.param(["sleepy,1,3,a,b,c,d"], "row 2: column tip: 'sleepy' is none of one_seat", id="unknown tip"),
        pytest.param([ASLEEP, ASLEEP.replace(",1,", ",2,", 1)], "row 3: column tip: asleep has a row above", id="twice"),
        pytest.param(["asleep,first,3,a,b,c,d"], "row 2: column priority: 'first' is not a whole number", id="no number"),
        pytest.param(["asleep,1,0,a,b,c,d"], "row 2: column least: '0' is not a whole number from 1 on", id="zero"),
        pytest.param(["asleep,1,3');--,a,b,c,d"], "row 2: column least", id="no SQL"),
        pytest.param([ASLEEP, "one_seat,1,2,a,b,c,d"], "row 3: column priority: a tip above has 1 too", id="same priority"),
        pytest.param(["asleep,1,3,a,,c,d"], "row 2: column do_zh is empty", id="empty text"),
        pytest.param(
            ["asleep,1,3,{figures} fans,b,c,d"], "row 2: column do_en: {figures} is none of {subject}", id="placeholder"
        ),
        pytest.param(["asleep,1,3,a,b,c {,d"], "row 2: column aim_en: a brace has no partner", id="brace"),
        pytest.param(["asleep,1,3,a, b,c,d,e"], "row 2: there must be 7 cells", id="comma"),
        pytest.param(["asleep,1,3,a"], "row 2: there must be 7 cells", id="short"),
        pytest.param([], "has no row", id="no row"),
    ],
)
def test_a_fault_is_told_by_row_and_column(tmp_path: Path, lines: list[str], fault: str) -> None:
    with pytest.raises(TipRulesError) as error:
        tips.read(folder(tmp_path, *lines))
    assert fault in str(error.value)
    assert "2026-01.csv" in str(error.value)


def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TipRulesError, match="holds no rules"):
        tips.read(tmp_path)
    (tmp_path / "it's.csv").write_text(HEAD)
    with pytest.raises(TipRulesError, match="letters, digits and hyphens"):
        tips.read(tmp_path)
    (tmp_path / "it's.csv").unlink()
    (tmp_path / "x.csv").write_bytes("tip,名".encode("gb18030"))
    with pytest.raises(TipRulesError, match="UTF-8"):
        tips.read(tmp_path)
    (tmp_path / "x.csv").write_text("tip,least\n")
    with pytest.raises(TipRulesError, match="the first row must be tip,priority,least"):
        tips.read(tmp_path)
