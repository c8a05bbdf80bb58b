"""Packs of a day: complete, the same bytes again, and nothing of another merchant in them."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path

import duckdb
import pytest

from contract.settings import Settings
from contract.tables import TABLES
from exports import write_packs
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES
from exports.write_packs import export
from publication.versions import PublicationError
from tests.exports.contents import contents, names_in
from tests.small_warehouse import AS_OF, insert

DAY_BEFORE = AS_OF - timedelta(days=1)
Export = Callable[..., Path]
Read = Callable[[Path], list[dict[str, str]]]


def test_every_pack_has_every_file(exported: Export) -> None:
    folder = exported("delete from marts.team_formation where merchant_id = 'm-2'")
    kinds = (
        ("merchants", MERCHANT_TABLES, {"community.html", "spread_map.html"}),
        ("managers", MANAGER_TABLES, {"workbook.xlsx"}),
    )
    for kind, tables, own in kinds:
        csv = {f"csv/{table.name}.csv" for table in tables} | {"csv/datapackage.json"}
        packs = list((folder / kind).iterdir())
        assert len(packs) == 2
        for pack in packs:
            lives = {"lives/l-1.html"} if pack.name == "m-1" else set()
            assert contents(pack).keys() == csv | own | lives | {"report.html", "manifest.json"}


def test_a_merchant_without_rows_has_the_header(exported: Export, rows: Read) -> None:
    folder = exported("delete from marts.team_formation where merchant_id = 'm-2'") / "merchants"
    assert [row["opened"] for row in rows(folder / "m-1" / "csv" / "teams.csv")] == ["2", "1"]
    assert (folder / "m-2" / "csv" / "teams.csv").read_bytes().startswith(b"\xef\xbb\xbfmerchant_id,size_required,")
    assert rows(folder / "m-2" / "csv" / "teams.csv") == []


def test_manifests_count_and_hash_every_file(small: Path, rows: Read) -> None:
    folder = small
    index = json.loads((folder / "manifest.json").read_text())
    assert [(pack["kind"], pack["owner"]) for pack in index["packs"]] == [
        ("managers", ""),
        ("managers", "amy"),
        ("merchants", "m-1"),
        ("merchants", "m-2"),
    ]
    for pack in index["packs"]:
        own = folder / pack["folder"]
        text = (own / "manifest.json").read_bytes()
        assert hashlib.sha256(text).hexdigest() == pack["manifest_sha256"]
        manifest = json.loads(text)
        assert (manifest["as_of"], manifest["warehouse_version"], manifest["changes_since"]) == ("2026-03-20", "v000001", None)
        assert {entry["name"] for entry in manifest["files"]} == contents(own).keys() - {"manifest.json"}
        for entry in manifest["files"]:
            path = own / entry["name"]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
            assert path.stat().st_size == entry["bytes"]
            if path.suffix == ".csv":
                assert len(rows(path)) == entry["rows"]


def test_ids_are_guarded_and_months_are_not_in_every_file(exported: Export, rows: Read) -> None:
    ids = {
        "group_id": "1-2",
        "share_id": "3/4",
        "root_share_id": "3/4",
        "object_id": "0012.50",
        "user_id": "1E5",
        "name": "5-Jan",
    }
    folder = exported(
        *(f"update marts.{mart} set group_id = '1-2' where group_id = 'g-1'" for mart in ("group_activity", "group_health")),
        "update marts.cascades set root_share_id = '3/4', object_id = '0012.50', root_user_id = '1E5' where shares = 4",
        "update marts.cascade_nodes set share_id = '3/4', root_share_id = '3/4', user_id = '1E5' where share_id = 's-3'",
        *(f"update marts.{mart} set user_id = '1E5' where user_id = 'u-3'" for mart in ("fan_revenue", "spreaders")),
        "update marts.merchants set name = '5-Jan' where merchant_id = 'm-1'",
    )
    found: dict[str, set[str]] = {}
    for path in folder.rglob("csv/*.csv"):
        for row in rows(path):
            for column, cell in row.items():
                found.setdefault(column.removeprefix("root_") if column == "root_user_id" else column, set()).add(cell)
    assert ids.keys() <= found.keys()
    for column, text in ids.items():
        assert f"'{text}" in found[column]
        assert text not in found[column]
    months = found["month"] | found["cohort_month"] | found["growth_month"] - {""}
    assert months == {"2026-02", "2026-03"}


NAMES = ["../../outside", "m/2", "M-1", "con", "=m", "小店"]


def test_identifiers_never_become_paths(exported: Export, rows: Read, settings: Settings) -> None:
    more = [insert(TABLES["merchants"], {"merchant_id": name, "name": "x", "account_manager": name}) for name in NAMES]
    shares = [insert(TABLES["share_mix"], {"merchant_id": name, "month": "2026-03"}) for name in NAMES]
    folder = exported(*more, *shares)
    packs = json.loads((folder / "manifest.json").read_text())["packs"]
    assert {pack["owner"] for pack in packs if pack["kind"] == "merchants"} == {"m-1", "m-2", *NAMES}
    assert {pack["owner"] for pack in packs if pack["kind"] == "managers"} == {"", "amy", *NAMES}
    assert len({pack["folder"].lower() for pack in packs}) == len(packs) == 16
    for pack in packs:
        assert (folder / pack["folder"]).resolve().parent == (folder / pack["kind"]).resolve()
        if pack["kind"] == "merchants":
            [row] = [row for row in rows(folder / pack["folder"] / "csv" / "share_mix.csv") if row["month"] == "2026-03"] or [
                {}
            ]
            assert row.get("merchant_id", pack["owner"]).removeprefix("'") == pack["owner"]
    assert not (settings.home / "outside").exists()


def test_a_manager_called_unassigned_has_a_folder_of_its_own(exported: Export) -> None:
    folder = exported("update marts.merchants set account_manager = 'unassigned' where merchant_id = 'm-1'") / "managers"
    assert len(list(folder.iterdir())) == 2
    assert names_in(folder / "unassigned") == {"m-2"}


def test_the_same_day_again_gives_the_same_bytes(exported: Export, settings: Settings) -> None:
    exported(as_of=DAY_BEFORE)
    folder = exported()
    first = contents(folder)
    assert len(first) > 80
    (folder / "merchants" / "m-1" / "left_from_before.csv").write_text("x")
    export(settings, AS_OF)
    assert contents(folder) == first
    assert sorted(path.name for path in settings.exports.iterdir()) == ["2026-03-19", "2026-03-20"]


def test_several_processes_write_what_one_does(exported: Export, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The merchants of two managers, compared with the day before, by two processes; one merchant is there no more."""
    exported(insert(TABLES["merchants"], {"merchant_id": "gone", "name": "x", "account_manager": "zoe"}), as_of=DAY_BEFORE)
    folder = exported()
    first = contents(folder)
    monkeypatch.setattr(write_packs, "_MERCHANTS_PER_PROCESS", 1)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(write_packs, "_write_shard", None)  # of this process; the others have their own
    export(settings, AS_OF)
    assert len(first) > 80
    assert {"merchants/gone/manifest.json", "managers/zoe/csv/merchants.changes.csv"} < first.keys()
    assert contents(folder) == first


def test_managers_are_dealt_to_processes_evenly() -> None:
    assigned = {f"manager {number}": ["m"] * (100 * number) for number in range(8)}
    shards = write_packs._shards(assigned, 2)
    assert sorted(sum(map(len, shard.values())) for shard in shards) == [1_400, 1_400]
    assert {manager: mine for shard in shards for manager, mine in shard.items()} == assigned
    assert len(write_packs._shards(assigned, 8)) == 2  # there is no work for more
    assert write_packs._shards({"amy": ["m"] * 5_000, "bob": []}, 1) == [{"amy": ["m"] * 5_000, "bob": []}]
    assert write_packs._shards({}, 4) == [{}]


def test_since_when_a_merchant_is_at_risk(exported: Export, rows: Read) -> None:
    """The same with and without the days before, whatever these said."""
    [alone] = rows(exported() / "managers" / "amy" / "csv" / "calls.csv")
    operating = "update marts.merchant_churn_flags set stage = 'operating', at_risk_since = null"
    for days, changes in ((4, ()), (3, (operating,)), (1, ())):
        exported(*changes, as_of=AS_OF - timedelta(days=days))
    [call] = rows(exported() / "managers" / "amy" / "csv" / "calls.csv")
    assert call == alone
    assert (call["merchant_id"], call["stage"], call["since"]) == ("m-1", "at_risk", "2026-03-18")


def test_refuses_a_day_that_is_not_published(settings: Settings) -> None:
    with pytest.raises(PublicationError, match=r"python -m publication --as-of 2026-03-20"):
        export(settings, AS_OF)
    assert not settings.exports.exists()


def test_csv_equals_the_mart(exported: Export, settings: Settings) -> None:
    folder = exported() / "merchants"
    database = settings.published / "current" / "fanout.duckdb"
    compared = 0
    with duckdb.connect() as con:
        con.execute(f"attach '{database}' as published (read_only)")
        for table in MERCHANT_TABLES:
            if table.person_key or table.persons or table.name != table.mart or table.mart == "spread_concentration":
                continue
            columns = ", ".join(table.columns)
            types = dict(
                con.execute(f"select column_name, column_type from (describe published.marts.{table.mart})").fetchall()
            )
            read = ", ".join(f"'{name}': '{types[name]}'" for name in table.columns) + ", 'as_of': 'DATE'"
            for merchant in ("m-1", "m-2"):
                file = folder / merchant / "csv" / f"{table.name}.csv"
                cells = ", ".join(f"ltrim({name}, '''')" if types[name] == "VARCHAR" else name for name in table.columns)
                got = con.execute(
                    f"select {cells} from read_csv('{file}', columns = {{{read}}}, header = true) order by all"
                ).fetchall()
                leave = f"merchant_id = '{merchant}' and {table.where.replace('rows.', '')}"
                mart = f"select {columns} from published.marts.{table.mart} where {leave} order by all"
                assert got == con.execute(mart).fetchall()
                compared += len(got)
    assert compared > 15


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_about_promises_holds_for_the_files_that_it_names(
    exported: Export, settings: Settings, rows: Read, language: str
) -> None:
    """u-3 refused: it is in no file of the manager, on no page of the merchant, and marked in the merchant's CSV files."""
    folder = exported(with_settings=replace(settings, language=language))
    manager, merchant = folder / "managers" / "amy", folder / "merchants" / "m-1"
    assert "u-3" not in names_in(manager)
    for page in ("report.html", "spread_map.html"):
        text = unescape((merchant / page).read_text())
        assert "u-3" not in text
        assert "may_contact" in text
        assert "no_contact_reason" in text
    marked = {row["may_contact"] for row in rows(merchant / "csv" / "fan_revenue.csv") if row["user_id"] == "u-3"}
    assert marked == {"false"}
    assert "may_contact" not in (manager / "report.html").read_text()
