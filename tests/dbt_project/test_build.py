"""The command: what it refuses, what it reports, and what it leaves alone."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import duckdb
import jinja2
import pytest
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment
from dbt.cli.main import dbtRunnerResult

from contract.events import EVENT_TYPES, Field, Kind
from contract.settings import Settings
from dbt_project import build as command
from dbt_project.build import PROJECT, BuildFailed, build, variables
from dbt_project.docs import newest_day, write_docs
from tests.dbt_project.conftest import AS_OF
from tests.dbt_project.tiny_lake import TinyLake


def test_nothing_is_written_into_the_checkout(built: tuple[Settings, dict[str, Any]]) -> None:
    settings, _ = built
    assert (settings.work(AS_OF) / "dbt" / "manifest.json").exists()
    assert not [name for name in ("target", "logs", ".user.yml") if (PROJECT / name).exists()]


def test_build_names_what_failed_and_the_log(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    run_dbt = command.run_dbt

    def run(settings: Settings, as_of: date, *arguments: str) -> Any:
        commands.append(arguments[0])
        return run_dbt(settings, as_of, *arguments)

    monkeypatch.setattr(command, "run_dbt", run)
    leftover = settings.warehouse(AS_OF)
    leftover.parent.mkdir(parents=True)
    leftover.write_text("what a killed run left")
    with pytest.raises(BuildFailed, match=r"(?s)stg_shop__order_paid: .*shop_events.*dbt\.log"):
        build(settings, AS_OF)
    assert commands == ["build"]  # only what ran out of memory is tried again


@pytest.mark.acceptance
def test_what_ran_out_of_memory_is_built_again_one_by_one(
    built: tuple[Settings, dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, report = built
    commands: list[str] = []
    enough = variables(settings, AS_OF)["memory"]

    def run(settings: Settings, as_of: date, *arguments: str) -> Any:
        is_first = not commands
        memory = "8MB" if is_first else enough
        monkeypatch.setattr(command, "variables", lambda *day: variables(*day) | {"memory": memory})
        outcome: Any = run_dbt(settings, as_of, *arguments)
        commands.append(" ".join(arguments))
        faults = {result.status for result in outcome.result.results} & set(command.FAILURES)
        assert bool(faults) == is_first
        return outcome

    run_dbt = command.run_dbt
    monkeypatch.setattr(command, "run_dbt", run)
    again = build(replace(settings, home=tmp_path, lake=settings.lake), AS_OF)
    assert commands == ["build --exclude-resource-type unit_test", "retry --threads 1"]
    assert again == report


def test_a_second_try_that_breaks_off_says_why(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    node = SimpleNamespace(unique_id="model.fanout.big", name="big")
    full = SimpleNamespace(node=node, status="error", message=f"Runtime Error {command.OUT_OF_MEMORY}: failed to pin a block")
    outcomes = [
        dbtRunnerResult(success=False, result=cast(Any, SimpleNamespace(results=[full]))),
        dbtRunnerResult(success=False, exception=RuntimeError("no space left on the disk")),
    ]
    monkeypatch.setattr(command, "run_dbt", lambda *_: outcomes.pop(0))
    with pytest.raises(BuildFailed, match=r"(?s)big: .*failed to pin a block.*no space left on the disk.*dbt\.log"):
        build(settings, AS_OF)
    assert not outcomes


@pytest.mark.parametrize("place", ["config_options", "settings"])
def test_a_build_that_has_spilled_opens_more_connections(tmp_path: Path, place: str) -> None:
    """dbt opens one for each model; with the folder among `settings`, which it sets in each, DuckDB refuses the next."""
    known = {"warehouse": str(tmp_path / "warehouse.duckdb"), "memory": "50MB", "lake": ""}
    profile = yaml.safe_load(jinja2.Template((PROJECT / "profiles.yml").read_text()).render(var=known.__getitem__))
    output = {name: value for name, value in profile["fanout"]["outputs"]["warehouse"].items() if name != "plugins"}
    folder = output["config_options"].pop("temp_directory")
    output[place]["temp_directory"] = folder
    database: Any = LocalEnvironment(DuckDBCredentials.from_dict({**output, "database": "warehouse"}))
    first = database.handle().cursor()
    first.execute("create temp table large as select range as number, hash(range) as digest from range(10_000_000)")
    assert first.execute("select sum(size) > 0 from duckdb_temporary_files()").fetchone() == (True,)
    if place == "settings":
        with pytest.raises(duckdb.NotImplementedException, match="Cannot switch temporary directory"):
            database.handle()
    else:
        names = ("temp_directory", "TimeZone", "autoload_known_extensions")
        shown = ", ".join(f"current_setting('{name}')" for name in names)
        assert database.handle().cursor().execute(f"select {shown}").fetchone() == (folder, "UTC", False)
    database.close()


def test_a_field_declared_after_the_last_ingest_is_null(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    lake = TinyLake(settings)
    lake.add("fan_followed", "2026-04-01T12:00:00+08:00", merchant_id="m", user_id="u")
    lake.write()
    event = EVENT_TYPES["shop.fan_followed.v1"]
    fields = [Field("wish", Kind.TEXT, "", required=False), Field("due", Kind.TIME, "", required=False)]
    assert command.late_fields(settings) == {}
    monkeypatch.setitem(EVENT_TYPES, event.name, replace(event, fields=(*event.fields, *fields)))
    late = command.late_fields(settings)
    assert late == {"shop_events": {"wish": "varchar", "due": "timestamptz"}}
    table = "{{ 'select *' ~ late_fields('shop_events') }} from {{ source('shop', 'shop_events') }}"
    query = f"select typeof(wish), typeof(due), wish, due from ({table})"

    def shown() -> Any:
        outcome: Any = command.run_dbt(settings, AS_OF, "show", "--inline", query)
        return [tuple(row) for row in outcome.result.results[0].agate_table.rows] if outcome.success else str(outcome.exception)

    assert set(shown()) == {("VARCHAR", "TIMESTAMP WITH TIME ZONE", None, None)}
    monkeypatch.setattr(command, "late_fields", lambda settings: {})
    assert "wish" in str(shown())


def test_report_is_the_last_line(
    built: tuple[Settings, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, report = built
    monkeypatch.setattr(command, "build", lambda settings, as_of: report)
    monkeypatch.setattr(sys, "argv", ["build", "--as-of", "2026-04-10"])
    assert command.main() == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1]) == report


def test_a_date_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["build", "--as-of", "yesterday"])
    assert command.main() == 2
    assert "AS_OF=yesterday" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("timezone", "day", "end"),
    [
        ("Asia/Shanghai", date(2026, 3, 20), "2026-03-20 16:00:00"),
        ("America/Havana", date(2026, 10, 31), "2026-11-01 04:00:00"),  # DuckDB by itself takes the second midnight, 05:00
        ("Atlantic/Azores", date(2026, 10, 24), "2026-10-25 00:00:00"),  # and here 01:00
    ],
)
def test_the_end_of_the_day_is_told_to_dbt(settings: Settings, timezone: str, day: date, end: str) -> None:
    assert variables(replace(settings, timezone=timezone), day)["end_of_as_of"] == end


@pytest.mark.acceptance
def test_a_second_build_gives_the_same_rows(built: tuple[Settings, dict[str, Any]], tmp_path: Path) -> None:
    settings, report = built
    again = replace(settings, home=tmp_path)
    assert build(again, AS_OF) == report
    assert _rows(again.warehouse(AS_OF)) == _rows(settings.warehouse(AS_OF))


def _rows(warehouse: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The rows of each mart in the order that a reader sees."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        names = connection.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        assert len(names) > 35
        return {name: connection.execute(f"select * from marts.{name}").fetchall() for (name,) in names}


def test_docs_are_one_page_of_the_newest_day(built: tuple[Settings, dict[str, Any]]) -> None:
    settings, _ = built
    assert newest_day(settings) == AS_OF
    page = write_docs(settings, AS_OF).read_text()
    assert json.dumps("(单粉丝产值)")[1:-1] in page
    assert "MANIFEST.JSON INLINE DATA" not in page


def test_docs_without_a_build_say_what_to_run(settings: Settings) -> None:
    with pytest.raises(BuildFailed, match=r"no warehouse lies in .*; run: make run"):
        newest_day(settings)
    with pytest.raises(BuildFailed, match=r"run: python -m dbt_project\.build --as-of 2026-04-10"):
        write_docs(settings, AS_OF)
