"""A small home that asks nobody else's Airflow."""

from __future__ import annotations

import pytest

from contract.settings import Settings
from tests.maintenance.small_home import small_home


@pytest.fixture
def home(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)
    small_home(settings)
    return settings
