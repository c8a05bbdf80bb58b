"""The analyst's page: its SQL and its Python run against a warehouse as they stand there, and it names every mart."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pytest

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


def test_every_mart_is_named(marts: duckdb.DuckDBPyConnection) -> None:
    names = {name for (name,) in marts.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()}
    assert names
    assert names == set(re.findall(r"`(\w+)`", PAGE.split("## Where to look")[1].split("## Ten questions")[0]))
