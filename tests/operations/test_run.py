"""What `make run` refuses before anything starts, and what it tells at the end."""

from __future__ import annotations

import json
import os
import subprocess
from datetime import date
from pathlib import Path

import duckdb
import pytest

from contract.settings import Settings
from operations import airflow_server, run
from operations.chain import CHAIN
from operations.follow import Day
from operations.summary import summary


@pytest.fixture
def landing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A landing with one delivery, as the environment names it; starting Airflow is an error."""
    for name in [name for name in os.environ if name.startswith("FANOUT_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("AS_OF", raising=False)
    folder = tmp_path / "in"
    (folder / "shop" / "dt=2026-03-20").mkdir(parents=True)
    (folder / "shop" / "dt=2026-03-20" / "a.jsonl").touch()
    monkeypatch.setenv("FANOUT_LANDING", str(folder))
    monkeypatch.setenv("FANOUT_HOME", str(tmp_path / "out"))

    def start(*_: object) -> None:
        raise AssertionError("Airflow must not be started")

    monkeypatch.setattr(airflow_server, "start", start)
    monkeypatch.setattr(airflow_server, "forward_signals", lambda: None)
    return folder


@pytest.mark.parametrize(
    ("environ", "arguments", "message"),
    [
        pytest.param({"FANOUT_LNDING": "/in"}, [], "refused: unknown setting FANOUT_LNDING", id="unknown_setting"),
        pytest.param({"FANOUT_LANDING": "/no/such/folder"}, [], "refused: FANOUT_LANDING=/no/such/folder", id="no_landing"),
        pytest.param({"FANOUT_EXECUTOR_MEMORY": "4"}, [], "refused: FANOUT_EXECUTOR_MEMORY=4 is not a size", id="no_size"),
        pytest.param(
            {"FANOUT_EXPECTED_SOURCES": "shop,groups"},
            [],
            "refused: FANOUT_EXPECTED_SOURCES=shop,groups",
            id="no_source",
        ),
        pytest.param({"FANOUT_EXPECTED_SOURCES": "shop,"}, [], "refused: FANOUT_EXPECTED_SOURCES=shop, is", id="no_name"),
        pytest.param({"AS_OF": "2999-01-01"}, [], "refused: AS_OF=2999-01-01 lies in the future", id="future"),
        pytest.param({}, ["--as-of", "20260320"], "refused: AS_OF=20260320 is not a date", id="no_date"),
        pytest.param({"AS_OF": "2026-03-20"}, ["--as-of", "x"], "refused: AS_OF=x", id="the_argument_wins"),
    ],
)
def test_impossible_settings_are_refused(
    environ: dict[str, str],
    arguments: list[str],
    message: str,
    landing: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    assert run.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_a_second_run_in_the_same_home_is_refused(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with airflow_server.only_one(Settings.from_environment()):
        assert run.main([]) == 2
    assert "another run works in FANOUT_HOME" in capsys.readouterr().err


def test_what_is_no_delivery_is_named(landing: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (landing / "shopp").mkdir()
    with pytest.raises(AssertionError, match="Airflow must not be started"):
        run.main([])
    out = capsys.readouterr().out
    assert "1 files of 1 days, the newest 2026-03-20" in out
    assert "ignored: shopp is not one of shop, group, stream" in out


def test_an_empty_default_landing_is_filled_by_the_simulator(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FANOUT_LANDING")
    commands: list[list[str]] = []

    def simulate(command: list[str], **_: object) -> None:
        commands.append(command[1:])
        day = tmp_path / "out" / "landing" / "shop" / "dt=2026-03-20"
        day.mkdir(parents=True)
        (day / "a.jsonl").touch()

    monkeypatch.setattr(subprocess, "run", simulate)
    for _ in range(2):
        with pytest.raises(AssertionError, match="Airflow must not be started"):
            run.main([])
    assert commands == [["-m", "simulator", "--out", str(tmp_path / "out" / "landing")]]


def test_an_empty_landing_of_ones_own_is_refused(
    landing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("FANOUT_LANDING", str(tmp_path / "empty"))
    assert run.main([]) == 2
    assert "holds no delivery" in capsys.readouterr().err


def test_the_summary_tells_what_was_refused_and_why(settings: Settings) -> None:
    as_of = date(2026, 3, 20)
    version = settings.published / "2026-03-20" / "v000001"
    version.mkdir(parents=True)
    (version.parent / "current").symlink_to("v000001")
    (settings.published / "current").symlink_to("2026-03-20/current")
    with duckdb.connect(str(version / "fanout.duckdb")) as marts:
        marts.execute("create schema marts")
        marts.execute(
            """
            create table marts.ingest_ledger as select * from (values
                ('shop', 'shop/a', 13, 6, 2, 1, 1, 3), ('shop', 'shop/b', 2000, 2000, 0, 0, 0, 0),
                ('group', 'group/a', 1, 0, 0, 1, 0, 0)
            ) as t(source, file, rows_read, accepted, duplicate, quarantined, erased, withdrawn);
            create table marts.quarantine_reasons as select * from (values
                ('shop', 'bad_enum', 1, 'shop/a', 7), ('group', 'not_json', 1, 'group/a', 1)
            ) as t(source, reason, rows, example_file, example_line);
            create table marts.unreadable_files as select 'stream/x.gz' as file, 99 as bytes, 'cut short' as error;
            """
        )
    run = {"as_of": "2026-03-20", "merchants_diagnosed": 1200, "diagnosed_at": "2026-03-21T09:10:00+08:00"}
    (version / "run.json").write_text(json.dumps({**run, "is_diagnosis_on_time": False}))
    at = "2026-03-21T00:00:{:02}+00:00"
    runs = {
        dag_id: {"run_after": at.format(0), "start_date": at.format(number), "end_date": at.format(number + 5)}
        for number, dag_id in enumerate(CHAIN)
    }
    gates = settings.home / "work" / "gates"
    gates.mkdir(parents=True)
    found = {"table": "deliveries", "expectation": "came", "severity": "warn", "meaning": "a file", "broken_rows": 1}
    for source, warnings in (("group", [{**found, "example": '{"missing":"group/dt=2026-03-20"}'}]), ("shop", [])):
        (gates / f"ingest_{source}.json").write_text(json.dumps({"day": "2026-03-20", "warnings": warnings}))
    returned = {"files": 2, "rows_in": 7, "rows_out": 5, "refused": 1, "waiting": 3, "faults": 0}
    day = Day(runs=runs, reports={("ingest", "returns"): returned})
    text = "\n".join(summary(day, settings, as_of))
    assert f"  2 returned sheets: 5 calls taken, 1 rows refused; the answers are in {settings.returns}/answers\n" in text
    assert "  3 returned sheets wait for the run of a later day\n" in text
    assert "faults" not in text
    assert "returned" not in "\n".join(summary(Day(runs=runs), settings, as_of))
    assert "2026-03-20 is published." in text
    assert (
        "  1,200 merchants diagnosed\n  warning: the diagnosis of 2026-03-20 was there at 2026-03-21T09:10:00+08:00, after"
        in text
    )
    (version / "run.json").write_text(json.dumps({**run, "is_diagnosis_on_time": True}))
    assert "warning" not in "\n".join(summary(day, settings, as_of))
    assert [line for line in text.splitlines() if "warn " in line] == [
        """  group: warn deliveries, 'came': 1 rows break it, first {"missing":"group/dt=2026-03-20"} (a file)"""
    ]
    assert [line.split() for line in text.splitlines() if line.startswith(("  shop ", "  group "))] == [
        ["group", "1", "1", "0", "0", "1", "0", "0"],
        ["shop", "2", "2,013", "2,006", "2", "1", "1", "3"],
    ]
    assert "bad_enum                       1   such as shop/a:7" in text
    assert "unreadable   stream/x.gz (99 bytes): cut short" in text
    assert f"{CHAIN[-1]:<24}{len(CHAIN) - 1:>7} to {len(CHAIN) + 4:>5}       5 s" in text
    assert str(settings.published / "current" / "fanout.duckdb") in text
    assert str(settings.exports / "2026-03-20") in text
    assert f"  a first look  {settings.site / 'current' / 'index.html'}   (in a browser)" in text.splitlines()


def test_the_summary_of_a_past_day_names_that_day(settings: Settings) -> None:
    from operations.summary import _places

    for day in ("2026-03-19", "2026-03-20"):
        (settings.published / day / "v000001").mkdir(parents=True)
        (settings.published / day / "current").symlink_to("v000001")
    (settings.published / "current").symlink_to("2026-03-20/current")
    text = "\n".join(_places(settings, date(2026, 3, 19)))
    assert str(settings.published / "2026-03-19" / "current") in text
    assert str(settings.site / "2026-03-19" / "current" / "index.html") in text
