"""One description of an object store serves Spark, delta-rs, pyarrow and DuckDB, and no secret gets out of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from contract import object_store
from contract.machine import load_extension
from contract.object_path import ObjectPath
from contract.object_store import Access, StoreGone
from contract.settings import SettingError, Settings
from dbt_project.extensions import load_extensions
from publication.publish import lake_versions
from spark_jobs.ingest.files import entries, landing_entries, read_blocks
from tests.object_stores import BUCKET, ObjectStore, forget_the_store, reached

ENVIRON = {
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "very-secret",
    "AWS_ENDPOINT_URL": "https://store.example:9000/",
    "AWS_REGION": "cn-north-1",
}


@pytest.fixture(params=["running_store", pytest.param("running_second_store", marks=pytest.mark.acceptance)])
def any_store(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    """Each of the stores once."""
    yield from reached(request.getfixturevalue(request.param), monkeypatch)


def test_all_who_read_a_store_are_told_the_same() -> None:
    found = Access.from_environment(ENVIRON)
    spark = found.spark_conf()
    assert spark["spark.hadoop.fs.s3a.endpoint"] == found.delta_options()["aws_endpoint_url"] == "https://store.example:9000"
    assert spark["spark.hadoop.fs.s3a.path.style.access"] == "true"
    assert found.delta_options()["aws_virtual_hosted_style_request"] == "false"
    for told in ("endpoint 'store.example:9000'", "region 'cn-north-1'", "url_style 'path'", "use_ssl true"):
        assert told in found.duckdb_secret()
    assert found.filesystem(1).region == spark["spark.hadoop.fs.s3a.endpoint.region"] == "cn-north-1"
    assert Access.from_environment(found.environment()) == found


@pytest.mark.parametrize(
    ("environ", "by_path"),
    [
        ({}, False),
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9000"}, True),
        ({"AWS_ENDPOINT_URL": "https://oss.example", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"}, False),
    ],
)
def test_a_bucket_stands_in_the_path_of_a_store_of_ones_own(environ: dict[str, str], by_path: bool) -> None:
    assert Access.from_environment(environ).by_path is by_path


def test_a_connection_of_airflow_counts_alone() -> None:
    extra = {
        "endpoint_url": "https://other.example",
        "region_name": "eu-1",
        "addressing_style": "virtual",
        "session_token": "t",
    }
    text = json.dumps({"conn_type": "aws", "login": "k", "password": "p", "extra": extra})
    found = Access.from_environment({**ENVIRON, "FANOUT_S3_CONNECTION": "box", "AIRFLOW_CONN_BOX": text})
    assert found == Access("https://other.example", "eu-1", False, "", "k", "p", "t")
    assert found.spark_secrets()["fs.s3a.session.token"] == "t"


def test_secrets_stand_in_no_argument_and_no_text() -> None:
    found = Access.from_environment({**ENVIRON, "AWS_SESSION_TOKEN": "very-secret too"})
    assert "very-secret" not in repr(found)
    assert "very-secret" not in json.dumps(found.spark_conf())  # it is in the list of processes
    assert "very-secret" in json.dumps(found.spark_secrets())
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as con:
        load_extensions(con)
        for name in ("httpfs", "aws"):
            con.execute(load_extension(name))
        con.execute(found.duckdb_secret())
        assert "very-secret" not in str(con.execute("from duckdb_secrets()").fetchall())


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"AWS_ACCESS_KEY_ID": "k"}, "one is set, the other is not"),
        ({"AWS_ENDPOINT_URL": "store.example"}, "AWS_ENDPOINT_URL is not the address"),
        ({"AWS_ENDPOINT_URL": "https://store.example/bucket"}, "AWS_ENDPOINT_URL is not the address"),
        ({"AWS_CA_BUNDLE": "/nowhere.pem"}, "AWS_CA_BUNDLE=/nowhere.pem is not a file"),
        ({"FANOUT_S3_CONNECTION": "box", "AIRFLOW_CONN_BOX": "{"}, "AIRFLOW_CONN_BOX is neither"),
    ],
)
def test_an_access_that_cannot_be_is_refused_by_name(environ: dict[str, str], says: str) -> None:
    with pytest.raises(SettingError, match=says):
        Access.from_environment(environ)


def test_a_landing_is_read_as_a_folder_is(any_store: ObjectStore, tmp_path: Path) -> None:
    """The same files in both: a delivery, one in the making, a name that is none, and a folder in the place of a file."""
    names = ("shop/dt=2026-03-01/a b+%25.jsonl", "shop/dt=2026-03-01/_b.jsonl", "shop/dt=2026-03-01/c.txt", "other/x",
             "shop/dt=2026-03-01/d.jsonl/e", "shop/2026/f.jsonl", "group")  # fmt: skip
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"{}\n\n{}\n")
    any_store.put(tmp_path, "in")
    there = ObjectPath(f"s3://{BUCKET}/in")
    assert [path.name for path in entries(there)] == [path.name for path in entries(tmp_path)] == ["group", "other", "shop"]
    for source in ("shop", "group", "stream"):
        found = list(landing_entries(there, source))
        assert [(name, fault) for name, _, fault in found] == [
            (name, fault) for name, _, fault in landing_entries(tmp_path, source)
        ]
    [(_, delivery, _)] = [entry for entry in landing_entries(there, "shop") if entry[2] is None]
    assert delivery.stat().st_size == 7
    [(numbers, lines)] = list(read_blocks(delivery, ""))
    assert (numbers.tolist(), lines) == ([1, 3], [b"{}", b"{}"])
    with pytest.raises(FileNotFoundError):
        list(read_blocks(there / "shop/dt=2026-03-01/gone.jsonl", ""))
    assert not (there / "shop" / "dt=2026-03-02").is_dir()
    put = there / "shop" / "dt=2026-03-02" / "g.jsonl"
    put.write_bytes(b"{}")
    assert (put.exists(), put.read_bytes()) == (True, b"{}")
    assert [path.name for path in entries(there / "shop" / "dt=2026-03-02")] == ["g.jsonl"]


def test_a_table_is_read_by_delta_rs_and_duckdb(any_store: ObjectStore) -> None:
    uri = f"s3://{BUCKET}/delta/shop_events"
    write_deltalake(uri, pa.table({"a": [1, 2]}), storage_options=object_store.delta_options(uri))
    assert lake_versions(f"s3://{BUCKET}/delta") == {"shop_events": 0}
    with duckdb.connect(config={"autoinstall_known_extensions": False}) as con:
        load_extensions(con)
        for statement in object_store.duckdb_statements(uri):
            con.execute(statement)
        assert con.execute(f"select a from delta_scan('{uri}') order by a").fetchall() == [(1,), (2,)]
        assert con.execute(f"select count(*) from glob('{uri}/_delta_log/*.json')").fetchall() == [(1,)]


def test_of_two_writers_of_one_version_one_is_told(any_store: ObjectStore) -> None:
    """Both have seen the same version; the second is refused, and does not overwrite the commit of the first."""
    uri = f"s3://{BUCKET}/delta/both"
    options = object_store.delta_options(uri)
    write_deltalake(uri, pa.table({"a": [1]}), storage_options=options)
    log = f"{uri.removeprefix('s3://')}/_delta_log/00000000000000000001.json"
    with object_store.filesystem().open_output_stream(log) as out:  # another writer's commit, which deletes the table's rows
        out.write(b'{"commitInfo":{"operation":"DELETE"}}')
    write_deltalake(uri, pa.table({"a": [2]}), mode="append", storage_options=options)
    with object_store.filesystem().open_input_stream(log) as file:
        assert b"DELETE" in file.read()
    assert DeltaTable(uri, storage_options=options).version() == 2


def test_a_folder_needs_no_store(tmp_path: Path) -> None:
    assert object_store.delta_options(str(tmp_path)) is None
    assert object_store.duckdb_statements(str(tmp_path)) == []


def test_a_store_that_is_gone_is_named_in_place_of_what_failed(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_environment({"FANOUT_LAKE": "s3://fanout/x"})
    with pytest.raises(ZeroDivisionError), object_store.named(settings):
        _ = 1 // 0
    elsewhere = Settings.from_environment({"FANOUT_LAKE": "s3://other/x"})
    with pytest.raises(StoreGone, match="has no bucket other; make it, or correct s3://other/x"), object_store.named(elsewhere):
        _ = 1 // 0
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    forget_the_store()
    with pytest.raises(StoreGone, match=r"http://127.0.0.1:9 does not answer for bucket fanout"), object_store.named(settings):
        _ = 1 // 0
