"""What came of the calls, which step works and how far to trust the risk, on the sheet and the page of an account manager."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.settings import Settings
from contract.tables import TABLES
from contract.values import LIST_EXITS
from exports.pages import outcomes, sheets
from exports.pages.figures import Merchant
from exports.pages.words import LANGUAGES, Words
from tests.small_warehouse import insert

Export = Callable[..., Path]
pytestmark = pytest.mark.filterwarnings("ignore:Sparkline")
EN, ZH = Words.of("en"), Words.of("zh")


def call(merchant: str = "m-1", day: int = 19, **figures: Any) -> str:
    """A call of amy on a day of March, after which nothing came so far."""
    usual = {
        "merchant_id": merchant,
        "manager": "amy",
        "called_at": datetime(2026, 3, day, 2),
        "called_on": date(2026, 3, day),
        "listed_on": date(2026, 3, day - 1),
        "result": "talked",
        "step": "*.logins",
        "reason": "logins",
        "revenue_before_so_far": 10,
        "revenue_after_so_far": 0,
    }
    return insert(TABLES["success_calls"], usual | figures)


OTHER = "insert into marts.merchants by name select 'm-9' as merchant_id, 'Blue Door' as name, 'amy' as account_manager"
CALLS = (
    "delete from marts.success_calls",
    OTHER,
    call(day=19, result="no_answer", revenue_after_so_far=5),
    call(day=14, sold_again_so_far=True, orders_so_far=1, logged_in_so_far=True, revenue_after_so_far=70),
    call("m-9", 13, left_so_far=True, revenue_before_so_far=1),
    call("m-9", 20, result="no_answer", step="*.gone", revenue_before_so_far=2),
    call("m-2", 19),  # nobody of amy's today
    call(day=18, manager="bo"),
)


def cells(folder: Path, title: str = "What came of it") -> list[list[Any]]:
    book = openpyxl.load_workbook(folder / "workbook.xlsx")
    return [[cell.value for cell in row] for row in book[title].iter_rows()]


def below(rows: list[list[Any]], title: str) -> list[list[Any]]:
    """The head and the rows of a table, by its title."""
    start = next(number for number, row in enumerate(rows) if row[0] == title) + 2
    end = next((number for number in range(start, len(rows)) if not any(rows[number])), len(rows))
    return rows[start:end]


def plain(path: Path) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", path.read_text()))


def test_what_came_of_the_calls_of_the_last_week_and_four_weeks(exported: Export) -> None:
    """m-1 was called twice and counts from the first call on. So does m-9, whose first call was the day before the week."""
    folder = exported(*CALLS) / "managers" / "amy"
    rows = cells(folder)
    head, week, four_weeks = below(rows, "What came of it")
    assert head == [
        "Calls",
        "From, to",
        "Calls made",
        "Merchants",
        "Reached",
        "Sold again",
        "Logged in",
        "Left",
        "Revenue before",
        "Revenue since",
    ]
    assert week == ["last 7 days", "2026-03-14 to 2026-03-20", 3, 2, 1, 1, 1, 0, 12, 70]
    assert four_weeks == ["last 28 days", "2026-02-21 to 2026-03-20", 4, 2, 2, 1, 1, 1, 11, 70]
    listed = below(rows, "Calls of the last 7 days")
    assert listed[0][2:8] == ["Id", "Day of the call", "How it ended", "Sold again", "Logged in", "Left"]
    assert [row[2:] for row in listed[1:]] == [
        ["m-9", datetime(2026, 3, 20), "no answer", "no", "no", "no", 2, 0],
        ["m-1", datetime(2026, 3, 19), "no answer", "no", "no", "no", 10, 5],
        ["m-1", datetime(2026, 3, 14), "talked", "yes", "yes", "no", 10, 70],
    ]
    assert listed[1][1] is None  # the playbook has no such step any more
    assert listed[2][1].startswith("Call and walk through the daily routine")
    page = plain(folder / "report.html")
    assert "last 7 days 2026-03-14 to 2026-03-20 3 2 1 1 1 0 12 70" in page
    assert "m-9 2026-03-20 no answer no no no 2 0" in page
    assert "m-2" not in {row[2] for row in rows}


def test_a_sheet_without_calls_says_how_they_come(exported: Export) -> None:
    folder = exported("delete from marts.success_calls", "delete from marts.success_effect") / "managers" / "amy"
    rows = cells(folder)
    assert rows[1][0].startswith("No call has been sent back in the last four weeks.")
    assert below(rows, "Which step works")[1][0] == "Nothing to show."
    assert not [row for row in rows if row[0] == "Calls of the last 7 days"]
    assert "No call has been sent back in the last four weeks." in plain(folder / "report.html")


def effect(step: str, manager: str = "all", **figures: Any) -> str:
    """Half of those called recovered; an uplift is the middle of its interval."""
    row = {"manager": manager, "reason": "all", "step": step, "month": "all", "calls": 90, "called": 80, "recovered": 40}
    if "uplift_lo" in figures:
        figures["uplift"] = (figures["uplift_lo"] + figures["uplift_hi"]) / 2
    return insert(TABLES["success_effect"], row | {"matched_calls": 80, "matched_recovered": 40} | figures)


def test_which_step_works_and_how_sure_that_is(exported: Export) -> None:
    others: dict[str, Any] = {"others": 50, "others_rate": 0.3}
    folder = (
        exported(
            "delete from marts.success_effect",
            effect(
                "all",
                uplift_lo=0.05,
                uplift_hi=0.3,
                due=200,
                due_recovered=90,
                held_out=20,
                held_out_recovered=4,
                uplift_of_draw=0.25,
                uplift_of_draw_lo=0.043,
                uplift_of_draw_hi=0.41,
                **others,
            ),
            effect("all", "amy", uplift_lo=-0.1, uplift_hi=0.3, **others),
            effect("all", "bo", uplift_lo=0.1, uplift_hi=0.3, **others),
            effect("*.logins", uplift_lo=0.01, uplift_hi=0.3, **others),
            effect("at_risk.*", uplift_lo=-0.4, uplift_hi=-0.1, others=50, others_rate=0.8),
            effect("unknown", called=0, recovered=0, matched_calls=0, matched_recovered=0),
            effect("old.step", called=7, uplift_lo=-0.2, uplift_hi=0.2, **others),
            effect("*.logins", "amy", uplift_lo=0.01, uplift_hi=0.3, **others),
        )
        / "managers"
        / "amy"
    )
    rows = cells(folder)
    table = below(rows, "Which step works")
    assert table[0] == [
        "Suggested for",
        "Suggested step",
        "Does it work?",
        "Called",
        "Recovered",
        "Recovery rate",
        "Effect of the call",
        "95% low",
        "95% high",
        None,
    ]
    assert [(row[0], row[2], row[3]) for row in table[1:]] == [
        ("all of yours", "not sure yet", 80),
        ("all of the team", "yes", 80),
        ("logins", "yes", 80),
        ("anything else (at risk)", "no, fewer recover", 80),
        ("old.step", "not sure yet", 7),
        ("no step suggested", "nothing to compare with yet", 0),
    ]
    assert table[3][1].startswith("Call and walk through the daily routine")
    assert table[3][4:9] == [40, 0.5, 0.155, 0.01, 0.3]
    note = next(row[0] for row in rows if row[0] and row[0].startswith("Recovered:"))
    assert note.endswith(
        "By lot: of 200 merchants that needed a call, called or not, 45% recovered; of 20 that were held out, 20%. "
        "The difference lies between 4 and 41 points.\nCalls help."
    )
    assert "logins Call and walk through" in plain(folder / "report.html")


MODEL = {"over_half": 17, "over_half_left": 12, "lift_at_10pct": 3.24, "base_rate": 0.08, "calibration_slope": 0.91}


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        pytest.param(
            {},
            [
                "Of ten merchants with a risk of more than 50%, 7 left within 30 days (12 of 17).",
                "Of the tenth with the highest risk, 3.2 times as many left as of all merchants, of whom 8% did.",
                "The risk has not drifted: it was about right on these days too (calibration 0.91, 1 is exact).",
            ],
            id="a model",
        ),
        pytest.param(
            {"over_half": 3, "over_half_left": 3, "calibration_slope": 0.79},
            [
                "Merchants with a risk of more than 50%: 3; of these left: 3. That is too few to say how many of ten leave.",
                "Of the tenth",
                "The risk has drifted: where it is high it is too high",
            ],
            id="few",
        ),
        pytest.param(
            {"over_half": 0, "over_half_left": 0, "calibration_slope": 1.26, "lift_at_10pct": None},
            ["No merchant had a risk of more than 50%.", "The risk has drifted: where it is high it is not high enough"],
            id="none",
        ),
        pytest.param({"over_half": None}, ["Too few merchants have left so far"], id="no test"),
    ],
)
def test_how_far_to_trust_the_risk_in_words(figures: dict[str, Any], told: list[str]) -> None:
    lines = outcomes._trust(MODEL | figures, EN)
    assert [line[: len(start)] for line, start in zip(lines, told, strict=True)] == told
    assert len(outcomes._trust(MODEL | figures, ZH)) == len(lines)


def test_the_risk_of_later_days_is_told_on_sheet_and_page(exported: Export) -> None:
    later = "update marts.churn_model_evaluation set observations = 40, over_half = 20, over_half_left = 9"
    folder = exported(later) / "managers" / "amy"
    told = "Of ten merchants with a risk of more than 50%, 4 left within 30 days (9 of 20)."
    assert told in [row[0] for row in cells(folder)]
    assert told in plain(folder / "report.html")
    folder = exported("update marts.churn_model_evaluation set split = 'train'") / "managers" / "amy"
    assert EN("trust.untested") in [row[0] for row in cells(folder)]


def test_chinese_managers_read_chinese(exported: Export, settings: Settings) -> None:
    folder = exported(*CALLS, with_settings=replace(settings, language="zh")) / "managers" / "amy"
    texts = [cell for row in cells(folder, "联系成效") for cell in row if isinstance(cell, str)]
    assert "近 7 天" in texts
    latin = [text for text in texts if re.search(r"[A-Za-z]{2}", re.sub(r"HYPERLINK|http|Blue Door", "", text))]
    assert latin == []


NOT_LISTED = (
    *(
        f"""insert into marts.merchants by name select 'm-{number}' as merchant_id, 'Shop {number}' as name,
        'amy' as account_manager, 'basic' as plan"""
        for number in range(10, 10 + len(LIST_EXITS))
    ),
    *(
        insert(
            TABLES["worklist_history"],
            {"merchant_id": f"m-{number}", "was_on_list": True, "listed_on": date(2026, 3, 20), "off_list_reason": reason},
        )
        for number, reason in enumerate(LIST_EXITS, 10)
    ),
    "insert into marts.merchants by name select 'm-8' as merchant_id, 'Later' as name, 'amy' as account_manager",
    call("m-8", 20, result="call_later", next_on=date(2026, 3, 27)),
    call("m-12", 20, result="call_later", next_on=date(2026, 3, 25)),  # the third reason: a later call
)


def test_who_left_the_list_and_who_is_called_later_stand_below_it(exported: Export) -> None:
    """Each reason in words; below them who comes back, and when, but for those who have just left."""
    folder = exported(*NOT_LISTED) / "managers" / "amy"
    rows = cells(folder, "Today")
    off, later = below(rows, "No longer on the list"), below(rows, "Calls agreed for later")
    assert off[0][:9] == [
        "#",
        "Name",
        "Id",
        "Plan",
        "Stage",
        "Risk of leaving",
        "To call on",
        "At stake in a year",
        "Why not today",
    ]
    assert [row[2] for row in off[1:]] == [f"m-{number}" for number in range(10, 10 + len(LIST_EXITS))]
    assert [row[8] for row in off[1:]] == [
        "sold again",
        "called within the last 7 days",
        "a later call was agreed",
        "left 3 days ago or longer",
        "needs no call any more",
        "held out, to see what calls bring",
        "others have more at stake, and the team can make no more calls",
    ]
    assert [(row[2], row[6]) for row in later[1:]] == [("m-8", datetime(2026, 3, 27))]
    assert off[3][6] == datetime(2026, 3, 25)
    page = plain(folder / "report.html")
    assert "m-10 basic unknown – – 0 sold again" in page
    assert "m-8 – unknown – 2026-03-27 0 a later call was agreed" in page
    for language in LANGUAGES:
        assert all(Words.of(language)(f"list.{reason}", **{"left_days": 3, "called_days": 7}) for reason in LIST_EXITS)


def test_the_list_says_that_it_leaves_the_held_out_out(small: Path) -> None:
    merchants = [Merchant({"is_held_out": held_out}) for held_out in (True, False, True)]
    told = "Held out, and so on no list, to see what calls bring: 2 of your merchants."
    assert sheets.today_note(1, merchants, EN).endswith(f" {told}")
    assert sheets.today_note(0, merchants, EN) == f"Nobody needs a call today. {told}"
    assert sheets.today_note(1, merchants, ZH).endswith("您的商家中有 2 家为对照组，不列入清单，用于检验联系的效果。")
    assert "Held out" not in cells(small / "managers" / "amy", "Today")[1][0]


def test_a_merchant_is_new_on_the_list_or_has_been_for_days() -> None:
    assert sheets.on_list({"days_on_list": 1}, EN) == "new"
    assert sheets.on_list({"days_on_list": 2}, EN) == "day 2"
    assert sheets.on_list({"days_on_list": 12}, ZH) == "第 12 天"


def test_today_prints_on_pages_that_a_person_can_read(exported: Export) -> None:
    """The columns to the next step, at 70 % of their size or more on A4; those to fill in are on the screen alone."""
    folder = exported(*NOT_LISTED) / "managers" / "amy"
    page = openpyxl.load_workbook(folder / "workbook.xlsx")["Today"]
    printed = [column.word for column in sheets.PRINTED]
    assert printed[-1] == "next_step"
    assert page.print_area.startswith("'Today'!$A$1:$J$")
    below_all = max(cell.row for row in page.iter_rows() for cell in row if cell.value is not None)
    assert int(page.print_area.rpartition("$")[2]) >= below_all
    assert (page.page_setup.orientation, page.page_setup.paperSize, page.page_setup.fitToHeight) == ("landscape", 9, 0)
    width = sum(7 * column.width + 5 for column in sheets.PRINTED) / 96 * 25.4  # mm of a usual font
    assert (297 - 25.4 * (page.page_margins.left + page.page_margins.right)) / width >= 0.7


def test_sheets_of_outcomes_are_no_list_of_calls(exported: Export) -> None:
    """A workbook that comes back has two, of merchants and of leads: the other sheets name calls by other heads."""
    from exports.returns.sheet import read

    path = exported(*CALLS, *NOT_LISTED) / "managers" / "amy" / "workbook.xlsx"
    sheet = read(path)
    assert len({row.place for row in sheet.rows}) == len(sheet.rows) > 1
    assert not [row for row in sheet.rows if row.is_filled_in]
    with_lists = {int(row.place.split(":")[0]) for row in sheet.rows}
    names = openpyxl.load_workbook(path, read_only=True).sheetnames
    assert [names[number - 1] for number in sorted(with_lists)] == ["Today", "Leads to call"]
