"""All tables of the lake and of the marts: each module here is an area, and names its tables in `TABLES`."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from contract.table import AREAS, Table


def _found() -> Iterator[tuple[str, Table]]:
    areas = {module.name for module in pkgutil.iter_modules(__path__)}
    if areas != AREAS.keys():
        raise ValueError(f"the modules of contract/tables are not AREAS of contract/table.py: {areas ^ AREAS.keys()}")
    for area in AREAS:
        for table in import_module(f"{__name__}.{area}").TABLES:
            yield area, table


def _by_name() -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for _, table in _found():
        if table.name in tables:
            raise ValueError(f"the table {table.name} is declared twice")
        tables[table.name] = table
    return tables


TABLES: dict[str, Table] = _by_name()
AREA_OF: dict[str, str] = {table.name: area for area, table in _found()}


def marts() -> list[Table]:
    """What readers of the published warehouse get."""
    return [table for table in TABLES.values() if table.is_mart]


def family_tables(family: str) -> list[Table]:
    """What a family of Spark models writes into the lake, in the order of their declaration."""
    return [table for table in TABLES.values() if table.family == family]
