"""What a page is made of: sections with a chart, a table and the meaning of their columns, and the choices above them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import altair as alt

from contract.columns import MONEY
from contract.tables import TABLES
from static_site.published_day import Row

DATA = "rows"  # the name under which a chart gets the rows of its section


class Form(StrEnum):
    """How the values of a column are written, as d3 writes them; in a table the same by Python."""

    TEXT = ""
    COUNT = ",d"
    NUMBER = ",.1f"
    DECIMAL = ",.2f"
    RATE = ".1%"


@dataclass(frozen=True)
class Column:
    """A column of a section's rows, as its table and the tooltips of its chart show it."""

    name: str
    title: str
    form: Form = Form.TEXT

    @property
    def tooltip(self) -> alt.Tooltip:
        # Text is told to be nominal: a title such as 007 is no number.
        if self.form is Form.TEXT:
            return alt.Tooltip(self.name, type="nominal", title=self.title)
        return alt.Tooltip(self.name, type="quantitative", title=self.title, format=self.form.value)

    def written(self, value: object) -> str:
        """A cell of the table.

        >>> Column("rate", "rate", Form.RATE).written(0.1234), Column("net", "net", Form.DECIMAL).written(None)
        ('12.3%', '–')
        """
        if value is None:
            return "–"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int | float | Decimal) and self.form is not Form.TEXT:
            return format(value, self.form.value if self.form is not Form.COUNT else ",.0f")
        if isinstance(value, datetime):
            return f"{value:%Y-%m-%d %H:%M}"
        return value.isoformat() if isinstance(value, date) else str(value)


@dataclass(frozen=True)
class Choice:
    """Something to choose above the charts: values with labels, the first of which is chosen at the beginning."""

    name: str
    title: str
    options: Sequence[tuple[int | str, str]]


@dataclass(frozen=True)
class Section:
    """A part of a page.

    Attributes:
        title: what is shown.
        note: what is seen, in sentences; a reader of it alone has the main figure.
        rows: the rows of the chart, for every choice.
        columns: what the table and the tooltips show of them.
        chart: the drawing of the data named `rows`; none where a table says more.
        choices: names of the page's choices by which chart and table select rows; each is a column.
        listed: the rows of the table, where those of the chart are too many to read.
        gloss: columns of marts, `mart.column`, whose declared texts stand below.
        empty: what is said where there are no rows.
    """

    title: str
    note: str
    rows: list[Row]
    columns: tuple[Column, ...]
    chart: alt.TopLevelMixin | None = None
    choices: tuple[str, ...] = ()
    listed: list[Row] | None = None
    gloss: tuple[str, ...] = ()
    empty: str = "There is nothing to show on this day."

    def table(self, first: Mapping[str, object]) -> list[Row]:
        """The rows that are listed: those of what is chosen at the beginning."""
        rows = self.rows if self.listed is None else self.listed
        return [row for row in rows if all(row[name] == first[name] for name in self.choices)]

    def meanings(self, currency: str) -> list[tuple[str, str]]:
        """The declared texts of the columns of `gloss`, with units."""
        told = []
        for path in self.gloss:
            mart, name = path.split(".")
            [column] = [column for column in TABLES[mart].columns if column.name == name]
            unit = currency if column.unit == MONEY else column.unit
            told.append((path, f"{column.text} Unit: {unit}." if unit else column.text))
        return told


@dataclass(frozen=True)
class Page:
    """A page: its file is `<name>.html`."""

    name: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    tiles: tuple[tuple[str, str], ...] = ()
    choices: tuple[Choice, ...] = field(default=())

    @property
    def first(self) -> dict[str, Any]:
        """What is chosen at the beginning."""
        return {choice.name: choice.options[0][0] for choice in self.choices}
