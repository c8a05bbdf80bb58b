"""Small charts as inline SVG: lines, dots and bars, enough for a page that must open anywhere."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

Points = Sequence[tuple[float, float]]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 380, 250, 52, 38, 14
_COLOURS = ("#b00020", "#1565c0", "#888888")


def lines(series: Mapping[str, Points], x_label: str, y_label: str) -> str:
    """Lines with dots through the points of each series; axes start at 0."""
    right = max([x for points in series.values() for x, _ in points], default=1) or 1
    top = max([y for points in series.values() for _, y in points], default=1) or 1

    def place(x: float, y: float) -> tuple[float, float]:
        return _LEFT + x / right * (_WIDTH - _LEFT - 10), _HEIGHT - _BOTTOM - y / top * (_HEIGHT - _BOTTOM - _TOP)

    parts = [_axes(right, top, x_label, y_label)]
    for number, (name, points) in enumerate(series.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        placed = [place(x, y) for x, y in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>' for x, y in placed]
        parts.append(f'<text x="{_LEFT + 8}" y="{_TOP + 12 + 15 * number}" fill="{colour}">{html.escape(name)}</text>')
    return _svg(_HEIGHT, parts)


def bars(values: Mapping[str, float], mark: float) -> str:
    """Horizontal bars, those above `mark` in red; a line shows the mark."""
    row, label = 17, 140
    scale = (_WIDTH - label - 60) / (max([*values.values(), mark], default=1) or 1)
    parts = []
    for number, (name, value) in enumerate(values.items()):
        y = number * row
        colour = _COLOURS[0] if value > mark else _COLOURS[1]
        parts.append(f'<text x="{label - 6}" y="{y + 12}" text-anchor="end">{html.escape(name)}</text>')
        parts.append(f'<rect x="{label}" y="{y + 2}" width="{value * scale:.1f}" height="{row - 5}" fill="{colour}"/>')
        parts.append(f'<text x="{label + value * scale + 5:.1f}" y="{y + 12}">{value:.2f}</text>')
    height = max(len(values), 1) * row
    parts.append(f'<path d="M{label + mark * scale:.1f} 0V{height}" stroke="#888" stroke-dasharray="3"/>')
    return _svg(height, parts)


def _axes(right: float, top: float, x_label: str, y_label: str) -> str:
    floor = _HEIGHT - _BOTTOM
    return (
        f'<path d="M{_LEFT} {_TOP}V{floor}H{_WIDTH - 10}" fill="none" stroke="#444"/>'
        f'<text x="{_LEFT}" y="{floor + 15}">0</text>'
        f'<text x="{_WIDTH - 10}" y="{floor + 15}" text-anchor="end">{right:.3g}</text>'
        f'<text x="{(_LEFT + _WIDTH) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{html.escape(x_label)}</text>'
        f'<text x="{_LEFT - 5}" y="{_TOP + 9}" text-anchor="end">{top:.3g}</text>'
        f'<text transform="translate(12 {(_TOP + floor) / 2}) rotate(-90)" text-anchor="middle">{html.escape(y_label)}</text>'
    )


def _svg(height: int, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="system-ui,sans-serif" font-size="11" role="img">{"".join(parts)}</svg>'
    )
