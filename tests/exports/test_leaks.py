"""What must not leave: notes of calls, people in messages, and what another merchant of a benchmark has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from contract.settings import Settings
from contract.tables import TABLES
from exports.delivery.notes import Note, notes
from exports.delivery.robots import FORMS
from exports.pages.words import LANGUAGES, Words
from exports.write_packs import export
from tests.exports.contents import add, names_in, packs_with, texts
from tests.exports.delivery.test_messages import message
from tests.small_warehouse import AS_OF, insert

Export = Callable[..., Path]
Read = Callable[[Path], list[dict[str, str]]]

SECRET = "她在考虑别的平台"


def test_no_mart_has_a_note_and_one_that_had_it_would_not_tell_it(exported: Export) -> None:
    noted = [
        f"{table.name}.{column.name}" for table in TABLES.values() for column in table.mart_columns if "note" in column.name
    ]
    assert len(TABLES) > 60
    assert noted == []
    folder = exported(
        f"alter table marts.success_calls add column note varchar default '{SECRET}'",
        insert(TABLES["success_calls"], {"manager": "amy", "result": "talked"}),
    )
    assert packs_with(folder, SECRET) == []


def test_the_scan_finds_a_note_in_what_a_merchant_sees(exported: Export) -> None:
    folder = exported(f"update marts.merchants set name = '{SECRET}' where merchant_id = 'm-1'")
    assert [path.name for path in packs_with(folder, SECRET)] == ["m-1", "amy"]


def told_in(found: Iterable[Note], kind: str) -> dict[str, str]:
    """All that a chat is sent, by manager."""
    return {note.manager: json.dumps([FORMS[kind](note), note.title, note.text], ensure_ascii=False) for note in found}


def people_in(text: str) -> set[str]:
    return set(re.findall(r"\bu-\d+\b|\bfan-[a-z2-7]{20}\b", text))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_names_a_person_or_a_merchant_of_somebody_else(exported: Export, language: str) -> None:
    """bob has m-2, which is at risk too; fans of both merchants are in the packs."""
    folder = exported(
        "update marts.merchants set account_manager = 'bob', name = 'Cups' where merchant_id = 'm-2'",
        "update marts.merchants set name = 'Tea' where merchant_id = 'm-1'",
        "update marts.merchant_churn_flags set is_churn_flagged = true, stage = 'at_risk' where merchant_id = 'm-2'",
    )
    assert {name for name in names_in(folder / "managers" / "amy") if name.startswith("u-")}
    for kind in FORMS:
        told = told_in(notes(folder, AS_OF, message(kind), Words.of(language)), kind)
        assert told.keys() == {"amy", "bob"}
        assert {manager: people_in(text) for manager, text in told.items()} == {"amy": set(), "bob": set()}
        assert ("Tea" in told["amy"], "Cups" in told["bob"]) == (True, True)
        assert "Cups" not in told["amy"]
        assert "Tea" not in told["bob"]


def test_the_scan_finds_a_person_in_a_message(exported: Export) -> None:
    folder = exported("update marts.merchants set name = 'Tea of u-1' where merchant_id = 'm-1'")
    told = told_in(notes(folder, AS_OF, message("slack"), Words.of("en")), "slack")
    assert people_in(told["amy"]) == {"u-1"}


def test_messages_of_a_day_are_the_same_again(exported: Export, settings: Settings) -> None:
    folder = exported()
    first = [told_in(notes(folder, AS_OF, message(kind), Words.of("en")), kind) for kind in FORMS]
    export(settings, AS_OF)
    assert [told_in(notes(folder, AS_OF, message(kind), Words.of("en")), kind) for kind in FORMS] == first
    assert all(first)


# Twelve others of m-1's category and size, and what they have, with digits that no place in a picture has. A quartile that is
# told has two significant digits.
PEERS = [
    """insert into marts.merchants by name select 'm-' || (100 + i) as merchant_id, 'food' as category,
        timestamp '2026-01-01' as first_event_at, true as is_money_complete from range(1, 13) numbers(i)""",
    """insert into marts.per_fan_revenue by name select 'm-' || (100 + i) as merchant_id, 9 as fans_end,
        103 * i + 0.613 as revenue_per_fan_annualised from range(1, 13) numbers(i)""",
]
GONE = "delete from marts.per_fan_revenue where merchant_id = 'm-101'"
FIGURES = re.compile("|".join(rf"\b(?:{103 * peer}|{103 * peer:,})\.613" for peer in range(1, 13)))


def of_others(pack: Path) -> set[str]:
    """Names and figures of the others in a merchant's pack."""
    figures = {found for _, text in texts(pack) for found in FIGURES.findall(text)}
    return figures | {name for name in names_in(pack) if name.startswith("m-") and name != "m-1"}


def test_two_days_of_a_benchmark_name_no_other_and_tell_no_figure(exported: Export, rows: Read) -> None:
    """Of twelve others the 3rd, 6th and 9th, 309.613, 618.613 and 927.613; with the least gone 412.613, 721.613, 1030.613."""
    exported(*PEERS, as_of=AS_OF - timedelta(days=1))
    pack = exported(*PEERS, GONE) / "merchants" / "m-1"
    [change] = rows(pack / "csv" / "benchmarks.changes.csv")
    names = ("lower_quartile", "median", "upper_quartile")
    assert [float(change[f"{name}_before"]) for name in names] == [310, 620, 930]
    assert [float(change[name]) for name in names] == [410, 720, 1000]
    assert of_others(pack) == set()


def test_the_scan_finds_a_figure_of_another(exported: Export) -> None:
    pack = exported(*PEERS) / "merchants" / "m-1"
    add(pack / "csv" / "benchmarks.csv", "m-1,revenue_per_fan,1,309.613,618.613,m-103\n")
    assert of_others(pack) == {"309.613", "618.613", "m-103"}
