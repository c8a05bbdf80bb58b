"""Leads that were called: the sheet *Leads to call* comes back, and what came of it is outreach of the merchant."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from contract.settings import Settings
from exports.policy.people import pseudonym
from exports.write_packs import export
from tests.exports.returns.conftest import DAY_AFTER, Grid, Office
from tests.small_warehouse import AS_OF, published

Read = Callable[[Path], list[dict[str, str]]]
CALLED = datetime(2026, 3, 21)
KEY = "k" * 32
# Shanghai is eight hours ahead, so the 21st begins at 16:00 of the 20th.
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "source": "fanout/returns",
    "type": "shop.outreach_made.v1",
    "time": "2026-03-20T16:00:00Z",
    "data": {"merchant_id": "m-1", "user_id": "u-2", "kind": "call", "result": "accepted"},
}


def workbook(office: Office) -> openpyxl.Workbook:
    return openpyxl.load_workbook(office.settings.exports / "2026-03-20" / "managers" / "amy" / "workbook.xlsx")


def filled(office: Office, *outcome: Any, title: str = "Leads to call") -> Grid:
    """The sheet of leads from its heads on, with an outcome in the only row."""
    heads, row = (list(row) for row in workbook(office)[title].iter_rows(min_row=3, values_only=True))
    assert [row[place] for place in (1, 2, -3, -2)] == ["m-1", "u-2", None, None]
    row[-3:-1] = outcome
    return [heads, row]


def without_id(events: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    assert all(event["id"].startswith("lead-call-") for event in events)
    return [{name: value for name, value in event.items() if name != "id"} for event in events]


def test_a_filled_in_workbook_becomes_outreach_in_the_landing(office: Office, rows: Read) -> None:
    """The workbook itself, with a call to a merchant beside the one to a lead."""
    book = workbook(office)
    page = book["Leads to call"]
    heads = [cell.value for cell in page[3]]
    assert heads[-3:] == ["Called on", "Result", "Reference, leave as it is"]
    page.cell(4, len(heads) - 2, CALLED)
    page.cell(4, len(heads) - 1, "accepted")
    [number] = [row[2].row for row in book["Today"].iter_rows() if row[2].value == "m-10"]
    book["Today"][f"R{number}"], book["Today"][f"S{number}"] = CALLED, "talked"
    office.settings.returns.mkdir()
    book.save(office.settings.returns / "amy.xlsx")
    office.run()
    merchant, lead = sorted(office.landed(), key=lambda event: event["type"], reverse=True)
    assert (merchant["type"], merchant["data"]["merchant_id"]) == ("shop.success_call.v1", "m-10")
    assert without_id([lead]) == [EVENT]
    assert office.answers(rows) == [["", "", "Calls taken: 2; taken before: 0; rows refused: 0.", "Nothing."]]


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ("no answer", {"result": "no_answer"}),
        ("已接受", {"result": "accepted"}),
        ("refused", {"result": "refused"}),
        ("wants no more calls", {"result": "refused", "is_opt_out": True}),
        ("要求不再联系", {"result": "refused", "is_opt_out": True}),
    ],
)
def test_each_result_is_one_of_the_event(office: Office, result: str, told: dict[str, Any]) -> None:
    office.lay(filled(office, CALLED, result))
    office.run()
    assert without_id(office.landed()) == [EVENT | {"data": EVENT["data"] | told}]


def test_the_workbook_offers_the_results_and_the_days(office: Office) -> None:
    """What a person may type is the same as what is taken."""
    rules = {str(rule.sqref): rule for rule in workbook(office)["Leads to call"].data_validations.dataValidation}
    assert rules["P4"].formula1 == '"accepted,refused,no answer,wants no more calls"'
    assert (rules["O4"].type, rules["O4"].operator or "between") == ("date", "between")
    assert sorted(rules) == ["O4", "P4"]


def test_the_csv_of_the_pack_can_be_filled_in_too(office: Office) -> None:
    path = office.settings.exports / "2026-03-20" / "managers" / "amy" / "csv" / "leads.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads, row = list(csv.reader(file))
    office.settings.returns.mkdir()
    with (office.settings.returns / "leads.csv").open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows([[*heads, "called_on", "result"], [*row, "2026/3/21", "accepted"]])
    office.run()
    assert without_id(office.landed()) == [EVENT]


def test_a_lead_below_the_list_can_be_added_and_a_merchants_own_list_sent_back(office: Office) -> None:
    """leads.csv of the merchant's pack has everybody, under the name user_id."""
    path = office.settings.exports / "2026-03-20" / "merchants" / "m-1" / "csv" / "leads.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        heads, *table = list(csv.reader(file))
    user = heads.index("user_id")
    assert {row[user] for row in table} > {"u-2"}
    office.settings.returns.mkdir()
    with (office.settings.returns / "own.csv").open("w", encoding="utf-8-sig", newline="") as file:
        rows = [[*row, "2026-03-21", "no_answer"] for row in table]
        csv.writer(file).writerows([[*heads, "called_on", "result"], *rows])
    office.run()
    assert {event["data"]["user_id"] for event in office.landed()} == {row[user] for row in table}


def test_the_same_call_is_taken_once_and_the_first_counts(office: Office, rows: Read) -> None:
    office.lay(filled(office, CALLED, "accepted"))
    office.run()
    office.lay(filled(office, CALLED, "accepted"), "again.xlsx")
    assert (office.run()["rows_out"], len(office.landed())) == (0, 1)
    office.lay(filled(office, CALLED, "wants no more calls"), "other.xlsx")
    assert office.run()["refused"] == 1
    [answer] = office.settings.returns.glob("answers/*_other.xlsx.csv")
    assert "with the result “accepted”, which counts" in list(rows(answer)[0].values())[2]


OF_LEAD = "fanout-lead/2026-03-20/v000001/{}"
# What is put into which place of the row, and what is said of which column.
FAULTS: dict[str, tuple[dict[int, Any], list[str]]] = {
    "result of another list": ({-2: "talked"}, ["Result", "“talked” is no result of the list."]),
    "another fan": ({2: "u-9"}, ["Fan", "The fan u-9 stands in the row of u-2: columns were sorted or moved apart."]),
    "a reference that was changed": (
        {-1: "fanout-lead/x"},
        ["Reference, leave as it is", "The hidden reference of this row was changed."],
    ),
    "a fan who is no lead": (
        {-1: OF_LEAD.format("amy/m-1/u-99"), 2: "u-99"},
        ["Fan", "Nobody who is called u-99 was a lead of merchant m-1 on 2026-03-20."],
    ),
    "a manager who did not look after the merchant": (
        {-1: OF_LEAD.format("bob/m-1/u-2")},
        ["Id", "bob did not look after merchant m-1 on the day of the list."],
    ),
    "a day to come": (
        {-3: datetime(2026, 3, 29)},
        ["Called on", "The call of 2026-03-29 would be after 2026-03-21, the last day that this run knows."],
    ),
    "a day long before": (
        {-3: datetime(2026, 1, 18)},
        ["Called on", "The call of 2026-01-18 is older than 2026-01-19, so it does not come from this list."],
    ),
    "no day": ({-3: None}, ["Called on", "The result of a call has no date."]),
    "no result": ({-2: None}, ["Result", "A call has no result."]),
    "a formula": ({-2: "=A1"}, ["Result", "This cell has a formula."]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_cell_that_cannot_be_right_is_told(office: Office, rows: Read, fault: str) -> None:
    grid = filled(office, CALLED, "accepted")
    changes, said = FAULTS[fault]
    for place, value in changes.items():
        grid[1][place] = value
    office.lay(grid)
    office.run()
    assert office.landed() == []
    told, summary = office.answers(rows)
    assert told[1:3] == said
    assert told[3]
    assert summary[2] == "Calls taken: 0; taken before: 0; rows refused: 1."


def test_a_pseudonym_is_the_person_again(settings: Settings, rows: Read) -> None:
    """Under the key of the list; under another nobody is called so."""
    office = Office(replace(settings, pseudonym_key=KEY))
    published(office.settings)
    export(office.settings, AS_OF)
    heads, row = (list(row) for row in workbook(office)["Leads to call"].iter_rows(min_row=3, values_only=True))
    assert row[2] == pseudonym(KEY, "m-1", "u-2")
    row[-3:-1] = CALLED, "accepted"
    office.lay([heads, row])
    other = Office(replace(office.settings, pseudonym_key="o" * 32))
    other.run(DAY_AFTER)
    assert office.landed() == []
    [told, _] = office.answers(rows)
    assert told[2].startswith("Nobody who is called fan-")
    office.lay([heads, [*row[:-3], CALLED, "accepted", row[-1]]], "again.xlsx")
    office.run(DAY_AFTER)
    assert without_id(office.landed()) == [EVENT]
