"""The spread map: one HTML file that shows how a merchant's shares travelled, layer by layer, and what they earned.

    python -m exports.spread_map --as-of 2026-03-20 --merchant m-1 [--root-share-id s-1] [--out map.html]

The merchant's largest cascades of the last 90 days around the merchant, as in its pack, or one cascade around its first share.
The file needs no network and stays below a megabyte: of a large spread the shares with the largest subtrees are drawn, the
others are counted where they branch off.
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import Any

from contract.settings import SettingError, Settings, parse_as_of
from exports import charts
from exports.about import About
from exports.day import MAP_DAYS, open_day
from exports.report import Section, map_note, page, table
from exports.spread import CARRIERS, Spread, largest_cascades, one_cascade
from exports.words import Words, time_unit
from publication.versions import PublicationError

_LAYERS = ("depth", "shares", "sharers", "openers", "orders", "revenue")
_CARRIERS = ("fan", "circles", "carried", "led")


class NothingToDraw(RuntimeError):
    """No share of this merchant, or of this cascade, is published for the day."""


def map_page(spread: Spread, name: str, root: str | None, about: About, words: Words) -> bytes:
    """The page of a merchant's spread, or of the cascade that began with `root`."""
    total = {name: sum(layer[name] for layer in spread.layers) for name in ("shares", "orders")}
    revenue, by_layer = words.parts([layer["revenue"] for layer in spread.layers])
    tiles = [
        (words("map.shares"), words.number(total["shares"])),
        (words("map.layers"), words.number(len(spread.layers))),
        (words("map.orders"), words.number(total["orders"])),
        (words("map.revenue"), words.with_unit(revenue, about.currency)),
    ]
    title = words("map.title")
    layers = [layer | {"revenue": amount} for layer, amount in zip(spread.layers, by_layer, strict=True)]
    sections = [
        Section(
            title,
            map_note(spread, words, root),
            charts.rings(title, spread.shares, root=root, hidden=spread.hidden, is_told=True),
        ),
        _growth(spread, words),
        Section(words("map.by_layer"), table=_table(_LAYERS, layers, words)),
        Section(
            words("map.carriers"),
            words("map.carriers_note", limit=CARRIERS),
            table=_table(_CARRIERS, spread.carriers, words, texts=1) if spread.carriers else None,
            empty=words("title.nothing"),
        ),
    ]
    heading = words("map.of_cascade", root=root, merchant=name) if root else words("map.of_merchant", merchant=name)
    return page(heading, about, words, tiles, sections, None, "")


def _growth(spread: Spread, words: Words) -> Section:
    """Shares made by and by, in the unit of time that suits their span."""
    title = words("map.growth")
    if len(spread.growth) < 2:
        return Section(title, empty=words("title.nothing"))
    unit, seconds = time_unit(spread.growth[-1][0])
    points = [(since / seconds, made) for since, made in spread.growth]
    return Section(title, picture=charts.steps(title, points, words(f"map.{unit}"), words.number(points[-1][1])))


def _table(names: tuple[str, ...], rows: list[dict[str, Any]], words: Words, texts: int = 0) -> dict[str, Any]:
    cells = [[_written(row[name], words) for name in names] for row in rows]
    return table([words(f"map.{name}") for name in names], cells, texts)


def _written(value: Any, words: Words) -> str:
    return value if isinstance(value, str) else words.number(value)


def spread_map(settings: Settings, as_of: date, merchant: str, root: str | None) -> bytes:
    """The page of a map.

    Raises:
        PublicationError: the day is not published.
        NothingToDraw: there is no such cascade.
    """
    scratch = settings.home / "work" / "duckdb"
    scratch.mkdir(parents=True, exist_ok=True)
    with open_day(settings, as_of, None, scratch) as day:
        if root is None:
            day.con.execute("create temp table batch as select ? as merchant_id", [merchant])
            spread = largest_cascades(day).get(merchant)
        else:
            spread = one_cascade(day, merchant, root)
        if spread is None:
            what = f"cascade {root!r} of merchant {merchant!r}" if root else f"cascade of merchant {merchant!r}"
            when = "" if root else f" in the {MAP_DAYS} days to {as_of}"
            raise NothingToDraw(f"there is no {what}{when}; see marts.cascades for those that there are")
        about = About(day.published, None, settings.currency, settings.contact, "", bool(settings.pseudonym_key))
    return map_page(spread, merchant, root, about, Words.of(settings.language))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--as-of", required=True, help="business date, YYYY-MM-DD")
    parser.add_argument("--merchant", required=True, help="merchant_id")
    parser.add_argument("--root-share-id", help="one cascade; without, the merchant's largest ones")
    parser.add_argument("--out", type=Path, default=Path("spread_map.html"))
    arguments = parser.parse_args()
    try:
        settings, as_of = Settings.from_environment(), parse_as_of(arguments.as_of)
        content = spread_map(settings, as_of, arguments.merchant, arguments.root_share_id)
    except SettingError as error:
        print(error, file=sys.stderr)
        return 2
    except (PublicationError, NothingToDraw) as error:
        print(error, file=sys.stderr)
        return 1
    partial = arguments.out.with_name(f".{arguments.out.name}.partial")
    partial.write_bytes(content)
    os.replace(partial, arguments.out)
    print(arguments.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
