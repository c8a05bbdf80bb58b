"""The page of a merchant's people: who came and went with which money, who climbs the ladder, who is ahead of whom."""

from __future__ import annotations

from datetime import timedelta

from contract.values import POND_KINDS, TIERS
from exports.pages import drawings
from exports.pages.about import About
from exports.pages.community import Community, Row
from exports.pages.figures import Merchant
from exports.pages.report import Section, Tile, page, table
from exports.pages.sheets import PEOPLE_MONTHS
from exports.pages.words import Words, day
from exports.policy.names import readable
from exports.policy.people import SMALLEST_CELL

_STAYED = ("new", "retained", "resurrected")  # parts of the people of a month, with the money of each


def community_page(merchant: Merchant, about: About, words: Words) -> bytes:
    """The page of one merchant's people."""
    months = merchant.tables[PEOPLE_MONTHS.name][::-1]
    community = merchant.community
    whole = [row for row in months if row["lost_users"] is not None]  # the first month and one that is not over have none
    latest = (whole or months or [{}])[-1]
    tiles = [
        Tile(
            " ".join(filter(None, (words(f"column.{name}"), latest.get("month")))),
            "–" if latest.get(name) is None else words.number(latest[name]),
        )
        for name in ("active_users", *(f"{part}_users" for part in _STAYED), "lost_users")
    ]
    sections = [
        *_growth(months, about, words),
        _ladder(community.ladder, words),
        *_ponds(community, words),
        _bursts(community.bursts, about, words),
    ]
    return page(words("community.of_merchant", merchant=merchant.name), about, words, tiles, sections, None, "")


def _growth(months: list[Row], about: About, words: Words) -> list[Section]:
    """The people of each month by what they are, and what each kind paid."""
    title = words("title.growth")
    if not months:
        return [Section(title, empty=words("title.nothing"))]
    labels = [row["month"] for row in months]
    kinds = [words(f"column.{part}_users") for part in (*_STAYED, "lost")]
    people = [[float(row[f"{part}_users"]) for part in _STAYED] + [-float(row["lost_users"] or 0)] for row in months]
    paid = [[float(row[f"revenue_{part}"] or 0) for part in _STAYED] for row in months]
    money = [words("title.growth_money"), words("title.growth_money_note")]
    head = [words("column.month"), *(words(f"column.revenue_{part}") for part in (*_STAYED, "other"))]
    rows = [[row["month"], *("–" if row[name] is None else words.number(row[name]) for name in _revenues())] for row in months]
    return [
        Section(title, words("title.growth_note"), drawings.stacked(title, labels, kinds, people, words.short)),
        Section(
            f"{money[0]}, {words.currency(about.currency)}",
            money[1],
            drawings.stacked(money[0], labels, kinds[:-1], paid, words.short),
            table(head, rows, 1),
        ),
    ]


def _revenues() -> list[str]:
    return [f"revenue_{part}" for part in (*_STAYED, "other")]


def _ladder(rows: list[Row], words: Words) -> Section:
    """The share of each step's people that stood on each step a month later; who was on none is no share of anything."""
    title = words("title.ladder")
    rates = {(row["from_tier"], row["to_tier"]): row for row in rows if row["transition_rate"] is not None}
    if not rates:
        return Section(title, empty=words("title.nothing"))
    before = f"{rows[0]['month_start'] - timedelta(days=1):%Y-%m}"
    from_tiers = [tier for tier in TIERS if any(one == tier for one, _ in rates)]
    labels = []
    cells = []
    for tier in from_tiers:
        people = next(row["from_people"] for (one, _), row in rates.items() if one == tier)
        labels.append(f"{words(f'tier.{tier}')} ({words.number(people)})")
        cells.append([(row["transition_rate"] if (row := rates.get((tier, to))) else None) for to in TIERS])
    heads = [words(f"tier.{tier}") for tier in TIERS]
    framed = [TIERS.index(tier) for tier in from_tiers]
    note = words("title.ladder_note", before=before, month=rows[0]["month"])
    return Section(title, note, drawings.heat_map(title, labels, heads, cells, framed))


def _ponds(community: Community, words: Words) -> list[Section]:
    """The first places of the largest pond of each kind."""
    title, note = words("title.ponds"), words("title.ponds_note", people=SMALLEST_CELL)
    if not community.ponds:
        return [Section(title, note, empty=words("title.nothing"))]
    names = ("gap_to_next", "gap_behind", "overtakes_7d", "overtaken_7d")
    sections = [Section(title, note)]
    for kind in POND_KINDS:
        if rows := community.ponds.get(kind):
            is_named = any(row["user_id"] is not None for row in rows)
            pond = words.region(rows[0]["pond"]) if kind == "region" else readable(rows[0]["pond"])
            told = words("title.pond_of", pond=words(f"pond.{kind}", pond=pond), participants=rows[0]["participants"])
            who = [words("column.fan"), words("column.points")] if is_named else []
            head = [
                *who[:1],
                words("column.pond_rank"),
                *who[1:],
                *(words(f"column.{name}") for name in names),
            ]
            lines = [
                [
                    *([_person(row)] if is_named else []),
                    words.number(row["rank"]),
                    *(["–" if row["points"] is None else words.number(row["points"])] if is_named else []),
                    *("–" if row[name] is None else words.number(row[name]) for name in names),
                ]
                for row in rows
            ]
            sections.append(Section(told, table=table(head, lines, len(who[:1]))))
    return sections


def _person(row: Row) -> str:
    """A fan who may be contacted by the id and the name that the fan chose; nobody else is named."""
    return readable(" ".join(filter(None, (row["user_id"], row["display_name"])))) if row["may_contact"] else "–"


def _bursts(rows: list[Row], about: About, words: Words) -> Section:
    names = ("group_revenue", "burst_baseline", "group_orders")
    heads = [words(f"column.{name}") for name in ("date", "burst_revenue", "burst_baseline", "group_orders")]
    lines = [[day(row["date"]), *(words.number(row[name]) for name in names)] for row in rows]
    title = words("title.bursts")
    note = f"{words('title.bursts_note')} {words.currency(about.currency)}"
    told = table(heads, lines, 1) if lines else None
    return Section(title, note, table=told, empty=words("title.nothing"))
