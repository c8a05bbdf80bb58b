"""How the people of merchants climb, come and go, and compete: what their page shows, read for a batch at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exports.packs.export_day import NOW, ExportDay
from exports.policy.allow_list import MERCHANT_TABLES

FILE = "community.html"  # of a merchant's pack
PLACES = 10  # of a pond that are shown
BURST_DAYS = 90  # that are looked back on
_PONDS = next(table for table in MERCHANT_TABLES if table.name == "ponds")

Row = dict[str, Any]


@dataclass
class Community:
    """The people of one merchant.

    Attributes:
        ladder: its rows of `ladder_transitions` of the last month that is over, of the latest if none is.
        ponds: by kind, the first places of its largest pond; a person is named as the merchant's files may name it.
        bursts: its rows of `community_days` on which the groups burst, the latest first.
    """

    ladder: list[Row] = field(default_factory=list)
    ponds: dict[str, list[Row]] = field(default_factory=dict)
    bursts: list[Row] = field(default_factory=list)


def communities(day: ExportDay) -> dict[str, Community]:
    """By merchant of the temp table `batch`; one of which there is nothing to tell is left out."""
    found: dict[str, Community] = {}
    for row in day.rows(_LADDER, [day.as_of]):
        found.setdefault(row["merchant_id"], Community()).ladder.append(row)
    for row in day.rows(_LARGEST_PONDS):
        found.setdefault(row["merchant_id"], Community()).ponds.setdefault(row["pond_kind"], []).append(row)
    for row in day.rows(_BURSTS, [day.as_of]):
        found.setdefault(row["merchant_id"], Community()).bursts.append(row)
    return found


_LADDER = """
from marts.ladder_transitions semi join batch using (merchant_id)
qualify month_start = last_value(month_start) over (
    partition by merchant_id order by last_day(month_start) <= ?, month_start
    rows between unbounded preceding and unbounded following
)
order by merchant_id, from_tier, to_tier
"""
_LARGEST_PONDS = f"""
select * from ({_PONDS.sql(NOW, "batch")})
qualify pond = first_value(pond) over (partition by merchant_id, pond_kind order by participants desc, pond)
    and place <= {PLACES}
order by merchant_id, pond_kind, place
"""
_BURSTS = f"""
from marts.community_days semi join batch using (merchant_id)
where is_burst and merchant_id <> 'all' and date > ?::date - {BURST_DAYS}
order by merchant_id, date desc
"""
