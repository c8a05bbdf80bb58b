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
        made = list(statements(variables(settings, AS_OF)))
        for create, insert in zip(made[::2], made[1::2], strict=True):
            name = create.split()[4]
            columns = con.execute(f"select column_name, column_type from (describe {name})").fetchall()
            rows = con.execute(f"from {name} order by all").fetchall()
            con.execute(create)
            con.execute(insert)
            assert con.execute(f"select column_name, column_type from (describe {name})").fetchall() == columns
            assert con.execute(f"from {name} order by all").fetchall() == rows
            compared[name] = len(rows)
    assert len(compared) >= 8
    assert list(compared).index("marts.fan_contacts") < list(compared).index("marts.leaders_to_win")
    assert sum(rows > 0 for rows in compared.values()) >= 6
