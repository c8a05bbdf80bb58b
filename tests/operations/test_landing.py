"""What lies in a landing folder, and which business date is run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from contract.settings import SettingError, Settings
from operations.landing import Survey, choose_as_of, survey

NOW = datetime(2026, 3, 31, 20, tzinfo=UTC)  # already April in Shanghai
DELIVERED = Survey([date(2026, 3, 1), date(2026, 3, 20)], 2, [])
NOTHING = Survey([], 0, [])


def touch(landing: Path, *names: str) -> None:
    for name in names:
        (landing / name).parent.mkdir(parents=True, exist_ok=True)
        (landing / name).touch()


def test_survey_tells_deliveries_from_the_rest(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "shop/dt=2026-03-02/a.jsonl",
        "shop/dt=2026-03-01/a.jsonl.gz",
        "group/dt=2026-03-03/a.jsonl.zst",
        "shop/dt=2026-03-20/success_calls_0123456789abcdef.jsonl",
        "group/dt=2026-03-03/a.csv",
        "shop/dt=2026-02-30/a.jsonl",
        "shop/2026-03-09/a.jsonl",
        "shop/readme.txt",
        "shops/dt=2026-03-09/a.jsonl",
        "notes.txt",
    )
    (tmp_path / "stream" / "dt=2026-03-09" / "a.jsonl").mkdir(parents=True)
    found = survey(tmp_path)
    assert found.days == [date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)]
    assert found.files == 4  # calls of returned sheets among them, which deliver no day
    assert {path for path, _ in found.passed_by} == {
        "group/dt=2026-03-03/a.csv",
        "shop/dt=2026-02-30",
        "shop/2026-03-09",
        "shop/readme.txt",
        "shops",
        "notes.txt",
        "stream/dt=2026-03-09/a.jsonl",
    }


def test_a_landing_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert survey(tmp_path / "none") == NOTHING


@pytest.mark.parametrize(
    ("asked", "found", "expected"),
    [
        pytest.param(None, DELIVERED, date(2026, 3, 20), id="newest"),
        pytest.param("", DELIVERED, date(2026, 3, 20), id="empty_means_newest"),
        pytest.param("2026-03-05", DELIVERED, date(2026, 3, 5), id="a_past_day"),
        pytest.param("2026-03-25", DELIVERED, date(2026, 3, 25), id="a_day_without_delivery"),
        pytest.param("2026-04-01", DELIVERED, date(2026, 4, 1), id="today_in_the_deployments_zone"),
        pytest.param("2027-05-01", Survey([date(2027, 5, 1)], 1, []), date(2027, 5, 1), id="delivered_is_not_future"),
    ],
)
def test_as_of(asked: str | None, found: Survey, expected: date, settings: Settings) -> None:
    assert choose_as_of(asked, found, settings, NOW) == expected


@pytest.mark.parametrize(
    ("asked", "found", "message"),
    [
        pytest.param(
            "2026-04-02", DELIVERED, "AS_OF=2026-04-02 lies in the future; the newest delivery is of 2026-03-20", id="future"
        ),
        pytest.param("20260320", DELIVERED, "AS_OF=20260320 is not a date", id="no_date"),
        pytest.param(None, NOTHING, "holds no delivery", id="nothing_to_take_it_from"),
        pytest.param("2026-03-05", NOTHING, "holds no delivery and the lake no event", id="nothing_at_all"),
    ],
)
def test_as_of_is_refused(asked: str | None, found: Survey, message: str, settings: Settings) -> None:
    with pytest.raises(SettingError, match=message):
        choose_as_of(asked, found, settings, NOW)


def test_an_emptied_landing_is_enough_where_the_lake_has_events(settings: Settings, tmp_path: Path) -> None:
    write_deltalake(f"{tmp_path}/lake/shop_events", pa.table({"fate": ["accepted"]}))
    assert choose_as_of("2026-03-05", NOTHING, replace(settings, lake=str(tmp_path / "lake")), NOW) == date(2026, 3, 5)
