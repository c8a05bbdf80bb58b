"""Fixtures that all rooms share: one Spark session for the suite, and settings in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from expectations.settings import Settings
from spark_jobs.session import spark_session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    home = tmp_path_factory.mktemp("spark")
    settings = Settings.from_environment(
        {"FANOUT_HOME": str(home), "FANOUT_SPARK_MASTER": "local[2]", "FANOUT_SPARK_MEMORY": "2g"}
    )
    session = spark_session("tests", settings, rows=0, spark_sql_shuffle_partitions="2")
    yield session
    session.stop()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose home, landing and lake lie in the test's own folder."""
    landing = tmp_path / "landing"
    landing.mkdir()
    base = Settings.from_environment({"FANOUT_HOME": str(tmp_path / "home"), "FANOUT_LANDING": str(landing)})
    return replace(base, spark_memory="2g")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data with published figures, beside the checkout; not part of the project."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is missing")
    return folder


@pytest.fixture(scope="session")
def shared_example() -> Path:
    """A landing with every expected figure, beside the checkout; not part of the project."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared" / "example"
    if not folder.is_dir():
        pytest.skip("../shared/example is missing")
    return folder
