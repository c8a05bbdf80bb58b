"""The page of a live stream: when people watched, what pushes added, how far it was passed on, which money came back."""

from __future__ import annotations

from exports.pages import drawings
from exports.pages.about import About
from exports.pages.lives import Live, Row
from exports.pages.report import Section, Tile, page, table
from exports.pages.words import Words, day, percent
from exports.policy.names import readable

SHOWN_PUSHES = 20


def live_page(live: Live, merchant: str, about: About, words: Words) -> bytes:
    """The page of one live of a merchant."""
    row = live.session
    tiles = [
        Tile(words("live.viewers"), words.number(row["viewers"])),
        Tile(words("live.orders"), words.number(row["orders"])),
        Tile(words("live.revenue"), "–" if row["revenue"] is None else words.money(row["revenue"], about.currency)),
        Tile(words("live.interaction_rate"), percent(row["interaction_rate"]) or "–"),
        Tile(words("live.click_to_order_rate"), percent(row["click_to_order_rate"]) or "–"),
    ]
    sections = [_curve(live, words), *_pushes(live, words), _layers(live, words), _channels(live, about, words)]
    heading = words("live.of_merchant", title=live.title, day=day(row["started_date"]), merchant=merchant)
    return page(heading, about, words, tiles, sections, None, "")


def _curve(live: Live, words: Words) -> Section:
    title = words("live.curve")
    if not live.curve:
        return Section(title, empty=words("title.nothing"))
    marks = [(float(row["minute"]), f"{row['push_number']}") for row in live.pushes]
    points = [(float(minute), float(viewers)) for minute, viewers in live.curve]
    return Section(title, words("live.curve_note"), drawings.curve(title, points, marks, words("live.minute")))


def _pushes(live: Live, words: Words) -> list[Section]:
    """What each push added, of those that can be judged, and why the others cannot."""
    title = words("live.pushes")
    if not live.pushes:
        return [Section(title, empty=words("live.no_pushes"))]
    judged = [row for row in live.pushes if row["status"] == "estimated"]
    bars = [
        (
            f"{row['push_number']} {readable(row['product_title'])}",
            (row["clicks_lift_lo"], row["clicks_lift"], row["clicks_lift_hi"]),
            _signed(row["clicks_lift"]),
        )
        for row in judged[:SHOWN_PUSHES]
    ]
    head = [words(f"live.{name}") for name in ("push", "product", "action", "status", "before", "after", "added", "chance")]
    rows = [
        [
            f"{row['push_number']}",
            readable(row["product_title"]),
            words(f"push_action.{row['action']}"),
            words(f"push_status.{row['status']}"),
            words.number(row["clicks_before"]),
            words.number(row["clicks_after"]),
            "–" if row["clicks_lift"] is None else _signed(row["clicks_lift"]),
            percent(row["clicks_p_value"]) or "–",
        ]
        for row in live.pushes[:SHOWN_PUSHES]
    ]
    note = words("live.pushes_note", limit=SHOWN_PUSHES)
    picture = (
        Section(title, note, drawings.intervals(title, bars)) if bars else Section(title, note, empty=words("live.none_judged"))
    )
    return [picture, Section(words("live.each_push"), table=table(head, rows, 4))]


def _layers(live: Live, words: Words) -> Section:
    names = ("layer", "shares", "viewers", "orders", "revenue")
    rows = []
    for row in live.layers:
        layer = words("live.no_layer") if row["layer"] < 0 else words.number(row["layer"])
        rows.append([layer, *("–" if row[name] is None else words.number(row[name]) for name in names[1:])])
    told = table([words(f"live.{name}") for name in names], rows, 0) if rows else None
    return Section(words("live.layers"), words("live.layers_note"), table=told, empty=words("title.nothing"))


def _channels(live: Live, about: About, words: Words) -> Section:
    names = ("spend", "arrivals", "viewers", "orders", "direct_revenue", "revenue")
    rows = []
    for row in live.channels:
        figures = ("–" if row[name] is None else words.number(row[name]) for name in names)
        rows.append([_channel(row, words), words(f"live_verdict.{row['verdict']}"), *figures])
    head = [words(f"live.{name}") for name in ("channel", "verdict", *names)]
    told = table(head, rows, 2) if rows else None
    spent = [
        (_channel(row, words), row["spend"], row["revenue"])
        for row in live.channels
        if row["spend"] and row["revenue"] is not None
    ]
    pairs = [
        (label, max(float(amount), 0.0), words.short(amount))
        for channel, spend, revenue in spent
        for label, amount in (
            (words("live.spend_of", channel=channel), spend),
            (words("live.revenue_of", channel=channel), revenue),
        )
    ]
    title = words("live.channels")
    picture = drawings.bars(title, pairs) if pairs else None
    return Section(
        title, words("live.channels_note", currency=words.currency(about.currency)), picture, told, words("title.nothing")
    )


def _channel(row: Row, words: Words) -> str:
    """A channel by its name in the reader's language, else as it came."""
    return readable(str(words.texts.get(f"channel.{row['channel']}", row["channel"])))


def _signed(number: float) -> str:
    """With its sign; what rounds to zero has none of its own."""
    return f"{round(number, 1) + 0.0:+,.1f}"
