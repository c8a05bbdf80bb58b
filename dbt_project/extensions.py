"""A dbt-duckdb plugin that loads DuckDB's extensions from their wheels, so that a build needs no network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin

EXTENSIONS = ("delta", "icu", "json")


def extension_path(name: str) -> Path:
    """Where the wheel `duckdb-extension-<name>` put the extension that fits the installed DuckDB.

    Raises:
        RuntimeError: it is not installed, or is for another version of DuckDB.
    """
    package = f"duckdb_extension_{name}"
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RuntimeError(f"DuckDB's extension {name} is missing; install duckdb-extension-{name}=={duckdb.__version__}")
    path = Path(spec.origin).parent / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    if not path.exists():
        raise RuntimeError(f"{path} is missing; install duckdb-extension-{name}=={duckdb.__version__}")
    return path


def load_extensions(connection: duckdb.DuckDBPyConnection) -> None:
    for name in EXTENSIONS:
        load_extension(connection, name)


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    connection.execute(f"load '{str(extension_path(name)).replace(chr(39), chr(39) * 2)}'")


class Plugin(BasePlugin):
    """Found by dbt-duckdb under this name; see profiles.yml."""

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        load_extensions(conn)
