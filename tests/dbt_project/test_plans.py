"""What DuckDB would do with each model."""

from __future__ import annotations

import json
import re
from typing import Any

import duckdb

from benchmarks.models import nodes
from contract.settings import Settings
from dbt_project.extensions import load_extensions
from tests.dbt_project.conftest import AS_OF


def quadratic(con: duckdb.DuckDBPyConnection, query: str) -> list[str]:
    """Conditions by which DuckDB compares all rows of two tables with each other, though they have a column to meet by."""
    [(_, plan)] = con.execute(f"explain (format json) {query}").fetchall()
    joins = (node["extra_info"] for node in nodes(json.loads(plan)) if node["name"] == "BLOCKWISE_NL_JOIN")
    return [told["Condition"] for told in joins if re.search(r"\b[a-z_]\w* = [a-z_]\w*", told.get("Condition", ""))]


def test_no_model_compares_all_rows_with_all(built: tuple[Settings, dict[str, Any]]) -> None:
    settings, report = built
    models = sorted((settings.work(AS_OF) / "dbt" / "compiled" / "fanout" / "models").rglob("*.sql"))
    with duckdb.connect(str(settings.warehouse(AS_OF)), read_only=True) as con:
        load_extensions(con)
        found = {model.stem: conditions for model in models if (conditions := quadratic(con, model.read_text()))}
    assert len(models) >= report["models"]
    assert found == {}


def test_what_compares_all_rows_with_all_is_found() -> None:
    """The twin, with the two ways in which it came about: an `or`, and a condition on the left side alone."""
    with duckdb.connect() as con:
        con.execute("create table moments as select 1 as id_7, 'a' as kind, date '2026-01-01' as day")
        con.execute("create table spans as select 1 as id, date '2025-01-01' as first_day, null::date as last_day")
        join = "from moments left join spans on moments.id_7 = spans.id and"
        assert quadratic(con, f"select last_day {join} (spans.last_day is null or moments.day < spans.last_day)")
        assert quadratic(con, f"select last_day {join} moments.kind = 'a'")
        assert not quadratic(con, f"select last_day {join} moments.day < coalesce(spans.last_day, '9999-12-31')")
