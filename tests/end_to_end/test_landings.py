"""The example landing, with every figure that it must give, from files to exports."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.conftest import Place, compare
from tests.end_to_end.steps import BUILD, INGEST_GATES, PUBLISH

pytestmark = pytest.mark.acceptance

AS_OF = "2026-04-24"


@pytest.fixture(scope="module")
def example(example_lake: Place) -> Place:
    """The example landing after a day's commands."""
    example_lake.work_out(AS_OF, *INGEST_GATES, *BUILD, *PUBLISH)
    return example_lake


def test_the_example_gives_every_expected_figure(example: Place, shared_example: Path) -> None:
    compared = compare(example.current() / "fanout.duckdb", shared_example)
    assert compared.returncode == 0, compared.stdout + compared.stderr
    assert "ok" in compared.stdout


def test_the_example_is_exported(example: Place) -> None:
    example.work_out(AS_OF, "exports")
    assert any((example.home / "exports" / AS_OF).iterdir())
