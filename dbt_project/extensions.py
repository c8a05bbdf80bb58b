"""A dbt-duckdb plugin that loads DuckDB's extensions from their wheels, so that a build needs no network."""

from __future__ import annotations

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from contract.machine import load_extension

EXTENSIONS = ("delta", "icu", "json")


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    for name in EXTENSIONS:
        connection.execute(load_extension(name))


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name; see profiles.yml."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        load_extensions(conn)
