"""What the gates expect, declared as data: `events` after an ingest, `marts` and `details` before a publication.

An expectation is a query for the rows that break it. The gate counts them in DuckDB and hands the counts, one row a suite,
to Great Expectations, which judges, records and documents them; the data themselves never leave DuckDB.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """`fail` stops what comes after the gate, `warn` is recorded."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Expectation:
    """No row of `broken` may be there.

    Attributes:
        name: short and unique within its suite.
        meaning: what holds, in a sentence that a person reads in the message and in Data Docs.
        broken: SQL of the rows that break it; its columns are the example that the message shows.
        needs: tables besides the suite's own; where one is missing the expectation is left out.
    """

    name: str
    meaning: str
    broken: str
    severity: Severity = Severity.FAIL
    needs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suite:
    """The expectations of one table, which has to be there."""

    table: str
    expectations: tuple[Expectation, ...]

    def __post_init__(self) -> None:
        names = [expectation.name for expectation in self.expectations]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.table}: an expectation is declared twice")


def unique(table: str, key: str) -> Expectation:
    """No two rows of `table` have the same `key`, columns with commas between."""
    broken = f"select {key}, count(*) as rows from {table} group by all having count(*) > 1"
    return Expectation("key", f"({key}) names one row", broken)


def not_null(table: str, key: str, columns: str) -> Iterable[Expectation]:
    """None of `columns`, separated by blanks, is null."""
    for column in columns.split():
        yield Expectation(f"{column} is there", f"{column} is never null", f"select {key} from {table} where {column} is null")


# Merchants whose payments and refunds, added up without sign, fit DECIMAL(18,2): so does every figure of their money.
COMPLETE = "(select merchant_id from marts.merchants where is_money_complete)"


def money_there(table: str, key: str, columns: str) -> Iterable[Expectation]:
    """None of `columns`, separated by blanks, is null but where the merchant's money need not fit."""
    for column in columns.split():
        broken = f"select {key} from {table} where {column} is null and merchant_id in {COMPLETE}"
        yield Expectation(f"{column} is there", f"{column} is null only where it does not fit", broken, needs=("merchants",))


def at_least(table: str, key: str, least: float, columns: str) -> Iterable[Expectation]:
    """Each of `columns`, separated by blanks, is null or a finite number of at least `least`."""
    for column in columns.split():
        broken = f"select {key}, {column} from {table} where not ({column} >= {least} and {column} < 'infinity'::double)"
        yield Expectation(f"{column} in range", f"{column} is finite and at least {least:g}", broken)


def share(table: str, key: str, columns: str) -> Iterable[Expectation]:
    """Each of `columns`, separated by blanks, is null or lies in 0..1."""
    for column in columns.split():
        broken = f"select {key}, {column} from {table} where not ({column} between 0 and 1)"
        yield Expectation(f"{column} in range", f"{column} lies between 0 and 1", broken)


def one_of(table: str, key: str, column: str, values: Iterable[str]) -> Expectation:
    """`column` is null or one of `values`."""
    listed = ", ".join(f"'{value}'" for value in values)
    broken = f"select {key}, {column} from {table} where {column} not in ({listed})"
    return Expectation(f"{column} is known", f"{column} is one of {listed}", broken)


def holds(table: str, key: str, name: str, condition: str, shown: str = "") -> Expectation:
    """`condition` is true for every row, not merely not false; `shown` are the columns for the example."""
    columns = ", ".join(filter(None, (key, shown)))
    return Expectation(name, condition, f"select {columns} from {table} where ({condition}) is not true")


def agree(name: str, meaning: str, here: str, there: str, needs: tuple[str, ...]) -> Expectation:
    """Two queries give the same rows; a row that only one of them has is broken, and `side` says which."""
    broken = f"""
        select 'here' as side, * from (select * from ({here}) except all select * from ({there}))
        union all
        select 'there' as side, * from (select * from ({there}) except all select * from ({here}))
    """
    return Expectation(name, meaning, broken, needs=needs)


def of_the_day(mart: str, key: str) -> Expectation:
    """Every row of a mart says the day that it was built for."""
    return holds(f"marts.{mart}", key, "day", "as_of = getvariable('as_of')", "as_of")


def mart(
    name: str,
    key: str,
    *expectations: Expectation,
    there: str = "",
    money: str = "",
    least_0: str = "",
    least_1: str = "",
    shares: str = "",
    empty: Severity | None = Severity.WARN,
) -> Suite:
    """The suite of one mart.

    Args:
        key: columns that name one row, with commas between; they are never null.
        there: columns that are never null; `money`: sums of a merchant's money, null only where they do not fit; `least_0`,
            `least_1`: their least value; `shares`: between 0 and 1.
        empty: what an empty mart is; None where that is nothing to speak of.
    """
    table = f"marts.{name}"

    def common() -> Iterable[Expectation]:
        if empty is not None:
            none = f"select 0 as rows where not exists (select 1 from {table})"
            yield Expectation("has rows", "the mart has rows", none, empty)
        yield unique(table, key)
        yield from not_null(table, key, f"{key.replace(',', ' ')} {there}")
        yield from money_there(table, key, money)
        yield from at_least(table, key, 0, least_0)
        yield from at_least(table, key, 1, least_1)
        yield from share(table, key, shares)

    return Suite(name, (*common(), *expectations))
