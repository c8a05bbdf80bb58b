"""What `datapackage.json` says of the CSV files, checked against them by a validator of its own."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from contract.settings import CHECKOUT, Settings
from exports.packs.datapackage import UNITS, description, values_of
from exports.policy.allow_list import MANAGER_TABLES, MERCHANT_TABLES, Why
from exports.write_packs import export
from tests.small_warehouse import AS_OF, published

Export = Callable[..., Path]
TABLES = (*MERCHANT_TABLES, *MANAGER_TABLES)

CASTS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "integer": int,
    "number": Decimal,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "yearmonth": lambda text: datetime.strptime(text, "%Y-%m"),
}


def faults(csv_folder: Path) -> list[str]:
    """What a package and its files do not agree on, by the rules of Tabular Data Package 1.0 that it uses."""
    package = json.loads((csv_folder / "datapackage.json").read_text())
    found = []
    if package["profile"] != "tabular-data-package" or not re.fullmatch(r"[a-z0-9._-]+", package["name"]):
        found.append("package")
    if {resource["path"] for resource in package["resources"]} != {path.name for path in csv_folder.glob("*.csv")}:
        found.append("other files than resources")
    for resource in package["resources"]:
        found += [f"{resource['name']}: {fault}" for fault in _faults_of(resource, csv_folder / resource["path"])]
    return found


def _faults_of(resource: dict[str, Any], path: Path) -> list[str]:
    fields = resource["schema"]["fields"]
    dialect = resource["dialect"]
    text = path.read_bytes().decode("utf-8-sig")
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect["delimiter"],
        quotechar=dialect["quoteChar"],
        doublequote=dialect["doubleQuote"],
        strict=True,
    )
    head, *rows = list(reader)
    found = []
    if not re.fullmatch(r"[a-z0-9._-]+", resource["name"]) or resource["profile"] != "tabular-data-resource":
        found.append("resource")
    if head != [field["name"] for field in fields] or len(set(head)) != len(head):
        found.append("header")
        return found
    if not set(resource["schema"]["primaryKey"]) <= set(head):
        return [*found, "primary key"]
    if not text.endswith(dialect["lineTerminator"]):
        found.append("line end")
    for row in rows:
        for field, cell in zip(fields, row, strict=True):
            rules = field.get("constraints", {})
            if cell in resource["schema"]["missingValues"]:
                if rules.get("required"):
                    found.append(f"{field['name']} is missing")
                continue
            if field.get("guarded"):
                cell = cell.removeprefix("'")
            try:
                CASTS[field["type"]](cell)
            except (ValueError, KeyError, ArithmeticError):
                found.append(f"{field['name']} is no {field['type']}: {cell}")
            if "enum" in rules and cell not in rules["enum"]:
                found.append(f"{field['name']} is none of its values: {cell}")
    keys = [tuple(row[head.index(name)] for name in resource["schema"]["primaryKey"]) for row in rows]
    if len(set(keys)) != len(keys):
        found.append("primary key is not unique")
    return found


@pytest.fixture(scope="module")
def two_days(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The exports of a day with differences to the day before."""
    settings = Settings.from_environment({"FANOUT_HOME": str(tmp_path_factory.mktemp("two_days"))})
    before = ("delete from marts.fan_revenue where user_id = 'u-3'", "update marts.cascades set orders = 7, revenue = 1")
    typed = "alter table marts.merchant_churn_flags alter reason_3 type varchar"  # no merchant has a third one
    for day, changes in ((AS_OF - timedelta(days=1), before), (AS_OF, ())):
        published(settings, typed, *changes, as_of=day)
        export(settings, day)
    return settings.exports / AS_OF.isoformat()


def test_every_file_is_as_its_package_says(two_days: Path) -> None:
    folders = sorted(two_days.glob("*/*/csv"))
    assert len(folders) == 4
    for folder in folders:
        assert len(list(folder.glob("*.csv"))) == 2 * len(MERCHANT_TABLES if "merchants" in folder.parts else MANAGER_TABLES)
        assert faults(folder) == []


@pytest.mark.parametrize(
    ("file", "text", "bad", "fault"),
    [
        ("cascades.csv", ",product,", ",produce,", "object_type is none of its values: produce"),
        ("cascades.csv", ",2026-02-03T04:05:06Z,", ",yesterday,", "started_at is no datetime: yesterday"),
        ("cascades.csv", ",30.00,", ",much,", "revenue is no number: much"),
        ("cascades.csv", "m-1,s-1,", "m-1,,", "root_share_id is missing"),
        ("cascades.csv", "root_share_id", "root_id", "header"),
        ("growth_split.csv", "2026-03", "2026-02", "primary key is not unique"),
        ("growth_split.csv", ",false,", ",maybe,", "is_complete is no boolean: maybe"),
    ],
)
def test_the_check_refuses_another_file(small: Path, tmp_path: Path, file: str, text: str, bad: str, fault: str) -> None:
    folder = shutil.copytree(small / "merchants" / "m-1" / "csv", tmp_path / "csv")
    assert faults(folder) == []
    content = (folder / file).read_bytes()
    assert text.encode() in content
    (folder / file).write_bytes(content.replace(text.encode(), bad.encode()))
    assert f"{file.removesuffix('.csv')}: {fault}" in faults(folder)


def test_the_check_refuses_a_file_that_is_not_named(small: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(small / "merchants" / "m-1" / "csv", tmp_path / "csv")
    (folder / "more.csv").write_text("a\r\n")
    assert faults(folder) == ["other files than resources"]


def test_every_field_says_type_unit_and_reason(two_days: Path) -> None:
    seen = 0
    for kind, tables in (("merchants", MERCHANT_TABLES), ("managers", MANAGER_TABLES)):
        package = json.loads(next(two_days.glob(f"{kind}/*/csv/datapackage.json")).read_text())
        assert (package["as_of"], package["warehouse_version"]) == ("2026-03-20", "v000001")
        assert package["changes_since"] == {"as_of": "2026-03-19", "warehouse_version": "v000001"}
        assert [resource["name"] for resource in package["resources"]] == [
            name for table in tables for name in (table.name, f"{table.name}.changes")
        ]
        for resource in package["resources"]:
            assert resource["schema"]["fields"][-1]["name"] == "as_of"
            assert resource["schema"]["fields"][-1]["constraints"] == {"required": True}
            for field in resource["schema"]["fields"]:
                seen += 1
                own = field["name"] in ("change", "changed_columns")
                assert own or field["reason"] in set(Why)
                assert (field["type"] in ("number", "integer")) == ("unit" in field), (resource["name"], field)
                assert field.get("guarded", False) == (field["type"] == "string")
    assert seen > 300
    assert UNITS["revenue"] == "money"


def test_money_is_in_the_reporting_currency(exported: Export, settings: Settings) -> None:
    folder = exported(with_settings=replace(settings, currency="EUR"))
    package = json.loads((folder / "merchants" / "m-1" / "csv" / "datapackage.json").read_text())
    units = {field["name"]: field["unit"] for field in package["resources"][0]["schema"]["fields"] if "unit" in field}
    assert (units["direct_revenue"], units["avg_fans"], units["zero_revenue_fan_share"]) == ("EUR", "people", "ratio")


def test_differences_say_what_they_leave_out(two_days: Path) -> None:
    package = json.loads((two_days / "merchants" / "m-1" / "csv" / "datapackage.json").read_text())
    resources = {resource["name"]: resource for resource in package["resources"]}
    text = resources["lifetime_value.changes"]["description"]
    assert "nothing but age_weeks, p_alive, expected_orders_90d, expected_orders_365d, expected_value_365d moved" in text
    assert "lifetime_value.csv has them all" in text
    ages = [field["name"] for field in resources["lifetime_value"]["schema"]["fields"] if field.get("ages")]
    assert ages == ["age_weeks", "p_alive", "expected_orders_90d", "expected_orders_365d", "expected_value_365d"]
    assert "left out" not in resources["fan_revenue.changes"]["description"]


def _comments() -> dict[str, dict[str, str]]:
    """Description by column by mart, as dbt writes them into the warehouse."""
    files = sorted((CHECKOUT / "dbt_project" / "models" / "marts").glob("*/*.yml"))
    models = [model for file in files for model in yaml.safe_load(file.read_text()).get("models", [])]
    assert len(models) > 40
    return {model["name"]: {column["name"]: column["description"] for column in model["columns"]} for model in models}


def test_every_description_says_more_than_the_name() -> None:
    comments = _comments()
    texts = {
        (table.name, column): description(table, column, comments[table.mart])
        for table in TABLES
        for column in (*table.columns, "as_of", "row_id", "change", "changed_columns")
    }
    assert len(texts) > 200
    short = {
        place: text
        for place, text in texts.items()
        if len(set(re.findall(r"\w+", text.lower())) - set(place[1].split("_"))) < 3 or not text.endswith(".")
    }
    assert short == {}
    assert description(TABLES[0], "a_new_column", {}) == "a new column"  # which the check would not pass


def test_closed_lists_are_those_of_the_marts() -> None:
    found = {
        (table.name, column): values_of(table, column)
        for table in TABLES
        for column in (*table.columns, "change")
        if values_of(table, column)
    }
    assert found["share_mix", "channel"] == ("group", "moments", "direct", "public")
    assert found["groups", "kind"][-1] == found["teams", "goal"][-1] == found["calls", "stage"][-1] == "unknown"
    assert found["cascade_nodes", "parent_status"][:2] == ("root", "missing")
    assert found["leaders", "change"] == ("added", "changed", "removed")
    sql = "\n".join(path.read_text() for path in (CHECKOUT / "dbt_project" / "models").rglob("*.sql"))
    assert set(re.findall(r"'(\w+)' as reason\b", sql)) == {"blocked", "opted_out", "refused"}
    assert found["cascades", "no_contact_reason"] == (
        *("blocked", "opted_out", "refused", "blocked opted_out", "blocked refused", "opted_out refused"),
        "blocked opted_out refused",
    )


def test_a_text_without_a_closed_list_is_an_open_one(two_days: Path) -> None:
    found = {
        field["name"].removesuffix("_before")
        for path in two_days.glob("*/*/csv/datapackage.json")
        for resource in json.loads(path.read_text())["resources"]
        for field in resource["schema"]["fields"]
        if field["type"] == "string" and "enum" not in field.get("constraints", {})
    }
    assert found == {
        "merchant_id", "user_id", "root_user_id", "fan", "row_id", "name", "root_share_id", "share_id", "parent_share_id",
        "object_id", "group_id", "plan", "region", "reason_1", "reason_2", "reason_3", "changed_columns", "display_name",
        "masked_name", "product_id", "title", "last_product", "rules_version", "subject", "subject_name",
        "campaign_id", "steps_missing", "city_tier", "channel", "member", "object_type", "calendar_event", "advice",
        "advice_zh", "ruleset_version", "live_id", "rule_id", "rep_id", "spreader_id", "value",
        "pond",
    }  # fmt: skip
