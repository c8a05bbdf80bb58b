"""What the machine and its environment offer: memory, and DuckDB's extensions from their wheels, so no network is needed.

Only the standard library is imported, since preflight reads the settings before anything is installed.
"""

from __future__ import annotations

import os
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from contract.sql import literal


class MissingExtension(RuntimeError):
    """A DuckDB extension that is not installed, or is for another version of DuckDB; the message says what to install."""


def memory_mb() -> int:
    """The memory of the machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)


def duckdb_extension(name: str) -> Path:
    """Where the wheel `duckdb-extension-<name>` put the extension that fits the installed DuckDB.

    Raises:
        MissingExtension: see there.
    """
    duckdb = version("duckdb")
    install = f"run make run, or install duckdb-extension-{name}=={duckdb}"
    spec = find_spec(f"duckdb_extension_{name}")
    if spec is None or spec.origin is None:
        raise MissingExtension(f"DuckDB's extension {name} is missing; {install}")
    path = Path(spec.origin).parent / "extensions" / f"v{duckdb}" / f"{name}.duckdb_extension"
    if not path.exists():
        raise MissingExtension(f"{path} is missing; {install}")
    return path


def load_extension(name: str) -> str:
    """The SQL statement that loads an extension of DuckDB; raises as `duckdb_extension` does."""
    return f"load {literal(duckdb_extension(name))}"
