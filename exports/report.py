"""The HTML report: one file that needs nothing else, for a manager's merchants or for one merchant alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from exports import charts, sheets
from exports.about import About
from exports.figures import STAGES, WEEKS, Call, Merchant
from exports.people import LEADERS, SMALLEST_CELL, SPREADERS
from exports.sheets import Sheet, written
from exports.words import Words, day, money, percent

SHOWN_CALLS = 40
SHOWN_ROWS = 15


@dataclass(frozen=True)
class Section:
    """A part of the page: a picture, a table, or the words that there is nothing."""

    title: str
    note: str = ""
    picture: Markup | None = None
    table: dict[str, Any] | None = None
    empty: str = ""


def manager_report(title: str, calls: list[Call], merchants: list[Merchant], about: About, words: Words) -> bytes:
    """The page of an account manager: whom to call, and how its merchants do. It names no people."""
    overviews = [merchant.overview for merchant in merchants]
    stages = [
        (words(f"stage.{stage}"), float(count), f"{count}")
        for stage in STAGES
        if (count := sum(row["stage"] == stage for row in overviews))
    ]
    weeks = [sum((merchant.weeks[week] for merchant in merchants), Decimal(0)) for week in range(WEEKS)]
    spread = max(
        (merchant for merchant in merchants if merchant.nodes),
        key=lambda merchant: merchant.cascade["shares"] if merchant.cascade else 0,
        default=None,
    )
    tiles = [
        (words("key_figure.calls"), f"{len(calls)}"),
        (words("key_figure.merchants"), f"{len(merchants):,}"),
        (words("key_figure.at_stake"), money(sum((call.overview["at_stake"] for call in calls), Decimal(0)))),
        (words("key_figure.revenue_28d"), money(sum((row["revenue_28d"] for row in overviews), Decimal(0)))),
        (words("key_figure.fans"), f"{sum(row['fans'] for row in overviews):,}"),
    ]
    sections = [
        _trend(weeks, about, words),
        Section(
            words("title.stages"),
            picture=charts.bars(words("title.stages"), stages) if stages else None,
            empty=words("title.nothing"),
        ),
        _regions(merchants, words),
        _cascade(spread, words),
        _table(words("sheet.groups"), words("title.groups_note"), sheets.groups(merchants, words), words),
    ]
    note = words("title.today_note", calls=len(calls), merchants=len(merchants))
    return page(title, about, words, tiles, sections, [_card(call, words) for call in calls[:SHOWN_CALLS]], note)


def merchant_report(merchant: Merchant, about: About, words: Words) -> bytes:
    """The page of one merchant, which it may get: its own figures and fans, nothing of the platform's judgement."""
    row = merchant.overview
    tiles = [
        (words("key_figure.revenue_28d"), money(row["revenue_28d"])),
        (words("key_figure.fans"), f"{row['fans']:,}"),
        (words("key_figure.revenue_per_fan"), money(row["revenue_per_fan"]) or "–"),
        (words("key_figure.retention"), percent(row["retention"]) or "–"),
        (words("key_figure.formation_rate"), percent(row["formation_rate"]) or "–"),
    ]
    steps = [(words(f"funnel.{step}"), float(count), f"{count:,}") for step, count in merchant.funnel.items()]
    alone = [merchant]
    sections = [
        _trend(merchant.weeks, about, words),
        Section(
            words("title.funnel"),
            picture=charts.bars(words("title.funnel"), steps) if steps else None,
            empty=words("title.nothing"),
        ),
        _change(row, words),
        _regions(alone, words),
        _cascade(merchant if merchant.cascade else None, words),
        _table(
            words("sheet.spreaders"), words("title.spreaders_note", limit=SPREADERS), sheets.spreaders(alone, words), words, 2
        ),
        _table(words("title.leaders"), words("title.leaders_note", limit=LEADERS), sheets.leaders(alone), words, 2),
        _table(words("sheet.groups"), words("title.groups_note"), sheets.groups(alone, words), words, 2),
    ]
    return page(words("title.merchant", name=merchant.name), about, words, tiles, sections, None, "")


def page(
    title: str,
    about: About,
    words: Words,
    tiles: Sequence[tuple[str, str]],
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
            currency=about.currency,
        )
        .encode()
    )


@cache
def _template() -> Template:
    loader = FileSystemLoader(Path(__file__).resolve().parent / "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True).get_template(
        "report.html.j2"
    )


def _card(call: Call, words: Words) -> dict[str, Any]:
    row = call.overview
    facts = [
        (words("column.since"), day(row["since"])),
        (words("column.churn_probability"), percent(row["churn_probability"])),
        (words("column.at_stake"), money(row["at_stake"])),
        (words("column.revenue_365d"), money(row["revenue_365d"])),
        (words("column.changed"), call.changed),
    ]
    shown = row | {"name": row["name"]}
    return {
        "overview": shown,
        "facts": [fact for fact in facts if fact[1]],
        "reasons": call.reasons,
        "next_step": call.next_step,
    }


def _trend(weeks: Sequence[Decimal], about: About, words: Words) -> Section:
    ends = [about.published.as_of - timedelta(days=7 * (WEEKS - 1 - week)) for week in range(WEEKS)]
    labels, values = [f"{end:%m-%d}" for end in ends], [float(revenue) for revenue in weeks]
    return Section(
        words("title.trend"), picture=charts.columns(words("title.trend"), labels, values, [_short(x) for x in values])
    )


def _short(value: float) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.1f}{letter}"
    return f"{value:.0f}"


def _regions(merchants: Sequence[Merchant], words: Words) -> Section:
    rows = []
    for merchant in merchants:
        for row in merchant.regions:
            if row["formation_rate"] is not None:
                region = words("unit.unknown") if row["region"] == "unknown" else row["region"]
                label = region if len(merchants) == 1 else f"{region} · {merchant.name}"
                rows.append((label, row["formation_rate"], f"{percent(row['formation_rate'])} ({row['closed']:,})"))
    rows.sort(key=lambda row: row[1])
    picture = charts.bars(words("title.regions"), rows[:SHOWN_ROWS], most=1.0) if rows else None
    note = words("title.regions_note", people=SMALLEST_CELL)
    return Section(words("title.regions"), note, picture, empty=words("title.nothing"))


def _cascade(merchant: Merchant | None, words: Words) -> Section:
    title = words("title.cascade")
    if merchant is None or merchant.cascade is None:
        return Section(title, empty=words("title.no_cascade"))
    row = merchant.cascade
    note = words(
        "title.cascade_note",
        merchant=merchant.name,
        shares=row["shares"],
        sharers=row["sharers"],
        depth=row["depth"],
        orders=row["orders"],
        revenue=money(row["revenue"]),
    )
    if len(merchant.nodes) < row["shares"]:
        note = f"{note} {words('title.cascade_more', shown=len(merchant.nodes))}"
    return Section(title, note, charts.rings(title, merchant.nodes, root=row["root_share_id"]))


def _change(row: dict[str, Any], words: Words) -> Section:
    if row["growth_month"] is None or row["month_change"] is None:
        return Section(words("column.month_change"), empty=words("title.nothing"))
    parts = {"month_change": row["month_change"], "user_effect": row["user_effect"], "per_fan_effect": row["per_fan_effect"]}
    lines = [
        [_cell(words(f"column.{name}")), _cell(f"{value:+,.0f}", True)] for name, value in parts.items() if value is not None
    ]
    head = [_cell(words("title.revenue_change", month=row["growth_month"])), _cell("", True)]
    return Section(words("column.month_change"), words("about.change_text"), table={"head": head, "rows": lines})


def _table(title: str, note: str, sheet: Sheet, words: Words, hidden: int = 0) -> Section:
    """A table without its first `hidden` columns, which name the merchant."""
    if not sheet.rows:
        return Section(title, note, empty=words("title.nothing"))
    columns = sheet.columns[hidden:]
    head = [_cell(words(f"column.{column.word}"), column.is_number) for column in columns]
    rows = [
        [_cell(written(value, column.form), column.is_number) for column, value in zip(columns, row[hidden:], strict=True)]
        for row in sheet.rows[: SHOWN_ROWS * 2]
    ]
    return Section(title, note, table={"head": head, "rows": rows})


def table(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int) -> dict[str, Any]:
    """A section's table of written values; all but the first `texts` columns are numbers."""
    written_rows = [[_cell(text, place >= texts) for place, text in enumerate(row)] for row in rows]
    return {"head": [_cell(text, place >= texts) for place, text in enumerate(head)], "rows": written_rows}


def _cell(text: str, is_number: bool = False) -> dict[str, Any]:
    return {"text": text, "is_number": is_number}
