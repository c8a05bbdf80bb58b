"""A dbt-duckdb plugin that reaches the lake, and loads the extensions from their wheels, so that a build needs no network."""

from __future__ import annotations

from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

from contract.machine import load_extension
from contract.object_store import duckdb_statements

EXTENSIONS = ("delta", "icu", "json")


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    for name in EXTENSIONS:
        connection.execute(load_extension(name))


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name; see profiles.yml, which says where the lake lies."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        self.lake: str = plugin_config["lake"]

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        load_extensions(conn)
        for statement in duckdb_statements(self.lake):
            conn.execute(statement)
