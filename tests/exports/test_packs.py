"""Packs of a day: complete, the same bytes again, and nothing of another merchant in them."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from contract.settings import SettingError, Settings
from exports.allowed import MANAGER_TABLES, MERCHANT_TABLES
from exports.packs import export
from publication.versions import PublicationError
from tests.small_warehouse import AS_OF

DAY_BEFORE = AS_OF - timedelta(days=1)
Export = Callable[..., Path]
Read = Callable[[Path], list[dict[str, str]]]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def texts(pack: Path) -> Iterator[tuple[str, str]]:
    """Every decoded text of a pack: (file, text) of each cell, each text of the report, each name in the manifest."""
    for path in sorted(path for path in pack.rglob("*") if path.is_file()):
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(path) as book:
                for name in book.namelist():
                    for node in ElementTree.fromstring(book.read(name)).iter():
                        yield from ((path.name, text) for text in [node.text or "", *node.attrib.values()])
        elif path.suffix == ".html":
            page = path.read_text()
            yield from ((path.name, unescape(text)) for text in re.split(r"<[^>]*>", page))
            yield from ((path.name, unescape(text)) for text in re.findall(r"=\"([^\"]*)\"", page))
        else:
            yield from ((path.name, text) for text in re.split(r"[,\r\n\"]", path.read_text("utf-8-sig")))


def names_in(pack: Path) -> set[str]:
    """The identifiers of people and merchants (u-1, m-1, ...) anywhere in a pack."""
    found = {name for _, text in texts(pack) for name in re.findall(r"\b[um]-\d+\b", text)}
    assert found, pack
    return found


def test_every_pack_has_every_file(exported: Export) -> None:
    folder = exported("delete from marts.team_formation where merchant_id = 'm-2'")
    kinds = (("merchants", MERCHANT_TABLES, {"spread_map.html"}), ("managers", MANAGER_TABLES, {"workbook.xlsx"}))
    for kind, tables, own in kinds:
        csv = {f"csv/{table.name}.csv" for table in tables} | {"csv/datapackage.json"}
        packs = list((folder / kind).iterdir())
        assert len(packs) == 2
        for pack in packs:
            assert contents(pack).keys() == csv | own | {"report.html", "manifest.json"}


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


STRANGER = "update marts.cascade_nodes set user_id = 'u-77' where share_id = 's-3'"


def test_a_merchants_pack_names_its_fans_and_nobody_else(exported: Export, rows: Read) -> None:
    folder = exported(STRANGER) / "merchants"
    assert names_in(folder / "m-1") == {"m-1", "u-1", "u-2", "u-3"}
    assert names_in(folder / "m-2") == {"m-2", "u-1", "u-9"}
    nodes = rows(folder / "m-1" / "csv" / "cascade_nodes.csv")
    assert [row["user_id"] for row in nodes] == ["u-1", "u-2", "", "u-2"]


@pytest.mark.parametrize("place", ["csv/teams.csv", "report.html", "manifest.json"])
def test_the_scan_finds_a_planted_leak(exported: Export, place: str) -> None:
    pack = exported() / "merchants" / "m-1"
    with (pack / place).open("a") as file:
        file.write("<p>u-9</p>" if place.endswith("html") else "u-9")
    assert "u-9" in names_in(pack)


def test_the_scan_finds_a_leak_in_a_workbook(exported: Export) -> None:
    leak = "update marts.group_activity set group_id = 'u-9' where merchant_id = 'm-1'"
    assert "u-9" in names_in(exported(leak) / "managers" / "amy")


def test_a_managers_pack_names_fans_who_may_be_contacted(small: Path) -> None:
    """u-3 refused the last outreach, u-6 blocked the merchant, m-2 has no manager."""
    folder = small / "managers"
    assert names_in(folder / "amy") == {"m-1", "u-1", "u-2"}
    assert names_in(folder / "unassigned") == {"m-2"}


def test_a_refusal_that_was_lifted_puts_a_fan_back(exported: Export) -> None:
    folder = exported(
        "delete from marts.suppressed_fans", "update marts.spreaders set openers = 1, opens = 1 where user_id = 'u-3'"
    )
    assert "u-3" in names_in(folder / "managers" / "amy")


def test_at_most_twenty_people_of_a_merchant(exported: Export) -> None:
    many = [
        """insert into marts.fan_revenue select 'm-1', 'u-' || (100 + i), 0, 0, 0, 0, null, 0, 0, true, true, false
        from range(60) numbers(i)""",
        """insert into marts.spreaders
        select 'm-1', 'u-' || (100 + i), date '2026-03-20', 1, 1, 1, 0, 0, 0, 0, 4 + i, 'u-1', 1, 0, false
        from range(30) numbers(i)""",
        """insert into marts.team_leaders select 'm-1', 'u-' || (130 + i), 1, 1, 1, 0, 0, 0, 2, date '2026-03-01'
        from range(30) numbers(i)""",
    ]
    found = {name for name in names_in(exported(*many) / "managers" / "amy") if name.startswith("u-")}
    assert len(found) == 19  # eight leaders and twelve spreaders; u-1 is both


def test_no_region_with_fewer_than_twenty_people(exported: Export, rows: Read) -> None:
    small = "insert into marts.merchant_team_regions values ('m-1', 'CN-XZ', 9, 9, 9, 0, 0, 0, 1.0, 0.7, 1.0, 19)"
    folder = exported(small)
    for name in ("merchants/m-1/csv/team_regions.csv", "managers/amy/csv/regions.csv"):
        assert [(row["region"], row["people"]) for row in rows(folder / name)] == [("CN-ZJ", "24")]
    for pack in ("merchants/m-1", "managers/amy"):
        assert not [text for _, text in texts(folder / pack) if "CN-XZ" in text]
        assert [text for _, text in texts(folder / pack) if "CN-ZJ" in text]


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
        "update marts.group_activity set group_id = '1-2'",
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


def test_no_attribute_of_a_person_is_allowed() -> None:
    allowed = {column for table in (*MERCHANT_TABLES, *MANAGER_TABLES) for column in table.columns}
    assert "user_id" in allowed
    assert not allowed & {"gender", "birth_year", "device_id", "city_tier", "registered_region"}
    with_region = {table.name for table in (*MERCHANT_TABLES, *MANAGER_TABLES) if "region" in table.columns}
    assert with_region == {"team_regions", "regions"}


def test_a_column_that_is_not_on_the_list_does_not_leave(exported: Export) -> None:
    folder = exported("alter table marts.fan_revenue add column birth_year integer default 1987")
    assert not [text for _, text in texts(folder / "merchants" / "m-1") if "1987" in text or "birth_year" in text]


def test_a_merchant_called_all_does_not_get_the_platform(exported: Export, rows: Read) -> None:
    marts = {table.mart for table in (*MERCHANT_TABLES, *MANAGER_TABLES)} | {"merchants", "daily_merchant"}
    folder = exported(*(f"update marts.{mart} set merchant_id = 'all' where merchant_id = 'm-2'" for mart in sorted(marts)))
    assert rows(folder / "merchants" / "all" / "csv" / "cascades.csv") != []
    assert rows(folder / "merchants" / "all" / "csv" / "spread_concentration.csv") == []
    assert "u-2" not in names_in(folder / "merchants" / "all")


NAMES = ["../../outside", "m/2", "M-1", "con", "=m", "小店"]


def test_identifiers_never_become_paths(exported: Export, rows: Read, settings: Settings) -> None:
    more = [
        f"insert into marts.merchants values ('{name}', 'x', null, 'unknown', null, null, '{name}', null, now(), true)"
        for name in NAMES
    ]
    shares = [f"insert into marts.share_mix values ('{name}', 'group', '2026-03', 1, 1.0, 0, 0, 0)" for name in NAMES]
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


CHANGES = (
    "update marts.merchant_churn_flags set stage = 'operating', churn_probability = 0.3 where merchant_id = 'm-1'",
    "update marts.growth_split set revenue = 49.00 where month = '2026-02'",
    "insert into marts.growth_split values ('m-1', '2026-01', 1, 1, 1, true, null, null, null)",
    "delete from marts.fan_revenue where user_id = 'u-3'",
    "insert into marts.fan_revenue values ('m-1', 'u-5', 0, 0, 0, 0, null, 0, 0, true, true, false)",
    "update marts.cascades set root_user_id = 'u-5' where merchant_id = 'm-1'",
)


def test_differences_tell_what_was_added_changed_and_removed(exported: Export, rows: Read) -> None:
    exported(*CHANGES, as_of=DAY_BEFORE)
    folder = exported() / "merchants" / "m-1"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["changes_since"] == {"as_of": "2026-03-19", "warehouse_version": "v000001"}
    growth = {row["month"]: row for row in rows(folder / "csv" / "growth_split.changes.csv")}
    assert growth.keys() == {"2026-01", "2026-02"}
    assert growth["2026-01"]["change"] == "removed"
    changed = growth["2026-02"]
    assert (changed["change"], changed["changed_columns"]) == ("changed", "revenue")
    assert (changed["revenue"], changed["revenue_before"], changed["avg_fans_before"]) == ("50.00", "49.00", "")
    assert {row["as_of"] for row in growth.values()} == {"2026-03-20"}
    fans = {row["change"]: row for row in rows(folder / "csv" / "fan_revenue.changes.csv")}
    assert fans["added"]["user_id"] == "u-3"
    assert fans["removed"]["user_id"] == ""
    before = rows(folder.parent.parent.parent / "2026-03-19" / "merchants" / "m-1" / "csv" / "fan_revenue.csv")
    assert fans["removed"]["row_id"] in {row["row_id"] for row in before if row["user_id"] == "u-5"}
    assert rows(folder / "csv" / "share_mix.changes.csv") == []


def test_differences_name_nobody_who_is_no_fan_any_more(exported: Export, rows: Read) -> None:
    exported(*CHANGES, as_of=DAY_BEFORE)
    folder = exported() / "merchants" / "m-1"
    assert "u-5" not in names_in(folder)
    [cascade] = rows(folder / "csv" / "cascades.changes.csv")
    assert (cascade["changed_columns"], cascade["root_user_id"]) == ("root_user_id", "u-1")


def test_old_rows_and_differences_make_the_new_rows(exported: Export, rows: Read) -> None:
    exported(*CHANGES, as_of=DAY_BEFORE)
    folder = exported()
    compared = 0
    for table in MERCHANT_TABLES:
        identity = ["row_id"] if table.person_key else table.key

        def of(day: str, name: str, table_keys: list[str] = identity) -> dict[tuple[str, ...], dict[str, str]]:
            path = folder.parent / day / "merchants" / "m-1" / "csv" / name
            return {tuple(row[key] for key in table_keys): row for row in rows(path)}

        state = of("2026-03-19", f"{table.name}.csv")
        for key, row in of("2026-03-20", f"{table.name}.changes.csv").items():
            if row["change"] == "removed":
                del state[key]
            else:
                state[key] = {name: row[name] for name in (["row_id"] if table.person_key else []) + list(table.columns)}
                compared += 1
        today = of("2026-03-20", f"{table.name}.csv")
        assert {row.pop("as_of") for row in today.values()} <= {"2026-03-20"}
        for row in state.values():
            row.pop("as_of", None)
        assert state == today
    assert compared > 2


# A day later everybody who bought is a day older, and the model expects less of them.
A_DAY_EARLIER = tuple(
    f"update marts.{mart} set age_weeks = age_weeks - 1 / 7::double, p_alive = p_alive * 0.99, {figures}"
    for mart, figures in (
        ("lifetime_value", "expected_orders_90d = 1.6, expected_orders_365d = 4.1, expected_value_365d = 61.0"),
        ("fan_churn_flags", "expected_orders_90d = 1.6, expected_value_365d = 61.0"),
    )
)


def test_who_only_grew_older_is_not_in_the_differences(exported: Export, rows: Read) -> None:
    exported(*A_DAY_EARLIER, as_of=DAY_BEFORE)
    folder = exported() / "merchants" / "m-1" / "csv"
    for mart in ("lifetime_value", "fan_churn_flags"):
        today = rows(folder / f"{mart}.csv")
        yesterday = rows(folder.parents[3] / "2026-03-19" / "merchants" / "m-1" / "csv" / f"{mart}.csv")
        assert [row["user_id"] for row in today] == ["u-1", "u-2"]
        assert all(new["age_weeks"] != old["age_weeks"] for new, old in zip(today, yesterday, strict=True))
        assert rows(folder / f"{mart}.changes.csv") == []


def test_what_happened_to_a_buyer_is_in_the_differences_with_its_ages(exported: Export, rows: Read) -> None:
    """Six buyers like u-1, and what was known of each the day before."""
    happened = {
        "u-11": ("lifetime_value", "frequency", "frequency = 1"),
        "u-12": ("lifetime_value", "recency_weeks", "recency_weeks = 3.0"),
        "u-13": ("lifetime_value", "monetary_value", "monetary_value = 14.0"),
        "u-14": ("lifetime_value", "age_weeks", "age_weeks = 6.0"),  # the first purchase was on another day after all
        "u-15": ("lifetime_value", "age_weeks", "age_weeks = null"),
        "u-16": ("fan_churn_flags", "is_churn_flagged", "is_churn_flagged = not is_churn_flagged"),
    }
    like_u_1 = [
        f"""insert into marts.{mart} select * replace ('{user}' as user_id) from marts.{mart}
        where merchant_id = 'm-1' and user_id = 'u-1'"""
        for user in happened
        for mart in ("fan_revenue", "lifetime_value", "fan_churn_flags")
    ]
    before = [f"update marts.{mart} set {event} where user_id = '{user}'" for user, (mart, _, event) in happened.items()]
    exported(*like_u_1, *A_DAY_EARLIER, *before, as_of=DAY_BEFORE)
    folder = exported(*like_u_1) / "merchants" / "m-1" / "csv"
    for mart in ("lifetime_value", "fan_churn_flags"):
        found = {row["user_id"]: row for row in rows(folder / f"{mart}.changes.csv")}
        assert found.keys() == {user for user, (of, _, _) in happened.items() if of == mart}
        for user, row in found.items():
            assert row["change"] == "changed"
            assert {happened[user][1], "age_weeks", "p_alive", "expected_orders_90d"} <= set(row["changed_columns"].split())
            assert (row["expected_value_365d"], row["expected_value_365d_before"]) == ("60.0", "61.0")


def test_a_group_that_is_only_silent_longer_is_not_in_the_differences(exported: Export, rows: Read) -> None:
    silent = "update marts.group_activity set silent_days = silent_days - {}"
    exported(silent.format(2), as_of=AS_OF - timedelta(days=2))
    folder = exported() / "managers" / "amy" / "csv"
    assert [row["group_id"] for row in rows(folder / "groups.csv")] == ["g-1"]
    assert rows(folder / "groups.changes.csv") == []
    exported(silent.format(3), as_of=DAY_BEFORE)
    [row] = rows(exported() / "managers" / "amy" / "csv" / "groups.changes.csv")
    assert (row["changed_columns"], row["silent_days_before"]) == ("silent_days", str(int(row["silent_days"]) - 3))


def test_a_merchants_files_say_who_may_be_contacted(exported: Export, rows: Read) -> None:
    """u-3 refused the last call; u-2 blocks the merchant too, and refused."""
    blocked = "insert into marts.suppressed_fans values ('m-1', 'u-2', 'refused', date '2026-03-02')"
    refused = "insert into marts.suppressed_fans values ('m-1', 'u-2', 'blocked', date '2026-03-01')"
    folder = exported(blocked, refused) / "merchants" / "m-1" / "csv"
    expected = {"u-1": ("true", ""), "u-2": ("false", "blocked refused"), "u-3": ("false", "refused"), "": ("", "")}
    files = {table.name: next(iter(table.persons)) for table in MERCHANT_TABLES if table.persons}
    assert files.keys() == {"fan_revenue", "cascades", "cascade_nodes", "spreaders", "lifetime_value", "fan_churn_flags"}
    seen = set()
    for name, person in files.items():
        found = {row[person]: (row["may_contact"], row["no_contact_reason"]) for row in rows(folder / f"{name}.csv")}
        assert found.items() <= expected.items()
        seen |= found.keys()
    assert seen >= {"u-1", "u-2", "u-3"}


def test_a_refusal_is_a_change(exported: Export, rows: Read) -> None:
    exported("delete from marts.suppressed_fans", as_of=DAY_BEFORE)
    [row] = rows(exported() / "merchants" / "m-1" / "csv" / "fan_revenue.changes.csv")
    assert (row["user_id"], row["changed_columns"]) == ("u-3", "may_contact no_contact_reason")
    assert (row["may_contact"], row["no_contact_reason"]) == ("false", "refused")


def row_ids(folder: Path, rows: Read) -> dict[tuple[str, str, str], str]:
    """The name of every row of a person, by table, merchant and person."""
    found = {}
    for table in (*MERCHANT_TABLES, *MANAGER_TABLES):
        if table.person_key:
            for path in folder.rglob(f"csv/{table.name}.csv"):
                for row in rows(path):
                    if table.person_key in row:
                        found[table.name, row["merchant_id"], row[table.person_key]] = row["row_id"]
    assert len(found) > 10
    return found


def test_a_row_id_cannot_be_guessed(exported: Export, settings: Settings, rows: Read) -> None:
    found = row_ids(exported(), rows)
    assert all(re.fullmatch("r_[0-9a-f]{32}", name) for name in found.values())
    guesses = {hashlib.sha256("\x1f".join(row).encode()).hexdigest()[:32] for row in found}
    assert not guesses & {name.removeprefix("r_") for name in found.values()}
    file = settings.home / "keys" / "row_id"
    assert file.stat().st_mode & 0o777 == 0o600
    key = bytes.fromhex(file.read_text().strip())
    messages = {row: "".join(f"{len(part.encode())}:{part}" for part in row).encode() for row in found}
    assert found == {row: f"r_{hmac.new(key, text, hashlib.sha256).hexdigest()[:32]}" for row, text in messages.items()}


def test_a_row_id_stays_and_is_of_its_deployment(exported: Export, settings: Settings, rows: Read, tmp_path: Path) -> None:
    first = row_ids(exported(as_of=DAY_BEFORE), rows)
    assert row_ids(exported(), rows) == first
    export(settings, AS_OF)
    assert row_ids(settings.exports / "2026-03-20", rows) == first
    other = row_ids(exported(with_settings=replace(settings, home=tmp_path / "other")), rows)
    assert other.keys() == first.keys()
    assert not set(other.values()) & set(first.values())


def test_a_row_id_comes_from_the_key_of_pseudonyms_where_there_is_one(
    exported: Export, settings: Settings, rows: Read, tmp_path: Path
) -> None:
    one, same, other = (
        replace(settings, pseudonym_key=key * 32, home=tmp_path / name) for key, name in (("k", "a"), ("k", "b"), ("l", "c"))
    )
    first = row_ids(exported(with_settings=one), rows)
    assert row_ids(exported(with_settings=same), rows) == first
    assert not set(row_ids(exported(with_settings=other), rows).values()) & set(first.values())
    assert not (one.home / "keys").exists()


def test_a_broken_key_is_refused(exported: Export, settings: Settings) -> None:
    exported()
    (settings.home / "keys" / "row_id").write_text("")
    with pytest.raises(SettingError, match=r"keys/row_id is not a key of 64 hexadecimal digits; put it back"):
        export(settings, AS_OF)


def test_no_pack_holds_the_key(exported: Export, settings: Settings) -> None:
    folder = exported()
    key = (settings.home / "keys" / "row_id").read_bytes().strip()
    everything = contents(folder)
    assert everything
    assert not [name for name, content in everything.items() if key in content or bytes.fromhex(key.decode()) in content]


def test_a_manager_who_lost_all_merchants_gets_the_tombstones(exported: Export, rows: Read) -> None:
    exported(as_of=DAY_BEFORE)
    folder = exported("update marts.merchants set account_manager = 'bob' where merchant_id = 'm-1'") / "managers"
    assert [row["change"] for row in rows(folder / "amy" / "csv" / "merchants.changes.csv")] == ["removed"]
    assert [row["change"] for row in rows(folder / "bob" / "csv" / "merchants.changes.csv")] == ["added"]


def test_a_base_without_the_marts_of_today_is_no_base(exported: Export) -> None:
    exported(as_of=DAY_BEFORE)
    base = exported().parent.parent / "published" / "2026-03-19" / "v000001" / "fanout.duckdb"
    base.chmod(0o644)
    with duckdb.connect(str(base)) as con:
        con.execute("drop table marts.group_activity")
    folder = exported("update marts.merchants set name = 'new'")
    assert json.loads((folder / "manifest.json").read_text())["changes_since"] is None
    assert not list(folder.rglob("*.changes.csv"))


def test_since_when_a_merchant_is_at_risk(exported: Export, rows: Read) -> None:
    """The same with and without the days before, whatever these said."""
    [alone] = rows(exported() / "managers" / "amy" / "csv" / "calls.csv")
    operating = "update marts.merchant_churn_flags set stage = 'operating', at_risk_since = null"
    for days, changes in ((4, ()), (3, (operating,)), (1, ())):
        exported(*changes, as_of=AS_OF - timedelta(days=days))
    [call] = rows(exported() / "managers" / "amy" / "csv" / "calls.csv")
    assert call == alone
    assert (call["merchant_id"], call["stage"], call["since"]) == ("m-1", "at_risk", "2026-03-18")


def test_pseudonyms_stand_in_for_people(exported: Export, settings: Settings, rows: Read) -> None:
    keyed = replace(settings, pseudonym_key="k" * 32)
    folder = exported(with_settings=keyed)
    for pack in (folder / "merchants" / "m-1", folder / "managers" / "amy"):
        assert not {name for name in names_in(pack) if name.startswith("u-")}
    one = {row["user_id"] for row in rows(folder / "merchants" / "m-1" / "csv" / "fan_revenue.csv")}
    other = {row["user_id"] for row in rows(folder / "merchants" / "m-2" / "csv" / "fan_revenue.csv")}
    assert len(one) == 3
    assert all(re.fullmatch(r"fan-[a-z2-7]{20}", name) for name in one | other)
    assert not one & other, "u-1 is a fan of both, and neither may find out"


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
                got = con.execute(
                    f"select {columns} from read_csv('{file}', columns = {{{read}}}, header = true) order by all"
                ).fetchall()
                mart = f"select {columns} from published.marts.{table.mart} where merchant_id = '{merchant}' order by all"
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
