"""The analyst's page: its SQL and its Python run against a warehouse as they stand there, and it names every mart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy
import sqlalchemy.exc

from contract.published import BY_PUBLICATION
from contract.settings import CHECKOUT, Settings
from tests.small_warehouse import FOR_ANALYSTS, build

PAGE = (CHECKOUT / "docs" / "analysts.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_there_are_twenty_eight_questions() -> None:
    numbers = re.findall(r"^(\d+)\. .*\?", PAGE, re.MULTILINE)
    assert numbers == [str(number) for number in range(1, 29)]
    assert len(blocks("sql")) == 29  # and the rules of thumb


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    """The warehouse made by hand, where each question has an answer."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("home"))})
    with duckdb.connect(str(build(settings, *FOR_ANALYSTS)), read_only=True) as connection:
        yield connection


@pytest.mark.parametrize("query", blocks("sql"))
def test_queries_give_rows(marts: duckdb.DuckDBPyConnection, by_hand: duckdb.DuckDBPyConnection, query: str) -> None:
    assert by_hand.execute(query).fetchall()
    marts.execute(query).fetchall()


@pytest.mark.parametrize(
    ("question", "row"),
    [
        # February and March together: 80.00 of four pieces at 9.90.
        (11, ("m-1", "tea", 2, 4, Decimal("80.00"), Decimal("40.40"), pytest.approx(40.4 / 80), 0.5)),
        (11, ("m-2", None, 1, 1, Decimal("12.50"), None, None, 0.0)),
        (12, ("kol", Decimal("50.00"), 5, 3, Decimal("62.50"), pytest.approx(50 / 3), pytest.approx(1 / 3), 1.25)),
        (14, ("m-1", "g-1", "product", 30, 3, 2, Decimal("30.00"), 1.0)),
        # 10 February is a week before the new year of 2026, and 3 February 2025 five days after that of 2025.
        (15, (2026, -7, 3, Decimal("50.00"), None, None)),
        (15, (2026, 5, 0, Decimal("5.00"), Decimal("4.00"), pytest.approx(0.25))),
        (16, (date(2026, 2, 1), Decimal("55.00"), pytest.approx(55 / 4 - 1), pytest.approx(55 / 4 - 1))),
        (17, (1, 3, None, None, None)),
        (20, ("by itself", 3, Decimal("92.50"), pytest.approx(92.5 / 3), 0.0)),
        (22, ("m-1", "u-2", Decimal("30.00"), 1, 1.0, Decimal("18.00"))),
        (24, ("m-1", date(2026, 2, 1), "CN-ZJ", 3, 2, Decimal("50.00"), 1.0)),
        (25, (date(2026, 2, 1), Decimal("0.00"), Decimal("50.00"), 0.0)),
        (26, ("m-1", "p-1", "tea", 5, 2, 0.4)),
        (27, ("channel", "group", date(2026, 2, 9), Decimal("8.00"), Decimal("50.00"), 6.25)),
    ],
)
def test_answers_are_those_by_hand(by_hand: duckdb.DuckDBPyConnection, question: int, row: tuple[Any, ...]) -> None:
    [query] = re.findall(rf"^{question}\. .*?```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
    assert row in by_hand.execute(query).fetchall()


@pytest.mark.parametrize("code", blocks("python"))
def test_python_connects(warehouse: Path, code: str) -> None:
    assert "published/current/fanout.duckdb" in code
    names: dict[str, Any] = {}
    exec(code.replace("published/current/fanout.duckdb", str(warehouse)), names)
    if "engine" in names:
        names["engine"].dispose()


def test_the_notebook_sees_a_new_publication(tmp_path: Path) -> None:
    """And the default pool, which the page warns of, does not."""
    [code] = [code for code in blocks("python") if "NullPool" in code]
    names: dict[str, Any] = {}
    current = tmp_path / "current"
    seen: dict[str, list[int]] = {"page": [], "default": []}
    for number in (1, 2):
        version = tmp_path / f"v{number}"
        version.mkdir()
        with duckdb.connect(str(version / "fanout.duckdb")) as connection:
            connection.execute(f"create schema marts; create table marts.orders as select {number} as number")
        current.unlink(missing_ok=True)
        current.symlink_to(version.name)
        if not names:
            exec(code.replace("published/current/fanout.duckdb", str(current / "fanout.duckdb")), names)
            default = sqlalchemy.create_engine(names["engine"].url, connect_args={"read_only": True})
        for name, engine in {"page": names["engine"], "default": default}.items():
            with engine.connect() as warehouse:
                seen[name].append(warehouse.execute(sqlalchemy.text("select number from marts.orders")).scalar_one())
    default.dispose()
    assert seen == {"page": [1, 2], "default": [1, 1]}


@pytest.fixture
def reader(warehouse: Path, tmp_path: Path) -> Iterator[sqlalchemy.Connection]:
    """A connection with the engine parameters of the page, its folder for spills apart."""
    [parameters] = blocks("json")
    arguments = json.loads(parameters)["connect_args"]
    arguments["config"]["temp_directory"] = str(tmp_path / "spills")
    engine = sqlalchemy.create_engine(f"duckdb:///{warehouse}", connect_args=arguments)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_engine_parameters_let_marts_be_read(reader: sqlalchemy.Connection) -> None:
    assert reader.execute(sqlalchemy.text("select count(*) from marts.orders")).scalar_one() > 0


@pytest.mark.parametrize(
    "query",
    [
        "select * from read_text('{file}')",
        "select * from read_csv('{file}')",
        "copy marts.orders to '{file}.csv'",
        "attach '{file}.duckdb'",
        "install httpfs",
        "set enable_external_access = true",
        "set memory_limit = '100GB'",
        "delete from marts.orders",
    ],
)
def test_the_engine_parameters_refuse_all_else(reader: sqlalchemy.Connection, tmp_path: Path, query: str) -> None:
    file = tmp_path / "secret.txt"
    file.write_text("a secret")
    with pytest.raises(sqlalchemy.exc.DBAPIError, match=r"disabled by configuration|locked|read-only"):
        reader.execute(sqlalchemy.text(query.format(file=file))).all()
    assert [path.name for path in tmp_path.iterdir() if path.name != "spills"] == ["secret.txt"]


def test_without_them_a_reader_reads_other_files(warehouse: Path, tmp_path: Path) -> None:
    """The twin: what the page had before."""
    (tmp_path / "secret.txt").write_text("a secret")
    engine = sqlalchemy.create_engine(f"duckdb:///{warehouse}", connect_args={"read_only": True})
    with engine.connect() as connection:
        read = connection.execute(sqlalchemy.text(f"select content from read_text('{tmp_path / 'secret.txt'}')")).scalar_one()
    engine.dispose()
    assert read == "a secret"


def test_every_mart_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    names = {name for (name,) in marts.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()}
    assert names
    assert names | {table.name for table in BY_PUBLICATION} == set(
        re.findall(r"`(\w+)`", PAGE.split("## Where to look")[1].split("## Ten questions")[0])
    )
