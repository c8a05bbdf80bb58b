"""What follows from the declarations of metrics: dbt's semantic models and metrics, as MetricFlow reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contract.columns import Column, Type
from contract.metrics import METRICS, TOTAL, Aggregate, Measure, Metric, time_column
from contract.table import Table
from contract.tables import TABLES

NOTICE = "Generated from contract/metrics.py by `python -m contract.generate`; edit the declaration."

_PATH = Path("dbt_project/models/marts/_marts__semantic_models.yml")

# Tables that others are joined to, and what a row of them is.
_JOINED = {"merchants": "merchant", "users": "user"}
_ENTITIES = {"merchant_id": "merchant", "user_id": "user"}
# Texts that are no closed list, and that people group by nevertheless.
_GROUPS = {"account_manager", "category", "city_tier", "cohort_month", "period", "plan", "region", "size_required"}
# MetricFlow keeps names of granularities for itself.
_TIMES = {"week": "week_start"}


def tables_of_metrics() -> dict[str, list[Metric]]:
    """The metrics of each mart that has dates: MetricFlow wants a time for all. The others are for dashboards alone."""
    found: dict[str, list[Metric]] = {}
    for metric in METRICS.values():
        if time_column(TABLES[metric.table]):
            found.setdefault(metric.table, []).append(metric)
    return found


def yaml_files() -> dict[Path, dict[str, Any]]:
    """Semantic models of the marts that have metrics, and of those that they are joined to."""
    tables = tables_of_metrics()
    all_metrics = {table: _with_parts(metrics) for table, metrics in tables.items()}
    models = [
        _model(TABLES[table], [metric for metric in metrics if not metric.denominator])
        for table, metrics in all_metrics.items()
    ]
    models += [_model(TABLES[table], []) for table in _JOINED]
    entries = [entry for metrics in all_metrics.values() for entry in _metrics(metrics)]
    return {_PATH: {"version": 2, "semantic_models": models, "metrics": entries}}


def _with_parts(metrics: list[Metric]) -> list[Metric]:
    """The metrics of a mart, with what its rates divide where no metric is that."""
    parts: dict[Measure, Metric] = {metric.numerator: metric for metric in metrics if not metric.denominator}
    for metric in metrics:
        if metric.denominator:
            for kind, measure in zip(("numerator", "denominator"), metric.measures, strict=True):
                label, text = f"{metric.label}: {kind}", f"The {kind} of {metric.name}."
                parts.setdefault(measure, Metric(f"{metric.name}_{kind}", label, text, metric.table, measure))
    return [*parts.values(), *(metric for metric in metrics if metric.denominator)]


def _metrics(metrics: list[Metric]) -> Iterator[dict[str, Any]]:
    names = {metric.numerator: metric.name for metric in metrics if not metric.denominator}
    for metric in metrics:
        yield _metric(metric, names)


def _metric(metric: Metric, parts: dict[Measure, str]) -> dict[str, Any]:
    entry = {"name": metric.name, "label": metric.label, "description": metric.text}
    if metric.denominator is None:
        return entry | {"type": "simple", "type_params": {"measure": _measure_name(metric)}}
    numerator, denominator = (parts[measure] for measure in metric.measures)
    return entry | {"type": "ratio", "type_params": {"numerator": numerator, "denominator": denominator}}


def _measure_name(metric: Metric) -> str:
    return f"{metric.name}_measure"


def _model(table: Table, metrics: list[Metric]) -> dict[str, Any]:
    model: dict[str, Any] = {"name": table.name, "description": table.text, "model": f"ref('{table.name}')"}
    primary = _JOINED.get(table.name)
    time = time_column(table) if metrics else None
    if time:
        model["defaults"] = {"agg_time_dimension": _TIMES.get(time, time)}
    if primary:
        model["entities"] = [{"name": primary, "type": "primary", "expr": f"{primary}_id"}]
    else:
        model["primary_entity"] = table.name
        columns = {column.name for column in table.mart_columns}
        entities = [
            {"name": name, "type": "foreign", "expr": column} for column, name in _ENTITIES.items() if column in columns
        ]
        if entities:
            model["entities"] = entities
    model["dimensions"] = [_time(column) for column in table.mart_columns if column.type is Type.DATE]
    model["dimensions"] += [{"name": column.name, "type": "categorical"} for column in table.mart_columns if _is_group(column)]
    if metrics:
        model["measures"] = [_measure(metric, time) for metric in metrics]
    return model


def _time(column: Column) -> dict[str, Any]:
    grain = "month" if column.name.endswith("month_start") else "day"
    dimension: dict[str, Any] = {"name": column.name, "type": "time", "type_params": {"time_granularity": grain}}
    return dimension | {"name": _TIMES[column.name], "expr": column.name} if column.name in _TIMES else dimension


def _is_group(column: Column) -> bool:
    is_flag = column.type is Type.BOOLEAN and column.name != TOTAL
    return is_flag or bool(column.values) or column.name in _GROUPS


def _measure(metric: Metric, time: str | None) -> dict[str, Any]:
    measure: Measure = metric.numerator
    condition = metric.condition(measure)
    entry: dict[str, Any] = {
        "name": _measure_name(metric),
        "agg": "count" if measure.aggregate is Aggregate.COUNT else "sum",
        "expr": f"case when {condition} then {measure.expression} end" if condition else measure.expression,
        "description": metric.text,
    }
    if measure.aggregate is Aggregate.LAST:
        entry["non_additive_dimension"] = {"name": time, "window_choice": "max"}
    return entry
