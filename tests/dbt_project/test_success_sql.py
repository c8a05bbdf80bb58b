"""The marts of merchant success come out the same by dbt and by the SQL that hand-made warehouses are given."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb

from contract.settings import Settings
from dbt_project.build import variables
from dbt_project.success_sql import statements
from tests.dbt_project.conftest import AS_OF


def test_the_sql_makes_what_dbt_makes(built: tuple[Settings, dict[str, Any]], tmp_path: Path) -> None:
    settings, _ = built
    copy = tmp_path / "warehouse.duckdb"
    shutil.copy(settings.warehouse(AS_OF), copy)
    compared: dict[str, int] = {}
    with duckdb.connect(str(copy)) as con:
        con.execute("set timezone = 'UTC'")
        for statement in statements(variables(settings, AS_OF)):
            name = statement.split()[4]
            before = con.execute(f"from {name} order by all").fetchall()
            columns = con.execute(f"select column_name from (describe {name})").fetchall()
            con.execute(statement)
            assert con.execute(f"select column_name from (describe {name})").fetchall() == columns
            assert con.execute(f"from {name} order by all").fetchall() == before
            compared[name] = len(before)
    assert len(compared) >= 8
    assert list(compared).index("marts.fan_contacts") < list(compared).index("marts.leaders_to_win")
    assert sum(rows > 0 for rows in compared.values()) >= 6
