"""Small charts as inline SVG (lines, dots, bars) for a page that opens anywhere, without scripts. drawsvg escapes the texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import drawsvg as draw
from markupsafe import Markup

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 380, 262, 52, 38, 26
_COLOURS = ("#b00020", "#1565c0", "#888888")
_FONT = 11


def lines(series: Mapping[str, Points], x_label: str, y_label: str) -> Markup:
    """A line with dots through the points of each series, as SVG; axes start at 0."""
    right = max([x for points in series.values() for x, _ in points], default=1) or 1
    top = max([y for points in series.values() for _, y in points], default=1) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = x / right * (_WIDTH - _LEFT - 10), y / top * (_HEIGHT - _BOTTOM - _TOP)
        return round(_LEFT + across, 1), round(_HEIGHT - _BOTTOM - up, 1)

    picture = _picture(_HEIGHT)
    _draw_axes(picture, right, top, x_label, y_label)
    legend = draw.Text([], _FONT, _LEFT, _TOP - 12)
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        placed = [place(x, y) for x, y in points]
        if placed:
            flat = [coordinate for point in placed for coordinate in point]
            picture.append(draw.Lines(*flat, fill="none", stroke=colour, stroke_width=1.5))
        picture.extend(draw.Circle(x, y, 2.5, fill=colour) for x, y in placed)
        legend.append(draw.TSpan(name, fill=colour, dx=12 * bool(number)))
    picture.append(legend)
    return _svg(picture)


def bars(values: Mapping[str, float], mark: float) -> Markup:
    """Horizontal bars as SVG, those above `mark` in red; a line shows the mark."""
    row, label = 17, 140
    scale = (_WIDTH - label - 60) / (max([*values.values(), mark], default=1) or 1)
    height = max(len(values), 1) * row
    at = round(label + mark * scale, 1)
    picture = _picture(height)
    for number, (name, value) in enumerate(values.items()):
        y, length = number * row, round(value * scale, 1)
        picture.append(draw.Text(name, _FONT, label - 6, y + 12, text_anchor="end"))
        picture.append(draw.Rectangle(label, y + 2, length, row - 5, fill=_COLOURS[0 if value > mark else 1]))
        # Right of the mark as well, whose line would cross out the number.
        picture.append(draw.Text(f"{value:.2f}", _FONT, max(label + length, at) + 5, y + 12))
    picture.append(draw.Line(at, 0, at, height, stroke=_COLOURS[2], stroke_dasharray=3))
    return _svg(picture)


def _draw_axes(picture: Any, right: float, top: float, x_label: str, y_label: str) -> None:
    floor, middle = _HEIGHT - _BOTTOM, (_TOP + _HEIGHT - _BOTTOM) / 2
    picture.append(draw.Path(fill="none", stroke="#444").M(_LEFT, _TOP).V(floor).H(_WIDTH - 10))
    picture.append(draw.Text("0", _FONT, _LEFT, floor + 15))
    picture.append(draw.Text(f"{right:.3g}", _FONT, _WIDTH - 10, floor + 15, text_anchor="end"))
    picture.append(draw.Text(x_label, _FONT, (_LEFT + _WIDTH) / 2, _HEIGHT - 6, text_anchor="middle"))
    picture.append(draw.Text(f"{top:.3g}", _FONT, _LEFT - 5, _TOP + 9, text_anchor="end"))
    picture.append(draw.Text(y_label, _FONT, 12, middle, text_anchor="middle", transform=f"rotate(-90 12 {middle})"))


def _picture(height: int) -> Any:
    return draw.Drawing(_WIDTH, height, role="img", font_family="system-ui,sans-serif")


def _svg(picture: Any) -> Markup:
    return Markup(picture.as_svg(header=""))
