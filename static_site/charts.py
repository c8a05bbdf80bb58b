"""The kinds of charts, as Altair specifications of the data `rows`. Titles name the unit; a rate is drawn with its interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt

from static_site.section import DATA, Column, Form

# Colours that people who confuse red and green tell apart, and that print in grey (Okabe and Ito 2008).
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#999999", "#f0e442")
ACCENT, SOFT = COLOURS[0], "#9fb3c8"
_STEP = alt.Step(22)  # of a chart that has a row for each name
# Thousands get their letter; of smaller numbers d3's own would make thousandths, 0.4 would be 400m.
_AXIS_LABEL = "abs(datum.value) < 1000 ? format(datum.value, ',~r') : replace(format(datum.value, '~s'), 'G', 'bn')"


def base(choices: Sequence[str] = ()) -> alt.Chart:
    """A chart as wide as the page, of the rows that were chosen."""
    chart = alt.Chart(alt.NamedData(DATA)).properties(width="container")
    for name in choices:
        chart = chart.transform_filter(f"datum.{name} === {name}")
    return chart


def _value(column: Column) -> dict[str, Any]:
    if column.form is Form.RATE:
        axis = alt.Axis(format="%", tickCount=5)
    else:
        axis = alt.Axis(labelExpr=_AXIS_LABEL, tickCount=5, tickMinStep=1 if column.form is Form.COUNT else alt.Undefined)
    return {"type": "quantitative", "title": column.title, "axis": axis}


def _steps(column: Column, domain: Sequence[str]) -> alt.X:
    """Weeks or months side by side: all of them, whatever is chosen."""
    axis = alt.Axis(labelAngle=0, labelOverlap="greedy", labelSeparation=8, labelPadding=6, labelBound=True, ticks=False)
    return alt.X(column.name, type="ordinal", title=column.title, scale=alt.Scale(domain=list(domain)), axis=axis)


def _colour(column: Column, parts: Sequence[str] | Mapping[str, str]) -> alt.Color:
    """A colour for each part: those of the palette in order, or those that are given."""
    colours = parts.values() if isinstance(parts, Mapping) else COLOURS[: len(parts)]
    return alt.Color(column.name, type="nominal", scale=alt.Scale(domain=list(parts), range=list(colours)), title=None)


def columns_over_time(
    time: Column,
    value: Column,
    tooltips: list[alt.Tooltip],
    domain: Sequence[str],
    choices: Sequence[str],
    split: tuple[Column, Sequence[str]] | None = None,
    *,
    is_share: bool = False,
) -> alt.TopLevelMixin:
    """A column a week or month, stacked by `split`; of a share, each to 100 %."""
    stack: dict[str, Any] = {"stack": "normalize"} if is_share else {}
    y = _value(Column(value.name, value.title, Form.RATE if is_share else value.form))
    chart = base(choices).mark_bar(color=ACCENT).properties(height=240)
    encoding: dict[str, Any] = {"x": _steps(time, domain), "y": alt.Y(value.name, **y, **stack), "tooltip": tooltips}
    if split:
        column, parts = split
        encoding["color"] = _colour(column, parts)
        # Stacked in the order of the legend.
        encoding["order"] = alt.Order("place", type="quantitative")
        chart = chart.transform_calculate(place=f"indexof({list(parts)}, datum.{column.name})")
    drawn: alt.TopLevelMixin = chart.encode(**encoding)
    return drawn


def bars(
    name: Column,
    value: Column,
    tooltips: list[alt.Tooltip],
    choices: Sequence[str],
    *,
    order: Sequence[str] | None = None,
    split: tuple[Column, Mapping[str, str]] | None = None,
) -> alt.TopLevelMixin:
    """A bar a name, the longest first unless an order is given."""
    sort: Any = list(order) if order else "-x"
    encoding: dict[str, Any] = {
        "y": alt.Y(name.name, type="nominal", title=None, sort=sort, axis=alt.Axis(labelLimit=150, ticks=False)),
        "x": alt.X(value.name, **_value(value)),
        "tooltip": tooltips,
    }
    if split:
        encoding["color"] = _colour(*split)
    drawn: alt.TopLevelMixin = base(choices).mark_bar(color=ACCENT).properties(height=_STEP).encode(**encoding)
    return drawn


def intervals(
    name: Column,
    value: Column,
    bounds: tuple[str, str],
    tooltips: list[alt.Tooltip],
    choices: Sequence[str],
) -> alt.TopLevelMixin:
    """A dot a name with the line of its interval, the highest first."""
    low, high = bounds
    sort = alt.EncodingSortField(field=value.name, op="max", order="descending")
    y = alt.Y(name.name, type="nominal", title=None, sort=sort, axis=alt.Axis(labelLimit=150, ticks=False))
    x = alt.X(value.name, **_value(value), scale=alt.Scale(zero=False))
    one = base(choices).encode(y=y, tooltip=tooltips)
    line = one.mark_rule(color=SOFT, strokeWidth=3).encode(x=alt.X(low, **_value(value)), x2=high)
    return _layers(_STEP, line, one.mark_point(filled=True, size=70, color=ACCENT, opacity=1).encode(x=x))


def interval_over_time(
    time: Column,
    value: Column,
    bounds: tuple[str, str],
    tooltips: list[alt.Tooltip],
    domain: Sequence[str],
    choices: Sequence[str],
) -> alt.TopLevelMixin:
    """A dot a month with the line of its interval."""
    low, high = bounds
    one = base(choices).encode(x=_steps(time, domain), tooltip=tooltips)
    line = one.mark_rule(color=SOFT, strokeWidth=3).encode(y=alt.Y(low, **_value(value)), y2=high)
    return _layers(
        240, line, one.mark_point(filled=True, size=70, color=ACCENT, opacity=1).encode(y=alt.Y(value.name, **_value(value)))
    )


def lines(
    x: Column,
    value: Column,
    tooltips: list[alt.Tooltip],
    choices: Sequence[str],
    split: tuple[Column, Sequence[str]] | None = None,
) -> alt.TopLevelMixin:
    """A line over a number."""
    encoding: dict[str, Any] = {
        "x": alt.X(x.name, type="quantitative", title=x.title, scale=alt.Scale(nice=False)),
        "y": alt.Y(value.name, **_value(value)),
        "tooltip": tooltips,
    }
    if split:
        encoding["color"] = _colour(*split)
    drawn: alt.TopLevelMixin = base(choices).mark_line(color=ACCENT, strokeWidth=2).properties(height=240).encode(**encoding)
    return drawn


def curves(
    x: Column,
    value: Column,
    bounds: tuple[str, str],
    split: Column,
    tooltips: list[alt.Tooltip],
    choices: Sequence[str],
) -> alt.TopLevelMixin:
    """Steps over days, each in the band of its interval."""
    low, high = bounds
    axis = alt.X(x.name, type="quantitative", title=x.title, scale=alt.Scale(nice=False))
    colour = alt.Color(
        split.name, type="nominal", title=None, scale=alt.Scale(range=list(COLOURS)), legend=alt.Legend(symbolOpacity=1)
    )
    one = base(choices).encode(x=axis, color=colour)
    scale = alt.Scale(domain=[0, 1])
    band = one.mark_area(opacity=0.15, interpolate="step-after").encode(y=alt.Y(low, **_value(value), scale=scale), y2=high)
    line = one.mark_line(interpolate="step-after", strokeWidth=2).encode(
        y=alt.Y(value.name, **_value(value), scale=scale), tooltip=tooltips
    )
    return _layers(280, band, line)


def grid(row: Column, column: Column, value: Column, tooltips: list[alt.Tooltip], choices: Sequence[str]) -> alt.TopLevelMixin:
    """A cell for each row and column, coloured and labelled by the value."""
    one = (
        base(choices)
        .transform_joinaggregate(highest=f"max({value.name})")
        .encode(
            x=alt.X(column.name, type="ordinal", title=column.title, axis=alt.Axis(labelAngle=0, orient="top")),
            y=alt.Y(row.name, type="ordinal", title=row.title),
            tooltip=tooltips,
        )
    )
    scale = alt.Scale(range=["#f0f6f8", ACCENT], zero=True)
    cell = one.mark_rect().encode(color=alt.Color(value.name, type="quantitative", scale=scale, legend=None))
    text = one.mark_text(fontSize=10).encode(
        text=alt.Text(value.name, type="quantitative", format=".0%"),
        # On the darker half of a colour only white can be read.
        color=alt.condition(f"datum.{value.name} > 0.6 * datum.highest", alt.value("#ffffff"), alt.value("#1f2933")),
    )
    return _layers(_STEP, cell, text)


def points(
    letters: str,
    x: Column,
    y: Column,
    colour: tuple[Column, Sequence[str]],
    tooltips: list[alt.Tooltip],
    choices: Sequence[str],
) -> alt.TopLevelMixin:
    """A point a row, with its letters beside it."""
    one = base(choices).encode(
        x=alt.X(x.name, **_value(x), scale=alt.Scale(zero=False)),
        y=alt.Y(y.name, **_value(y), scale=alt.Scale(zero=False)),
        tooltip=tooltips,
    )
    dots = one.mark_point(filled=True, size=80, opacity=1).encode(color=_colour(*colour))
    texts = one.mark_text(align="left", dx=7, fontSize=10).encode(text=alt.Text(letters, type="nominal"))
    return _layers(320, dots, texts)


def _layers(height: int | alt.Step, *layers: alt.Chart) -> alt.TopLevelMixin:
    layered: alt.TopLevelMixin = alt.layer(*layers).properties(width="container", height=height)
    return layered
