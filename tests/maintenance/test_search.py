"""A planted remnant is found in each of the places that are searched, and nothing where nothing was planted."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from contract.events import Fate
from contract.settings import Settings
from maintenance.search import search
from spark_jobs.lake.catalog import table_path
from tests.maintenance.small_home import DAY, DERIVED, FORGOTTEN, KEPT, derive, line, load, publish, put

TEXT = f"seen {FORGOTTEN} at noon\n".encode()


def found(settings: Settings) -> set[tuple[str, str]]:
    return {(finding.place, finding.name) for finding in search(settings, {FORGOTTEN}).findings}


def zipped(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return out.getvalue()


def workbook() -> bytes:
    book, out = openpyxl.Workbook(), io.BytesIO()
    sheet = book.active
    assert sheet is not None
    sheet.append([FORGOTTEN])
    book.save(out)
    return out.getvalue()


def parquet() -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.table({"members": [[KEPT], [KEPT, FORGOTTEN]]}), out, compression="zstd", write_statistics=False)
    return out.getvalue()


def database(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(path)) as con:
        con.execute(
            f"create table t as select i, case i when 77777 then '{FORGOTTEN}' else 'u-' || i end as u from range(100000) r(i)"
        )


def sqlite(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as con, con:
        con.execute("create table xcom (key text, value text)")
        con.execute("insert into xcom values ('return_value', ?)", [json.dumps({"last_line": FORGOTTEN})])


FILES = {
    "exports/2026-03-20/managers/a/csv/fans.csv": TEXT,
    "exports/2026-03-20/managers/a/workbook.xlsx": workbook(),
    "exports/2026-03-20/packs.zip": zipped(TEXT),
    "exports/receipts/shelf_2026-03-20_v000001.json": TEXT,
    "work/2026-03-20/dbt/run_results.json": TEXT,
    "work/gates/ingest_shop.json": TEXT,
    "data_docs/ingest_shop/index.html": TEXT,
    "site/2026-03-20/v000001/index.html": TEXT,
    "logs/dag_id=ingest/attempt=1.log": TEXT,
    "logs/old.log.gz": gzip.compress(TEXT),
    "logs/old.log.zst": zstandard.compress(TEXT),
    "model_cards/2026-03-20.html": TEXT,
    "returns/taken/2026-03-20/0_sheet.csv": TEXT,
    "work/spill.parquet": parquet(),
    f"work/{FORGOTTEN}.txt": b"",
}


def test_nothing_is_found_where_nothing_was_planted_but_what_the_home_has(home: Settings) -> None:
    names = {name for _, name in found(home)}
    assert {name.partition("/part-")[0] for name in names} == {
        f"{DERIVED}/as_of=2026-03-20",
        "published/2026-03-20/v000001/fanout.duckdb",
    }
    assert search(home, {"u-99999"}).findings == []
    searched = search(home, {"u-99999"}).searched
    assert {"lake/shop_events", f"lake/{DERIVED}", "published"} <= searched.keys()
    assert all(place.files and place.bytes for place in searched.values())


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_names_somebody_is_found(home: Settings, name: str) -> None:
    before = found(home)
    put(home.home / name, FILES[name])
    assert found(home) - before == {(name.partition("/")[0], name)}
    put(home.home / name.replace(FORGOTTEN, KEPT), gzip.compress(b"") if name.endswith("gz") else b"nobody")


def test_a_database_that_names_somebody_is_found(home: Settings) -> None:
    before = found(home)
    database(home.warehouse(DAY))
    sqlite(home.home / "airflow" / "airflow.db")
    assert found(home) - before == {("work", f"work/{DAY}/warehouse.duckdb"), ("airflow", "airflow/airflow.db")}


def test_a_published_version_that_names_somebody_is_found(home: Settings) -> None:
    before = found(home)
    publish(home, DAY, [FORGOTTEN], "v000002")
    assert found(home) - before == {("published", f"published/{DAY}/v000002/fanout.duckdb")}


def test_dead_and_uncommitted_data_files_are_found(home: Settings) -> None:
    before = found(home)
    derive(home, DAY, [KEPT, FORGOTTEN])
    derive(home, DAY, [KEPT])
    lost = put(Path(table_path(home, DERIVED), "as_of=2026-03-21", "part-killed.parquet"), parquet())
    more = [finding for finding in search(home, {FORGOTTEN}).findings if (finding.place, finding.name) not in before]
    assert len(more) == 2
    assert all(finding.is_dead for finding in more)
    assert lost in {finding.path for finding in more}


@pytest.mark.parametrize(
    "columns",
    [
        {"persons": [FORGOTTEN]},
        {"extra": f'{{"referrer": "{FORGOTTEN}"}}'},
        {"fate": Fate.QUARANTINED.value, "raw": f'{{"user_id": "{FORGOTTEN}"'.encode(), "event_key": None},
    ],
)
def test_lines_that_name_somebody_are_found_and_requests_are_not(home: Settings, columns: dict[str, object]) -> None:
    before = found(home)
    load(home, [line(8) | columns, line(9, persons=[KEPT])])
    more = [finding for finding in search(home, {FORGOTTEN}).findings if (finding.place, finding.name) not in before]
    assert [(finding.place, finding.lines, finding.is_dead) for finding in more] == [
        ("lake/shop_events", (("shop/dt=2026-03-20/a.jsonl", 8),), False)
    ]


def test_landing_files_with_erased_lines_are_found(home: Settings) -> None:
    before = found(home)
    name = "shop/dt=2026-03-20/b.jsonl"
    put(home.landing_folder / name, f'{{"user_id": "{FORGOTTEN}"}}\n{{}}\n'.encode())
    put(home.landing_folder / "shop/dt=2026-03-20/a.jsonl", b"{}\n")
    assert found(home) - before == {("landing", name)}
    put(home.landing_folder / name, b'{"erased":true}        \n{}\n')
    assert found(home) == before


@pytest.mark.parametrize("content", [b"PAR1 and nothing", b"\x1f\x8b\x08broken", b"PK\x03\x04broken", b"01234567DUCK"])
def test_what_cannot_be_decoded_is_no_proof(home: Settings, content: bytes) -> None:
    put(home.home / "work" / "odd", content)
    assert [finding.name for finding in search(home, {FORGOTTEN}).findings if finding.why] == ["work/odd"]
