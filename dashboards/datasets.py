"""A dataset of Superset for each mart: what its columns say, its time, its metrics, and no total rows.

A sum over a mart that has total rows counts everything twice, so its dataset leaves them out; the total rows are a dataset of
their own, `<mart>_totals`. Beside a merchant's id stands its name, beside a region's code its name and its code on the map,
beside a day its week, whether that is whole, and whether it is the last; beside a node of the diagnosis its place in the tree;
beside a tier its number on the ladder; beside a day of a festival the year of that.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from contract.columns import RATIO, Column, Type
from contract.metrics import METRICS, TOTAL, Aggregate
from contract.published import BY_PUBLICATION
from contract.table import AREAS, Table
from contract.tables import AREA_OF, TABLES, marts
from contract.values import TIERS, TREE
from exports.pages.words import Words
from exports.policy.names import PLAIN, RESERVED

_NAMESPACE = uuid.UUID("3f1b6d0e-2f0c-5c5a-9d5c-6a2f4f1c7b10")
DATABASE = "Published warehouse"
SCHEMA = "marts"
VERSION = "1.0.0"
TOTALS = "_totals"
# Names of columns that do not make a good heading.
_LABELS = {
    "avg_fans": "Average fans",
    "dt": "Day of delivery",
    "p_alive": "Probability of being alive",
    "rmst_90": "Mean of the first 90 days",
    "top_1pct_share": "Share of the top 1 %",
    "top_01pct_share": "Share of the top 0.1 %",
}
# Where the map of Superset has a region under an older code.
_ON_THE_MAP = {"CN-HK": "CN-91", "CN-MO": "CN-92", "CN-TW": "CN-71"}
_MONTHS = ("month_start", "month_end", "cohort_month_start")


def identity(kind: str, name: str) -> str:
    """The same id for the same thing, in every export and on every server."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}/{name}"))


@dataclass(frozen=True)
class Dataset:
    """What charts read: a mart, or one with columns added and rows left out."""

    name: str
    table: Table
    columns: tuple[Column, ...]
    sql: str | None
    metrics: tuple[dict[str, Any], ...]

    def column(self, name: str) -> Column | None:
        return next((column for column in self.columns if column.name == name), None)

    def metric(self, name: str) -> dict[str, Any] | None:
        return next((metric for metric in self.metrics if metric["metric_name"] == name), None)

    @property
    def uuid(self) -> str:
        return identity("dataset", self.name)


def label(name: str) -> str:
    """A column's name as a heading.

    >>> label("revenue_per_fan_lo"), label("opens_per_1000_users")
    ('Revenue per fan, 95 % from', 'Opens per 1000 users')
    """
    for ending, words in (("_lo", ", 95 % from"), ("_hi", ", 95 % to")):
        if name.endswith(ending):
            return label(name.removesuffix(ending)) + words
    return _LABELS.get(name, name.replace("_", " ").capitalize())


def number_format(column: Column) -> str:
    """How D3 writes the numbers of a column."""
    if column.unit == RATIO:
        return ".1%"
    if column.type in (Type.INTEGER, Type.BIGINT) or column.type is Type.DECIMAL:
        return ",.0f"
    return ",.2f"


@cache
def datasets(exports_url: str | None = None) -> dict[str, Dataset]:
    """All of them by name, in the order of the declarations; the address of the exports is in links alone."""
    found: dict[str, Dataset] = {}
    for table in (*marts(), *BY_PUBLICATION):
        has_totals = any(column.name == TOTAL for column in table.mart_columns)
        found[table.name] = _dataset(table, table.name, f"not t.{TOTAL}" if has_totals else None, exports_url)
        if has_totals:
            found[table.name + TOTALS] = _dataset(table, table.name + TOTALS, f"t.{TOTAL}", exports_url)
    return found


def _dataset(table: Table, name: str, where: str | None, exports_url: str | None) -> Dataset:
    added, sql = [], ["select t.*", f"from {SCHEMA}.{table.name} as t"]
    merchants = TABLES["merchants"]
    names = [column.name for column in table.mart_columns]
    if "merchant_id" in names and "name" not in names:
        added.append(Column("merchant_name", Type.VARCHAR, "Name of the merchant."))
        sql[0] += ", m.name as merchant_name"
        sql.append(f"left join {SCHEMA}.{merchants.name} as m on m.merchant_id = t.merchant_id")
    if "region" in names:
        added.append(Column("region_name", Type.VARCHAR, "Name of the region where it has one here, else its code."))
        added.append(Column("region_on_map", Type.VARCHAR, "Code of the region on Superset's map of China."))
        sql[0] += f", {_case('t.region', _region_names())} as region_name, {_case('t.region', _ON_THE_MAP)} as region_on_map"
    if "map_rank" in names:
        added.append(
            Column("spread_map", Type.VARCHAR, "The merchant's map of its trees: a link, or the file below the exports.")
        )
        sql[0] += f", {_map(exports_url)} as spread_map"
    if "node" in names:
        added.append(Column("place_in_tree", Type.VARCHAR, "The node, after those that it is a part of; sorts as the tree."))
        sql[0] += f", {_case('t.node', _places_in_tree())} as place_in_tree"
    for column in ("from_tier", "to_tier"):
        if column in names:
            step = column.replace("tier", "step")
            added.append(Column(step, Type.VARCHAR, f"{column} with its number on the ladder, by which it sorts."))
            sql[0] += f", {_case(f't.{column}', {tier: f'{number} {tier}' for number, tier in enumerate(TIERS)})} as {step}"
    if "festival_day" in names:
        added.append(Column("festival_year", Type.VARCHAR, "Year of the Spring Festival that festival_day counts from."))
        sql[0] += ", cast(year(t.date - t.festival_day) as varchar) as festival_year"
    if table.time and table.time not in _MONTHS:
        added.append(Column("week_start", Type.DATE, f"Monday of the week of {table.time}."))
        added.append(
            Column("is_whole_week", Type.BOOLEAN, f"Whether the history has all seven days of the week of {table.time}.")
        )
        added.append(Column("is_as_of", Type.BOOLEAN, f"Whether {table.time} is the day that all figures stand at."))
        week = f"cast(date_trunc('week', t.{table.time}) as date)"
        sql[0] += (
            f", {week} as week_start, {week} >= (select min({table.time}) from {SCHEMA}.{table.name})"
            f" and {week} + 6 <= (select as_of from {SCHEMA}.published) as is_whole_week"
            f", t.{table.time} = (select as_of from {SCHEMA}.published) as is_as_of"
        )
    if where:
        sql.append(f"where {where}")
    is_plain = not added and not where
    return Dataset(
        name,
        table,
        (*table.mart_columns, *added),
        None if is_plain else "\n".join(sql),
        tuple(_metrics(table, name.endswith(TOTALS))),
    )


def _region_names() -> dict[str, str]:
    """The names that the exports have, too."""
    prefix = "region."
    texts = Words.of("en").texts
    return {name.removeprefix(prefix): text for name, text in texts.items() if name.startswith(prefix)}


def _map(exports_url: str | None) -> str:
    """Where the map of a row's merchant is; null where the merchant's folder is not called like it."""
    path = f"(select as_of from {SCHEMA}.published) || '/merchants/' || t.merchant_id || '/spread_map.html'"
    shown = path if exports_url is None else f"'<a href=\"{exports_url}/' || {path} || '\" target=\"_blank\">map</a>'"
    matches = "regexp_full_match(t.merchant_id, '{}')".format
    return f"case when {matches(PLAIN.pattern)} and not {matches(RESERVED.pattern)} then {shown} end"


def _places_in_tree() -> dict[str, str]:
    """Of each node its number in the tree, such as 1.1 for the first part of the first part, and its name."""
    words = Words.of("en")
    found: dict[str, str] = {}
    numbers: list[int] = []
    for node, depth in TREE.items():
        numbers = [*numbers[:depth], numbers[depth] + 1 if depth < len(numbers) else 1]
        found[node] = f"{'.'.join(map(str, numbers))} {words(f'node.{node}')}"
    return found


def _case(column: str, texts: Mapping[str, str]) -> str:
    whens = " ".join(f"when '{code}' then '{text}'" for code, text in texts.items())
    return f"case {column} {whens} else {column} end"


def _metrics(table: Table, totals: bool) -> list[dict[str, Any]]:
    """Rows and the declared metrics; of total rows, which these leave out, each rate of all rows together."""
    found = [_metric("count", "Rows", "Rows of the dataset.", "count(*)", ",.0f")]
    # The declared ones leave total rows out by themselves.
    declared = [metric for metric in METRICS.values() if metric.table == table.name and metric.is_additive and not totals]
    for metric in declared:
        written, *divisors = (metric.columns(measure)[0] for measure in metric.measures)
        if not divisors:
            form = number_format(written) if metric.numerator.aggregate is Aggregate.SUM else ",.0f"
        else:
            form = ".1%" if divisors[0].unit == written.unit else ",.2f"
        found.append(_metric(metric.name, metric.label, metric.text, metric.sql, form))
    for column in table.mart_columns:
        if totals and column.quotient:
            numerator, denominator = column.quotient
            sql = f"1.0 * sum({numerator}) / nullif(sum({denominator}), 0)"
            text = f"Of all rows together: sum of {numerator} / sum of {denominator}."
            found.append(_metric(f"pooled_{column.name}", label(column.name), text, sql, number_format(column)))
    return found


def _metric(name: str, heading: str, text: str, sql: str, form: str) -> dict[str, Any]:
    return {"metric_name": name, "verbose_name": heading, "description": text, "expression": sql, "d3format": form}


def as_yaml(dataset: Dataset, database_uuid: str) -> dict[str, Any]:
    """The dataset as Superset exports it."""
    table = dataset.table
    whose = AREAS[AREA_OF.get(table.name, "ingest")]
    left_out = (
        f" Total rows are left out; they are the dataset {table.name}{TOTALS}." if table.name + TOTALS in datasets() else ""
    )
    text = " Only the total rows." if dataset.name.endswith(TOTALS) else left_out
    return {
        "table_name": dataset.name,
        "main_dttm_col": table.time,
        "description": f"{table.text}{text} Owner: {whose}.",
        "schema": SCHEMA,
        "catalog": None,
        "sql": dataset.sql,
        "filter_select_enabled": True,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "columns": [
            {
                "column_name": column.name,
                "verbose_name": label(column.name),
                "description": column.text,
                "type": str(column.type).upper(),
                "is_dttm": column.type is Type.DATE,
                "groupby": True,
                "filterable": True,
                "is_active": True,
            }
            for column in dataset.columns
        ],
        "metrics": list(dataset.metrics),
        "uuid": dataset.uuid,
        "version": VERSION,
        "database_uuid": database_uuid,
    }
