"""What the gates expect, as data: `events` and `deliveries` after an ingest, `marts` before a publication.

An expectation is a query for the rows that break it. The gate counts them in DuckDB and hands the counts, one row a suite,
to Great Expectations, which judges, records and documents them; the data themselves never leave DuckDB.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.tables import TABLES


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
        breaks: a statement after which it must not hold in the small warehouse of the tests; of what follows from the
            declaration of a table, the tests know one.
    """

    name: str
    meaning: str
    broken: str
    severity: Severity = Severity.FAIL
    needs: tuple[str, ...] = ()
    breaks: str = ""


@dataclass(frozen=True)
class Suite:
    """The expectations of one table, which has to be there."""

    table: str
    expectations: tuple[Expectation, ...]

    def __post_init__(self) -> None:
        names = [expectation.name for expectation in self.expectations]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.table}: an expectation is declared twice")


# Merchants whose payments and refunds, added up without sign, fit DECIMAL(18,2): so does every figure of their money.
COMPLETE = "(select merchant_id from marts.merchants where is_money_complete)"

Rules = dict[str, tuple[Expectation, ...]]
"""The expectations of an area that no declaration says, by table."""


def whole(figure: str) -> str:
    """A figure of money that has to agree with another, null where the merchant's money need not fit."""
    return f"case when merchant_id in {COMPLETE} then {figure} end"


def holds(rows: str, key: str, name: str, condition: str, shown: str = "", *, breaks: str) -> Expectation:
    """`condition` is true for every row of `rows`, not merely not false; the example shows the columns of `key` and `shown`."""
    columns = ", ".join(filter(None, (key, shown)))
    return Expectation(name, condition, f"select {columns} from {rows} where ({condition}) is not true", breaks=breaks)


def mart_holds(table: str, name: str, condition: str, shown: str = "", *, breaks: str) -> Expectation:
    """`holds` for the rows of a mart, which its key names."""
    return holds(f"marts.{table}", TABLES[table].key, name, condition, shown, breaks=breaks)


def agree(name: str, meaning: str, here: str, there: str, needs: tuple[str, ...] = (), *, breaks: str) -> Expectation:
    """Two queries give the same rows; a row that only one of them has is broken, and `side` says which."""
    broken = f"""
        select 'here' as side, * from (select * from ({here}) except all select * from ({there}))
        union all
        select 'there' as side, * from (select * from ({there}) except all select * from ({here}))
    """
    return Expectation(name, meaning, broken, needs=needs, breaks=breaks)
