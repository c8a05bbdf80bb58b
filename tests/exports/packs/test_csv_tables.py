"""Complete tables and their differences."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import duckdb

from contract.tables import TABLES
from exports.policy.allow_list import MERCHANT_TABLES
from tests.exports.contents import names_in
from tests.small_warehouse import AS_OF, insert

DAY_BEFORE = AS_OF - timedelta(days=1)


Export = Callable[..., Path]


Read = Callable[[Path], list[dict[str, str]]]


CHANGES = (
    "update marts.merchant_churn_flags set stage = 'operating', churn_probability = 0.3 where merchant_id = 'm-1'",
    "update marts.growth_split set revenue = 49.00 where month = '2026-02'",
    insert(TABLES["growth_split"], {"month": "2026-01", "revenue": 1, "is_complete": True}),
    "delete from marts.fan_revenue where user_id = 'u-3'",
    insert(TABLES["fan_revenue"], {"user_id": "u-5", "is_window_fan": True, "is_fan_at_end": True}),
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
            assert (row["expected_value_365d"], row["expected_value_365d_before"]) == ("60.00", "61.00")


def test_a_group_that_is_only_silent_longer_is_not_in_the_differences(exported: Export, rows: Read) -> None:
    silent = "update marts.group_activity set silent_days = silent_days - {}"
    exported(silent.format(2), as_of=AS_OF - timedelta(days=2))
    folder = exported() / "managers" / "amy" / "csv"
    assert [row["group_id"] for row in rows(folder / "groups.csv")] == ["g-1"]
    assert rows(folder / "groups.changes.csv") == []
    exported(silent.format(3), as_of=DAY_BEFORE)
    [row] = rows(exported() / "managers" / "amy" / "csv" / "groups.changes.csv")
    assert (row["changed_columns"], row["silent_days_before"]) == ("silent_days", str(int(row["silent_days"]) - 3))


def test_a_refusal_is_a_change(exported: Export, rows: Read) -> None:
    exported("delete from marts.suppressed_fans", as_of=DAY_BEFORE)
    [row] = rows(exported() / "merchants" / "m-1" / "csv" / "fan_revenue.changes.csv")
    assert (row["user_id"], row["changed_columns"]) == ("u-3", "may_contact no_contact_reason")
    assert (row["may_contact"], row["no_contact_reason"]) == ("false", "refused")


def test_a_manager_who_lost_all_merchants_gets_the_tombstones(exported: Export, rows: Read) -> None:
    exported(as_of=DAY_BEFORE)
    folder = exported("update marts.merchants set account_manager = 'bob' where merchant_id = 'm-1'") / "managers"
    assert [row["change"] for row in rows(folder / "amy" / "csv" / "merchants.changes.csv")] == ["removed"]
    assert [row["change"] for row in rows(folder / "bob" / "csv" / "merchants.changes.csv")] == ["added"]


def test_a_base_without_the_marts_of_today_is_no_base(exported: Export) -> None:
    exported(as_of=DAY_BEFORE, alone=True)
    base = exported().parent.parent / "published" / "2026-03-19" / "v000001" / "fanout.duckdb"
    base.chmod(0o644)
    with duckdb.connect(str(base)) as con:
        con.execute("drop table marts.groups_to_revive")
    folder = exported("update marts.merchants set name = 'new'")
    assert json.loads((folder / "manifest.json").read_text())["changes_since"] is None
    assert not list(folder.rglob("*.changes.csv"))
