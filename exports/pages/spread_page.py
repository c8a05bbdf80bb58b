"""The page of a spread map: how a merchant's shares travelled, layer by layer, and what they earned.

It stays below a megabyte: of a large spread the shares with the largest subtrees are drawn, the others are counted where they
branch off.
"""

from __future__ import annotations

from typing import Any

from exports.pages import drawings
from exports.pages.about import About
from exports.pages.report import Section, Tile, map_note, page, table
from exports.pages.spread import CARRIERS, Spread
from exports.pages.words import Words, time_unit

_LAYERS = ("depth", "shares", "sharers", "openers", "orders", "revenue")
_CARRIERS = ("fan", "circles", "carried", "led")


def map_page(spread: Spread, name: str, root: str | None, about: About, words: Words, *, names_fans: bool = True) -> bytes:
    """The page of a merchant's spread, or of the cascade that began with `root`; with the fans who carried it, or without."""
    total = {name: sum(layer[name] for layer in spread.layers) for name in ("shares", "orders")}
    revenue, by_layer = words.parts([layer["revenue"] for layer in spread.layers])
    tiles = [
        Tile(words("map.shares"), words.number(total["shares"])),
        Tile(words("map.layers"), words.number(len(spread.layers))),
        Tile(words("map.orders"), words.number(total["orders"])),
        Tile(words("map.revenue"), words.with_unit(revenue, about.currency)),
    ]
    title = words("map.title")
    layers = [layer | {"revenue": amount} for layer, amount in zip(spread.layers, by_layer, strict=True)]
    sections = [
        Section(
            title,
            map_note(spread, words, root),
            drawings.rings(title, spread.shares, root=root, hidden=spread.hidden, is_told=True),
        ),
        _growth(spread, words),
        Section(words("map.by_layer"), table=_table(_LAYERS, layers, words)),
    ]
    if names_fans:
        sections.append(
            Section(
                words("map.carriers"),
                words("map.carriers_note", limit=CARRIERS),
                table=_table(_CARRIERS, spread.carriers, words, texts=1) if spread.carriers else None,
                empty=words("title.nothing"),
            )
        )
    heading = words("map.of_cascade", root=root, merchant=name) if root else words("map.of_merchant", merchant=name)
    return page(heading, about, words, tiles, sections, None, "")


def _growth(spread: Spread, words: Words) -> Section:
    """Shares made by and by, in the unit of time that suits their span."""
    title = words("map.growth")
    if len(spread.growth) < 2:
        return Section(title, empty=words("title.nothing"))
    unit, seconds = time_unit(spread.growth[-1][0])
    points = [(since / seconds, made) for since, made in spread.growth]
    return Section(title, picture=drawings.steps(title, points, words(f"map.{unit}"), words.number(points[-1][1])))


def _table(names: tuple[str, ...], rows: list[dict[str, Any]], words: Words, texts: int = 0) -> dict[str, Any]:
    cells = [[_written(row[name], words) for name in names] for row in rows]
    return table([words(f"map.{name}") for name in names], cells, texts)


def _written(value: Any, words: Words) -> str:
    return value if isinstance(value, str) else words.number(value)
