"""Every table that is declared for people stands where its declaration says, and shows nothing that may not leave."""

from __future__ import annotations

from html import unescape
from pathlib import Path

import openpyxl
import pytest

from exports.pages import sheets
from exports.pages.sheets import Form, SheetColumn, SheetTable
from exports.pages.words import LANGUAGES, Words
from exports.policy.allow_list import MANAGER_TABLES


def forbidden(table: SheetTable) -> set[str]:
    """Columns that a sheet shows and its table of the allow-list lacks."""
    return set(table.columns) - set(table.allowed.columns)


def test_a_sheet_shows_what_may_leave() -> None:
    assert len(sheets.TABLES) >= 4
    assert [table.name for table in sheets.TABLES if forbidden(table)] == []
    leaking = SheetTable("regions", {**sheets.REGIONS.columns, "opened_by": SheetColumn("fan", Form.TEXT)})
    assert forbidden(leaking) == {"opened_by"}


def test_every_table_of_several_rows_a_merchant_has_a_sheet_and_an_order() -> None:
    of_several = {table.name for table in MANAGER_TABLES if table.name not in ("calls", "merchants")}
    assert {table.name for table in sheets.TABLES} == of_several
    assert [table.name for table in sheets.TABLES if not table.allowed.order] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sheet_has_its_words(language: str) -> None:
    words = Words.of(language)
    for table in sheets.TABLES:
        assert words(f"sheet.{table.name}")
        assert table.note(words)
        assert all(words(f"column.{column.word}") for column in table.columns.values())
        assert {column.word for column in table.columns.values()} >= set(table.marks)


def test_every_sheet_is_in_workbook_and_pages_and_people_are_not_on_the_managers_page(small: Path) -> None:
    words = Words.of("en")
    book = openpyxl.load_workbook(small / "managers" / "amy" / "workbook.xlsx")
    manager, merchant = (unescape((small / pack / "report.html").read_text()) for pack in ("managers/amy", "merchants/m-1"))
    assert {words(f"sheet.{table.name}") for table in sheets.TABLES if table is not sheets.LEADERS} <= set(book.sheetnames)
    for table in sheets.TABLES:
        if table is not sheets.REGIONS:
            title = f"<h2>{words(f'sheet.{table.name}')}</h2>"
            is_merchants_own = bool(table.allowed.persons) or table in (sheets.PRODUCTS, sheets.RED_PACKETS)
            assert (title in manager) is not is_merchants_own
            # a merchant's own page has the tree
            assert (title in merchant) is (table is not sheets.RED and table.is_for_merchants)
