"""The DAGs as Airflow loads them, from their folder, by its own rules of what is a DAG file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DAG_FOLDER = Path(__file__).resolve().parents[2] / "dags"


@pytest.fixture(scope="session")
def airflow_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Airflow makes its home when it is imported, so nothing here imports it at the top."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW_HOME", str(tmp_path_factory.mktemp("airflow")))
        yield Path()


@pytest.fixture(scope="session")
def dag_bag(airflow_home: Path) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAG_FOLDER), safe_mode=True)


@pytest.fixture(scope="session")
def dags(dag_bag: Any) -> dict[str, Any]:
    assert dag_bag.import_errors == {}
    assert dag_bag.dags
    return dict(dag_bag.dags)
