"""The last live streams of merchants: what their pages show, read for a batch of merchants at a time. Nobody is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exports.packs.export_day import ExportDay
from exports.policy.names import readable, safe_name

LAST = 10  # lives of a merchant that have a page
FOLDER = "lives"  # of a merchant's pack
_POINTS = 400  # of the curve

Row = dict[str, Any]


@dataclass
class Live:
    """One live stream.

    Attributes:
        session: its row of `live_sessions`.
        curve: minute, most viewers at the end of a minute; of a long live several minutes together.
        pushes: its rows of `live_pushes` in order, with the minute of each and the title of its product.
        layers: layer, shares, viewers, orders, revenue; from the nearest to the furthest.
        channels: its rows of `live_channels`, those with most money first.
    """

    session: Row
    curve: list[tuple[int, int]] = field(default_factory=list)
    pushes: list[Row] = field(default_factory=list)
    layers: list[Row] = field(default_factory=list)
    channels: list[Row] = field(default_factory=list)

    @property
    def title(self) -> str:
        return readable(self.session["title"] or self.session["live_id"])

    @property
    def file(self) -> str:
        """Where its page stands in the pack of its merchant."""
        return f"{FOLDER}/{safe_name(self.session['live_id'])}.html"


def last_lives(day: ExportDay) -> dict[str, list[Live]]:
    """By merchant of the temp table `batch`, the latest first; merchants without a live are left out."""
    day.con.execute(_LAST)
    merchants: dict[str, list[Live]] = {}
    found: dict[str, Live] = {}
    for row in day.rows("from last_lives order by merchant_id, started_at desc, live_id"):
        found[row["live_id"]] = live = Live(row)
        merchants.setdefault(row["merchant_id"], []).append(live)
    for row in day.rows(_CURVE):
        found[row["live_id"]].curve.append((row["minute"], row["viewers"]))
    for row in day.rows(_PUSHES):
        found[row["live_id"]].pushes.append(row)
    for row in day.rows(_LAYERS):
        found[row["live_id"]].layers.append(row)
    for row in day.rows(_CHANNELS):
        found[row["live_id"]].channels.append(row)
    return merchants


_LAST = f"""
create or replace temp table last_lives as
select * from marts.live_sessions semi join batch using (merchant_id)
qualify row_number() over (partition by merchant_id order by started_at desc, live_id) <= {LAST}
"""
_CURVE = f"""
with minutes as (
    select live_id, minute, viewers, row_number() over (partition by live_id order by minute) - 1 as place,
        count(*) over (partition by live_id) as minutes
    from marts.live_minutes semi join last_lives using (live_id)
)
select live_id, min(minute) as minute, max(viewers) as viewers
from minutes
group by live_id, place // ceil(minutes / {_POINTS})::bigint
order by live_id, minute
"""
_PUSHES = """
select pushes.*, coalesce(products.title, pushes.product_id) as product_title,
    date_diff('minute', date_trunc('minute', lives.started_at), pushes.pushed_at) as minute
from marts.live_pushes as pushes
join last_lives as lives using (live_id)
left join marts.products as products on pushes.merchant_id = products.merchant_id and pushes.product_id = products.product_id
order by pushes.live_id, pushes.push_number
"""
_LAYERS = """
select live_id, layer, sum(shares)::bigint as shares, sum(viewers)::bigint as viewers, sum(orders)::bigint as orders,
    if(count(*) = count(revenue), sum(revenue), null) as revenue
from marts.live_spread semi join last_lives using (live_id)
group by live_id, layer
order by live_id, layer
"""
_CHANNELS = """
from marts.live_channels semi join last_lives using (live_id)
order by live_id, spend desc nulls last, viewers desc, channel
"""
