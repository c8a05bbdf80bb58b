"""Packs of a day: complete, the same bytes again, and nothing of another merchant in them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import sys
from pathlib import Path

import pytest

from expectations.settings import Settings
from exports.__main__ import main
from exports.allowed import TABLES
from exports.packs import export
from publication.publish import publish
from publication.versions import PublicationError
from tests.publication.test_publish import passed
from tests.small_warehouse import AS_OF


def exported(settings: Settings, *changes: str) -> Path:
    passed(settings, *changes)
    publish(settings, AS_OF)
    export(settings, AS_OF)
    return settings.exports / AS_OF.isoformat()


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_merchant_has_every_file(settings: Settings) -> None:
    folder = exported(settings, "delete from marts.team_formation where merchant_id = 'm-2'")
    names = {f"{table.mart}.csv" for table in TABLES} | {"manifest.json"}
    for merchant in ("m-1", "m-2"):
        assert {path.name for path in (folder / "merchants" / merchant).iterdir()} == names
    assert [row["opened"] for row in rows(folder / "merchants" / "m-1" / "team_formation.csv")] == ["2", "1"]
    assert (folder / "merchants" / "m-2" / "team_formation.csv").read_bytes().startswith(b"\xef\xbb\xbfmerchant_id,region,")
    assert rows(folder / "merchants" / "m-2" / "team_formation.csv") == []


def test_the_manifest_counts_and_hashes_every_file(settings: Settings) -> None:
    folder = exported(settings)
    index = json.loads((folder / "manifest.json").read_text())
    assert [pack["merchant_id"] for pack in index["packs"]] == ["m-1", "m-2"]
    for pack in index["packs"]:
        text = (folder / pack["folder"] / "manifest.json").read_bytes()
        assert hashlib.sha256(text).hexdigest() == pack["manifest_sha256"]
        manifest = json.loads(text)
        assert (manifest["as_of"], manifest["warehouse_version"]) == ("2026-03-20", "v000001")
        assert {entry["name"] for entry in manifest["files"]} == {f"{table.mart}.csv" for table in TABLES}
        for entry in manifest["files"]:
            path = folder / pack["folder"] / entry["name"]
            assert hashlib.sha256(path.read_bytes()).hexdigest() == entry["sha256"]
            assert path.stat().st_size == entry["bytes"]
            assert len(rows(path)) == entry["rows"]


def test_nothing_of_another_merchant_and_nobody_who_is_no_fan(settings: Settings) -> None:
    stranger = "update marts.cascade_nodes set user_id = 'u-77' where share_id = 's-3'"
    folder = exported(settings, stranger) / "merchants"
    cells = {
        merchant: {cell for path in (folder / merchant).glob("*.csv") for row in rows(path) for cell in row.values()}
        for merchant in ("m-1", "m-2")
    }
    assert {"m-1", "u-1", "u-2"} <= cells["m-1"]
    assert {"m-2", "u-1", "u-9"} <= cells["m-2"]
    assert not cells["m-1"] & {"m-2", "u-9", "u-77", "u-6", "all"}
    assert not cells["m-2"] & {"m-1", "u-2", "u-3", "u-6", "all"}
    nodes = rows(folder / "m-1" / "cascade_nodes.csv")
    assert [row["user_id"] for row in nodes] == ["u-1", "u-2", "", "u-2"]


def test_a_merchant_called_all_does_not_get_the_platform(settings: Settings) -> None:
    renamed = [f"update marts.{mart} set merchant_id = 'all' where merchant_id = 'm-2'" for mart in ("cascades", "fan_revenue")]
    folder = exported(settings, *renamed) / "merchants"
    assert rows(folder / "all" / "cascades.csv") != []
    assert rows(folder / "all" / "spread_concentration.csv") == []


def test_identifiers_never_become_paths(settings: Settings) -> None:
    names = ["../../outside", "m/2", "M-1", "con", "=m"]
    more = [f"insert into marts.share_mix values ('{name}', 'group', '2026-03', 1, 1.0, 0, 0, 0)" for name in names]
    folder = exported(settings, *more)
    packs = json.loads((folder / "manifest.json").read_text())["packs"]
    assert {pack["merchant_id"] for pack in packs} == {"m-1", "m-2", *names}
    assert len({pack["folder"].lower() for pack in packs}) == 7
    for pack in packs:
        assert (folder / pack["folder"]).resolve().parent == (folder / "merchants").resolve()
        assert rows(folder / pack["folder"] / "share_mix.csv")[0]["merchant_id"].removeprefix("'") == pack["merchant_id"]
    assert not (settings.home / "outside").exists()


def test_the_same_day_again_gives_the_same_bytes(settings: Settings) -> None:
    folder = exported(settings)
    first = contents(folder)
    assert len(first) == 2 * (len(TABLES) + 1) + 1
    (folder / "merchants" / "m-1" / "left_from_before.csv").write_text("x")
    export(settings, AS_OF)
    assert contents(folder) == first
    assert [path.name for path in settings.exports.iterdir()] == ["2026-03-20"]


def test_a_mart_that_is_not_there_is_left_out_with_its_persons(settings: Settings) -> None:
    folder = exported(settings, "drop table marts.fan_revenue", "drop table marts.growth_split") / "merchants" / "m-1"
    assert not (folder / "growth_split.csv").exists()
    assert {row["root_user_id"] for row in rows(folder / "cascades.csv")} == {""}
    assert rows(folder / "spreaders.csv") == []


def test_refuses_a_day_that_is_not_published(settings: Settings) -> None:
    with pytest.raises(PublicationError, match=r"python -m publication --as-of 2026-03-20"):
        export(settings, AS_OF)
    assert not (settings.exports / "2026-03-20").exists()


def test_the_command_reports(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("FANOUT_HOME", str(settings.home))
    monkeypatch.setattr(sys, "argv", ["exports", "--as-of", "2026-03-20"])
    assert main() == 1
    passed(settings)
    publish(settings, AS_OF)
    assert main() == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (report["merchants"], report["version"]) == (2, "v000001")
    assert report["rows_out"] == sum(len(rows(path)) for path in (settings.exports / "2026-03-20").rglob("*.csv"))
