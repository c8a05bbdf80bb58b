"""The compose file beside the settings that it repeats."""

from __future__ import annotations

from contract.settings import CHECKOUT, LAKE_WRITERS, LAKE_WRITERS_SLOTS


def test_the_pool_of_the_lakes_writers_is_the_one_that_tasks_ask_for() -> None:
    compose = (CHECKOUT / "docker" / "compose.yml").read_text()
    assert compose.count("airflow pools set") == 1
    assert f"airflow pools set {LAKE_WRITERS} {LAKE_WRITERS_SLOTS} " in compose
