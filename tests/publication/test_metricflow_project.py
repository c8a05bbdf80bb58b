"""The project for MetricFlow replaces what it wrote before, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from publication.metricflow import write
from publication.versions import PublicationError


def test_a_project_is_written_again(tmp_path: Path) -> None:
    folder = tmp_path / "metricflow"
    assert write(folder, tmp_path / "fanout.duckdb") > 10
    (folder / "models" / "a_mart_that_is_gone.sql").write_text("select 1")
    assert write(folder, tmp_path / "fanout.duckdb") > 10
    assert not (folder / "models" / "a_mart_that_is_gone.sql").exists()


@pytest.mark.parametrize("name", ["notes.txt", "dbt_project.yml"])
def test_a_folder_of_somebody_else_is_left_alone(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text("name: mine\n")
    with pytest.raises(PublicationError, match="is no folder that this command has written; name a new or an empty one"):
        write(tmp_path, tmp_path / "fanout.duckdb")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "name: mine\n"
