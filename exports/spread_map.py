"""The spread map: one HTML file that shows how a merchant's shares travelled, layer by layer, and what they earned.

    python -m exports.spread_map --as-of 2026-03-20 --merchant m-1 [--root-share-id s-1] [--out map.html]

The merchant's largest cascades of the last 90 days around the merchant, or one cascade around its first share. The file needs
no network and stays below a megabyte: of a large spread the shares with the largest subtrees are drawn, the others are counted
where they branch off.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import cos, log10, pi, sin, tau
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
from markupsafe import Markup, escape
from matplotlib import rc_context
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from expectations.settings import SettingError, Settings, parse_as_of
from exports import people
from exports.about import About
from exports.day import Published
from exports.report import Section, page, table
from exports.words import Words, money
from publication.publish import current_database
from publication.versions import PublicationError

DRAWN = 1_000  # shares
LARGEST = 12  # cascades of a merchant's map
WINDOW_DAYS = 90
CARRIERS = 10
LABELS = 40  # of branches that are not drawn
POINTS = 500  # of the growth curve
_RED, _GREEN, _GREY, _LINE = "#c0392b", "#2e8b57", "#9fb3c8", "#bcccdc"


class NothingToDraw(RuntimeError):
    """No share of this merchant, or of this cascade, is published for the day."""


@dataclass(frozen=True)
class Spread:
    """What a map shows: its shares (columns of `_SHARES`), its layers and who carried it on."""

    merchant: str
    root: str | None
    shares: list[dict[str, Any]]
    layers: list[dict[str, Any]]
    carriers: list[dict[str, Any]]


_SHARES = f"""
    select node.share_id, node.parent_share_id, node.depth, node.shared_at, node.subtree_shares, node.subtree_orders,
        node.subtree_revenue, coalesce(fan.is_supporting_fan, false) as is_supporting
    from published.marts.cascade_nodes as node
    join (
        select * from published.marts.cascades
        where merchant_id = $merchant
            and if($root is null, started_at >= $since, root_share_id = $root)
        order by shares desc, root_share_id limit {LARGEST}
    ) as cascade using (merchant_id, root_share_id)
    left join published.marts.fan_revenue as fan using (merchant_id, user_id)
    order by node.subtree_shares desc, node.depth, node.share_id
"""
_LAYERS = """
    select depth, sum(shares)::bigint as shares, sum(sharers)::bigint as sharers, sum(openers)::bigint as openers,
        sum(orders)::bigint as orders, sum(revenue) as revenue
    from published.marts.cascade_layers where merchant_id = $merchant and list_contains($roots, root_share_id)
    group by depth order by depth
"""
# A share below another one of a different circle was carried across by the maker of the upper one.
_CARRIERS = """
    select fan.shown, count(distinct after.circle_id)::bigint as circles, count(distinct below.share_id)::bigint as shares,
        max(before.revenue_led) as revenue
    from published.marts.cascade_nodes as node
    join published.marts.cascade_nodes as below
        on below.merchant_id = node.merchant_id and below.parent_share_id = node.share_id
    join published.marts.spreaders as before on before.merchant_id = node.merchant_id and before.user_id = node.user_id
    join published.marts.spreaders as after on after.merchant_id = node.merchant_id and after.user_id = below.user_id
    join fans_published as fan on fan.merchant_id = node.merchant_id and fan.user_id = node.user_id and fan.may_contact
    where node.merchant_id = $merchant and list_contains($roots, node.root_share_id) and after.circle_id != before.circle_id
    group by fan.shown order by circles desc, shares desc, fan.shown limit $limit
"""


def read_spread(database: Path, since: datetime, merchant: str, root: str | None, key: str | None) -> Spread:
    """The shares of a merchant's largest cascades that began at or after `since` (UTC), or of one cascade.

    Raises:
        NothingToDraw: there are none.
    """
    quoted = str(database).replace("'", "''")
    with duckdb.connect() as con:
        con.execute(f"attach '{quoted}' as published (read_only)")
        people.name_fans(con, "published", key)

        def rows(query: str, **values: Any) -> list[dict[str, Any]]:
            found = con.execute(query, values)
            names = [column[0] for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

        shares = rows(_SHARES, merchant=merchant, root=root, since=since)
        if not shares:
            what = (
                f"cascade {root!r} of merchant {merchant!r}" if root else f"cascade of merchant {merchant!r} since {since} UTC"
            )
            raise NothingToDraw(f"there is no {what}; see marts.cascades for those that there are")
        roots = [share["share_id"] for share in shares if share["depth"] == 0]
        layers = rows(_LAYERS, merchant=merchant, roots=roots)
        carriers = rows(_CARRIERS, merchant=merchant, roots=roots, limit=CARRIERS)
    return Spread(merchant, root, shares, layers, carriers)


def draw(spread: Spread, words: Words) -> Markup:
    """Rings of layers around the middle; a share lies in the sector of its parent, its size says the subtree's revenue."""
    drawn = spread.shares[:DRAWN]  # largest subtrees first, so a share is never without its parent
    known = {share["share_id"]: share for share in drawn}
    hidden: dict[str, int] = defaultdict(int)
    for share in spread.shares[DRAWN:]:
        if share["parent_share_id"] in known:
            hidden[share["parent_share_id"]] += share["subtree_shares"]
    angle = _angles(drawn)
    middle = spread.root is None  # the merchant is in the middle, the first shares around it
    at = {share["share_id"]: _place(angle[share["share_id"]], share["depth"] + middle) for share in drawn}
    lines = [(at.get(share["parent_share_id"], (0.0, 0.0)), at[share["share_id"]]) for share in drawn]
    figure = Figure(figsize=(9, 9))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_aspect("equal")
    axes.axis("off")
    rings = max(share["depth"] for share in drawn) + middle
    for ring in range(1, rings + 1):
        axes.plot(
            *zip(*(_place(tau * step / 90, ring) for step in range(91)), strict=True), color="#eef2f6", linewidth=0.8, zorder=0
        )
    axes.add_collection(LineCollection(lines, colors=_LINE, linewidths=0.7, zorder=1))
    colours = [_RED if spread.root == share["share_id"] else _GREEN if share["is_supporting"] else _GREY for share in drawn]
    crowd = min(1.0, 100 / len(drawn))
    sizes = [crowd * _size(share["subtree_revenue"]) for share in drawn]
    xs, ys = zip(*at.values(), strict=True)
    axes.scatter(xs, ys, s=sizes, c=colours, linewidths=0, zorder=2)
    if middle:
        axes.scatter([0], [0], s=260, c=_RED, linewidths=0, zorder=3)
    for parent, count in sorted(hidden.items(), key=lambda item: (-item[1], item[0]))[:LABELS]:
        x, y = _place(angle[parent], known[parent]["depth"] + middle + 0.35)
        axes.text(x, y, f"+{count:,}", fontsize=7, color="#52606d", ha="center", va="center", zorder=3)
    reach = rings + 0.6
    axes.set_xlim(-reach, reach)
    axes.set_ylim(-reach, reach)
    return _svg(figure, words("map.title"))


def growth(spread: Spread, words: Words) -> Markup:
    """Shares made so far, over the hours since the first one of each cascade."""
    first = {share["share_id"]: share["shared_at"] for share in spread.shares if share["depth"] == 0}
    start = min(first.values())
    hours = sorted((share["shared_at"] - start).total_seconds() / 3600 for share in spread.shares)
    figure = Figure(figsize=(9, 2.6))
    axes = figure.add_axes((0.07, 0.2, 0.91, 0.72))
    every = -(-len(hours) // POINTS)
    made = [*range(0, len(hours) - 1, every), len(hours) - 1]
    axes.step([hours[place] for place in made], [place + 1 for place in made], where="post", color="#1f6f8b")
    axes.set_xlabel(words("map.hours"))
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_ylim(bottom=0)
    return _svg(figure, words("map.growth"))


def spread_map(settings: Settings, as_of: date, merchant: str, root: str | None) -> bytes:
    """The page of a map.

    Raises:
        PublicationError: the day is not published.
        NothingToDraw: see `read_spread`.
    """
    database = current_database(settings, as_of)
    first_day = datetime.combine(as_of - timedelta(days=WINDOW_DAYS - 1), time(), ZoneInfo(settings.timezone))
    since = first_day.astimezone(UTC).replace(tzinfo=None)
    spread = read_spread(database, since, merchant, root, settings.pseudonym_key)
    words = Words.of(settings.language)
    about = About(
        Published(as_of, database.parent.name), None, settings.currency, settings.contact, "", bool(settings.pseudonym_key)
    )
    hidden = max(0, len(spread.shares) - DRAWN)
    note = words("map.note_cascade") if root else words("map.note_merchant", cascades=LARGEST, days=WINDOW_DAYS)
    if hidden:
        note = f"{note} {words('map.hidden', shown=f'{DRAWN:,}', hidden=f'{hidden:,}')}"
    total = {name: sum(layer[name] for layer in spread.layers) for name in ("shares", "orders", "revenue")}
    tiles = [
        (words("map.shares"), f"{total['shares']:,}"),
        (words("map.layers"), f"{len(spread.layers):,}"),
        (words("map.orders"), f"{total['orders']:,}"),
        (words("map.revenue"), money(total["revenue"])),
    ]
    names = ("depth", "shares", "sharers", "openers", "orders", "revenue")
    layers = [[_written(layer[name]) for name in names] for layer in spread.layers]
    carriers = [[row["shown"], *(_written(row[name]) for name in ("circles", "shares", "revenue"))] for row in spread.carriers]
    sections = [
        Section(words("map.title"), note, picture=draw(spread, words)),
        Section(words("map.growth"), picture=growth(spread, words)),
        Section(words("map.by_layer"), table=table([words(f"map.{name}") for name in names], layers, texts=0)),
        Section(
            words("map.carriers"),
            words("map.carriers_note", limit=CARRIERS),
            table=table([words(f"map.{name}") for name in ("fan", "circles", "carried", "led")], carriers, texts=1)
            if carriers
            else None,
            empty=words("title.nothing"),
        ),
    ]
    title = words("map.of_cascade", root=root, merchant=merchant) if root else words("map.of_merchant", merchant=merchant)
    return page(title, about, words, tiles, sections, None, "")


def _written(value: Any) -> str:
    return f"{value:,}" if isinstance(value, int) else money(value)


def _place(angle: float, ring: float) -> tuple[float, float]:
    return ring * cos(angle), ring * sin(angle)


def _size(revenue: Any) -> float:
    return 40.0 + 60.0 * log10(1 + max(float(revenue or 0), 0.0) / 50)


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


def _svg(figure: Figure, title: str) -> Markup:
    """The figure as inline SVG, the same bytes every time."""
    out = io.StringIO()
    with rc_context({"svg.hashsalt": "fanout", "svg.fonttype": "none"}):
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None, "Title": title}, transparent=True)
    text = out.getvalue()
    text = re.sub(r"<metadata>.*?</metadata>", "", text[text.index("<svg") :], flags=re.DOTALL)
    return Markup(text.replace("<svg ", f'<svg role="img" aria-label="{escape(title)}" ', 1))


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
