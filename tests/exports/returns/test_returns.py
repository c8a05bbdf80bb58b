"""Sheets that come back: right whatever program saved them, once, or a clear answer."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import stat
import subprocess
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from exports.returns import __main__ as command
from exports.returns import sheet as sheets
from exports.returns.__main__ import Failed, main, run
from tests.exports.returns.conftest import DAY_AFTER, INPUTS, Grid, Office
from tests.exports.returns.workbooks import FORMS, MAIN, by_hand, write_parts
from tests.small_warehouse import AS_OF

Read = Callable[[Path], list[dict[str, str]]]
CALLED = datetime(2026, 3, 21)
TALKED = (CALLED, "talked", datetime(2026, 3, 28), "wants help with\nthe first team")
# Shanghai is eight hours ahead, so the 21st begins at 16:00 of the 20th.
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "source": "fanout/returns",
    "type": "shop.success_call.v1",
    "time": "2026-03-20T16:00:00Z",
    "data": {
        "merchant_id": "m-1",
        "manager": "amy",
        "result": "talked",
        "listed_on": "2026-03-19T16:00:00Z",
        "step": "*.revenue",
        "next_on": "2026-03-27T16:00:00Z",
        "note": "wants help with the first team",
    },
}
NOTHING_WRONG = "Calls taken: 1; taken before: 0; rows refused: 0."
AGAIN = "Correct what is said above and send the sheet again; no call is taken twice."


def without_id(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    assert all(event["id"].startswith("success-call-") for event in events)
    return [{name: value for name, value in event.items() if name != "id"} for event in events]


def below(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    return {name: content for name, content in found.items() if Path(name).name != ".lock"}


def test_a_filled_in_workbook_becomes_lines_of_the_landing(office: Office, rows: Read) -> None:
    """The workbook itself, saved again by a second library; rows that nobody filled in say nothing."""
    book = openpyxl.load_workbook(office.settings.exports / "2026-03-20" / "managers" / "amy" / "workbook.xlsx")
    [number] = [row[2].row for row in book["Today"].iter_rows() if row[2].value == "m-1"]
    for column, value in zip("RSTU", TALKED, strict=True):
        book["Today"][f"{column}{number}"] = value
    office.settings.returns.mkdir()
    book.save(office.settings.returns / "周一 Today (2).xlsx")
    sent = (office.settings.returns / "周一 Today (2).xlsx").read_bytes()
    report = office.run()
    assert without_id(office.landed()) == [EVENT]
    assert [path.parent.name for path in office.settings.landing_folder.rglob("*.jsonl")] == ["dt=2026-03-21"]
    assert office.answers(rows) == [["", "", NOTHING_WRONG, "Nothing."]]
    assert (report["files"], report["rows_in"], report["rows_out"], report["refused"]) == (1, 1, 1, 0)
    [taken] = (office.settings.returns / "taken" / "2026-03-21").iterdir()
    assert taken.name.endswith("_周一 Today -2-.xlsx")
    assert taken.read_bytes() == sent
    assert office.waiting() == set()


def as_csv(grid: Grid, encoding: str, delimiter: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="\r\n").writerows(
        [f"{value:%Y-%m-%d}" if isinstance(value, datetime) else f"{value:.1%}" if value == 0.6 else value for value in row]
        for row in [["Call today"], ["a note"], *grid]
    )
    return out.getvalue().encode(encoding)


CSV_FORMS = {
    "utf-8 with a mark": ("utf-8-sig", ","),
    "utf-8": ("utf-8", ","),
    "gb18030": ("gb18030", ","),
    "utf-16": ("utf-16", "\t"),
    "semicolons": ("utf-8-sig", ";"),
}


@pytest.mark.parametrize("form", CSV_FORMS)
def test_a_csv_of_the_sheet_is_read(office: Office, rows: Read, form: str) -> None:
    office.settings.returns.mkdir()
    grid = office.filled({"m-1": TALKED, "m-11": (CALLED, "未接通", None, "下周再打")})
    (office.settings.returns / "today.csv").write_bytes(as_csv(grid, *CSV_FORMS[form]))
    office.run()
    found = {event["data"]["merchant_id"]: event for event in office.landed()}
    assert without_id([found["m-1"]]) == [EVENT]
    assert (found["m-11"]["data"]["result"], found["m-11"]["data"]["note"]) == ("no_answer", "下周再打")
    assert office.answers(rows) == [["", "", "Calls taken: 2; taken before: 0; rows refused: 0.", "Nothing."]]


def test_the_csv_of_the_pack_can_be_filled_in_too(office: Office, rows: Read) -> None:
    """It has no reference: its day says which list it is, and who looked after the merchant then has called."""
    path = office.settings.exports / "2026-03-20" / "managers" / "amy" / "csv" / "calls.csv"
    table = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
    inputs = {"'007": ["2026/3/21", "declined", "", ""], "m-1": ["2026-03-21", "talked", "", ""]}
    grid = [[*table[0], "called_on", "result", "next_on", "note"]]
    grid += [[*row, *inputs.get(row[0], [""] * 4)] for row in table[1:]]
    office.settings.returns.mkdir()
    with (office.settings.returns / "calls.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(grid)
    office.run()
    data = {event["data"]["merchant_id"]: event["data"] for event in office.landed()}
    assert {name: one["result"] for name, one in data.items()} == {"007": "declined", "m-1": "talked"}
    assert data["007"] == {
        "merchant_id": "007",
        "manager": "amy",
        "result": "declined",
        "listed_on": "2026-03-19T16:00:00Z",
    }
    assert office.answers(rows)[-1][2] == "Calls taken: 2; taken before: 0; rows refused: 0."


def moved(grid: Grid) -> Grid:
    return [row[::-1] for row in grid]


def only(*heads: str) -> Callable[[Grid], Grid]:
    def cut(grid: Grid) -> Grid:
        return [[row[grid[0].index(head)] for head in heads] for row in grid]

    return cut


def in_chinese(grid: Grid) -> Grid:
    heads = dict(zip(grid[0], ["序号", "名称", "编号", "清单状态", "阶段", "流失风险", "预计年损失"], strict=False))
    heads |= dict(zip(INPUTS, ["联系日期", "结果", "下次联系日期", "备注"], strict=True))
    words = {"at risk": "有风险", "talked": "已沟通"}
    return [[heads.get(cell, cell) for cell in grid[0]], *([words.get(cell, cell) for cell in row] for row in grid[1:])]


def with_dates(as_value: Callable[[datetime], Any]) -> Callable[[Grid], Grid]:
    def changed(grid: Grid) -> Grid:
        return [[as_value(cell) if isinstance(cell, datetime) else cell for cell in row] for row in grid]

    return changed


def sorted_by_name(grid: Grid) -> Grid:
    return [grid[0], *sorted(grid[1:], key=lambda row: str(row[1]))]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(moved, id="columns in another order"),
        pytest.param(only("Reference, leave as it is", *INPUTS), id="nothing but what is needed"),
        pytest.param(only("Id", "Note", "Reference, leave as it is", "Next call on", "Result", "Called on"), id="mixed"),
        pytest.param(in_chinese, id="Chinese words"),
        pytest.param(with_dates(lambda day: (day - datetime(1899, 12, 30)).days), id="dates as numbers"),
        pytest.param(with_dates(lambda day: f"{day:%Y/%m/%d}"), id="dates as texts"),
        pytest.param(with_dates(lambda day: f"{day.year}年{day.month}月{day.day}日"), id="dates in Chinese"),
        pytest.param(with_dates(lambda day: f"{day:%Y-%m-%d 00:00:00}"), id="dates with a time"),
        pytest.param(with_dates(lambda day: f"{day:%Y%m%d}"), id="dates without a sign"),
        pytest.param(sorted_by_name, id="rows in another order"),
        pytest.param(lambda grid: [[str(cell).upper() for cell in grid[0]], *grid[1:]], id="heads in capitals"),
    ],
)
def test_it_does_not_matter_how_a_sheet_was_saved(office: Office, rows: Read, change: Callable[[Grid], Grid]) -> None:
    office.lay(change(office.filled({"m-1": TALKED})))
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert office.answers(rows) == [["", "", NOTHING_WRONG, "Nothing."]]


@pytest.mark.parametrize("options", [{"constant_memory": True}, {"date_1904": True}], ids=["texts in the cells", "since 1904"])
def test_other_programs_write_other_workbooks(office: Office, options: dict[str, bool]) -> None:
    office.settings.returns.mkdir()
    with xlsxwriter.Workbook(str(office.settings.returns / "a.xlsx"), options) as book:
        book.add_worksheet("empty")
        page = book.add_worksheet("工作表2")
        day = book.add_format({"num_format": "yyyy/m/d"})
        for number, row in enumerate(office.filled({"m-1": TALKED})):
            for place, value in enumerate(row):
                if isinstance(value, datetime):
                    page.write_datetime(number, place, value, day)
                elif value is not None:
                    page.write(number, place, value)
    office.run()
    assert without_id(office.landed()) == [EVENT]


@pytest.mark.parametrize("form", FORMS)
def test_cells_are_read_in_every_form_that_programs_write(office: Office, rows: Read, form: str) -> None:
    office.settings.returns.mkdir()
    write_parts(office.settings.returns / "Today.xlsx", by_hand(office.filled({"m-1": TALKED}), form))
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert office.answers(rows) == [["", "", NOTHING_WRONG, "Nothing."]]


def without(*heads: str) -> Callable[[Grid], Grid]:
    def cut(grid: Grid) -> Grid:
        return [[cell for cell, head in zip(row, grid[0], strict=True) if head not in heads] for row in grid]

    return cut


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(without("Called on"), id="no day"),
        pytest.param(without("Result"), id="no result"),
        pytest.param(without("Id", "Reference, leave as it is"), id="nothing that names a merchant"),
        pytest.param(without(*INPUTS), id="nothing to fill in"),
    ],
)
def test_a_sheet_without_a_column_that_it_needs_is_answered(office: Office, rows: Read, change: Callable[[Grid], Grid]) -> None:
    office.lay(change(office.filled({"m-1": TALKED})))
    office.run()
    assert office.landed() == []
    [said, summary] = office.answers(rows)
    assert said[2].startswith("No sheet of this file has the columns")
    assert said[3]
    assert summary[2] == "Calls taken: 0; taken before: 0; rows refused: 0."


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(without("Id"), id="the reference names the merchant"),
        pytest.param(without("Name", "Plan", "Stage", "Risk of leaving", "At stake in a year"), id="figures deleted"),
        pytest.param(lambda grid: [["mine", *row[:5], None, *row[5:]] for row in grid], id="columns put in"),
    ],
)
def test_columns_that_are_deleted_or_put_in_do_no_harm(office: Office, rows: Read, change: Callable[[Grid], Grid]) -> None:
    office.lay(change(office.filled({"m-1": TALKED})))
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert office.answers(rows) == [["", "", NOTHING_WRONG, "Nothing."]]


def test_a_workbook_without_its_references_is_answered(office: Office, rows: Read) -> None:
    """Nothing says which day's list it is, and who looked after the merchant then."""
    office.lay(without("Reference, leave as it is")(office.filled({"m-1": TALKED})))
    office.run()
    assert office.landed() == []
    [said, summary] = office.answers(rows)
    assert said[1:3] == ["Reference, leave as it is", "This row does not say which list it comes from."]
    assert said[3].startswith("Copy the outcome into the same row")
    assert summary[2] == "Calls taken: 0; taken before: 0; rows refused: 1."


def test_a_wrong_size_in_a_workbook_hides_no_row(office: Office, tmp_path: Path) -> None:
    """What WPS and others say in `dimension` is not believed."""
    path = office.lay(office.filled({"m-1": TALKED}))
    whole = tmp_path / "whole.xlsx"
    path.rename(whole)
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            text = old.read(name)
            new.writestr(name, text.replace(b'<dimension ref="A1:V7"', b'<dimension ref="A1:B2"'))
    assert b'ref="A1:B2"' in zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml")
    office.run()
    assert without_id(office.landed()) == [EVENT]


REFUSED = [
    pytest.param({"Called on": datetime(2026, 3, 22)}, "Called on", "would be after 2026-03-21", id="tomorrow"),
    pytest.param({"Called on": datetime(2026, 1, 18)}, "Called on", "is older than 2026-01-19", id="too old"),
    pytest.param({"Called on": "3/4/2026"}, "Called on", "“3/4/2026” is no date that everybody reads alike", id="two ways"),
    pytest.param({"Called on": "2026-02-30"}, "Called on", "“2026-02-30” is no date", id="no such day"),
    pytest.param({"Called on": "yesterday"}, "Called on", "“yesterday” is no date", id="a word"),
    pytest.param({"Called on": None}, "Called on", "has no date", id="no date"),
    pytest.param({"Called on": "=TODAY()"}, "Called on", "has a formula", id="formula"),
    pytest.param({"Result": None}, "Result", "has no result", id="no result"),
    pytest.param({"Result": "happy"}, "Result", "“happy” is no result of the list", id="unknown result"),
    pytest.param({"Next call on": datetime(2026, 3, 21)}, "Next call on", "is not after 2026-03-21", id="next on that day"),
    pytest.param({"Next call on": "9999-12-31"}, "Next call on", "by 2027-03-22", id="next beyond all days"),
    pytest.param({"Called on": "9999-12-31"}, "Called on", "would be after", id="the last day of all"),
    pytest.param({"Note": "x" * 501}, "Note", "has 501 characters, of 500", id="long note"),
    pytest.param({"Note": '=HYPERLINK("http://evil")'}, "Note", "has a formula", id="a note that would run"),
    pytest.param({"Id": "m-10"}, "Id", "The id m-10 stands in the row of m-1", id="sorted apart"),
    pytest.param({"Reference, leave as it is": "x"}, "Reference, leave as it is", "was changed", id="other reference"),
    pytest.param(
        {"Reference, leave as it is": "fanout/2026-03-20/v000001/bob/m-1/*.revenue"},
        "Id",
        "bob did not look after merchant m-1",
        id="of another manager",
    ),
    pytest.param(
        {"Reference, leave as it is": "fanout/2026-03-20/v000001/amy/m-99/*.revenue", "Id": "m-99"},
        "Id",
        "There was no merchant m-99 on 2026-03-20",
        id="unknown merchant",
    ),
    pytest.param(
        {"Reference, leave as it is": "fanout/2020-03-20/v000001/amy/m-1/*.revenue"},
        "Reference, leave as it is",
        "The list of 2020-03-20 is not kept here",
        id="a day that is not there",
    ),
]


@pytest.mark.parametrize(("change", "column", "wrong"), REFUSED)
def test_a_cell_that_cannot_be_right_is_told_and_the_other_rows_count(
    office: Office, rows: Read, change: dict[str, Any], column: str, wrong: str
) -> None:
    grid = office.filled({"m-1": TALKED, "m-10": (CALLED, "declined", None, None)})
    [bad] = [number for number, row in enumerate(grid) if row[2] == "m-1"]
    for head, value in change.items():
        grid[bad][grid[0].index(head)] = value
    office.lay(grid)
    report = office.run()
    assert [event["data"]["merchant_id"] for event in office.landed()] == ["m-10"]
    [said, summary] = office.answers(rows)
    assert said[:2] == [str(bad + 3), column]
    assert wrong in said[2]
    assert said[3]
    assert summary == ["", "", "Calls taken: 1; taken before: 0; rows refused: 1.", AGAIN]
    assert (report["rows_in"], report["rows_out"], report["refused"]) == (2, 1, 1)


def test_all_faults_of_a_row_are_told_at_once(office: Office, rows: Read) -> None:
    office.lay(office.filled({"m-1": (None, None, "soon", "y" * 501), "m-10": (None, None, None, "only a note")}))
    office.run()
    assert office.landed() == []
    assert [(row[1], row[2].split(" ")[0]) for row in office.answers(rows)[:-1]] == [
        ("Called on", "The"),
        ("Result", "A"),
        ("Next call on", "“soon”"),
        ("Note", "The"),
        ("Called on", "The"),
        ("Result", "A"),
    ]


@pytest.mark.parametrize(
    ("head", "value"),
    [
        ("Risk of leaving", 0.1),
        ("Risk of leaving", None),
        ("Name", "Another shop"),
        ("Stage", "operating"),
        ("In this stage since", datetime(2026, 3, 1)),
        ("At stake in a year", "a lot"),
        ("#", 3),
        ("Revenue, 365 days", "=1+1"),
    ],
)
def test_an_edited_cell_of_the_list_is_told_and_not_believed(office: Office, rows: Read, head: str, value: Any) -> None:
    grid = office.filled({"m-1": TALKED})
    [row] = [row for row in grid if row[2] == "m-1"]
    row[grid[0].index(head)] = value
    office.lay(grid)
    office.run()
    assert without_id(office.landed()) == [EVENT]
    [said, summary] = office.answers(rows)
    assert said[1] == head
    assert said[2].endswith("is not what was sent. The call counts; the change does not.")
    assert summary[2:] == [NOTHING_WRONG, "Nothing."]


def test_a_row_that_somebody_added_is_a_call_without_a_list(office: Office, rows: Read) -> None:
    """m-2 is nobody's; of a merchant that is not on the list, no list is named."""
    grid = office.filled({"m-1": TALKED})
    heads = grid[0]
    for merchant in ("m-10", "m-2", "m-77"):
        cells = {"Id": merchant, "Called on": CALLED, "Result": "talked"}
        grid.append([cells.get(head) for head in heads])
    office.lay(grid)
    office.run()
    assert {event["data"]["merchant_id"] for event in office.landed()} == {"m-1", "m-10"}
    assert [row[2] for row in office.answers(rows)[:-1]] == [
        "amy did not look after merchant m-2 on the day of the list.",
        "There was no merchant m-77 on 2026-03-20.",
    ]


def test_the_same_sheet_again_adds_nothing(office: Office, rows: Read) -> None:
    path = office.lay(office.filled({"m-1": TALKED}))
    sent = path.read_bytes()
    office.run()
    before, answers = below(office.settings.landing_folder), below(office.settings.returns / "answers")
    assert len(before) == 1
    for as_of in (DAY_AFTER, DAY_AFTER + timedelta(days=3)):
        path.write_bytes(sent)
        report = office.run(as_of)
        assert (report["rows_in"], report["rows_out"]) == (1, 0)
        assert below(office.settings.landing_folder) == before
    assert below(office.settings.returns / "answers").keys() == answers.keys()
    assert office.answers(rows) == [["", "", "Calls taken: 0; taken before: 1; rows refused: 0.", "Nothing."]]


def test_a_corrected_sheet_adds_what_was_missing(office: Office) -> None:
    office.lay(office.filled({"m-1": TALKED, "m-10": (CALLED, "happy", None, None)}))
    office.run()
    office.lay(office.filled({"m-1": TALKED, "m-10": (CALLED, "talked", None, None)}))
    report = office.run()
    assert (report["rows_in"], report["rows_out"], report["refused"]) == (2, 1, 0)
    events = office.landed()
    assert sorted(event["data"]["merchant_id"] for event in events) == ["m-1", "m-10"]
    assert len({event["id"] for event in events}) == 2


@pytest.mark.parametrize("as_of", [DAY_AFTER, DAY_AFTER + timedelta(days=1)])
def test_what_was_told_first_of_a_call_counts(office: Office, rows: Read, as_of: date) -> None:
    """What is told later lies in the landing too, once, where the ingest finds it after the first."""
    office.lay(office.filled({"m-1": TALKED}))
    office.run()
    for _ in range(2):
        shutil.rmtree(office.settings.returns / "answers")
        office.lay(office.filled({"m-1": (CALLED, "declined", None, None)}))
        office.run(as_of)
        first, later = office.landed()
        assert without_id([first]) == [EVENT]
        assert first["id"] == later["id"]
        assert later["data"]["result"] == "declined"
        [said, summary] = office.answers(rows)
        assert said[1] == "Result"
        assert said[2] == ("This call was told before, with the result “talked”, which counts; this row was kept beside it.")
        assert summary[2] == "Calls taken: 0; taken before: 0; rows refused: 1."


def test_one_call_told_twice_in_a_sheet_counts_once(office: Office, rows: Read) -> None:
    grid = office.filled({"m-1": TALKED})
    [row] = [row for row in grid if row[2] == "m-1"]
    other = [*row]
    other[grid[0].index("Result")] = "declined"
    office.lay([*grid, row, other])
    office.run()
    assert without_id(office.landed()) == [EVENT]
    [said, _] = office.answers(rows)
    assert said[2].startswith("This row tells otherwise of the same call as row ")


def test_two_managers_tell_of_one_merchant(office: Office) -> None:
    """It went from amy to bob between the lists; both have called on one day, and both calls count."""
    office.lay(office.filled({"m-1": TALKED}), "amy.xlsx")
    called = (datetime(2026, 3, 22), "declined", None, None)
    office.lay(office.filled({"m-1": called}, "bob", DAY_AFTER), "bob.xlsx")
    amy = office.filled({"m-1": called})
    office.lay(amy, "amy again.xlsx")
    office.run(AS_OF + timedelta(days=2))
    told = sorted((event["data"]["manager"], event["time"], event["data"]["listed_on"]) for event in office.landed())
    assert told == [
        ("amy", "2026-03-20T16:00:00Z", "2026-03-19T16:00:00Z"),
        ("amy", "2026-03-21T16:00:00Z", "2026-03-19T16:00:00Z"),
        ("bob", "2026-03-21T16:00:00Z", "2026-03-20T16:00:00Z"),
    ]
    assert len({event["id"] for event in office.landed()}) == 3


def test_an_old_sheet_still_counts(office: Office) -> None:
    office.lay(office.filled({"m-1": TALKED}))
    office.run(AS_OF + timedelta(days=90))
    assert without_id(office.landed()) == [EVENT]
    assert [path.name for path in (office.settings.landing / "shop").iterdir()] == ["dt=2026-06-18"]


def test_a_sheet_waits_for_the_day_of_its_calls(office: Office) -> None:
    """The day of the list is run again while its sheet is there already."""
    office.lay(office.filled({"m-1": TALKED}))
    report = office.run(AS_OF)
    assert (report["files"], report["waiting"]) == (0, 1)
    assert office.waiting() == {"Today.xlsx"}
    assert not list(office.settings.landing.iterdir())
    office.run(DAY_AFTER)
    assert without_id(office.landed()) == [EVENT]


def test_nothing_to_take_changes_nothing(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    before = below(office.settings.home)
    assert office.run()["files"] == 0
    office.settings.returns.mkdir()
    for name in ("~$Today.xlsx", ".hidden.csv", "half.xlsx.part"):
        (office.settings.returns / name).write_text("x")
    monkeypatch.setattr(command, "Lists", None)  # nothing is read
    assert office.run()["files"] == 0
    assert below(office.settings.home).keys() - before.keys() == {
        "returns/~$Today.xlsx",
        "returns/.hidden.csv",
        "returns/half.xlsx.part",
    }
    assert not list(office.settings.landing.iterdir())


def test_a_landing_that_cannot_be_written_is_said_and_nothing_is_lost(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = office.lay(office.filled({"m-1": TALKED}))
    (office.settings.landing_folder / "shop").write_text("a file in the way")
    with pytest.raises(Failed, match=r"shop/dt=2026-03-21 cannot be read or written .*give the user of the tasks the right"):
        office.run()
    assert path.exists()
    monkeypatch.setenv("FANOUT_HOME", str(office.settings.home))
    monkeypatch.setenv("FANOUT_LANDING", str(office.settings.landing))
    monkeypatch.setattr("sys.argv", ["returns", "--as-of", "2026-03-21"])
    assert main() == 1
    assert f"FANOUT_LANDING={office.settings.landing}" in capsys.readouterr().err
    (office.settings.landing_folder / "shop").unlink()
    assert main() == 0
    assert json.loads(capsys.readouterr().out)["rows_out"] == 1


def test_a_run_that_was_killed_before_the_answer_repeats_nothing(
    office: Office, rows: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.lay(office.filled({"m-1": TALKED}))
    with monkeypatch.context() as patched:
        patched.setattr(command, "_answer", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            office.run()
    assert office.waiting() == {"Today.xlsx"}
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert office.answers(rows) == [["", "", "Calls taken: 0; taken before: 1; rows refused: 0.", "Nothing."]]


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("xl/workbook.xml", "w", force_zip64=True) as out:
        for _ in range(129):
            out.write(b" " * (1 << 20))


def large(path: Path) -> None:
    with path.open("wb") as out:
        out.truncate(sheets.LARGEST_FILE + 1)


def with_sheet(xml: str) -> Callable[[Path], None]:
    """A workbook whose only sheet is made by hand."""
    return lambda path: write_parts(path, {"xl/worksheets/sheet1.xml": xml})


_HEADS = "".join(f'<c t="inlineStr"><is><t>{head}</t></is></c>' for head in ("merchant_id", "called_on", "result", "reference"))
_XML = f'<worksheet xmlns="{MAIN}"><sheetData>{{}}</sheetData></worksheet>'


@pytest.mark.parametrize(
    ("name", "write", "wrong"),
    [
        pytest.param("a.xlsx", bomb, "larger than 20 MB, or unpacks to far more", id="unpacks to much"),
        pytest.param("a.xlsx", large, "larger than 20 MB", id="large"),
        pytest.param("a.csv", large, "larger than 20 MB", id="large text"),
        pytest.param("a.xlsx", lambda path: path.write_bytes(b"PK\x03\x04 no archive"), "is damaged", id="damaged"),
        pytest.param("a.xlsx", lambda path: path.write_bytes(b""), "neither an xlsx workbook nor a CSV", id="empty"),
        pytest.param("a.xls", lambda path: path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "a password", id="old"),
        pytest.param("a.pdf", lambda path: path.write_bytes(b"%PDF-1.7"), "neither an xlsx", id="another kind"),
        pytest.param("a.csv", lambda path: path.write_bytes(b"\x81\xff\x00\xfe"), "letters of this CSV", id="no text"),
        pytest.param("a.csv", lambda path: path.write_bytes(b"a,b\n1,2\n"), "No sheet of this file has the columns", id="else"),
        pytest.param("a.csv", lambda path: path.write_bytes(b'"' + b"x" * 200_000), "is damaged", id="an endless cell"),
        pytest.param(
            "a.csv", lambda path: path.write_bytes(b"result,called_on,merchant_id,result\n"), "is there twice", id="twice"
        ),
        pytest.param(
            "a.csv",
            lambda path: path.write_bytes(b"result,called_on,merchant_id\n" + b"talked,2026-03-21,m-1\n" * 100_000),
            "has more than 100,000 rows",
            id="many rows",
        ),
        pytest.param(
            "a.xlsx",
            with_sheet(_XML.format(f'<row r="1">{_HEADS}</row><row r="99999999999"><c><v>1</v></c></row>')),
            "is damaged",
            id="a row beyond all",
        ),
        pytest.param(
            "a.xlsx",
            with_sheet(
                '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
                + "".join(f'<!ENTITY {one} "{f"&{other};" * 10}">' for one, other in zip("bcdefghij", "abcdefghi", strict=True))
                + "]>"
                + _XML.format('<row r="1"><c t="inlineStr"><is><t>&j;</t></is></c></row>')
            ),
            "is damaged",
            id="entities that grow",
        ),
    ],
)
def test_a_file_that_cannot_be_taken_is_answered_and_kept(
    office: Office, rows: Read, name: str, write: Callable[[Path], None], wrong: str
) -> None:
    office.settings.returns.mkdir()
    write(office.settings.returns / name)
    sent = (office.settings.returns / name).stat().st_size
    office.lay(office.filled({"m-1": TALKED}), "z.xlsx")
    office.run()
    assert without_id(office.landed()) == [EVENT]  # of the sheet that comes after it
    [answer] = (office.settings.returns / "answers").glob(f"*_{name}.csv")
    [said, summary] = [list(row.values()) for row in rows(answer)]
    assert wrong in said[2]
    assert said[3]
    assert summary[2] == "Calls taken: 0; taken before: 0; rows refused: 0."
    [taken] = (office.settings.returns / "taken" / "2026-03-21").glob(f"*_{name}")
    assert taken.stat().st_size == sent


def test_a_million_empty_rows_hide_no_call(office: Office) -> None:
    """LibreOffice and others write the last row of all, with nothing in it."""
    grid = office.filled({"m-1": TALKED})
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in grid:
        page.append(row)
    page.row_dimensions[1 << 20].height = 12.8
    office.settings.returns.mkdir()
    book.save(office.settings.returns / "a.xlsx")
    assert b'r="1048576"' in zipfile.ZipFile(office.settings.returns / "a.xlsx").read("xl/worksheets/sheet1.xml")
    office.run()
    assert without_id(office.landed()) == [EVENT]


def test_no_name_leaves_the_folder_and_no_link_is_followed(office: Office, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("merchant_id,called_on,result\nm-1,2026-03-21,talked\n")
    path = office.lay(office.filled({"m-1": TALKED}))
    long = "=cmd|' \\C calc'!A0 " + "很" * 60 + ".xlsx"
    path.rename(office.settings.returns / long)
    (office.settings.returns / "link.csv").symlink_to(secret)
    (office.settings.returns / "folder.csv").mkdir()
    os.mkfifo(office.settings.returns / "pipe.csv")
    before = {path.name for path in tmp_path.iterdir()}
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert {path.name for path in office.settings.returns.iterdir()} >= {"link.csv", "folder.csv", "pipe.csv"}
    assert stat.S_ISFIFO((office.settings.returns / "pipe.csv").stat().st_mode)
    assert {path.name for path in tmp_path.iterdir()} == before
    [answer] = (office.settings.returns / "answers").iterdir()
    assert len(answer.name.encode()) < 200
    assert "=" not in answer.name
    assert secret.read_text().startswith("merchant_id")


def test_no_cell_of_an_answer_can_run(office: Office, rows: Read) -> None:
    evil = "=cmd|' /C calc'!A0"
    for language in ("en", "zh"):
        grid = office.filled({"m-1": (evil, evil, evil, evil)})
        [row] = [row for row in grid if row[2] == "m-1"]
        row[2] = "+1"
        office.settings.returns.mkdir(exist_ok=True)
        (office.settings.returns / "a.csv").write_bytes(as_csv(grid, "utf-8"))
        run(replace(office.settings, language=language), DAY_AFTER)
        cells = [cell for line in office.answers(rows) for cell in line]
        assert len(cells) > 12
        assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@|\t")]
        shutil.rmtree(office.settings.returns / "answers")


def test_answers_speak_chinese(office: Office, rows: Read) -> None:
    office.lay(office.filled({"m-1": (CALLED, "happy", None, None)}))
    run(replace(office.settings, language="zh"), DAY_AFTER)
    [said, summary] = office.answers(rows)
    assert said[1:] == ["结果", "“happy” 不在结果列表中。", "请从列表中选择结果。"]
    assert summary[2] == "新记录联系 0 次；此前已记录 0 次；未采用 1 行。"


def test_several_sheets_of_a_workbook_are_read(office: Office, rows: Read) -> None:
    path = office.lay(office.filled({"m-1": TALKED}))
    book = openpyxl.load_workbook(path)
    page = book.create_sheet("copy")
    for row in office.filled({"m-10": (CALLED, "happy", None, None), "m-1": TALKED}):
        page.append(row)
    book.save(path)
    office.run()
    assert without_id(office.landed()) == [EVENT]
    [said, _] = office.answers(rows)
    assert said[0].startswith("2:")


def test_a_republished_day_takes_the_sheets_of_its_first_version(office: Office, rows: Read) -> None:
    """The version that was delivered is gone, so nobody can say what was edited; the calls count."""
    grid = office.filled({"m-1": TALKED})
    place = grid[0].index("Reference, leave as it is")
    for row in grid[1:]:
        row[place] = row[place].replace("v000001", "v000000")
        row[grid[0].index("Risk of leaving")] = 0.9
    office.lay(grid)
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert len(office.answers(rows)) == 1


@pytest.mark.acceptance
@pytest.mark.parametrize("form", ["xlsx", "xlsx-from-ods", "csv"])
def test_libreoffice_saves_a_sheet_that_is_read(office: Office, rows: Read, tmp_path: Path, form: str) -> None:
    """The delivered workbook, filled in, then saved by LibreOffice; the hidden column stays."""
    soffice = shutil.which("soffice")
    assert soffice is not None, "LibreOffice is missing: apt-get install libreoffice-calc-nogui"
    book = openpyxl.load_workbook(office.settings.exports / "2026-03-20" / "managers" / "amy" / "workbook.xlsx")
    [number] = [row[2].row for row in book["Today"].iter_rows() if row[2].value == "m-1"]
    for column, value in zip("RSTU", TALKED, strict=True):
        book["Today"][f"{column}{number}"] = value
    path = tmp_path / "in" / "Today.xlsx"
    path.parent.mkdir()
    book.save(path)
    out = office.settings.returns
    command = [soffice, "--headless", f"-env:UserInstallation=file://{tmp_path}/profile", "--convert-to"]

    def convert(source: Path, kind: str, folder: Path) -> None:
        subprocess.run([*command, kind, "--outdir", str(folder), str(source)], check=True, capture_output=True)

    if form == "xlsx-from-ods":
        convert(path, "ods", tmp_path / "ods")
        path = tmp_path / "ods" / "Today.ods"
    convert(path, "csv:Text - txt - csv (StarCalc):44,34,76,1" if form == "csv" else "xlsx:Calc MS Excel 2007 XML", out)
    office.run()
    assert without_id(office.landed()) == [EVENT]
    assert office.answers(rows) == [["", "", NOTHING_WRONG, "Nothing."]]
