"""The workbook of an account manager: one sheet a question, ready to filter, sort and print.

The bytes depend on the content alone: no clock is inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import ceil
from pathlib import Path
from textwrap import wrap
from typing import Any
from unicodedata import east_asian_width

import xlsxwriter
from xlsxwriter.utility import quote_sheetname, xl_range_abs

from exports.pages import sheets
from exports.pages.about import About
from exports.pages.figures import SHOWN_STAGES, Call, Merchant, week_ends
from exports.pages.outcomes import PERIODS, Outcomes
from exports.pages.returned import LONGEST_NOTE, RESULTS, earliest_call
from exports.pages.sheets import Form, Mark, Sheet, SheetColumn, Use, Value, today_note
from exports.pages.words import Words
from exports.policy.names import readable

_NUMBERS = {Form.COUNT: "#,##0", Form.MONEY: "#,##0.00", Form.SHARE: "0.0%"}
_HEAD_ROW = 2  # title, note, head
_INK, _ACCENT, _BAR, _RED, _GREEN = "#1f2933", "#1f6f8b", "#a9cfdb", "#f5b7b1", "#abebc6"
_LIGHTS = {"red": _RED, "yellow": "#fdf1c4", "green": _GREEN}
_INPUT, _INPUT_EDGE = "#fff9e0", "#d9cf9f"
_LINE_HEIGHT = 15.0
_ROW_PIXELS = 20  # of a row of one line
_LARGEST_CELL = 32_767  # characters that a spreadsheet takes


class Workbook:
    """A workbook that is being written."""

    def __init__(self, path: Path, title: str, words: Words, day: date):
        options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        self.book = xlsxwriter.Workbook(str(path), options)
        self.book.set_properties({"title": title, "created": datetime(day.year, day.month, day.day)})
        self.words = words
        self.title = title
        # A quote prefix keeps a text a text when somebody edits its cell.
        text = {"align": "left", "valign": "top", "quote_prefix": True, "indent": 1}
        self.formats = {
            Form.TEXT: self.book.add_format(text),
            Form.LONG_TEXT: self.book.add_format(text | {"text_wrap": True}),
            **{form: self.book.add_format({"valign": "top", "num_format": code}) for form, code in _NUMBERS.items()},
            Form.DAY: self.book.add_format({"align": "left", "valign": "top", "indent": 1, "num_format": "yyyy-mm-dd"}),
        }
        # Unlocked, for a team that protects its sheets.
        given = {"valign": "top", "bg_color": _INPUT, "border": 1, "border_color": _INPUT_EDGE, "locked": False}
        self.inputs = {
            Form.TEXT: self.book.add_format(given | {"align": "left"}),
            Form.LONG_TEXT: self.book.add_format(given | {"align": "left", "text_wrap": True}),
            Form.DAY: self.book.add_format(given | {"align": "left", "num_format": "yyyy-mm-dd"}),
        }
        self.heading = self.book.add_format({"bold": True, "font_size": 15, "font_color": _INK})
        note = {"italic": True, "font_color": "#52606d"}
        self.note = self.book.add_format(note)
        self.wrapped_note = self.book.add_format(note | {"text_wrap": True, "valign": "top"})
        head = {"bold": True, "font_color": "#ffffff", "bg_color": _ACCENT, "border": 1, "text_wrap": True, "valign": "vcenter"}
        self.head = self.book.add_format(head | {"align": "left", "indent": 1})
        self.number_head = self.book.add_format(head | {"align": "right"})

    def add(self, name: str) -> Any:
        """A new sheet, landscape, one page wide."""
        page = self.book.add_worksheet(self.words(f"sheet.{name}")[:31])
        page.set_landscape()
        page.set_paper(9)
        page.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
        page.fit_to_pages(1, 0)
        page.set_footer(f"&L{self.title.replace('&', '&&')}&R&P / &N")
        page.hide_gridlines(2)
        return page

    def table(self, page: Any, sheet: Sheet, title: str, note: str, row: int = 0) -> int:
        """Write a table with its title from `row` on; returns the row after its last one."""
        page.write_string(row, 0, title, self.heading)
        page.write_string(row + 1, 0, note, self.note)
        head = row + _HEAD_ROW
        for number, column in enumerate(sheet.columns):
            form = self.number_head if column.is_number else self.head
            page.write_string(head, number, column.head or self.words(f"column.{column.word}"), form)
        page.set_row(head, 32)
        forms = [(self.inputs if column.use is Use.INPUT else self.formats)[column.form] for column in sheet.columns]
        for offset, values in enumerate(sheet.rows, 1):
            # A row grows with its longest text; not every program does that when it opens the file.
            wrapped = [
                _lines(str(value), column.width)
                for column, value in zip(sheet.columns, values, strict=True)
                if value and column.form is Form.LONG_TEXT
            ]
            page.set_row(head + offset, _LINE_HEIGHT * max(wrapped, default=1))
            for number, (column, form, value) in enumerate(zip(sheet.columns, forms, values, strict=True)):
                self._cell(page, head + offset, number, column, form, value)
        if not sheet.rows:
            page.write_string(head + 1, 0, self.words("title.nothing"), self.note)
        return head + 1 + max(len(sheet.rows), 1)

    def _cell(self, page: Any, row: int, number: int, column: SheetColumn, form: Any, value: Value) -> None:
        if value is None:
            page.write_blank(row, number, None, form)
        elif column.form is Form.DAY:
            assert isinstance(value, date), column.word
            page.write_datetime(row, number, datetime(value.year, value.month, value.day), form)
        elif column.is_number:
            assert isinstance(value, (int, float, Decimal)), column.word
            page.write_number(row, number, value, form)
        else:
            page.write_string(row, number, readable(str(value))[:_LARGEST_CELL], form)

    def main_table(self, sheet: Sheet, title: str, note: str, *, is_long: bool = True) -> Any:
        """A sheet of its own for a table, with frozen head and filter; every printed page of a long one has the head."""
        page = self.add(sheet.name)
        for number, column in enumerate(sheet.columns):
            page.set_column(number, number, column.width, None, {"hidden": column.use is Use.HIDDEN})
        after = self.table(page, sheet, title, "")
        if note:
            self.long_note(page, 1, note, [column for column in sheet.columns if column.use is not Use.HIDDEN])
        page.freeze_panes(_HEAD_ROW + 1, min(3 if sheet.columns[0].word == "rank" else 2, len(sheet.columns)))
        if is_long:
            page.repeat_rows(_HEAD_ROW)
        if sheet.rows:
            page.autofilter(_HEAD_ROW, 0, after - 1, len(sheet.columns) - 1)
        for word, mark in sheet.marks.items():
            self._mark(page, _range(sheet, word), mark)
        return page

    def _mark(self, page: Any, cells: tuple[int, int, int, int], mark: Mark) -> None:
        match mark:
            case Mark.RISK | Mark.RATE:
                low, high = ("#ffffff", _RED) if mark is Mark.RISK else (_RED, _GREEN)
                page.conditional_format(*cells, {"type": "2_color_scale", "min_color": low, "max_color": high})
            case Mark.BAR:
                page.conditional_format(*cells, {"type": "data_bar", "bar_color": _BAR, "bar_solid": True})
            case Mark.LIGHT:
                for colour, ground in _LIGHTS.items():
                    word = self.words(f"colour.{colour}")
                    form = self.book.add_format({"bg_color": ground})
                    rule = {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": form}
                    page.conditional_format(*cells, rule)
            case Mark.SIGN:
                for criterion, colour in (("<", "#c0392b"), (">", "#1e8449")):
                    form = self.book.add_format({"font_color": colour})
                    rule = {"type": "cell", "criteria": criterion, "value": 0, "format": form}
                    page.conditional_format(*cells, rule)

    def long_note(self, page: Any, row: int, note: str, columns: Sequence[SheetColumn]) -> None:
        """Write a note over so many columns, in as many lines as it takes."""
        page.merge_range(row, 0, row, len(columns) - 1, note, self.wrapped_note)
        page.set_row(row, _LINE_HEIGHT * _lines(note, sum(column.width for column in columns)))


@lru_cache(maxsize=10_000)  # the names of merchants stand in every sheet
def _lines(text: str, width: float) -> int:
    """Lines that a wrapped text takes in a column: words stay whole, wide characters count twice and may part anywhere."""
    room = int(0.9 * width) - 1  # a wide font, the indent
    lines = 0
    for part in text.splitlines():
        wide = sum(east_asian_width(character) in "WF" for character in part)
        whole_words = len(wrap(part, room)) if len(part) > room else 1
        lines += max(whole_words, ceil((len(part) + wide) / room))
    return min(max(lines, 1), 20)


def write_workbook(
    path: Path,
    title: str,
    calls: list[Call],
    merchants: list[Merchant],
    outcomes: Outcomes,
    about: About,
    words: Words,
) -> None:
    """Write the workbook of an account manager.

    Args:
        path: of the file, new.
        title: of the workbook, and in the footer of its pages.
        calls: the merchants to call, the most urgent first.
        merchants: all merchants of the manager.
        outcomes: what came of its calls.
    """
    book = Workbook(path, title, words, about.published.as_of)
    as_of = about.published.as_of
    weeks = sheets.weeks(merchants, week_ends(as_of))
    today = sheets.today(calls, words)
    page = _today(book, as_of, today, sum(call.overview["at_stake"] > 0 for call in calls), merchants)
    _sparklines(book, page, today, calls, weeks)
    _outcomes(book, outcomes)
    _merchants(book, sheets.overview(merchants, words), merchants, words.currency(about.currency))
    _regions(book, merchants)
    for table in sheets.TABLES:
        if table is sheets.LEADS:
            _leads(book, sheets.leads_to_call(merchants, about.published, words), as_of)
        elif table not in (sheets.REGIONS, sheets.LEADERS):
            book.main_table(table.sheet(merchants, words), words(f"sheet.{table.name}"), table.note(words))
    book.main_table(weeks, words("sheet.weeks"), words("title.trend_note"))
    page = book.add("about")
    page.set_column(0, 0, 26, book.formats[Form.LONG_TEXT])
    page.set_column(1, 1, 100, book.formats[Form.LONG_TEXT])
    page.write_string(0, 0, words("sheet.about"), book.heading)
    for row, (term, meaning) in enumerate(about.lines(words), 2):
        page.set_row(row, _LINE_HEIGHT * _lines(meaning, 100))
        page.write_string(row, 0, term, book.formats[Form.LONG_TEXT])
        page.write_string(row, 1, readable(meaning), book.formats[Form.LONG_TEXT])
    book.book.close()


def _today(book: Workbook, day: date, sheet: Sheet, at_stake: int, merchants: list[Merchant]) -> Any:
    """The list of calls, who is on it no longer or not yet, and a picture of what is at stake: of the first ten at most of the
    `at_stake` rows that have any. The columns that are good to know or to fill in are not printed.
    """
    words = book.words
    page = book.main_table(sheet, words("title.today"), "")
    notes = [today_note(len(sheet.rows), merchants, words), *([words("title.today_back")] if sheet.rows else [])]
    book.long_note(page, 1, " ".join(notes), sheets.PRINTED)
    if sheet.rows:
        _inputs(page, sheet, day, "result", words)
    after = _HEAD_ROW + 1 + max(len(sheet.rows), 1)
    for table in (sheets.off_list(merchants, words), sheets.snoozed(merchants, words)):
        if table.rows:
            after = book.table(page, table, words(f"title.{table.name}"), words(f"title.{table.name}_note"), after + 1)
    if at_stake:
        after += 1 + _chart(book, page, sheet, ("name", "name"), "at_stake", min(at_stake, 10), after + 1)
    page.print_area(0, 0, after, len(sheets.PRINTED) - 1)
    return page


def _outcomes(book: Workbook, outcomes: Outcomes) -> None:
    """What came of the calls: in sum, which step works, how far to trust the risk, and call by call."""
    words = book.words
    page = book.add("outcomes")
    for number, column in enumerate(outcomes.listed.columns):
        page.set_column(number, number, column.width)

    def add(sheet: Sheet, title: str, note: str, row: int) -> int:
        after = book.table(page, sheet, title, "", row)
        book.long_note(page, row + 1, note, outcomes.listed.columns)
        return after + 1

    if outcomes.summary.rows:
        row = add(outcomes.summary, words("sheet.outcomes"), words("title.outcomes_note", days=PERIODS[-1]), 0)
    else:
        page.write_string(0, 0, words("sheet.outcomes"), book.heading)
        book.long_note(page, 1, words("title.no_outcomes"), outcomes.listed.columns)
        row = 3
    row = add(outcomes.steps, words("title.steps"), outcomes.steps_note, row)
    page.write_string(row, 0, words("title.trust"), book.heading)
    page.write_string(row + 1, 0, words("title.trust_note"), book.note)
    for number, line in enumerate(outcomes.trust, row + 2):
        page.write_string(number, 0, line)
    if outcomes.listed.rows:
        row += 3 + len(outcomes.trust)
        add(outcomes.listed, words("title.listed", days=PERIODS[0]), words("title.listed_note"), row)


def _sparklines(book: Workbook, page: Any, today: Sheet, calls: list[Call], weeks: Sheet) -> None:
    """The twelve weeks of each merchant on the list, drawn in its cell from the rows of the sheet of weeks."""
    _, column, _, _ = _range(today, sheets.TREND)
    places = {row[1]: number for number, row in enumerate(weeks.rows, _HEAD_ROW + 1)}
    name = quote_sheetname(book.words("sheet.weeks"))
    for number, call in enumerate(calls, _HEAD_ROW + 1):
        row = places[call.overview["merchant_id"]]
        cells = xl_range_abs(row, 2, row, len(weeks.columns) - 1)
        page.add_sparkline(number, column, {"range": f"{name}!{cells}", "series_color": _ACCENT, "last_point": True})


def _leads(book: Workbook, sheet: Sheet, day: date) -> None:
    """The leads to call, with what came of it to fill in."""
    words = book.words
    note = sheets.LEADS.note(words)
    page = book.main_table(sheet, words("sheet.leads"), f"{words('title.leads_back')} {note}" if sheet.rows else note)
    if sheet.rows:
        _inputs(page, sheet, day, "lead_result", words)


def _inputs(page: Any, sheet: Sheet, day: date, section: str, words: Words) -> None:
    """Say at once what a returned sheet would be refused for; its results have their words in `section`."""
    results = [words(f"{section}.{result}") for result in RESULTS[section]]
    date_of = {"validate": "date", "error_title": words("input.wrong")}
    rules: dict[str, dict[str, Any]] = {
        "called_on": date_of
        | {
            "criteria": "between",
            "minimum": earliest_call(day),
            "maximum": "=TODAY()",
            "error_message": words("input.called_on", day=earliest_call(day), example=day + timedelta(days=1)),
        },
        "result": {
            "validate": "list",
            "source": results,
            "error_title": words("input.wrong"),
            "error_message": words("input.result"),
        },
        "next_on": date_of
        | {"criteria": ">", "value": day, "error_message": words("input.next_on", day=day, example=day + timedelta(days=8))},
        "note": {
            "validate": "length",
            "criteria": "<=",
            "value": LONGEST_NOTE,
            "error_title": words("input.wrong"),
            "error_message": words("input.note", limit=LONGEST_NOTE),
        },
    }
    for column in sheet.columns:
        if column.use is Use.INPUT:
            page.data_validation(*_range(sheet, column.word), rules[column.word])


def _merchants(book: Workbook, sheet: Sheet, merchants: list[Merchant], currency: str) -> None:
    words = book.words
    page = book.main_table(sheet, words("sheet.merchants"), words("title.merchants_note", currency=currency))
    counts = [(words(f"stage.{stage}"), sum(m.overview["stage"] == stage for m in merchants)) for stage in SHOWN_STAGES]
    counts = [(name, count) for name, count in counts if count]
    if counts:
        first, at = len(sheet.rows) + _HEAD_ROW + 4, 0
        page.write_string(first - 1, at, words("column.stage"), book.head)
        page.write_string(first - 1, at + 1, words("column.merchants"), book.head)
        for row, (name, count) in enumerate(counts, first):
            page.write_string(row, at, name, book.formats[Form.TEXT])
            page.write_number(row, at + 1, count, book.formats[Form.COUNT])
        last = first + len(counts) - 1
        _bars(book, page, (first, at, last, at), (first, at + 1, last, at + 1), words("title.stages"), "0", (first - 1, 3))


def _regions(book: Workbook, merchants: list[Merchant]) -> None:
    """The sheet of regions, with the leaders below and a picture of the rates."""
    words = book.words
    sheet, leaders = (table.sheet(merchants, words) for table in (sheets.REGIONS, sheets.LEADERS))
    # no head on every printed page, since another table stands below
    page = book.main_table(sheet, words("title.regions"), sheets.REGIONS.note(words), is_long=False)
    for number, (one, other) in enumerate(zip(sheet.columns, leaders.columns, strict=False)):
        page.set_column(number, number, max(one.width, other.width))
    below = _HEAD_ROW + 1 + max(len(sheet.rows), 1) + 1
    below = book.table(page, leaders, words("sheet.leaders"), sheets.LEADERS.note(words), below)
    if sheet.rows:
        _chart(book, page, sheet, ("name", "region"), "formation_rate", min(len(sheet.rows), 15), below + 1)


def _range(sheet: Sheet, word: str) -> tuple[int, int, int, int]:
    """First row, first column, last row, last column of the cells of a column."""
    number = [column.word for column in sheet.columns].index(word)
    return _HEAD_ROW + 1, number, _HEAD_ROW + max(len(sheet.rows), 1), number


def _chart(book: Workbook, page: Any, sheet: Sheet, names: tuple[str, str], values: str, shown: int, row: int) -> int:
    """A chart of the first rows of a column, below the tables; what stands from one column to another are its names.

    Returns:
        How many rows it takes.
    """
    first, name_column, _, _ = _range(sheet, names[0])
    _, last_name_column, _, _ = _range(sheet, names[1])
    _, value_column, _, _ = _range(sheet, values)
    last = first + shown - 1
    cells = (first, name_column, last, last_name_column), (first, value_column, last, value_column)
    form = next(column.form for column in sheet.columns if column.word == values)
    labels = "0%" if form is Form.SHARE else "#,##0"
    return _bars(book, page, *cells, book.words(f"column.{values}"), labels, (row, 1))


def _bars(
    book: Workbook,
    page: Any,
    names: tuple[int, ...],
    values: tuple[int, ...],
    title: str,
    num_format: str,
    place: tuple[int, int],
) -> int:
    """A bar chart; returns how many rows it takes."""
    quoted = f"'{page.get_name()}'!"
    chart = book.book.add_chart({"type": "bar"})
    chart.add_series(
        {
            "categories": f"={quoted}{xl_range_abs(*names)}",
            "values": f"={quoted}{xl_range_abs(*values)}",
            "fill": {"color": _ACCENT},
            "gap": 40,
            "data_labels": {"value": True, "num_format": num_format},
        }
    )
    chart.set_title({"name": title, "name_font": {"size": 12}})
    chart.set_legend({"none": True})
    chart.set_y_axis(
        {"reverse": True, "interval_unit": 1, "num_font": {"size": 8}, "line": {"none": True}, "major_tick_mark": "none"}
    )
    chart.set_x_axis({"visible": False, "min": 0, "major_gridlines": {"visible": False}})
    height = 90 + 24 * (names[2] - names[0] + 1)
    chart.set_size({"width": 620, "height": height})
    page.insert_chart(*place, chart)
    return ceil(height / _ROW_PIXELS)
