"""Memory of the machine, and DuckDB's extensions from their wheels."""

from __future__ import annotations

from importlib.machinery import ModuleSpec
from pathlib import Path

import duckdb
import psutil
import pytest

from contract import machine


def test_memory_is_that_of_the_machine() -> None:
    assert machine.memory_mb() == psutil.virtual_memory().total // (1 << 20)


def test_an_extension_is_loaded_without_a_network() -> None:
    with duckdb.connect(config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as con:
        con.execute(machine.load_extension("delta"))
        assert con.execute("select loaded from duckdb_extensions() where extension_name = 'delta'").fetchall() == [(True,)]


def test_an_extension_without_its_wheel_is_named() -> None:
    with pytest.raises(machine.MissingExtension, match="run make run, or install duckdb-extension-nonsense=="):
        machine.duckdb_extension("nonsense")


def test_the_folder_of_an_extension_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "it's here"
    spec = ModuleSpec("duckdb_extension_delta", None, origin=str(package / "__init__.py"))
    monkeypatch.setattr(machine, "find_spec", lambda name: spec)
    with pytest.raises(machine.MissingExtension, match=r"delta\.duckdb_extension is missing"):
        machine.load_extension("delta")
    file = package / "extensions" / f"v{duckdb.__version__}" / "delta.duckdb_extension"
    file.parent.mkdir(parents=True)
    file.touch()
    assert machine.load_extension("delta") == f"load '{str(file).replace(chr(39), chr(39) * 2)}'"
