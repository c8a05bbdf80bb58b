"""Pictures as inline SVG: no script, no font, no network.

drawsvg draws them, but takes 0.1 ms an element: dots, bars, boxes and texts, of which a day has millions, are written as they
are, every text escaped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil, cos, log10, pi, sin, tau
from typing import Any
from unicodedata import east_asian_width

import drawsvg as draw
from markupsafe import Markup, escape

WIDTH = 400  # as a phone shows it, nearly: texts keep their size there
_INK, _FAINT, _ACCENT, _SOFT, _GRID = "#1f2933", "#52606d", "#1f6f8b", "#cfe3ea", "#e4e7eb"
_RED, _GREEN, _GREY, _LINK = "#c0392b", "#2e8b57", "#9fb3c8", "#bcccdc"
_KINDS = (_ACCENT, "#8bbccd", "#e0b65c", "#d98880")  # of parts that stand on each other
_LABELS = 40  # of branches that are not drawn
_ROOM_FOR_A_MARK = 14.0  # between the words above a curve

Point = tuple[float, float]


def _picture(height: float, title: str, origin: str | Point = (0, 0)) -> Any:
    picture = draw.Drawing(WIDTH, ceil(height), origin=origin, role="img", aria_label=title)
    picture.append(draw.Title(title))
    return picture


def _svg(picture: Any, drawn: Sequence[str]) -> Markup:
    """A picture, and on it what is written as it is."""
    if drawn:
        picture.append(draw.Raw("\n".join(drawn)))
    return Markup(picture.as_svg(header=""))


def _text(x: float, y: float, text: str, anchor: str = "start", colour: str = _INK, size: int = 13) -> str:
    place = f'x="{round(x, 1)}" y="{round(y, 1)}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    place = f'x="{round(x, 1)}" y="{round(y, 1)}" width="{round(width, 1)}" height="{round(height, 1)}"'
    return f'<rect {place} rx="2" fill="{colour}" />'


def _dot(at: Point, radius: float, told: str | None = None) -> str:
    title = "" if told is None else f"<title>{escape(told)}</title>"
    return f'<circle cx="{at[0]}" cy="{at[1]}" r="{radius}">{title}</circle>'


def columns(title: str, labels: Sequence[str], values: Sequence[float], written: Sequence[str]) -> Markup:
    """Columns over time, the last one in the strong colour; negative ones hang below the line."""
    height, base_height = 190.0, 140.0
    top, bottom = max([*values, 0.0]), min([*values, 0.0])
    span = (top - bottom) or 1.0
    zero = 20 + base_height * top / span
    step = WIDTH / max(len(values), 1)
    picture = _picture(height, title)
    picture.append(draw.Line(0, round(zero, 1), WIDTH, round(zero, 1), stroke=_GRID))
    drawn = []
    for index, (label, value, number) in enumerate(zip(labels, values, written, strict=True)):
        bar = base_height * abs(value) / span
        x, y = index * step + step * 0.15, zero - bar if value >= 0 else zero
        drawn.append(_rect(x, y, step * 0.7, max(bar, 0.5), _ACCENT if index == len(values) - 1 else _SOFT))
        middle = index * step + step / 2
        drawn.append(_text(middle, y - 5 if value >= 0 else y + bar + 12, number, "middle", size=9))
        if index % 3 == (len(values) - 1) % 3:
            drawn.append(_text(middle, height - 6, label, "middle", _FAINT, 11))
    return _svg(picture, drawn)


def bars(title: str, rows: Sequence[tuple[str, float, str]], most: float | None = None) -> Markup:
    """Bars with a label before and a number behind."""
    line, left, right = 26.0, 160.0, 84.0
    scale = most or max([value for _, value, _ in rows] or [0.0]) or 1.0
    drawn = []
    for index, (label, value, number) in enumerate(rows):
        y = index * line
        drawn.append(_text(left - 10, y + 18, _shortened(label, 20), "end", size=12))
        drawn.append(_rect(left, y + 5, max((WIDTH - left - right) * value / scale, 1.0), line - 10, _ACCENT))
        drawn.append(_text(left + (WIDTH - left - right) * value / scale + 8, y + 18, number))
    return _svg(_picture(max(len(rows) * line, 1.0), title), drawn)


@dataclass(frozen=True)
class Box:
    """A box of a tree.

    Attributes:
        depth: 0 is the root; a box hangs from the last one before it that is less deep.
        value, expected: what there was and what was to be expected, as written.
        direction: 1 where there was more than expected, -1 where less.
        part: its part of the change, as written.
        colour: `green`, `yellow` or `red`; empty where nothing can be said.
    """

    depth: int
    label: str
    value: str
    expected: str
    direction: int
    part: str
    colour: str


# By colour of a box: frame, ground.
_BOXES = {"green": (_GREEN, "#e3f3ea"), "yellow": ("#d8b24a", "#fdf6e0"), "red": (_RED, "#fbe4e1"), "": (_LINK, "#f5f7fa")}


def tree(title: str, boxes: Sequence[Box]) -> Markup:
    """Boxes below each other, each indented below the one that it is a part of: so the texts keep their size on a phone."""
    high, gap, indent = 49.0, 7.0, 22.0
    drawn = []
    above: dict[int, float] = {}
    for index, box in enumerate(boxes):
        x, y = box.depth * indent + 1, index * (high + gap) + 2
        middle = y + high / 2 - 2
        if box.depth:
            stem = x - indent / 2 - 1
            way = f"M{stem},{above[box.depth - 1]} V{middle} H{x}"
            drawn.append(f'<path d="{way}" fill="none" stroke="{_LINK}" stroke-width="1.5" />')
        above[box.depth] = y + high - 4
        frame, ground = _BOXES[box.colour]
        thick = 3 if box.colour == "red" else 1.2
        place = f'x="{round(x + thick / 2, 1)}" y="{round(y + thick / 2, 1)}"'
        size = f'width="{round(WIDTH - x - thick - 1, 1)}" height="{round(high - thick - 4, 1)}"'
        drawn.append(f'<rect {place} {size} rx="4" fill="{ground}" stroke="{frame}" stroke-width="{thick}" />')
        drawn.append(_text(x + 11, y + 19, box.label, size=12))
        drawn.append(_text(x + 11, y + 37, box.value, size=14))
        drawn.append(_text(x + 96, y + 37, box.expected, colour=_FAINT, size=12))
        drawn.append(_text(WIDTH - 12, middle + 5, box.part, "end", size=14))
        if box.direction:
            tip, base = (-5, 4) if box.direction > 0 else (5, -4)
            at, colour = WIDTH - 92, frame if box.colour in ("green", "red") else _FAINT
            way = f"M{at},{middle + tip} L{at - 6},{middle + base} L{at + 6},{middle + base} Z"
            drawn.append(f'<path d="{way}" fill="{colour}" />')
    return _svg(_picture(len(boxes) * (high + gap), title), drawn)


def waterfall(
    title: str, first: tuple[str, float, str], parts: Sequence[tuple[str, float, str]], last: tuple[str, float, str]
) -> Markup:
    """From a figure to another one, part by part: each begins where the one before ended."""
    line, left, right = 26.0, 130.0, 76.0
    ends = list(accumulate([first[1], *(value for _, value, _ in parts)]))
    low, high = min([0.0, *ends]), max([0.0, *ends, last[1]])
    scale = (WIDTH - left - right) / ((high - low) or 1.0)
    drawn = []
    spans = [(0.0, first[1]), *pairwise(ends), (0.0, last[1])]
    for index, ((label, value, number), (begin, end)) in enumerate(zip([first, *parts, last], spans, strict=True)):
        y, x = index * line, left + (min(begin, end) - low) * scale
        is_whole = index in (0, len(parts) + 1)
        colour = _ACCENT if is_whole else _GREEN if value > 0 else _RED
        width = max(abs(end - begin) * scale, 1.0)
        drawn.append(_text(left - 10, y + 18, _shortened(label, 18), "end", size=12))
        drawn.append(_rect(x, y + 5, width, line - 10, colour))
        drawn.append(_text(WIDTH - 8, y + 18, number, "end"))
        if not is_whole or index == 0:
            edge = round(left + (end - low) * scale, 1)
            way = f"M{edge},{y + line - 5} L{edge},{y + line + 5}"
            drawn.append(f'<path d="{way}" stroke="{_FAINT}" stroke-dasharray="2,2" />')
    return _svg(_picture((len(parts) + 2) * line, title), drawn)


def steps(title: str, points: Sequence[Point], below: str, most: str) -> Markup:
    """A number that only grows, as a staircase from zero to `most`; `points` are in the order of both coordinates."""
    left, right, top, height = 50.0, 16.0, 12.0, 130.0
    last_x, last_y = points[-1]
    wide, tall = (WIDTH - left - right) / (last_x or 1.0), (height - top) / (last_y or 1.0)
    picture = _picture(height + 24, title)
    stairs = draw.Path(fill="none", stroke=_ACCENT, stroke_width=1.5)
    stairs.M(left, height)
    for x, y in points:
        stairs.H(round(left + x * wide, 1)).V(round(height - y * tall, 1))
    picture.append(draw.Line(left, height, WIDTH - right, height, stroke=_GRID))
    picture.append(stairs)
    texts = [
        _text(left - 6, top + 4, most, "end", _FAINT, 11),
        _text(left - 6, height + 4, "0", "end", _FAINT, 11),
        _text(left, height + 16, "0", "middle", _FAINT, 11),
        _text(WIDTH - right, height + 16, f"{last_x:,.3g}" if last_x < 100 else f"{last_x:,.0f}", "end", _FAINT, 11),
        _text((left + WIDTH - right) / 2, height + 16, below, "middle", _FAINT, 11),
    ]
    return _svg(picture, texts)


def curve(title: str, points: Sequence[Point], marks: Sequence[tuple[float, str]], below: str) -> Markup:
    """A number over time as an area, with moments marked by a line and a word above; `points` are in the order of time."""
    left, right, top, height = 40.0, 10.0, 26.0, 150.0
    first, last, most = points[0][0], points[-1][0], max(y for _, y in points)
    wide, tall = (WIDTH - left - right) / ((last - first) or 1.0), (height - top) / (most or 1.0)
    picture = _picture(height + 24, title)
    area = draw.Path(fill=_SOFT, stroke=_ACCENT, stroke_width=1.5)
    area.M(left, height)
    for x, y in points:
        area.L(round(left + (x - first) * wide, 1), round(height - y * tall, 1))
    picture.append(area.L(round(left + (last - first) * wide, 1), height).Z())
    texts = []
    written = -_ROOM_FOR_A_MARK
    for x, word in marks:
        if first <= x <= last:
            at = round(left + (x - first) * wide, 1)
            picture.append(draw.Line(at, top - 6, at, height, stroke=_RED, stroke_dasharray="3,2"))
            if at - written >= _ROOM_FOR_A_MARK:
                texts.append(_text(at, top - 10, word, "middle", _RED, 10))
                written = at
    texts += [
        _text(left - 6, top + 8, f"{most:,.0f}", "end", _FAINT, 11),
        _text(left - 6, height + 4, "0", "end", _FAINT, 11),
        _text(left, height + 16, f"{first:,.0f}", "middle", _FAINT, 11),
        _text(WIDTH - right, height + 16, f"{last:,.0f}", "end", _FAINT, 11),
        _text((left + WIDTH - right) / 2, height + 16, below, "middle", _FAINT, 11),
    ]
    return _svg(picture, texts)


def intervals(title: str, rows: Sequence[tuple[str, tuple[float, float, float], str]]) -> Markup:
    """Bars from zero with the interval around their end: label, (from, value, to), the value as written."""
    line, left, right = 26.0, 130.0, 60.0
    ends = [0.0, *(end for _, (low, value, high), _ in rows for end in (low, value, high))]
    least, most = min(ends), max(ends)
    scale = (WIDTH - left - right) / ((most - least) or 1.0)
    drawn = []
    zero = left - least * scale
    drawn.append(f'<path d="M{round(zero, 1)},0 V{len(rows) * line}" stroke="{_FAINT}" />')
    for index, (label, (low, value, high), number) in enumerate(rows):
        y, end = index * line, left + (value - least) * scale
        is_sure = low > 0 or high < 0
        colour = _GREY if not is_sure else _GREEN if value > 0 else _RED
        drawn.append(_text(left - 10, y + 18, _shortened(label, 18), "end", size=12))
        drawn.append(_rect(min(zero, end), y + 6, max(abs(end - zero), 1.0), line - 12, colour))
        begin, stop = (round(left + (bound - least) * scale, 1) for bound in (low, high))
        drawn.append(f'<path d="M{begin},{y + line / 2} H{stop}" stroke="{_INK}" stroke-width="1.5" />')
        drawn.append(_text(WIDTH - 8, y + 18, number, "end"))
    return _svg(_picture(max(len(rows) * line, 1.0), title), drawn)


def stacked(
    title: str,
    labels: Sequence[str],
    kinds: Sequence[str],
    values: Sequence[Sequence[float]],
    written: Callable[[float], str],
) -> Markup:
    """Columns over time of parts that stand on each other; negative ones hang below the line. At most four kinds."""
    top, base_height, right = 46.0, 150.0, 4.0
    highest = max([sum(value for value in column if value > 0) for column in values] or [0.0])
    lowest = min([sum(value for value in column if value < 0) for column in values] or [0.0])
    tall = base_height / ((highest - lowest) or 1.0)
    zero, step = top + highest * tall, (WIDTH - right) / max(len(values), 1)
    height = top + base_height + 34
    picture = _picture(height, title)
    drawn = []
    for place, (kind, colour) in enumerate(zip(kinds, _KINDS, strict=False)):
        x = place * WIDTH / max(len(kinds), 1)
        drawn += [_rect(x, 3, 10, 10, colour), _text(x + 14, 12, _shortened(kind, 14), colour=_FAINT, size=11)]
    for index, (label, column) in enumerate(zip(labels, values, strict=True)):
        x, up, down = index * step + step * 0.15, zero, zero
        for value, colour in zip(column, _KINDS, strict=False):
            bar = abs(value) * tall
            if value > 0:
                up -= bar
                drawn.append(_rect(x, up, step * 0.7, bar, colour))
            elif value < 0:
                drawn.append(_rect(x, down, step * 0.7, bar, colour))
                down += bar
        middle = index * step + step / 2
        for total, y in (
            (sum(value for value in column if value > 0), up - 5),
            (-sum(min(value, 0) for value in column), down + 11),
        ):
            if total:
                drawn.append(_text(middle, y, written(total), "middle", size=10))
        drawn.append(_text(middle, height - 4, label, "middle", _FAINT, 11))
    picture.append(draw.Line(0, round(zero, 1), WIDTH, round(zero, 1), stroke=_FAINT))
    return _svg(picture, drawn)


def heat_map(
    title: str, labels: Sequence[str], heads: Sequence[str], cells: Sequence[Sequence[float | None]], framed: Sequence[int]
) -> Markup:
    """Shares of each row, the larger the darker; one cell a row has a frame, and None is left empty."""
    line, left, top = 30.0, 104.0, 24.0
    wide = (WIDTH - left) / max(len(heads), 1)
    drawn = [
        _text(left + (place + 0.5) * wide, top - 8, _shortened(head, 8), "middle", _FAINT, 11)
        for place, head in enumerate(heads)
    ]
    for number, (label, row, frame) in enumerate(zip(labels, cells, framed, strict=True)):
        y = top + number * line
        drawn.append(_text(left - 8, y + 19, _shortened(label, 17), "end", size=11))
        for place, share in enumerate(row):
            x = left + place * wide
            colour = _shade(share or 0.0)
            drawn.append(_rect(x + 1, y + 1, wide - 2, line - 2, colour))
            if place == frame:
                way = f'x="{round(x + 1, 1)}" y="{y + 1}" width="{round(wide - 2, 1)}" height="{line - 2}"'
                drawn.append(f'<rect {way} fill="none" stroke="{_INK}" stroke-width="1.5" />')
            if share is not None:
                ink = "#ffffff" if share > 0.55 else _INK
                drawn.append(_text(x + wide / 2, y + 19, f"{share:.0%}", "middle", ink, 11))
    return _svg(_picture(top + len(labels) * line + 2, title), drawn)


def _shade(share: float) -> str:
    """From nearly white to the strong colour."""
    ends = ((0xF5, 0x1F), (0xF7, 0x6F), (0xFA, 0x8B))
    return "#" + "".join(f"{round(low + (high - low) * min(share, 1.0)):02x}" for low, high in ends)


def rings(
    title: str,
    shares: Sequence[Mapping[str, Any]],
    *,
    root: str | None = None,
    hidden: Mapping[str, int] | None = None,
    is_told: bool = False,
) -> Markup:
    """How shares travelled: a share lies one ring further out than its parent, in its parent's sector.

    Green are shares of supporting fans; a dot is larger where the share and those below it brought more revenue.

    Args:
        shares: share_id, parent_share_id, depth, shared_at, subtree_shares, subtree_revenue, is_supporting; the parents of
            all that are not at depth 0 are among them.
        root: the share in the middle, in red; without, a red dot for their merchant is, and shares of depth 0 around it.
        hidden: how many shares below a drawn one are not drawn; the largest numbers are written where there is room.
        is_told: whether a pointer over a dot shows its share, how many it led to, and their revenue.
    """
    angle = _angles(shares)
    inner = root is None
    reach = max(share["depth"] for share in shares) + inner + (0.6 if hidden else 0.2)
    unit = WIDTH / 2 / reach

    def place(name: str, depth: float) -> Point:
        ring = (depth + inner) * unit
        return round(ring * cos(angle[name]), 1), round(-ring * sin(angle[name]), 1)

    at = {share["share_id"]: place(share["share_id"], share["depth"]) for share in shares}
    picture = _picture(WIDTH, title, origin="center")
    for ring in range(1, int(reach) + 1):
        picture.append(draw.Circle(0, 0, round(ring * unit, 1), fill="none", stroke=_GRID))
    crowd = min(1.0, (100 / len(shares)) ** 0.5)
    links = draw.Path(fill="none", stroke=_LINK, stroke_width=round(0.7 * crowd, 2))
    for share in shares:
        if share["depth"] + inner:
            links.M(*at.get(share["parent_share_id"], (0.0, 0.0))).L(*at[share["share_id"]])
    picture.append(links)
    dots: dict[str, list[str]] = {colour: [] for colour in (_GREY, _GREEN, _RED)}
    for share in shares:
        colour = _RED if share["share_id"] == root else _GREEN if share["is_supporting"] else _GREY
        told = None
        if is_told:
            revenue = share["subtree_revenue"]  # null where it does not fit
            brought = "" if revenue is None else f" · {revenue:,}"
            told = f"{share['share_id']}: {share['subtree_shares']:,}{brought}"
        dots[colour].append(_dot(at[share["share_id"]], round(crowd * _radius(share["subtree_revenue"]), 1), told))
    if inner:
        dots[_RED].append(_dot((0, 0), 8))
    picture.extend(draw.Group([draw.Raw("\n".join(drawn))], fill=colour) for colour, drawn in dots.items())
    deep = {share["share_id"]: share["depth"] for share in shares}
    written: list[Point] = []
    texts = []
    for parent, count in sorted((hidden or {}).items(), key=lambda item: (-item[1], item[0])):
        x, y = place(parent, deep[parent] + 0.35)
        if len(written) < _LABELS and not any(abs(x - other) < 24 and abs(y - near) < 8 for other, near in written):
            texts.append(_text(x, y + 2, f"+{count:,}", "middle", _FAINT, 7))
            written.append((x, y))
    return _svg(picture, texts)


def _radius(revenue: Any) -> float:
    return 3.0 + 2.0 * log10(1 + max(float(revenue or 0), 0.0) / 50)


def _angles(shares: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """A direction for each share: leaves are spread evenly, a parent stands in the middle of its children."""
    known = {share["share_id"] for share in shares}
    children: dict[str | None, list[str]] = defaultdict(list)
    for share in sorted(shares, key=lambda share: (share["shared_at"], share["share_id"])):
        parent = share["parent_share_id"]
        children[parent if parent in known else None].append(share["share_id"])
    walk: list[str] = []
    stack = list(reversed(children[None]))
    while stack:
        walk.append(stack.pop())
        stack.extend(reversed(children.get(walk[-1], [])))
    leaves = [name for name in walk if name not in children]
    angle = {name: pi / 2 - tau * place / len(leaves) for place, name in enumerate(leaves)}
    for name in reversed(walk):
        if name in children:
            below = children[name]
            angle[name] = (angle[below[0]] + angle[below[-1]]) / 2
    return angle


def _shortened(text: str, width: int) -> str:
    """A label that fits; wide characters count twice."""
    widths = list(accumulate(2 if east_asian_width(character) in "WF" else 1 for character in text))
    if not widths or widths[-1] <= width:
        return text
    return f"{text[: sum(so_far < width for so_far in widths)]}…"
