"""How a column of a table is declared: name, type, unit, null rule and text."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum


class Type(StrEnum):
    """The types of columns, as DuckDB writes them. Instants of the lake have a zone, those of marts are UTC without one."""

    VARCHAR = "varchar"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    BIGINT = "bigint"
    DOUBLE = "double"
    DECIMAL = "decimal(18,2)"
    DATE = "date"
    TIMESTAMP = "timestamp"
    REASONS = "struct(topic varchar, days integer, gap integer, now decimal(18,2), before decimal(18,2))[]"

    @property
    def is_number(self) -> bool:
        return self in (Type.INTEGER, Type.BIGINT, Type.DOUBLE, Type.DECIMAL)


class Null(StrEnum):
    """When a column is null."""

    NEVER = "never"
    MEANT = "where the text says so, or where there is no value"
    UNFIT = "where the merchant's money does not fit"


class Place(StrEnum):
    """Which of the lake's table and the mart of its name have a column."""

    BOTH = "lake and mart"
    LAKE = "lake"
    MART = "mart"


MONEY = "money"  # the unit of amounts: the reporting currency
RATIO = "ratio"  # of two equal units: 1 is the whole


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: in lower case with underscores; one name has one type and one unit in all tables.
        text: what it says, in a sentence that readers of the warehouse see.
        unit: of a number; a count has the things that are counted.
        null: when it is null.
        least, most: its range, both included, where it is a number that has one.
        values: the closed list that it is taken from.
        is_person: whether it names a person.
        place: where it is, of a table that a Spark job writes.
        formula: the SQL by which it follows from other columns of its row, of a mart's column that is there for readers' tools.
        quotient: of a rate: numerator and denominator, each SQL over other columns of the row.

    Raises:
        ValueError: the declaration is not complete.
    """

    name: str
    type: Type
    text: str
    unit: str | None = None
    null: Null = Null.NEVER
    least: float | None = None
    most: float | None = None
    values: tuple[str, ...] = ()
    is_person: bool = False
    place: Place = Place.BOTH
    formula: str | None = None
    quotient: tuple[str, str] | None = None

    @property
    def is_required(self) -> bool:
        return self.null is Null.NEVER

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]*", self.name):
            raise ValueError(f"{self.name!r} is no name of a column: lower case, digits and underscores")
        if not self.text.strip():
            raise ValueError(f"{self.name}: a column needs a text")
        if self.type.is_number and not self.unit:
            raise ValueError(f"{self.name}: a number needs a unit")
        if not self.type.is_number and self.unit:
            raise ValueError(f"{self.name}: only a number has a unit")


def nullable(column: Column) -> Column:
    """The column, null where there is no value."""
    return replace(column, null=Null.MEANT)


def identifier(name: str, text: str, *, person: bool = False) -> Column:
    return Column(name, Type.VARCHAR, text, is_person=person)


def merchants_own(name: str, text: str) -> Column:
    """An identifier that two merchants may both use."""
    return identifier(name, f"{text} Unique only within its merchant.")


def text(name: str, text: str) -> Column:
    return Column(name, Type.VARCHAR, text)


def choice(name: str, values: Iterable[str], text: str) -> Column:
    """One of a closed list."""
    return Column(name, Type.VARCHAR, text, values=tuple(values))


def month(name: str, text: str) -> Column:
    """A month such as 2026-03."""
    return Column(name, Type.VARCHAR, text)


def month_start(month: str = "month") -> Column:
    """The first day of a month that is written as text: tools for charts want a date."""
    name = "month_start" if month == "month" else f"{month}_start"
    formula = f"cast(try_strptime({month} || '-01', '%Y-%m-%d') as date)"
    return Column(name, Type.DATE, f"First day of {month}, as a date.", place=Place.MART, formula=formula)


def is_total(formula: str, text: str) -> Column:
    """Whether the row is a total over others, which a sum over all rows would count twice."""
    return Column("is_total", Type.BOOLEAN, text, place=Place.MART, formula=formula)


def rate(column: Column, numerator: str, denominator: str) -> Column:
    """The column, null where its denominator is zero. Over several rows: sum of numerators by sum of denominators."""
    return replace(column, null=Null.MEANT, quotient=(numerator, denominator))


def date(name: str, text: str) -> Column:
    """A business date."""
    return Column(name, Type.DATE, text)


def timestamp(name: str, text: str) -> Column:
    """An instant, UTC."""
    return Column(name, Type.TIMESTAMP, text)


def flag(name: str, text: str) -> Column:
    return Column(name, Type.BOOLEAN, text)


def count(name: str, unit: str, text: str, *, least: int = 0) -> Column:
    return Column(name, Type.BIGINT, text, unit, least=least)


def integer(name: str, unit: str, text: str, *, least: int | None = 0) -> Column:
    """A small whole number, such as a number of days."""
    return Column(name, Type.INTEGER, text, unit, least=least)


def number(name: str, unit: str, text: str, *, least: float | None = None, most: float | None = None) -> Column:
    """A finite number."""
    return Column(name, Type.DOUBLE, text, unit, least=least, most=most)


def share(name: str, text: str) -> Column:
    """A part of a whole, a rate or a probability: 0 to 1."""
    return Column(name, Type.DOUBLE, text, RATIO, least=0, most=1)


def money(name: str, text: str, *, least: float | None = None) -> Column:
    """An amount of the reporting currency; a sum that does not fit is null."""
    return Column(name, Type.DECIMAL, text, MONEY, Null.UNFIT, least=least)


# Columns of many tables.
MERCHANT = identifier("merchant_id", "The merchant.")
USER = identifier("user_id", "The person.", person=True)
AS_OF = replace(date("as_of", "Business date that everything stands at."), place=Place.MART)
