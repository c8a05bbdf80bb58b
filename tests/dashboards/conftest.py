"""A published home whose marts have rows for every chart, and the two ways in which tests change it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from contract.settings import Settings
from tests.small_warehouse import AS_OF, published

NEXT_DAY = AS_OF + timedelta(days=1)
# The hand-made warehouse is too small for charts that leave out what is thin or incomplete.
FILLED = (
    "update marts.growth_split set is_complete = true, user_effect = 1, per_fan_effect = 2",
    "update marts.cohort_retention set is_complete = true",
    "update marts.per_fan_revenue set window_fans = 40",
    "update marts.spread_concentration set users = 20 where metric = 'opens'",
    "update marts.team_formation_by_region set closed = 30 where region = 'CN-ZJ' and month = 'all'",
    "insert into marts.group_survival by name (select * replace ('driver' as stratum, 'interest' as value, false as is_total)"
    " from marts.group_survival where stratum = 'all')",
    "insert into marts.group_lifetimes by name (select * replace ('driver' as stratum, 'interest' as value, false as is_total)"
    " from marts.group_lifetimes where stratum = 'all')",
    "insert into marts.fan_survival by name (select * replace ('all' as merchant_id, true as is_total) from marts.fan_survival"
    " where stratum = 'method' and merchant_id = 'm-1')",
    "update marts.community_days set is_final = true, festival_day = date - date '2026-02-17'",
    "update marts.community_months set co_churn_matched = 1, k_factor = 0.5",
)


def publish_day(settings: Settings, *changes: str, as_of: date = AS_OF) -> Path:
    return published(settings, *FILLED, *changes, as_of=as_of)


@pytest.fixture(scope="session")
def published_home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The settings of a home that is read and not changed."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("dashboards"))})
    publish_day(settings)
    return settings
