"""Pictures as inline SVG: no script, no font, no network. Every text is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any
from unicodedata import east_asian_width

from markupsafe import Markup, escape

WIDTH = 500
_INK, _ACCENT, _SOFT, _GRID = "#1f2933", "#1f6f8b", "#cfe3ea", "#e4e7eb"


def _svg(height: float, title: str, parts: Sequence[str]) -> Markup:
    """A picture of parts, which hold no text that is not escaped."""
    name = escape(title)
    head = f'<svg viewBox="0 0 {WIDTH} {height:.0f}" role="img" aria-label="{name}"><title>{name}</title>'
    return Markup(f"{head}{''.join(parts)}</svg>")


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = _INK, size: int = 13) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}" font-size="{size}"'
    return f"<text {place}>{escape(text)}</text>"


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" rx="2" fill="{colour}"/>'


def columns(title: str, labels: Sequence[str], values: Sequence[float], written: Sequence[str]) -> Markup:
    """Columns over time, the last one in the strong colour; negative ones hang below the line."""
    height, base_height = 190.0, 140.0
    top, bottom = max([*values, 0.0]), min([*values, 0.0])
    span = (top - bottom) or 1.0
    zero = 20 + base_height * top / span
    step = WIDTH / max(len(values), 1)
    parts = [f'<line x1="0" y1="{zero:.1f}" x2="{WIDTH}" y2="{zero:.1f}" stroke="{_GRID}"/>']
    for index, (label, value, number) in enumerate(zip(labels, values, written, strict=True)):
        bar = base_height * abs(value) / span
        x, y = index * step + step * 0.15, zero - bar if value >= 0 else zero
        parts.append(_rect(x, y, step * 0.7, max(bar, 0.5), _ACCENT if index == len(values) - 1 else _SOFT))
        middle = index * step + step / 2
        parts.append(_text(middle, y - 5 if value >= 0 else y + bar + 12, number, "middle", size=10))
        if index % 3 == (len(values) - 1) % 3:
            parts.append(_text(middle, height - 6, label, "middle", "#52606d", 11))
    return _svg(height, title, parts)


def bars(title: str, rows: Sequence[tuple[str, float, str]], most: float | None = None) -> Markup:
    """Bars with a label before and a number behind."""
    line, left, right = 26.0, 170.0, 80.0
    scale = most or max([value for _, value, _ in rows] or [0.0]) or 1.0
    parts = []
    for index, (label, value, number) in enumerate(rows):
        y = index * line
        parts.append(_text(left - 10, y + 18, _shortened(label, 22), "end"))
        parts.append(_rect(left, y + 5, max((WIDTH - left - right) * value / scale, 1.0), line - 10, _ACCENT))
        parts.append(_text(left + (WIDTH - left - right) * value / scale + 8, y + 18, number))
    return _svg(max(len(rows) * line, 1.0), title, parts)


def tree(title: str, nodes: Sequence[Mapping[str, Any]]) -> Markup:
    """A share tree from left to right; a larger dot led to more orders.

    Args:
        nodes: share_id, parent_share_id, depth, subtree_orders; every parent is among them and comes first.
    """
    children: dict[str | None, list[Mapping[str, Any]]] = {}
    known = {node["share_id"] for node in nodes}
    for node in nodes:
        parent = node["parent_share_id"] if node["parent_share_id"] in known else None
        children.setdefault(parent, []).append(node)
    rows: dict[str, float] = {}
    leaves = 0
    # Parents come before children, so that the other way round every child has its row before its parent needs it; leaves
    # take the rows in the order of a walk.
    walk, stack = [], list(reversed(children.get(None, [])))
    while stack:
        node = stack.pop()
        walk.append(node)
        stack.extend(reversed(children.get(node["share_id"], [])))
    for node in walk:
        if node["share_id"] not in children:
            rows[node["share_id"]] = float(leaves)
            leaves += 1
    for node in reversed(walk):
        below = [rows[child["share_id"]] for child in children.get(node["share_id"], [])]
        if below:
            rows[node["share_id"]] = (below[0] + below[-1]) / 2
    depth = max((node["depth"] for node in nodes), default=0)
    line = min(22.0, max(7.0, 420.0 / max(leaves, 1)))
    height = line * max(leaves, 1) + 20
    step = (WIDTH - 40) / max(depth, 1)

    def place(node: Mapping[str, Any]) -> tuple[float, float]:
        return 20 + node["depth"] * step, 10 + line * (rows[node["share_id"]] + 0.5)

    by_name = {node["share_id"]: node for node in nodes}
    parts = []
    for node in walk:
        if node["parent_share_id"] in known:
            (x0, y0), (x1, y1) = place(by_name[node["parent_share_id"]]), place(node)
            bend = (x0 + x1) / 2
            curve = f"M{x0:.0f} {y0:.0f}C{bend:.0f} {y0:.0f} {bend:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"
            parts.append(f'<path d="{curve}" fill="none" stroke="{_SOFT}"/>')
    for node in walk:
        x, y = place(node)
        radius = min(3 + 1.5 * node["subtree_orders"] ** 0.5, 12.0)
        parts.append(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{radius:.1f}" fill="{_ACCENT}"/>')
    return _svg(height, title, parts)


def _shortened(text: str, width: int) -> str:
    """A label that fits; wide characters count twice."""
    widths = list(accumulate(2 if east_asian_width(character) in "WF" else 1 for character in text))
    if not widths or widths[-1] <= width:
        return text
    return f"{text[: sum(so_far < width for so_far in widths)]}…"
