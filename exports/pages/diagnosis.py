"""Why a merchant's payments moved: the tree in colours, the way from what was to be expected to what came, and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from contract.values import LEAVES, TREE
from exports.pages import drawings
from exports.pages.words import Words, percent, rounded_parts

_BELOW = {
    "paid": LEAVES,
    "buyers": LEAVES[:3],
    "active_users": LEAVES[:2],
    "paid_per_buyer": LEAVES[3:],
}
_WITH_CENTS = 100  # changes below this are written with cents
_WITH_TENTHS = 10
_CAUSES = 3  # that a page tells

Nodes = Mapping[str, Mapping[str, Any]]


def has_basis(nodes: Nodes | None) -> bool:
    """Whether there was enough to compare the window with."""
    return nodes is not None and nodes["paid"]["contribution"] is not None


def tree(title: str, nodes: Nodes, words: Words) -> Markup:
    parts = _parts(nodes)
    boxes = []
    for node, depth in TREE.items():
        row = nodes[node]
        value, baseline = row["value"], row["baseline"]
        direction = 0 if value is None or baseline is None else (value > baseline) - (value < baseline)
        expected = words("diagnosis.expected", value=_written(node, baseline, words))
        part = _signed(sum((parts[leaf] for leaf in _BELOW.get(node, (node,))), Decimal(0)))
        label, colour = words(f"node.{node}"), row["colour"] or ""
        boxes.append(drawings.Box(depth, label, _written(node, value, words), expected, direction, part, colour))
    return drawings.tree(title, boxes)


def waterfall(title: str, nodes: Nodes, words: Words) -> Markup:
    paid, parts = nodes["paid"], _parts(nodes)
    steps = [(words(f"node.{leaf}"), float(parts[leaf]), _signed(parts[leaf])) for leaf in LEAVES if parts[leaf]]
    first = (words("diagnosis.was_expected"), paid["baseline"], _written("paid", paid["baseline"], words))
    last = (words("diagnosis.came"), paid["value"], _written("paid", paid["value"], words))
    return drawings.waterfall(title, first, steps, last)


def causes(nodes: Nodes, words: Words) -> list[tuple[str, str]]:
    """The causes, that of most of the change first, each with what to do about it."""
    ranked = sorted((row for row in nodes.values() if row["cause_rank"]), key=lambda row: int(row["cause_rank"]))
    parts, whole = _parts(nodes), sum(_parts(nodes).values(), Decimal(0))
    told = []
    for row in ranked[:_CAUSES]:
        part = words("diagnosis.part", change=_signed(parts[row["node"]]), whole=_signed(whole))
        advice = row["advice_zh"] if words.language == "zh" else row["advice"]
        told.append((words("unit.fact", label=words(f"cause.{row['cause']}"), value=part), advice))
    return told


def _parts(nodes: Nodes) -> dict[str, Decimal]:
    """The contributions of the leaves as they are written, which add up."""
    exact = [nodes[leaf]["contribution"] for leaf in LEAVES]
    places = 2 if abs(sum(exact, Decimal(0))) < _WITH_CENTS else 0
    return dict(zip(LEAVES, rounded_parts(exact, places), strict=True))


def _signed(amount: Decimal) -> str:
    if not amount:
        return "±0"
    return f"{amount:+,}".replace("-", "−")


def _written(node: str, value: float | None, words: Words) -> str:
    if value is None:
        return "–"
    match node:
        case "conversion":
            return f"{value:.1%}" if value < 1 else percent(value)
        case "orders_per_buyer":
            return f"{value:.2f}"
        case "paid" | "paid_per_buyer" | "paid_per_order":
            return f"{value:,.2f}" if value < _WITH_CENTS else f"{value:,.0f}"
        case _:
            return f"{value:.1f}" if value < _WITH_TENTHS and value % 1 else words.number(value)
