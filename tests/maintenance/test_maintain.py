"""Maintenance as a whole: what goes, what stays, and that a kill at any step loses nothing."""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from contract.lake_lock import alone, at_work, lock_folder
from contract.settings import Settings
from maintenance.__main__ import maintain
from maintenance.needles import Needles
from maintenance.search import search
from publication.versions import CURRENT, DATABASE, RUN
from spark_jobs.lake.catalog import table_path
from spark_jobs.lake.files import data_files, delta_table
from tests.maintenance.small_home import (
    DAY,
    DERIVED,
    FORGOTTEN,
    KEPT,
    derive,
    derived,
    events,
    line,
    load,
    publish,
    put,
    small_home,
)


class Killed(BaseException):
    """In place of a signal: nothing of the run goes on."""


def parquet_files(settings: Settings, table: str) -> list[Path]:
    return sorted(Path(table_path(settings, table)).glob("*=*/**/*.parquet"))


def marts(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What a reader of the newest day sees."""
    with duckdb.connect(str(settings.published / CURRENT / DATABASE), read_only=True) as con:
        return {name: con.execute(f"from marts.{name} order by all").fetchall() for name in ("fans", "teams", "totals")}


def state(settings: Settings) -> dict[str, Any]:
    """Everything that a reader can see, and the files that lie there, without the names that a writer chose."""
    lake = {table: len(parquet_files(settings, table)) for table in ("shop_events", DERIVED)}
    home = sorted(
        (path.relative_to(settings.home).as_posix(), path.stat().st_size)
        for path in settings.home.rglob("*")
        if path.is_file() and "lake" not in path.parts and path.name != DATABASE and "erasure" not in path.parts
    )
    return {"events": events(settings), "derived": derived(settings), "marts": marts(settings), "lake": lake, "home": home}


def years(settings: Settings) -> None:
    """Days and files that are older than what is kept, and those of the newest days."""
    for day in (date(2025, 1, 2), date(2025, 12, 21), date(2025, 12, 22), DAY):
        put(settings.exports / f"{day}" / "manifest.json", b"{}")
        put(settings.exports / "deliveries" / "shelf" / f"{day}_v000001.jsonl", b"\n")
        put(settings.exports / "receipts" / f"shelf_{day}_v000001.json", b"{}")
        put(settings.work(day) / "gates" / "publication.json", b"{}")
        put(settings.home / "data_docs" / f"publication_{day}" / "index.html", b"<p>")
        put(settings.home / "model_cards" / f"{day}.html", b"<p>")
        put(settings.home / "lineage" / f"{day}.jsonl", b"{}")
        put(settings.site / f"{day}" / "v000001" / "index.html", b"<p>")
        put(settings.home / "logs" / "dag_id=ingest" / f"{day}.log", b"done", day)
        put(settings.home / "work" / "spark" / f"spark-{day}" / "a.jar", b"PK", day)
        derive(settings, day - timedelta(days=1), [KEPT])
    publish(settings, date(2025, 1, 2), [KEPT])


def test_few_files_are_left_and_every_row(home: Settings) -> None:
    before, files = events(home), data_files(table_path(home, "shop_events"))
    report = maintain(home, DAY)
    assert events(home) == before
    left = data_files(table_path(home, "shop_events"))
    assert len(left) < len(files)
    assert sum(file.rows for file in left) == sum(file.rows for file in files)
    assert len(left) == len({tuple(file.partition.items()) for file in left})
    assert report["lake"]["files_made"]
    assert {Path(table_path(home, "shop_events"), file.path) for file in left} == {*parquet_files(home, "shop_events")}
    assert list(Path(table_path(home, "shop_events"), "_delta_log").glob("*.checkpoint.parquet"))
    assert maintain(home, DAY)["lake"].get("files_made", 0) == 0


def test_dead_files_stay_as_long_as_is_said(home: Settings) -> None:
    """Nobody is to be forgotten who is named: the retention alone counts, by the clock of delta-rs."""
    maintain(home, DAY)
    derive(home, DAY, [KEPT])
    files = parquet_files(home, DERIVED)
    assert len(files) == 2
    maintain(home, DAY)
    assert parquet_files(home, DERIVED) == files
    os.utime(Path(table_path(home, DERIVED), "_delta_log"))
    put(Path(table_path(home, DERIVED), "as_of=2026-03-21", "part-killed.parquet"), b"", date(2026, 3, 1))
    maintain(home, DAY)
    assert parquet_files(home, DERIVED) == files  # without the one that no commit names, which is old


def test_old_days_and_files_go_and_the_others_stay(home: Settings) -> None:
    years(home)
    report = maintain(replace(home, keep_days=90), DAY)
    assert report["oldest_day"] == "2025-12-22"
    stay = ["2025-12-22", f"{DAY}"]
    exports = sorted(path.name for path in home.exports.iterdir() if path.name[0] == "2")
    assert exports == sorted(path.name for path in home.site.iterdir() if path.name[0] == "2") == stay
    assert sorted(path.name for path in (home.home / "work").iterdir() if path.name[0] == "2") == stay
    assert sorted(path.stem for path in (home.home / "model_cards").iterdir()) == stay
    assert sorted(path.stem for path in (home.home / "lineage").iterdir()) == stay
    assert sorted(path.stem for path in (home.home / "logs" / "dag_id=ingest").iterdir()) == stay
    assert sorted(path.name[:10] for path in (home.exports / "deliveries" / "shelf").iterdir()) == stay
    assert sorted(path.name for path in (home.home / "data_docs").iterdir()) == [f"publication_{day}" for day in stay]
    assert len(list((home.exports / "receipts").iterdir())) == 4  # a mart reads them
    assert sorted(path.name for path in (home.home / "work" / "spark").iterdir()) == [f"spark-{day}" for day in stay]
    assert sorted(path.name for path in home.published.iterdir() if path.name[0] == "2") == ["2026-03-20", f"{DAY}"]
    assert {"2025-12-20", "2025-01-01"}.isdisjoint(derived(home))
    assert {"2026-03-20", f"{DAY}"} <= derived(home).keys() | {*report["compute_again"]}


def test_a_wrong_date_takes_nothing_away(home: Settings) -> None:
    years(home)
    assert maintain(home, date(2062, 3, 21))["oldest_day"] == "2025-12-22"
    assert marts(home)["totals"] == [(7,)]


def test_nothing_names_the_forgotten_afterwards(home: Settings) -> None:
    load(home, [line(4, persons=[FORGOTTEN], file="shop/dt=2026-03-20/c.jsonl")])
    path = table_path(home, "shop_events")
    table = delta_table(path)
    assert table is not None
    table.delete("file = 'shop/dt=2026-03-20/c.jsonl'")  # leaves a dead file, as the ingest does
    put(home.exports / f"{DAY}" / "managers" / "fans.csv.gz", gzip.compress(FORGOTTEN.encode()))
    put(home.exports / f"{DAY}" / "managers" / "others.csv", KEPT.encode())
    log = put(home.home / "logs" / "dag_id=ingest" / "1.log", f"took {FORGOTTEN} and {KEPT}\n".encode())
    size = log.stat().st_size
    database = home.home / "superset" / "superset.db"
    database.parent.mkdir()
    with closing(sqlite3.connect(database)) as other, other:
        other.execute("create table logs (json text)")
        other.executemany("insert into logs values (?)", [(json.dumps({"q": FORGOTTEN}),), (json.dumps({"q": KEPT}),)])
    before = marts(home)
    report = maintain(home, DAY)
    assert report["proof"]["remained"] == 0
    assert search(home, {FORGOTTEN}).findings == []
    assert marts(home) == before
    assert report["compute_again"] == ["2026-03-20"]
    assert derived(home) == {f"{DAY}": [KEPT]}
    assert [path.name for path in (home.exports / f"{DAY}" / "managers").iterdir()] == ["others.csv"]
    assert log.read_bytes() == f"took {'*' * len(FORGOTTEN)} and {KEPT}\n".encode()
    assert log.stat().st_size == size
    with closing(sqlite3.connect(database)) as changed:
        assert changed.execute("select json from logs order by 1").fetchall() == [
            ('{"q": "*******"}',),
            (f'{{"q": "{KEPT}"}}',),
        ]
    old = home.published / "2026-03-20" / "v000001"
    with duckdb.connect(str(old / DATABASE), read_only=True) as con:
        assert con.execute("from marts.fans").fetchall() == [(KEPT, 0)]
        assert con.execute("from marts.teams").fetchall() == [("t-2", [KEPT])]
        assert con.execute("from marts.totals").fetchall() == [(7,)]
        [(ddl, comment)] = con.execute("select sql, comment from duckdb_tables() where table_name = 'fans'").fetchall()
        assert ("PRIMARY KEY" in ddl, comment) == (True, "Who they are.")
        assert con.execute("select comment from duckdb_columns() where column_name = 'user_id'").fetchall() == [("The fan.",)]
    assert json.loads((old / RUN).read_text())["rows_forgotten"] == 2
    assert FORGOTTEN.encode() not in b"".join(
        path.read_bytes() for path in home.home.rglob("*.json") if "_delta_log" not in path.parts
    )
    told = json.loads((home.home / "erasure" / f"{DAY}.json").read_text())
    assert told["remained"] == []
    assert {found["place"] for found in told["found"]} >= {
        "exports",
        "logs",
        "superset",
        "published",
        f"lake/{DERIVED}",
        "lake/shop_events",
    }
    published = next(found for found in told["found"] if found["place"] == "published")
    assert published["sha256_before"] != published["sha256_after"] is not None
    assert told["places"]["exports"]["sha256_before"] != told["places"]["exports"]["sha256_after"]


def test_what_cannot_be_taken_out_is_told(home: Settings) -> None:
    put(home.home / "keys" / "row_id", FORGOTTEN.encode())
    report = maintain(home, DAY)
    assert report["proof"]["remained"] == 1
    [remained] = json.loads((home.home / "erasure" / f"{DAY}.json").read_text())["remained"]
    assert remained == {"place": "keys", "file": "keys/row_id", "why": "it names somebody"}


def steps_of(settings: Settings) -> list[str]:
    told: list[str] = []
    maintain(settings, DAY, told.append)
    return told


def killed_at(number: int) -> Callable[[str], None]:
    left = [number]

    def step(_: str) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Killed

    return step


def prepared(settings: Settings) -> None:
    small_home(settings)
    years(settings)
    derive(settings, DAY, [KEPT])
    put(settings.exports / f"{DAY}" / "fans.csv", FORGOTTEN.encode())
    put(settings.home / "logs" / "dag_id=ingest" / "1.log", FORGOTTEN.encode())


def test_a_run_that_is_killed_at_any_step_loses_nothing_and_the_next_one_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", raising=False)

    def deployment(name: str) -> Settings:
        (tmp_path / name / "landing").mkdir(parents=True)
        settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path / name), "FANOUT_KEEP_DAYS": "90"})
        prepared(settings)
        return settings

    whole = deployment("whole")
    rows, shown = events(whole), marts(whole)
    steps = steps_of(whole)
    expected = state(whole)
    assert len(steps) > 12
    assert len({*steps}) > 8
    for number in range(0, len(steps), 2):
        settings = deployment(str(number))
        with pytest.raises(Killed):
            maintain(settings, DAY, killed_at(number))
        assert events(settings) == rows, steps[number]
        assert marts(settings) == shown, steps[number]
        maintain(settings, DAY)
        assert state(settings) == expected, steps[number]


def test_maintenance_waits_for_those_who_read(home: Settings) -> None:
    """Seen by a second opening of the lock, as a second process has one."""
    with (
        at_work(home),
        at_work(home),
        (lock_folder(home) / ".readers.lock").open("r+") as other,
        pytest.raises(BlockingIOError),
    ):
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with alone(home), (lock_folder(home) / ".readers.lock").open("r+") as other, pytest.raises(BlockingIOError):
        fcntl.flock(other, fcntl.LOCK_SH | fcntl.LOCK_NB)


def test_the_proof_names_nobody(home: Settings) -> None:
    put(home.home / "exports" / f"{FORGOTTEN}.csv", b"")
    maintain(home, DAY)
    text = (home.home / "erasure" / f"{DAY}.json").read_bytes()
    assert Needles([FORGOTTEN]).masked(text) == text
    assert b"*******.csv" in text
