"""A merchant learns no other's figure from its benchmarks: by brute force over all small worlds, on two days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import combinations_with_replacement

import duckdb
import pytest

from contract.settings import Settings
from contract.tables import TABLES
from dbt_project.build import variables
from dbt_project.success_sql import statements
from tests.dbt_project.conftest import AS_OF

VALUES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)  # of a rate, from the least to the most that it can be
LEAST = 10  # others

Quartiles = tuple[float, float, float] | None
World = tuple[float, ...]


def _sql() -> list[str]:
    """What makes the benchmarks, as the warehouse has it."""
    made = list(statements(variables(Settings.from_environment({}), AS_OF)))
    [at] = [number for number, text in enumerate(made) if text.startswith("create or replace table marts.merchant_benchmarks ")]
    return made[at : at + 2]


def told(worlds: Iterable[World]) -> dict[World, Quartiles]:
    """What a merchant is told in each world, a sorted list of the others' rates: its own does not matter."""
    found: dict[World, Quartiles] = dict.fromkeys(worlds)
    with duckdb.connect() as con:
        con.execute("create schema marts")
        for name in ("merchants", "merchant_overview"):
            columns = ", ".join(f"{column.name} {column.type}" for column in TABLES[name].mart_columns)
            con.execute(f"create table marts.{name} ({columns})")
        con.execute("create table worlds (world integer, rates double[])")
        con.execute(
            "insert into worlds select unnest(range(len($1))), unnest($1::double[][])", [[list(world) for world in found]]
        )
        con.execute(
            """create table members as
            select world::varchar as category, world || '/' || unnest(range(len(rates) + 1)) as merchant_id,
                unnest(list_prepend(0.5, rates)) as retention from worlds"""
        )
        con.execute("insert into marts.merchants by name select merchant_id, category from members")
        con.execute("insert into marts.merchant_overview by name select merchant_id, 1 as fans, retention from members")
        for statement in _sql():
            con.execute(statement)
        rows = con.execute(
            """select merchant_id, lower_quartile, median, upper_quartile from marts.merchant_benchmarks
            where metric = 'retention' and merchant_id like '%/0'"""
        ).fetchall()
    by_number = list(found)
    for merchant, *quartiles in rows:
        found[by_number[int(merchant.split("/")[0])]] = (quartiles[0], quartiles[1], quartiles[2])
    return found


@pytest.fixture(scope="module")
def everything() -> dict[World, Quartiles]:
    return told(world for size in range(LEAST - 1, LEAST + 3) for world in combinations_with_replacement(VALUES, size))


def pairs_of_days(everything: dict[World, Quartiles], size: int) -> Iterator[tuple[tuple[Quartiles, Quartiles], str, float]]:
    """What two days tell, and what one merchant had in between: it joined, or moved from one value to another."""
    for rest in combinations_with_replacement(VALUES, size):
        with_one = {value: everything[tuple(sorted((*rest, value)))] for value in VALUES}
        for value, after in with_one.items():
            if rest in everything:
                yield (everything[rest], after), "joined", value
                yield (after, everything[rest]), "left", value
            for other, before in with_one.items():
                if other != value:
                    yield (before, after), "was", other
                    yield (before, after), "became", value


def learnt(everything: dict[World, Quartiles], size: int) -> tuple[int, list[tuple[Quartiles, Quartiles]]]:
    """How many pairs of days tell anything, and those that only one value of the merchant explains."""
    explained: dict[tuple[tuple[Quartiles, Quartiles], str], set[float]] = defaultdict(set)
    for days, what, value in pairs_of_days(everything, size):
        if days != (None, None):
            explained[days, what].add(value)
    return len(explained), [days for (days, _), values in explained.items() if len(values) == 1]


@pytest.mark.parametrize("size", range(LEAST - 1, LEAST + 2))
def test_no_two_days_tell_what_another_merchant_has(everything: dict[World, Quartiles], size: int) -> None:
    """The attacker even knows that one merchant alone moved, and how many there are, which it is not told."""
    pairs, pinned = learnt(everything, size)
    assert pairs >= 20
    assert pinned == []


def test_the_attack_finds_what_quartiles_at_the_bounds_would_tell(everything: dict[World, Quartiles]) -> None:
    def careless(world: World) -> Quartiles:
        low, middle, high = (world[-(-len(world) * part // 4) - 1] for part in (1, 2, 3))
        return (low, middle, high) if len(world) >= LEAST and low < middle < high else None

    assert learnt({world: careless(world) for world in everything}, LEAST)[1] != []


def test_fewer_than_ten_others_or_others_alike_tell_nothing(everything: dict[World, Quartiles]) -> None:
    assert {everything[world] for world in everything if len(world) < LEAST} == {None}
    assert everything[(0.2,) * 10] is None
    assert everything[(0.2,) * 4 + (0.4,) * 3 + (0.6,) * 3] == (0.2, 0.4, 0.6)
