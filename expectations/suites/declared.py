"""Expectations that follow from the declaration of a mart: its key, nulls, ranges and closed lists."""

from __future__ import annotations

from collections.abc import Iterable

from contract.columns import Column, Null, Type
from contract.table import Empty, Table
from expectations.suites import COMPLETE, Expectation, Severity

_SEVERITY = {Empty.REFUSED: Severity.FAIL, Empty.WARNED: Severity.WARN}


def declared(table: Table) -> Iterable[Expectation]:
    """The expectations that a mart's declaration implies; `getvariable('as_of')` is the business date."""
    mart = f"marts.{table.name}"
    if table.empty is not Empty.FINE:
        none = f"select 0 as rows where not exists (select 1 from {mart})"
        yield Expectation("has rows", "the mart has rows", none, _SEVERITY[table.empty])
    twice = f"select {table.key}, count(*) as rows from {mart} group by all having count(*) > 1"
    yield Expectation("key", f"({table.key}) names one row", twice)
    for column in table.mart_columns:
        yield from _of_column(mart, table.key, column)


def _of_column(mart: str, key: str, column: Column) -> Iterable[Expectation]:
    name = column.name
    if column.null is Null.NEVER:
        yield Expectation(f"{name} is there", f"{name} is never null", f"select {key} from {mart} where {name} is null")
    elif column.null is Null.UNFIT:
        broken = f"select {key} from {mart} where {name} is null and merchant_id in {COMPLETE}"
        yield Expectation(f"{name} is there", f"{name} is null only where it does not fit", broken, needs=("merchants",))
    if bounds := _bounds(column):
        condition, meaning = bounds
        broken = f"select {key}, {name} from {mart} where not ({condition})"
        # A diagnostic of a model that is no number is told; a figure outside of its range stops the day.
        severity = Severity.WARN if column.least is None else Severity.FAIL
        yield Expectation(f"{name} in range", meaning, broken, severity)
    if column.values:
        listed = ", ".join(f"'{value}'" for value in column.values)
        broken = f"select {key}, {name} from {mart} where {name} not in ({listed})"
        yield Expectation(f"{name} is known", f"{name} is one of {listed}", broken)
    if column.formula:
        broken = f"select {key}, {name} from {mart} where {name} is distinct from ({column.formula})"
        yield Expectation(f"{name} follows", f"{name} is what other columns of the row say: {column.formula}", broken)
    if column.quotient:
        yield _quotient(mart, key, name, *column.quotient)
    if name == "as_of":
        broken = f"select {key}, as_of from {mart} where (as_of = getvariable('as_of')) is not true"
        yield Expectation("day", "as_of is the day that the mart was built for", broken)


def _quotient(mart: str, key: str, name: str, numerator: str, denominator: str) -> Expectation:
    """That a rate is the quotient of what stands beside it; money that does not fit proves nothing."""
    quotient = f"({numerator})::double / nullif(({denominator})::double, 0)"
    is_equal = f"abs({name} - {quotient}) <= 1e-9 * greatest(1, abs({quotient}))"
    known = f"({numerator}) is not null and ({denominator}) is not null"
    wrong = f"if({quotient} is null, {name} is not null, ({is_equal}) is not true)"
    broken = f"select {key}, {name} from {mart} where {known} and {wrong}"
    return Expectation(f"{name} is a quotient", f"{name} = ({numerator}) / ({denominator})", broken)


def _bounds(column: Column) -> tuple[str, str] | None:
    """The condition that values of the column must meet, and its meaning in words; None if any value is fine."""
    name = column.name
    if column.least is not None and column.most is not None:
        return (
            f"{name} between {column.least:g} and {column.most:g}",
            f"{name} lies between {column.least:g} and {column.most:g}",
        )
    if column.least is not None:
        return f"{name} >= {column.least:g} and {name} < 'infinity'::double", f"{name} is finite and at least {column.least:g}"
    if column.type is Type.DOUBLE:
        return f"isfinite({name})", f"{name} is finite"
    return None
