"""The hand-made warehouse that the tests of gate, publication and exports start from."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from expectations.settings import Settings

AS_OF = date(2026, 3, 20)


def build(settings: Settings, *changes: str, as_of: date = AS_OF) -> Path:
    """Make the warehouse of a day and run `changes`, SQL statements, on it; its rows say 2026-03-20 unless changed."""
    path = settings.warehouse(as_of)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(Path(__file__).with_suffix(".sql").read_text())
        for change in changes:
            con.execute(change)
    return path
