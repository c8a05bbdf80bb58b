"""The analyst's page: its SQL and its Python run against a warehouse as they stand there, and it names every mart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy
import sqlalchemy.exc

from contract.published import PUBLISHED
from contract.settings import CHECKOUT

PAGE = (CHECKOUT / "docs" / "analysts.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_there_are_ten_questions() -> None:
    assert len(re.findall(r"^\d+\. .*\?$", PAGE, re.MULTILINE)) == 10
    assert len(blocks("sql")) == 11


@pytest.mark.parametrize("query", blocks("sql"))
def test_queries_give_rows(marts: duckdb.DuckDBPyConnection, query: str) -> None:
    rows = marts.execute(query).fetchall()
    # The tiny platform has no region of this kind, and no design with thirty closed teams.
    assert rows or "many_opens_low_rate" in query or "is_thin" in query


@pytest.mark.parametrize("code", blocks("python"))
def test_python_connects(warehouse: Path, code: str) -> None:
    assert "published/current/fanout.duckdb" in code
    names: dict[str, Any] = {}
    exec(code.replace("published/current/fanout.duckdb", str(warehouse)), names)
    if "engine" in names:
        names["engine"].dispose()


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
    assert names | {PUBLISHED.name} == set(
        re.findall(r"`(\w+)`", PAGE.split("## Where to look")[1].split("## Ten questions")[0])
    )
