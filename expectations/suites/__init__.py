"""What the gates expect, as data: `events` and `deliveries` after an ingest, `marts` before a publication.

An expectation is a query for the rows that break it. The gate counts them in DuckDB and passes the counts, one row a suite,
to Great Expectations, which judges, records and documents them; the rows themselves never leave DuckDB.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from contract.tables import TABLES


class Severity(StrEnum):
    """`fail` stops the day at the gate, `warn` is only recorded."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True)
class Expectation:
    """A rule that holds if `broken` returns no row.

    Attributes:
        name: short and unique within its suite.
        meaning: what should hold, in a sentence for the message and Data Docs.
        broken: SQL of the rows that break it; its columns are the example in the message.
        needs: tables besides the suite's own; if one is missing, the expectation is left out.
        breaks: a statement that makes it fail in the small warehouse of the tests. Expectations that follow from a
            declaration have none: the tests make one up.
    """

    name: str
    meaning: str
    broken: str
    severity: Severity = Severity.FAIL
    needs: tuple[str, ...] = ()
    breaks: str = ""


@dataclass(frozen=True)
class Suite:
    """The expectations of one table, which must exist."""

    table: str
    expectations: tuple[Expectation, ...]

    def __post_init__(self) -> None:
        names = [expectation.name for expectation in self.expectations]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.table}: an expectation is declared twice")


# Merchants whose payments and refunds, added up without sign, fit DECIMAL(18,2); then all their figures of money do.
COMPLETE = "(select merchant_id from marts.merchants where is_money_complete)"

Rules = dict[str, tuple[Expectation, ...]]
"""The hand-written expectations of an area, by table: those that no declaration implies."""


def whole(figure: str) -> str:
    """SQL of a figure of money for comparison; null for merchants whose money need not fit DECIMAL(18,2)."""
    return f"case when merchant_id in {COMPLETE} then {figure} end"


def holds(rows: str, key: str, name: str, condition: str, shown: str = "", *, breaks: str) -> Expectation:
    """`condition` is true, neither false nor null, for every row of `rows`; the example shows the columns `key` and `shown`."""
    columns = ", ".join(filter(None, (key, shown)))
    return Expectation(name, condition, f"select {columns} from {rows} where ({condition}) is not true", breaks=breaks)


def mart_holds(table: str, name: str, condition: str, shown: str = "", *, breaks: str) -> Expectation:
    """`holds` for the rows of a mart; the example shows its key."""
    return holds(f"marts.{table}", TABLES[table].key, name, condition, shown, breaks=breaks)


def agree(name: str, meaning: str, here: str, there: str, needs: tuple[str, ...] = (), *, breaks: str) -> Expectation:
    """Two queries return the same rows; a row that only one of them returns is broken, and `side` says which."""
    broken = f"""
        select 'here' as side, * from (select * from ({here}) except all select * from ({there}))
        union all
        select 'there' as side, * from (select * from ({there}) except all select * from ({here}))
    """
    return Expectation(name, meaning, broken, needs=needs, breaks=breaks)
