"""A chart as a short entry, and what Superset makes of it: its form, and the query that the form asks.

An entry that names a column or a metric which its dataset does not have is refused when the bundle is made.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from contract.columns import Type
from dashboards.datasets import VERSION, Dataset, datasets, identity, number_format

_PERCENT, _DAY = ".1%", "P1D"
_GREEN, _RED = "#6CBF84", "#E07B6A"
_COLOURS = (("≥", 1.5, _GREEN), ("≤", -1.5, _RED))


class BundleError(ValueError):
    """An entry names something that is not there; the message says which chart, and what there is."""


class Kind(StrEnum):
    """How a chart is drawn, by Superset's names."""

    NUMBER = "big_number_total"
    TREND = "big_number"
    ROWS = "table"
    LINE = "echarts_timeseries_line"
    BAR = "echarts_timeseries_bar"
    HEAT = "heatmap_v2"
    MAP = "country_map"
    WATERFALL = "waterfall"


@dataclass(frozen=True)
class Of:
    """A metric of one chart: an aggregate of a column, with its heading and, where it is not the column's, its format."""

    function: str
    column: str
    heading: str
    form: str | None = None


@dataclass(frozen=True)
class Chart:
    """An entry.

    Attributes:
        title: which also makes its id, so it is unique.
        dataset: what it reads.
        kind: how it is drawn.
        metrics: names of the dataset's metrics, or aggregates of its columns.
        by: columns that it is grouped by; of a table without metrics, those that it shows.
        x: the axis of a line, a bar, a trend, a heat map or a waterfall.
        where: SQL over the dataset's columns; rows for which it does not hold are left out.
        order: what rows are sorted by, with a minus in front for the largest first; several with commas between. A table with
            metrics is sorted by one column, by default its first metric.
        rows: how many are shown at most.
        text: what a reader should know.
        width: of the twelve columns of a dashboard.
        height: in units of eight pixels.
        stacked: whether series stand on each other.
        axis: heading of the x axis, where the column's is not good enough.
        forms: how D3 writes columns whose own way does not suit.
        lag: what the change of a trend is called, against the point before.
        coloured: a column of distances in noise. Its cells in a table are green and red where the diagnosis is; a heat map of
            it goes from red, three times the noise below, to blue, as much above.
    """

    title: str
    dataset: str
    kind: Kind
    metrics: tuple[str | Of, ...] = ()
    by: tuple[str, ...] = ()
    x: str | None = None
    where: str | None = None
    order: str | None = None
    rows: int = 100
    text: str = ""
    width: int = 6
    height: int = 50
    stacked: bool = False
    axis: str | None = None
    forms: tuple[tuple[str, str], ...] = ()
    lag: str = ""
    coloured: str | None = None

    @property
    def uuid(self) -> str:
        return identity("chart", self.title)


def dataset_of(chart: Chart) -> Dataset:
    """The dataset that a chart reads, once everything that the chart names has been found in it.

    Raises:
        BundleError: it is not there, or lacks a column or a metric.
    """
    there = datasets()
    if chart.dataset not in there:
        raise BundleError(f"the chart {chart.title!r} reads {chart.dataset}, which is no dataset; there are {', '.join(there)}")
    dataset = there[chart.dataset]
    named = [*chart.by, *([chart.x] if chart.x else []), *([chart.coloured] if chart.coloured else [])]
    named += [metric.column for metric in chart.metrics if isinstance(metric, Of)]
    named += [name for name, _ in _order(chart)]
    for name in named:
        if dataset.column(name) is None:
            columns = ", ".join(column.name for column in dataset.columns)
            raise BundleError(f"the chart {chart.title!r} names the column {name}; {dataset.name} has {columns}")
    for metric in chart.metrics:
        if isinstance(metric, str) and dataset.metric(metric) is None:
            metrics = ", ".join(str(own["metric_name"]) for own in dataset.metrics)
            raise BundleError(f"the chart {chart.title!r} names the metric {metric}; {dataset.name} has {metrics}")
    return dataset


def as_yaml(chart: Chart) -> dict[str, Any]:
    """The chart as Superset exports it.

    Raises:
        BundleError: it names something that its dataset lacks.
    """
    dataset = dataset_of(chart)
    form = _form(chart, dataset)
    return {
        "slice_name": chart.title,
        "description": chart.text or None,
        "viz_type": str(chart.kind),
        "params": form,
        "query_context": json.dumps(_query_context(chart, dataset, form), ensure_ascii=False),
        "cache_timeout": None,
        "uuid": chart.uuid,
        "version": VERSION,
        "dataset_uuid": dataset.uuid,
    }


def _metrics(chart: Chart) -> list[Any]:
    return [metric if isinstance(metric, str) else _metric(chart, metric) for metric in chart.metrics]


def _metric(chart: Chart, metric: Of) -> dict[str, Any]:
    return {
        "aggregate": metric.function,
        "column": {"column_name": metric.column},
        "expressionType": "SIMPLE",
        "hasCustomLabel": True,
        "label": metric.heading,
        "optionName": f"metric_{identity('metric', f'{chart.title}/{metric.heading}')[:8]}",
    }


def _formats(chart: Chart, dataset: Dataset) -> dict[str, str]:
    """How the numbers of a chart are written, by what Superset calls them."""
    found: dict[str, str] = {}
    for metric in chart.metrics:
        if isinstance(metric, str):
            own = dataset.metric(metric)
            assert own is not None
            found[metric] = str(own["d3format"])
        else:
            column = dataset.column(metric.column)
            assert column is not None
            found[metric.heading] = metric.form or (",.0f" if metric.function.startswith("COUNT") else number_format(column))
    for name in chart.by if not chart.metrics else ():
        column = dataset.column(name)
        assert column is not None
        if column.type.is_number:
            found[name] = number_format(column)
    return found | dict(chart.forms)


def _filters(chart: Chart) -> list[dict[str, Any]]:
    if not chart.where:
        return []
    name = f"filter_{identity('filter', chart.title)[:8]}"
    return [{"clause": "WHERE", "expressionType": "SQL", "sqlExpression": chart.where, "filterOptionName": name}]


def _form(chart: Chart, dataset: Dataset) -> dict[str, Any]:
    metrics, formats = _metrics(chart), _formats(chart, dataset)
    first = next(iter(formats.values()), ",.0f")
    form: dict[str, Any] = {
        "viz_type": str(chart.kind),
        "adhoc_filters": _filters(chart),
        "row_limit": chart.rows,
        "extra_form_data": {},
        "annotation_layers": [],
    }
    if chart.kind is Kind.NUMBER:
        return form | {
            "metric": metrics[0],
            "y_axis_format": first,
            "header_font_size": 0.4,
            "subtitle": chart.text,
            "subtitle_font_size": 0.15,
        }
    if chart.kind is Kind.TREND:
        return form | {
            "metric": metrics[0],
            "x_axis": chart.x,
            "time_grain_sqla": _DAY,
            "y_axis_format": first,
            "time_format": "%d %b %Y",
            "show_trend_line": True,
            "show_timestamp": True,
            "start_y_axis_at_zero": True,
            "compare_lag": 1,
            "compare_suffix": chart.lag,
            "header_font_size": 0.3,
            "subheader_font_size": 0.125,
        }
    if chart.kind is Kind.ROWS:
        form |= {
            "query_mode": "aggregate" if chart.metrics else "raw",
            "column_config": {name: {"d3NumberFormat": written} for name, written in formats.items()},
            "table_timestamp_format": "%Y-%m-%d",
            "show_cell_bars": False,
            "color_pn": False,
            "align_pn": False,
            "allow_rearrange_columns": False,
            "include_time": False,
            "page_length": 0,
            "include_search": chart.width == 12 and not chart.metrics,
            "conditional_formatting": [
                {
                    "column": chart.coloured,
                    "operator": operator,
                    "targetValue": bound,
                    "colorScheme": colour,
                    "useGradient": False,
                }
                for operator, bound, colour in _COLOURS
                if chart.coloured
            ],
        }
        if chart.metrics:
            sort = [
                {"timeseries_limit_metric": metric, "order_desc": not first} for metric, first in _sorted(chart, metrics)[:1]
            ]
            return form | {"groupby": list(chart.by), "metrics": metrics, **sort[0]}
        return form | {"all_columns": list(chart.by), "order_by_cols": [json.dumps(pair) for pair in _order(chart)]}
    if chart.kind is Kind.WATERFALL:
        return form | {
            "x_axis": chart.x,
            "groupby": [],
            "metric": metrics[0],
            "y_axis_format": first,
            "increase_color": _rgb(_GREEN),
            "decrease_color": _rgb(_RED),
            "total_color": _rgb("#666666"),
            "show_total": True,
            "show_value": True,
            "x_ticks_layout": "45°",
        }
    if chart.kind is Kind.MAP:
        return form | {
            "entity": chart.by[0],
            "metric": metrics[0],
            "select_country": "china",
            "number_format": first,
            "linear_color_scheme": "superset_seq_1",
        }
    if chart.kind is Kind.HEAT:
        axis = dataset.column(chart.x or "")
        is_of_days = axis is not None and axis.type is Type.DATE
        return form | {
            "x_axis": chart.x,
            "groupby": chart.by[0],
            "metric": metrics[0],
            "y_axis_format": first,
            "x_axis_time_format": "%d %b" if is_of_days else "%Y-%m",
            "linear_color_scheme": "red_yellow_blue" if chart.coloured else "superset_seq_1",
            "normalize_across": "heatmap",
            "legend_type": "continuous",
            "show_legend": True,
            "show_percentage": False,
            "show_values": not is_of_days,
            "sort_x_axis": "alpha_asc",
            "sort_y_axis": "alpha_desc",
            "xscale_interval": -1,
            "yscale_interval": -1,
            "left_margin": "auto",
            "bottom_margin": "auto",
            "value_bounds": [-3, 3] if chart.coloured else [None, None],
        }
    column = dataset.column(chart.x or "")
    assert column is not None, chart.title
    bounds: tuple[int | None, ...] = (0, 1) if first == _PERCENT else (None, None)
    months = column.name in ("month_start", "month_end", "cohort_month_start")
    return form | {
        "color_scheme": "supersetColors",
        "x_axis": column.name,
        "x_axis_title": chart.axis or "",
        "x_axis_title_margin": 30 if chart.axis else 0,
        "x_axis_time_format": "%Y-%m" if months else "%d %b",
        "x_axis_sort_asc": True,
        "x_axis_sort": column.name,
        "xAxisForceCategorical": column.type is not Type.DATE,
        "metrics": metrics,
        "groupby": list(chart.by),
        "y_axis_format": first,
        "stack": "Stack" if chart.stacked else None,
        "orientation": "vertical",
        "show_legend": len(metrics) > 1 or bool(chart.by),
        "legendType": "scroll",
        "legendOrientation": "top",
        "rich_tooltip": True,
        "tooltipTimeFormat": "%Y-%m" if months else "%Y-%m-%d",
        "truncateXAxis": True,
        "truncateYAxis": first == _PERCENT,
        "y_axis_bounds": list(bounds),
        "sort_series_type": "name",
        "sort_series_ascending": True,
        "only_total": True,
        "markerEnabled": False,
        "seriesType": "line",
    }


def _sorted(chart: Chart, metrics: list[Any]) -> list[tuple[Any, bool]]:
    """What a table with metrics is sorted by, which for Superset is a metric, and whether the smallest comes first."""
    by = [(_metric(chart, Of("MAX", name, name)), first) for name, first in _order(chart)]
    return by or [(metrics[0], False)]


def _rgb(colour: str) -> dict[str, int]:
    return {name: int(colour[place : place + 2], 16) for name, place in (("r", 1), ("g", 3), ("b", 5))} | {"a": 1}


def _order(chart: Chart) -> list[tuple[str, bool]]:
    """The columns that rows are sorted by, and whether the smallest comes first."""
    return [(name.lstrip("-"), not name.startswith("-")) for name in chart.order.split(", ")] if chart.order else []


def _query_context(chart: Chart, dataset: Dataset, form: dict[str, Any]) -> dict[str, Any]:
    """What the browser asks for the form, to the letter: an answer that was warmed is then the one that a person gets."""
    metrics = _metrics(chart)
    query: dict[str, Any] = {
        "filters": [],
        "extras": {"having": "", "where": f"({chart.where})" if chart.where else ""},
        "applied_time_extras": {},
        "columns": list(chart.by),
        "metrics": metrics,
        "annotation_layers": [],
        "row_limit": chart.rows,
        "series_limit": 0,
        "group_others_when_limit_reached": False,
        "order_desc": True,
        "url_params": {},
        "custom_params": {},
        "custom_form_data": {},
    }
    if chart.kind is Kind.ROWS:
        query |= {"orderby": _sorted(chart, metrics) if metrics else _order(chart), "post_processing": []}
        if not metrics:
            query["metrics"] = None
    elif chart.x:
        query |= _along_the_axis(chart, chart.x, metrics)
        if chart.kind is Kind.TREND:
            query["extras"] = {"time_grain_sqla": _DAY, **query["extras"]}
    return {
        "datasource": {"id": 0, "type": "table"},
        "force": False,
        "queries": [query],
        "form_data": form,
        "result_format": "json",
        "result_type": "full",
    }


def _along_the_axis(chart: Chart, x: str, metrics: list[Any]) -> dict[str, Any]:
    axis: dict[str, Any] = {
        "columnType": "BASE_AXIS",
        "sqlExpression": x,
        "label": x,
        "expressionType": "SQL",
        "isColumnReference": True,
    }
    if chart.kind is Kind.WATERFALL:
        return {"columns": [axis], "orderby": [[x, True]]}
    names = [metric if isinstance(metric, str) else metric["label"] for metric in metrics]
    pivot = {
        "operation": "pivot",
        "options": {
            "index": [x],
            "columns": list(chart.by),
            "aggregates": {name: {"operator": "mean"} for name in names},
            "drop_missing_columns": chart.kind is Kind.TREND,
        },
    }
    flatten = {"operation": "flatten"}
    if chart.kind is Kind.TREND:
        return {"columns": [axis | {"timeGrain": _DAY}], "post_processing": [pivot, flatten]}
    columns = [axis, *chart.by]
    if chart.kind is Kind.HEAT:
        rank = {"operation": "rank", "options": {"metric": names[0]}}
        return {"columns": columns, "orderby": [[x, True], [chart.by[0], False]], "post_processing": [rank]}
    rename = {"operation": "rename", "options": {"columns": {names[0]: None}, "level": 0, "inplace": True}}
    sort = {"operation": "sort", "options": {"is_sort_index": True, "ascending": True}}
    return {
        "columns": columns,
        "series_columns": list(chart.by),
        "time_offsets": [],
        "orderby": [[metrics[0], False]],
        "post_processing": [pivot, rename if chart.by else sort, flatten],
    }
