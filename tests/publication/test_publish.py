"""Versions of a published day: what is copied, what is refused, which version is current, which ones stay."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import write_deltalake

from contract.published import BY_PUBLICATION
from contract.settings import Settings
from contract.tables import marts
from expectations.gate import gate_publication
from publication.__main__ import main
from publication.publish import current_database, lake_versions, publish, roll_back
from publication.versions import PublicationError, current, versions
from tests import small_warehouse
from tests.small_warehouse import AS_OF, passed

CHANGE = "update marts.merchant_churn_flags set expected_loss = {}"


def published_days(settings: Settings) -> str:
    return os.readlink(settings.published / "current")


def loss(settings: Settings, name: str = "current") -> float:
    with duckdb.connect(str(settings.published / name / "fanout.duckdb"), read_only=True) as con:
        return float(con.execute("select sum(expected_loss) from marts.merchant_churn_flags").fetchall()[0][0])


def _marts(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path), read_only=True) as con:
        names = con.execute("select table_name from duckdb_tables() where schema_name = 'marts'").fetchall()
        return {name: con.execute(f"from marts.{name} order by all").fetchall() for (name,) in names}


def test_publishes_what_the_gate_passed(settings: Settings) -> None:
    settings = replace(settings, run_id="ingest_shop/manual__2026-03-20")
    warehouse = small_warehouse.build(settings, *COMMENTS)
    write_deltalake(f"{settings.lake}/shop_events", duckdb.sql("select 1 as x").to_arrow_table())
    assert gate_publication(settings, AS_OF)["passed"]
    report = publish(settings, AS_OF)
    folder = settings.published / "current"
    assert folder.resolve() == settings.published / "2026-03-20" / "v000001"
    copy, original = _marts(folder / "fanout.duckdb"), _marts(warehouse)
    assert len(original) > 20
    assert report["marts"] == len(original) + 2
    published, gates = copy.pop("published"), copy.pop("gate_results")
    assert copy == original
    # A gate of the small warehouse warns of marts without rows; an ingest has not run here.
    [(gate, is_passed, expectations, failures, warnings, broken)] = gates
    assert (gate, is_passed, failures) == ("publication", True, 0)
    assert expectations > 1000
    assert warnings == (len(broken.split("; ")) if broken else 0)
    assert published == [(AS_OF, "v000001", "CNY", "Asia/Shanghai", "ingest_shop/manual__2026-03-20")]
    with duckdb.connect(str(folder / "fanout.duckdb"), read_only=True) as con:
        comments = con.execute(
            """select column_name, comment from duckdb_columns()
            where comment is not null and table_name not in ('published', 'gate_results')"""
        ).fetchall()
    assert comments == [("depth", "Depth of the deepest share; the root has 0.")]
    run = json.loads((folder / "run.json").read_text())
    assert run["as_of"] == "2026-03-20"
    assert run["run_id"] == "ingest_shop/manual__2026-03-20"
    assert run["lake_versions"] == {"shop_events": 0}
    assert run["rows"]["cascades"] == 2
    assert run["gates"]["publication"]["passed"] is True
    assert (run["currency"], run["timezone"]) == ("CNY", "Asia/Shanghai")


@pytest.mark.parametrize(
    ("now", "written", "is_on_time"),
    [
        ("2026-03-20T23:59:59+00:00", "2026-03-21T07:59:59+08:00", True),
        ("2026-03-21T00:00:00+00:00", "2026-03-21T08:00:00+08:00", True),
        ("2026-03-21T00:00:00.000001+00:00", "2026-03-21T08:00:00+08:00", False),
        ("2026-03-22T05:30:00+00:00", "2026-03-22T13:30:00+08:00", False),
    ],
)
def test_run_json_says_who_was_diagnosed_and_whether_in_time(
    settings: Settings, now: str, written: str, is_on_time: bool
) -> None:
    """Of the two merchants m-2 has nothing to compare its day with. The morning is that of Shanghai."""
    passed(settings)
    report = publish(settings, AS_OF, lambda: datetime.fromisoformat(now))
    run = json.loads((settings.published / "current" / "run.json").read_text())
    assert (run["merchants_diagnosed"], run["diagnosed_at"], run["is_diagnosis_on_time"]) == (1, written, is_on_time)
    late = f"the diagnosis of 2026-03-20 was there at {written}, after 08:00 of the next morning: 1 merchants saw it late"
    assert [warning.partition(";")[0] for warning in report["warnings"]] == ([] if is_on_time else [late])


def test_figures_that_were_there_in_time_stay_so_when_the_day_runs_again(settings: Settings) -> None:
    passed(settings)
    publish(settings, AS_OF, lambda: datetime.fromisoformat("2026-03-20T18:00:00+00:00"))
    again = publish(settings, AS_OF, lambda: datetime.fromisoformat("2026-03-25T18:00:00+00:00"))
    assert (again["is_new"], again["warnings"]) == (False, [])


def test_constraints_are_copied(settings: Settings) -> None:
    passed(settings, 'create table marts.promised (merchant_id varchar not null, "order" integer)')
    publish(settings, AS_OF)
    with duckdb.connect(str(current_database(settings, AS_OF)), read_only=True) as con:
        nullable = con.execute("select column_name, is_nullable from duckdb_columns() where table_name = 'promised'").fetchall()
    assert nullable == [("merchant_id", False), ("order", True)]


def test_keys_become_primary_keys(settings: Settings) -> None:
    passed(settings)
    publish(settings, AS_OF)
    query = """select table_name, constraint_column_names from duckdb_constraints() where constraint_type = 'PRIMARY KEY'"""
    with duckdb.connect(str(current_database(settings, AS_OF)), read_only=True) as con:
        keys = {name: tuple(columns) for name, columns in con.execute(query).fetchall()}
    assert keys.keys() == {table.name for table in (*marts(), *BY_PUBLICATION)}
    assert keys["cascade_layers"] == ("merchant_id", "root_share_id", "depth")


def test_a_key_that_does_not_hold_is_not_published(settings: Settings) -> None:
    passed(settings, "insert into marts.islands from marts.islands")
    with pytest.raises(PublicationError, match=r"breaks a key that contract/tables declares: .*duplicate key"):
        publish(settings, AS_OF)
    assert current(settings.published / "2026-03-20") is None


def test_published_files_cannot_be_written(settings: Settings) -> None:
    passed(settings)
    publish(settings, AS_OF)
    modes = [path.stat().st_mode & 0o222 for path in (settings.published / "current").iterdir()]
    assert modes == [0, 0]


@pytest.mark.parametrize("fault", ["no gate", "refused", "another warehouse", "another day"])
def test_refuses_a_warehouse_that_passed_no_gate(settings: Settings, fault: str) -> None:
    passed(settings)
    publish(settings, AS_OF)
    warehouse = passed(settings, CHANGE.format(1))
    results = settings.work(AS_OF) / "gates" / "publication.json"
    if fault == "no gate":
        results.unlink()
    elif fault == "another warehouse":
        warehouse.write_bytes(warehouse.read_bytes() + b"x")
    elif fault == "another day":
        results.write_text(results.read_text().replace("2026-03-20", "2026-03-19"))
    else:
        found = {"table": "cascade_layers", "expectation": "adds up to cascades"}
        verdict = {"passed": False, "failures": [found], "data_docs": "docs/index.html"}
        results.write_text(json.dumps(json.loads(results.read_text()) | verdict))
    with pytest.raises(PublicationError, match="gate"):
        publish(settings, AS_OF)
    assert versions(settings.published / "2026-03-20") == ["v000001"]
    assert current(settings.published / "2026-03-20") == "v000001"


def test_the_same_marts_become_no_second_version(settings: Settings) -> None:
    passed(settings, *COMMENTS)
    assert publish(settings, AS_OF)["is_new"] is True
    passed(settings, "create or replace table marts.cascades as from marts.cascades order by merchant_id desc", *COMMENTS)
    report = publish(settings, AS_OF)
    assert (report["version"], report["is_new"]) == ("v000001", False)


COMMENTS = (
    "comment on table marts.cascades is 'One row a share tree.'",
    "comment on column marts.cascades.depth is 'Depth of the deepest share; the root has 0.'",
)


@pytest.mark.parametrize("change", [CHANGE.format(1), "comment on table marts.islands is 'Why'", "delete from marts.islands"])
def test_other_marts_become_a_new_version(settings: Settings, change: str) -> None:
    passed(settings)
    publish(settings, AS_OF)
    passed(settings, change)
    assert publish(settings, AS_OF)["version"] == "v000002"
    assert current(settings.published / "2026-03-20") == "v000002"


def test_a_back_fill_leaves_current_on_the_newest_day(settings: Settings) -> None:
    earlier, later = date(2026, 3, 19), date(2026, 3, 21)
    passed(settings)
    assert publish(settings, AS_OF)["is_newest_day"] is True
    passed(settings, as_of=earlier)
    assert publish(settings, earlier)["is_newest_day"] is False
    assert published_days(settings) == "2026-03-20/current"
    assert (settings.published / "2026-03-19" / "current" / "fanout.duckdb").is_file()
    passed(settings, as_of=later)
    assert publish(settings, later)["is_newest_day"] is True
    assert published_days(settings) == "2026-03-21/current"


def test_the_last_versions_stay_and_the_one_that_was_current(settings: Settings) -> None:
    settings = replace(settings, keep_versions=2)
    day = settings.published / "2026-03-20"
    for number in range(1, 5):
        passed(settings, CHANGE.format(number))
        publish(settings, AS_OF)
    assert versions(day) == ["v000003", "v000004"]
    roll_back(settings, AS_OF, "v000003")
    passed(settings, CHANGE.format(5))
    publish(settings, AS_OF)
    assert versions(day) == ["v000003", "v000004", "v000005"]  # v000003 was what readers had open
    passed(settings, CHANGE.format(6))
    assert publish(settings, AS_OF)["removed"] == ["v000003", "v000004"]
    assert loss(settings) == 12


def test_roll_back_names_the_version_before(settings: Settings) -> None:
    for number in (1, 2, 3):
        passed(settings, CHANGE.format(number))
        publish(settings, AS_OF)
    assert roll_back(settings, AS_OF, None)["version"] == "v000002"
    assert loss(settings) == 4
    assert roll_back(settings, AS_OF, "v000001")["version"] == "v000001"
    assert loss(settings) == 2
    with pytest.raises(PublicationError, match="no version before v000001"):
        roll_back(settings, AS_OF, None)
    with pytest.raises(PublicationError, match="no v000009"):
        roll_back(settings, AS_OF, "v000009")
    assert loss(settings) == 2


def test_lake_versions_of_a_lake_that_is_not_there(tmp_path: Path) -> None:
    assert lake_versions(str(tmp_path / "lake")) == {}


def test_the_command_says_what_to_do(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setattr(sys, "argv", ["publication", "--as-of", "2026-03-20"])
    assert main() == 1
    assert "run: python -m expectations.gate publication --as-of 2026-03-20" in capsys.readouterr().err
    passed(settings)
    assert main() == 0
    assert json.loads(capsys.readouterr().out)["version"] == "v000001"
    monkeypatch.setattr(sys, "argv", ["publication", "--as-of", "yesterday"])
    assert main() == 2


KILLED = ("merchant_churn_flags", "cascades", "islands")  # a few marts: each kill publishes them all


def test_killed_at_any_moment_readers_see_a_whole_version_and_the_next_run_heals(settings: Settings, tmp_path: Path) -> None:
    passed(settings, CHANGE.format(1), only=KILLED)
    publish(settings, AS_OF)
    passed(settings, CHANGE.format(2), only=KILLED)
    publish(settings, AS_OF)
    passed(settings, CHANGE.format(3), only=KILLED)
    command = [sys.executable, str(Path(__file__).with_name("kill_everywhere.py")), str(settings.home), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    outcome = json.loads(done.stdout.splitlines()[-1])
    assert outcome["kills"] > 15
    assert outcome["seen_before"] > 0
    assert outcome["seen_after"] > 0
