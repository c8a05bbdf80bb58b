"""The HTML report: one file that needs nothing else, for a manager's merchants or for one merchant alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from contract.events import TOTAL
from contract.success import RULES
from contract.tips import TipRules
from contract.values import BENCHMARKS
from exports.pages import diagnosis, drawings, sheets
from exports.pages.about import About
from exports.pages.community import FILE as COMMUNITY
from exports.pages.figures import SHOWN_STAGES, WEEKS, Call, Merchant, Row, week_ends
from exports.pages.outcomes import PERIODS, Outcomes
from exports.pages.sheets import Sheet, SheetTable, on_list, today_note, written
from exports.pages.spread import Spread
from exports.pages.words import Number, Words, day, percent
from exports.policy.names import readable

SHOWN_CALLS = 40
SHOWN_ROWS = 15
DIAGNOSES = {1: "title.diagnosis_day", 7: "title.diagnosis_week"}  # the windows of a merchant's page, with their titles
LONGEST_TABLE = 30
TIP_DAYS = 7  # in which a tip is to be followed
_LISTED = [
    table for table in sheets.TABLES if table not in (sheets.RED, sheets.REGIONS, sheets.RED_PACKETS)
]  # which have a picture
_LONGEST_LINE = 32  # characters of a text that stays on one line
_KNOWN_CELLS = 50_000  # that are kept as HTML: most cells of a day are small numbers and the heads of tables
_WITH_HYPHEN = re.compile(r"(?<![\w-])(?=[\w-]{3,20}(?![\w-]))(\w+(?:-\w+)+)", re.ASCII)


class Cell(NamedTuple):
    """A cell of a table as HTML, if it stands in the head and if it stands below."""

    in_head: str
    below: str


@dataclass(frozen=True)
class Section:
    """A part of the page: things to do, links, a picture, a table, or the words that there is nothing."""

    title: str
    note: str = ""
    picture: Markup | None = None
    table: dict[str, Any] | None = None
    empty: str = ""
    things: Sequence[tuple[str, str]] = ()
    links: Sequence[tuple[str, str]] = ()  # to other pages of the pack: where, and what stands there


@dataclass(frozen=True)
class Tile:
    """A key figure, and how it moved."""

    label: str
    value: str
    change: str = ""


def manager_report(
    title: str,
    calls: list[Call],
    merchants: list[Merchant],
    outcomes: Outcomes,
    before: Row | None,
    about: About,
    words: Words,
) -> bytes:
    """The page of an account manager: whom to call, what came of its calls, and how its merchants do. It names no people.

    Args:
        outcomes: what came of its calls.
        before: of the day that is compared with: calls, merchants, at_stake.
    """
    overviews = [merchant.overview for merchant in merchants]
    stages = [
        (words(f"stage.{stage}"), float(count), f"{count}")
        for stage in SHOWN_STAGES
        if (count := sum(row["stage"] == stage for row in overviews))
    ]
    weeks = [sum((merchant.weeks[week] for merchant in merchants), Decimal(0)) for week in range(WEEKS)]
    loss, losses = words.parts([call.overview["at_stake"] for call in calls])
    at_stake = sum((call.overview["at_stake"] or Decimal(0) for call in calls), Decimal(0))
    revenue, revenue_before = (
        sum((row[name] or Decimal(0) for row in overviews), Decimal(0)) for name in ("revenue_28d", "revenue_prev_28d")
    )
    fans = sum(row["fans"] for row in overviews)
    fans_before = sum(merchant.before.get("fans_prev_28d") or 0 for merchant in merchants)
    since = ["", "", ""]
    if before is not None and about.base is not None:
        moved = (
            _moved(len(calls), before["calls"], words),
            _moved(len(merchants), before["merchants"], words),
            _grown(at_stake, before["at_stake"]),
        )
        since = [words("unit.since", change=change, day=day(about.base.as_of)) if change else "" for change in moved]
    tiles = [
        Tile(words("key_figure.calls"), f"{len(calls)}", since[0]),
        Tile(words("key_figure.merchants"), words.number(len(merchants)), since[1]),
        Tile(words("key_figure.at_stake"), words.with_unit(loss, about.currency), since[2]),
        Tile(
            words("key_figure.revenue_28d"),
            words.money(revenue, about.currency),
            _in_28_days(_grown(revenue, revenue_before), words),
        ),
        Tile(words("key_figure.fans"), words.number(fans), _in_28_days(_grown(fans, fans_before), words)),
    ]
    sections = [
        *_not_listed(merchants, words),
        *_outcomes(outcomes, words),
        *_red(merchants, words),
        _trend(weeks, about, words),
        Section(
            words("title.stages"),
            picture=drawings.bars(words("title.stages"), stages) if stages else None,
            empty=words("title.nothing"),
        ),
        _regions(merchants, words),
        _spread(max(merchants, key=lambda merchant: merchant.to_see, default=None), about, words),
        *(
            _of_sheet(table, merchants, words)
            for table in _LISTED
            if not table.allowed.persons and table is not sheets.PRODUCTS
        ),
    ]
    note = today_note(len(calls), merchants, words)
    cards = [_card(call, amount, about, words) for call, amount in zip(calls[:SHOWN_CALLS], losses, strict=False)]
    return page(title, about, words, tiles, sections, cards, note)


def merchant_report(merchant: Merchant, rules: TipRules, about: About, words: Words) -> bytes:
    """The page of one merchant, which it may get: its own figures and fans, nothing of the platform's judgement."""
    row, before = merchant.overview, merchant.before
    changes = {
        "revenue_28d": _grown(row["revenue_28d"], row["revenue_prev_28d"]),
        "fans": _grown(row["fans"], before.get("fans_prev_28d")),
        "revenue_per_fan": _grown(row["revenue_per_fan"], before.get("revenue_per_fan_prev_28d")),
        "retention": _points(row["retention"], before.get("retention_prev_28d"), words),
        "formation_rate": _points(row["formation_rate"], before.get("formation_rate_prev_28d"), words),
    }
    told = {
        "revenue_28d": words.money(row["revenue_28d"], about.currency),
        "fans": words.number(row["fans"]),
        "revenue_per_fan": "" if row["revenue_per_fan"] is None else words.money(row["revenue_per_fan"], about.currency),
        "retention": percent(row["retention"]),
        "formation_rate": percent(row["formation_rate"]),
    }
    tiles = [Tile(words(f"key_figure.{name}"), value or "–", _in_28_days(changes[name], words)) for name, value in told.items()]
    steps = [(words(f"funnel.{step}"), float(count), words.number(count)) for step, count in merchant.funnel.items()]
    alone = [merchant]
    sections = [
        _tips(merchant, rules, about, words),
        *_last_tips(merchant, rules, about, words),
        *(section for days in DIAGNOSES for section in _diagnosis(merchant, days, words)),
        _trend(merchant.weeks, about, words),
        Section(
            words("title.funnel"),
            words("title.funnel_note", fans=words.number(merchant.supporting_fans)),
            drawings.bars(words("title.funnel"), steps) if steps else None,
            empty=words("title.nothing"),
        ),
        _change(row, words),
        *_benchmarks(merchant, about, words),
        _regions(alone, words),
        _spread(merchant, about, words),
        _lives(merchant, words),
        Section(words("title.community"), words("title.community_note"), links=[(COMMUNITY, words("community.link"))]),
        *(_of_sheet(table, alone, words, 2, for_merchant=True) for table in _LISTED if table.is_for_merchants),
        _packets(merchant, words),
    ]
    return page(words("title.merchant", name=merchant.name), about, words, tiles, sections, None, "")


def page(
    title: str,
    about: About,
    words: Words,
    tiles: Sequence[Tile],
    sections: Sequence[Section],
    calls: list[dict[str, Any]] | None,
    today_note: str,
) -> bytes:
    return (
        _template()
        .render(
            title=title,
            day=day(about.published.as_of),
            base=day(about.base.as_of) if about.base and calls is not None else "",
            words=words,
            tiles=tiles,
            sections=sections,
            calls=calls,
            today_note=today_note,
            about=about.lines(words, for_merchant=calls is None),
            currency=words.currency(about.currency),
        )
        .encode()
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).resolve().parent / "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["unbroken"] = _unbroken
    environment.filters["head_cells"] = _head_cells
    environment.filters["table_rows"] = _table_rows
    return environment.get_template("report.html.j2")


def _unbroken(text: str) -> Markup:
    """A text in which ids and days do not break at their hyphens, unless they are longer than a phone's line."""
    if "-" not in text:
        return escape(text)
    pieces = (
        f'<span class="whole">{escape(piece)}</span>' if _WITH_HYPHEN.fullmatch(piece) else str(escape(piece))
        for piece in _WITH_HYPHEN.split(text)
    )
    return Markup("".join(pieces))


def _head_cells(cells: Sequence[Cell]) -> Markup:
    return Markup("".join([cell.in_head for cell in cells]))


def _table_rows(rows: Sequence[Sequence[Cell]]) -> Markup:
    return Markup("".join([f"<tr>{''.join([cell.below for cell in row])}</tr>\n" for row in rows]))


def _card(call: Call, loss: str, about: About, words: Words) -> dict[str, Any]:
    row = call.overview
    facts = [
        (words("column.on_list"), on_list(row, words)),
        (words("column.plan"), row["plan"]),
        (words("column.since"), day(row["since"])),
        (words("column.churn_probability"), percent(row["churn_probability"])),
        (words("column.at_stake"), words.with_unit(loss, about.currency)),
        (words("column.revenue_365d"), words.money(row["revenue_365d"], about.currency)),
        (words("column.best_product"), call.merchant.best_product),
        (words("column.tickets"), _tickets(call.merchant, words)),
        (words("column.changed"), call.changed),
    ]
    shown = row | {"name": row["name"]}
    return {
        "overview": shown,
        "facts": [words("unit.fact", label=label, value=value) for label, value in facts if value],
        "reasons": call.reasons,
        "next_step": call.next_step,
        "map": call.merchant.map,
    }


def _not_listed(merchants: Sequence[Merchant], words: Words) -> Iterator[Section]:
    """Who is on the list no longer, or not yet."""
    for sheet in (sheets.off_list(merchants, words), sheets.snoozed(merchants, words)):
        if sheet.rows:
            yield _table(words(f"title.{sheet.name}"), words(f"title.{sheet.name}_note"), sheet, words, 1)


def _outcomes(outcomes: Outcomes, words: Words) -> Iterator[Section]:
    """What came of the calls: in sum, call by call, which step works, and how far to trust the risk."""
    if outcomes.summary.rows:
        note = words("title.outcomes_note", days=PERIODS[-1])
        yield _table(words("sheet.outcomes"), note, outcomes.summary, words)
    else:
        yield Section(words("sheet.outcomes"), empty=words("title.no_outcomes"))
    if outcomes.listed.rows:
        yield _table(words("title.listed", days=PERIODS[0]), words("title.listed_note"), outcomes.listed, words)
    yield _table(words("title.steps"), outcomes.steps_note, outcomes.steps, words)
    lines = [[_cell(line, "long")] for line in outcomes.trust]
    yield Section(words("title.trust"), words("title.trust_note"), table={"head": [], "rows": lines})


def _tickets(merchant: Merchant, words: Words) -> str:
    if merchant.tickets is None:
        return ""
    return words("unit.tickets", count=merchant.tickets["tickets"], day=day(merchant.tickets["last_ticket_date"]))


def _grown(now: Number | None, before: Number | None) -> str:
    """By how much a figure grew, in percent of what it was; nothing where there is nothing to compare with."""
    if now is None or not before or before < 0:
        return ""
    return _with_sign(f"{round(100 * (Decimal(now) / Decimal(before) - 1)):,}", "%")


def _points(now: float | None, before: float | None, words: Words) -> str:
    """By how much a rate moved, in points of a hundred."""
    if now is None or before is None:
        return ""
    return _with_sign(f"{round(100 * (now - before))}", words("unit.points"))


def _moved(now: int, before: int, words: Words) -> str:
    return _with_sign(words.number(now - before), "")


def _with_sign(number: str, unit: str) -> str:
    """A change with its sign; ±0 where there is none."""
    if number in ("0", "-0"):
        return f"±0{unit}"
    return (f"−{number[1:]}" if number.startswith("-") else f"+{number}") + unit


def _in_28_days(change: str, words: Words) -> str:
    return words("unit.in_28_days", change=change) if change else ""


def _tips(merchant: Merchant, rules: TipRules, about: About, words: Words) -> Section:
    """What to do this week, each with the figure behind it and what is to come of it."""
    today = about.published.as_of
    until = day(today + timedelta(days=TIP_DAYS))
    things = [
        (_tip_text(tip, "do", rules, about, words), words("tip.aim", day=until, aim=_tip_text(tip, "aim", rules, about, words)))
        for tip in merchant.tips
        if tip["asked_on"] == today and tip["tip"] in rules.rows
    ]
    return Section(words("title.tips"), words("title.tips_note"), things=things, empty=words("title.no_tips"))


def _last_tips(merchant: Merchant, rules: TipRules, about: About, words: Words) -> list[Section]:
    """What came of what was to be done in the week that has ended."""
    told = [
        [
            words(f"tip.{tip['tip']}") + (words("tip.of", subject=_subject(tip, words)) if tip["subject_name"] else ""),
            _tip_text(tip, "aim", rules, about, words),
            words.number(tip["came"]),
            words("tip.reached" if tip["is_reached"] else "tip.missed"),
        ]
        for tip in merchant.tips
        if tip["asked_on"] == about.published.as_of - timedelta(days=TIP_DAYS) and tip["tip"] in rules.rows
    ]
    if not told:
        return []
    head = [words(f"column.{name}") for name in ("tip", "aim", "came", "verdict")]
    kinds = ("", "long", "n", "")
    shown = {
        "head": [_cell(text, kind) for text, kind in zip(head, kinds, strict=True)],
        "rows": [[_cell(text, kind) for text, kind in zip(row, kinds, strict=True)] for row in told],
    }
    asked = day(about.published.as_of - timedelta(days=TIP_DAYS))
    return [Section(words("title.last_tips"), words("title.last_tips_note", day=asked), table=shown)]


def _diagnosis(merchant: Merchant, days: int, words: Words, title: str | None = None) -> list[Section]:
    """Why payments moved in a window: the tree, the way from what was to be expected, what to do."""
    nodes, title = merchant.diagnosis.get(days), title or words(DIAGNOSES[days])
    if nodes is None or not diagnosis.has_basis(nodes):
        return [Section(title, empty=words("title.diagnosis_none"))]
    note = words("title.diagnosis_note")
    if nodes["paid"]["calendar_event"] is not None:
        note = f"{note}\n{words('title.diagnosis_event')}"
    way = words("title.waterfall")
    return [
        Section(title, note, diagnosis.tree(title, nodes, words)),
        Section(way, picture=diagnosis.waterfall(way, nodes, words)),
        Section(words("title.causes"), things=diagnosis.causes(nodes, words), empty=words("title.calm")),
    ]


def _red(merchants: Sequence[Merchant], words: Words) -> list[Section]:
    """The merchants whose payments fell out of what was to be expected, and the tree of the one that lost most."""
    red = sorted((one for one in merchants if one.tables[sheets.RED.name]), key=lambda one: _lost(one), reverse=True)
    table = _of_sheet(sheets.RED, red, words)
    if not red:
        return [table]
    title = words("title.diagnosis_of", title=words(DIAGNOSES[1]), merchant=red[0].name)
    return [table, *_diagnosis(red[0], 1, words, title)]


def _lost(merchant: Merchant) -> Decimal:
    return -min((row["paid_change"] or Decimal(0) for row in merchant.tables[sheets.RED.name]), default=Decimal(0))


def _tip_text(tip: Row, name: str, rules: TipRules, about: About, words: Words) -> str:
    return rules.text(
        tip["tip"],
        name,
        words.language,
        subject=_subject(tip, words),
        figure=words.number(tip["figure"]),
        amount="–" if tip["amount"] is None else words.money(tip["amount"], about.currency),
        aim=words.number(tip["aim"]),
    )


def _subject(tip: Row, words: Words) -> str:
    name = readable(tip["subject_name"] or "")
    return words.region(name) if tip["tip"] == "one_seat" else name


def _benchmarks(merchant: Merchant, about: About, words: Words) -> list[Section]:
    """The merchant beside the middle of the others; nothing where these are too few."""
    rows = []
    for name in BENCHMARKS:
        if (row := merchant.benchmarks.get(name)) is not None:
            values = [row[column] for column in ("own_value", "lower_quartile", "median", "upper_quartile")]
            rows.append(
                [words(f"benchmark.{name}"), *(_benchmark(name, value, about, words) for value in values), _place(row, words)]
            )
    if not rows:
        return []
    head = [
        words(f"column.{name}") for name in ("benchmark", "own_value", "lower_quartile", "median", "upper_quartile", "place")
    ]
    note = words("title.benchmarks_note", others=RULES["smallest_group"])
    return [Section(words("title.benchmarks"), note, table=table(head, rows, 1))]


def _benchmark(name: str, value: float, about: About, words: Words) -> str:
    match name:
        case "revenue_per_fan":
            return words.money(value, about.currency)
        case "opens_per_share":
            return f"{value:,.1f}"
        case _:
            return percent(value)


def _place(row: Row, words: Words) -> str:
    if row["own_value"] < row["lower_quartile"]:
        return words("benchmark.low")
    return words("benchmark.high" if row["own_value"] > row["upper_quartile"] else "benchmark.middle")


def _trend(weeks: Sequence[Decimal], about: About, words: Words) -> Section:
    labels, values = [f"{end:%m-%d}" for end in week_ends(about.published.as_of)], [float(revenue) for revenue in weeks]
    title = words("title.trend")
    return Section(title, words("title.trend_note"), drawings.columns(title, labels, values, [words.short(x) for x in values]))


def _regions(merchants: Sequence[Merchant], words: Words) -> Section:
    """The rates, lowest first; of one merchant the counts too."""
    rows = []
    for merchant in merchants:
        for row in merchant.tables["regions"]:
            if row["formation_rate"] is not None:
                region = words.region(row["region"])
                label = region if len(merchants) == 1 else f"{region} · {merchant.name}"
                rows.append((label, row["formation_rate"], f"{percent(row['formation_rate'])} ({words.number(row['closed'])})"))
    rows.sort(key=lambda row: row[1])
    picture = drawings.bars(words("title.regions"), rows[:SHOWN_ROWS], most=1.0) if rows else None
    note = sheets.REGIONS.note(words)
    if len(rows) > SHOWN_ROWS:
        note = f"{note}\n{words('title.lowest_rates', shown=SHOWN_ROWS, rows=len(rows))}"
    if len(merchants) > 1:
        return Section(words("title.regions"), note, picture, empty=words("title.nothing"))
    counts = _table(words("title.regions"), note, sheets.REGIONS.sheet(merchants, words), words, 2)
    return replace(counts, picture=picture)


def _spread(merchant: Merchant | None, about: About, words: Words) -> Section:
    """The week's largest tree where there is something to see, else the map of the last 90 days, or no picture."""
    if merchant is not None and merchant.cascade is not None and merchant.has_tree:
        return _tree(merchant, merchant.cascade, about, words)
    if merchant is not None and merchant.spread is not None and merchant.has_map:
        return _map(merchant, merchant.spread, about, words)
    return Section(words("title.spread"), empty=words("title.no_picture", days=RULES["map_days"]))


def _tree(merchant: Merchant, cascade: Row, about: About, words: Words) -> Section:
    title = words("title.cascade")
    note = words(
        "title.cascade_note",
        merchant=merchant.name,
        shares=words.number(cascade["shares"]),
        sharers=words.number(cascade["sharers"]),
        layers=cascade["depth"] + 1,
        orders=words.number(cascade["orders"]),
        revenue=words.money(cascade["revenue"], about.currency),
    )
    if len(merchant.nodes) < cascade["shares"]:
        note = f"{note}\n{words('title.cascade_more', shown=len(merchant.nodes))}"
    return Section(title, note, drawings.rings(title, merchant.nodes, root=cascade["root_share_id"]))


def _map(merchant: Merchant, spread: Spread, about: About, words: Words) -> Section:
    title = words("title.map", days=RULES["map_days"])
    total = {name: sum(layer[name] for layer in spread.layers) for name in ("shares", "orders", "revenue")}
    told = words(
        "title.map_of",
        merchant=merchant.name,
        shares=words.number(total["shares"]),
        layers=len(spread.layers),
        orders=words.number(total["orders"]),
        revenue=words.money(total["revenue"], about.currency),
    )
    note = f"{told}\n{map_note(spread, words)}"
    return Section(title, note, drawings.rings(title, spread.shares, hidden=spread.hidden))


def map_note(spread: Spread, words: Words, root: str | None = None) -> str:
    """How to read a map of a merchant's spread, or of the cascade that began with `root`."""
    trees = sum(layer["shares"] for layer in spread.layers if layer["depth"] == 0)
    note = words("map.note_cascade") if root else words("map.note_merchant", cascades=trees, days=RULES["map_days"])
    if left := sum(spread.hidden.values()):
        shown = words.number(len(spread.shares))
        note = f"{note}\n{words('map.hidden', shown=shown, hidden=words.number(left))}"
    return note


def _lives(merchant: Merchant, words: Words) -> Section:
    """The last live streams, each with a page of its own."""
    links = [
        (live.file, words("live.link", title=live.title, day=day(live.session["started_date"]))) for live in merchant.lives
    ]
    return Section(words("title.lives"), words("title.lives_note"), links=links, empty=words("title.nothing"))


def _change(row: dict[str, Any], words: Words) -> Section:
    title = words("column.month_change")
    parts = {name: row[name] for name in ("user_effect", "per_fan_effect") if row[name] is not None}
    if row["growth_month"] is None or row["month_change"] is None:
        return Section(title, empty=words("title.nothing"))
    whole, written_parts = words.parts([*parts.values()] or [row["month_change"]])
    amounts = {"month_change": whole} | dict(zip(parts, written_parts, strict=False))
    lines = [[_cell(words(f"column.{name}")), _cell(_signed(amount), "n")] for name, amount in amounts.items()]
    note = words("title.change_of", month=row["growth_month"])
    if parts:
        note = f"{note}\n{words('title.change_parts')}"
    return Section(title, note, table={"head": [], "rows": lines})


def _signed(amount: str) -> str:
    return amount if amount.startswith("-") or not amount.strip("0.") else f"+{amount}"


def _table(title: str, note: str, sheet: Sheet, words: Words, hidden: int = 0) -> Section:
    """A table without its first `hidden` columns, which name the merchant."""
    if not sheet.rows:
        return Section(title, note, empty=words("title.nothing"))
    columns = sheet.columns[hidden:]
    forms = [(column.form, "n" if column.is_number else "") for column in columns]
    head = [_cell(words(f"column.{column.word}"), kind) for column, (_, kind) in zip(columns, forms, strict=True)]
    rows = [
        [_cell(written(value, form, words), kind) for (form, kind), value in zip(forms, row[hidden:], strict=True)]
        for row in sheet.rows[:LONGEST_TABLE]
    ]
    if len(sheet.rows) > LONGEST_TABLE:
        note = f"{note}\n{words('title.first_rows', shown=LONGEST_TABLE, rows=words.number(len(sheet.rows)))}"
    return Section(title, note, table={"head": head, "rows": rows})


def _of_sheet(
    table: SheetTable, merchants: Sequence[Merchant], words: Words, hidden: int = 0, *, for_merchant: bool = False
) -> Section:
    sheet = table.sheet(merchants, words, for_merchant=for_merchant)
    return _table(words(f"sheet.{table.name}"), table.note(words), sheet, words, hidden)


def _packets(merchant: Merchant, words: Words) -> Section:
    """How the share rate rises with the size of a red packet, in all tiers of cities together, and the size that gains most."""
    rows = []
    for row in merchant.tables["red_packets"]:
        if row["city_tier"] == TOTAL:
            gain = row["gain_per_packet"]
            told = [
                percent(row["share_rate_isotonic"]),
                "" if gain is None else f"{gain:+,.2f}",
                "★" if row["is_optimum"] else "",
            ]
            rows.append((row["band"], row["share_rate_isotonic"], " ".join(filter(None, told))))
    section = _of_sheet(sheets.RED_PACKETS, [merchant], words, 2)
    if not rows:
        return section
    note = f"{words('title.packet_curve')}\n{section.note}"
    return replace(section, note=note, picture=drawings.bars(section.title, rows))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> dict[str, Any]:
    """A section's table of written values; all but the first `texts` columns are numbers."""
    kinds = ["" if place < texts else "n" for place in range(len(head))]
    return {
        "head": [_cell(text, kind) for text, kind in zip(head, kinds, strict=True)],
        "rows": [[_cell(text, kind) for text, kind in zip(row, kinds, strict=True)] for row in rows],
    }


@lru_cache(maxsize=_KNOWN_CELLS)
def _cell(text: str, kind: str = "") -> Cell:
    """A cell: `n` is a number; a text that is too long for one line may break (`long`), an id or a day never does."""
    kind = kind or ("long" if len(text) > _LONGEST_LINE else "")
    marked = f' class="{kind}"' if kind else ""
    return Cell(f"<th{marked}>{escape(text)}</th>", f"<td{marked}>{_unbroken(text)}</td>")
