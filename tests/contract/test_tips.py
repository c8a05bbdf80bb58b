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


NUMBER = "is not a whole number from 1 to 1,000,000"


@pytest.mark.parametrize(
    ("lines", "faults"),
    [
        pytest.param(["sleepy,1,3,a,b,c,d"], ["row 2, column A (tip): 'sleepy' is none of one_seat"], id="unknown tip"),
        pytest.param(
            [ASLEEP, ASLEEP.replace(",1,", ",2,", 1)], ["row 3, column A (tip): asleep stands in row 2 too"], id="twice"
        ),
        pytest.param(["asleep,first,3,a,b,c,d"], [f"row 2, column B (priority): 'first' {NUMBER}"], id="no number"),
        pytest.param(["asleep,1,0,a,b,c,d"], [f"row 2, column C (least): '0' {NUMBER}"], id="zero"),
        pytest.param(["asleep,1,1000001,a,b,c,d"], ["row 2, column C (least)"], id="too large"),
        pytest.param(["asleep,1,3');--,a,b,c,d"], ["row 2, column C (least)"], id="no SQL"),
        pytest.param(
            [ASLEEP, "one_seat,1,2,a,b,c,d"], ["row 3, column B (priority): 1 stands in row 2 too"], id="same priority"
        ),
        pytest.param(["asleep,1,3,a,,c,d"], ["row 2, column E (do_zh): is empty"], id="empty text"),
        pytest.param(
            ["asleep,1,3,{figures} fans,b,c,d"], ["row 2, column D (do_en): {figures} is none of {subject}"], id="placeholder"
        ),
        pytest.param(["asleep,1,3,a,b,c {,d"], ["row 2, column F (aim_en): a brace has no partner"], id="brace"),
        pytest.param(
            ["asleep,1,3,a, b,c,d,e"], ["row 2, column H: 'e' stands in a column without a name"], id="comma without quotes"
        ),
        pytest.param(["asleep,1,3,a,b,c"], ["row 2, column G (aim_zh): is empty; fill it in, or delete the row"], id="short"),
        pytest.param([], ["has no row"], id="no row"),
        pytest.param(
            ["asleep,0,3,a,b,{c},d", "", "one_seat,2,x,a,b,c,d"],
            ["row 2, column B (priority)", "row 2, column F (aim_en): {c}", "row 4, column C (least)"],
            id="all at once",
        ),
    ],
)
def test_a_fault_is_told_by_row_and_column(tmp_path: Path, lines: list[str], faults: list[str]) -> None:
    with pytest.raises(TipRulesError) as error:
        tips.read(folder(tmp_path, *lines))
    path = str(tmp_path / "2026-01.csv")
    found = str(error.value).splitlines()
    assert [fault.removeprefix(path).lstrip(", ")[: len(told)] for fault, told in zip(found, faults, strict=True)] == faults
    assert all(fault.startswith(path) for fault in found)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(f"{HEAD}\r\n{ASLEEP}\r\n".encode("gb18030"), id="Excel in China: CSV"),
        pytest.param(f"{HEAD}\r\n{ASLEEP}\r\n".replace(",", "\t").encode("utf-16"), id="Excel: Unicode text"),
        pytest.param(f"{HEAD};\n{ASLEEP};\n\n;;\n".replace(",", ";").encode(), id="semicolons, an empty column, empty rows"),
    ],
)
def test_rules_are_read_as_any_spreadsheet_saves_them(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "2026-01.csv").write_bytes(content)
    (tmp_path / "~$2026-02.csv").write_bytes(b"a lock")
    assert tips.read(tmp_path).text("asleep", "do", "zh", figure=7) == "唤醒 7"


def test_a_file_that_is_no_such_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TipRulesError, match="holds no rules of tips"):
        tips.read(tmp_path)
    (tmp_path / "it's.csv").write_text(HEAD)
    with pytest.raises(TipRulesError, match="letters, digits and hyphens"):
        tips.read(tmp_path)
    (tmp_path / "it's.csv").unlink()
    (tmp_path / "x.csv").write_bytes(b"tip,\xff\xff")
    with pytest.raises(TipRulesError, match="UTF-8"):
        tips.read(tmp_path)
    (tmp_path / "x.csv").write_text("tip,least\n")
    with pytest.raises(TipRulesError, match="the first row has to be tip,priority,least"):
        tips.read(tmp_path)
