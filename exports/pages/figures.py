"""The figures behind workbooks and reports, read for a batch of merchants at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from exports.packs.datapackage import VALUES
from exports.packs.export_day import ExportDay
from exports.pages.playbook import Playbook
from exports.pages.reasons import SHOWN, Reason
from exports.pages.spread import Spread, largest_cascades
from exports.pages.words import Words, percent
from exports.policy.names import readable
from exports.policy.people import SMALLEST_CELL

WEEKS = 12
STAGES = VALUES["stage"]
DRAWN_SHARES = 300
LEAST_PASSED_ON = 8  # shares that came from another one make a picture worth looking at
_LONGEST_NAME = 80
_NOTABLE_RISK = 0.05  # change of a probability that is worth a word
_NOTABLE_REVENUE = 0.1  # relative change

Row = dict[str, Any]


@dataclass
class Merchant:
    """What is known of one merchant.

    Attributes:
        overview: a row of the temp table `overview_now`.
        weeks: net revenue of the last weeks of seven days, the oldest first.
        funnel: people by step, each among those of the step before.
        supporting_fans: all of them, also those who bought once.
        regions: rows of `merchant_team_regions` with enough people.
        leaders, spreaders: fans of the merchant who may be contacted.
        groups: its dying chat groups.
        cascade: the week's largest share tree, None if no share was made.
        nodes: its shares, those with the largest subtrees.
        spread: the largest share trees of the last 90 days, None if there are none.
    """

    overview: Row
    weeks: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * WEEKS)
    funnel: dict[str, int] = field(default_factory=dict)
    supporting_fans: int = 0
    regions: list[Row] = field(default_factory=list)
    leaders: list[Row] = field(default_factory=list)
    spreaders: list[Row] = field(default_factory=list)
    groups: list[Row] = field(default_factory=list)
    cascade: Row | None = None
    nodes: list[Row] = field(default_factory=list)
    spread: Spread | None = None

    @property
    def name(self) -> str:
        return str(self.overview["name"])

    @property
    def has_tree(self) -> bool:
        """Whether a picture of the week's largest tree has something to see."""
        return self.cascade is not None and bool(self.nodes) and self.cascade["shares"] - 1 >= LEAST_PASSED_ON

    @property
    def has_map(self) -> bool:
        """Whether a picture of the last 90 days has."""
        return self.spread is not None and self.spread.passed_on >= LEAST_PASSED_ON

    @property
    def to_see(self) -> tuple[int, int]:
        """How much there is to see: a tree of this week before any map, the larger before the smaller."""
        if self.cascade is not None and self.has_tree:
            return 2, self.cascade["shares"]
        if self.spread is not None and self.has_map:
            return 1, self.spread.passed_on
        return 0, 0


@dataclass(frozen=True)
class Call:
    """A merchant that needs a call: its overview with `rank`, why, what to do, and what is new."""

    overview: Row
    reasons: list[Reason]
    next_step: str
    changed: str


def merchants(day: ExportDay, identifiers: Iterable[str]) -> list[Merchant]:
    """The merchants of a batch, in the order of their identifiers."""
    day.con.execute("create or replace temp table batch (merchant_id varchar)")
    day.con.executemany("insert into batch values (?)", [[identifier] for identifier in identifiers])
    found = {row["merchant_id"]: Merchant(_named(row)) for row in day.rows(_OVERVIEW)}
    for row in day.rows(_WEEKS):
        found[row["merchant_id"]].weeks[WEEKS - 1 - row["week"]] = row["revenue"]
    for row in day.rows(_FUNNEL):
        one = found[row.pop("merchant_id")]
        one.supporting_fans = row.pop("supporting")
        one.funnel = row
    for name, sql in (
        ("regions", _REGIONS),
        ("leaders", _LEADERS),
        ("spreaders", _SPREADERS),
        ("groups", _GROUPS),
        ("nodes", _NODES),
    ):
        for row in day.rows(sql):
            getattr(found[row["merchant_id"]], name).append(row)
    for row in day.rows(_CASCADES):
        found[row["merchant_id"]].cascade = row
    for merchant, spread in largest_cascades(day).items():
        found[merchant].spread = spread
    return list(found.values())


def calls(day: ExportDay, manager: str, playbook: Playbook, words: Words) -> list[Call]:
    """The merchants of a manager that need a call, the most urgent first."""
    before = {}
    if day.base is not None:
        before = {row["merchant_id"]: row for row in day.rows("select * from before.marts.merchant_churn_flags")}
    listed = []
    for row in map(_named, day.rows("select * from calls_now where manager = ? order by rank", [manager])):
        texts = [row[f"reason_{rank + 1}"] for rank in range(SHOWN)]
        why = [Reason(topic, text) for topic, text in zip(row["topics"], texts, strict=False)]
        step = playbook.next_step(row["stage"], row["topics"], words.language)
        listed.append(Call(row, why, step, _changed(row, before.get(row["merchant_id"]), day.base is not None, words)))
    return listed


def _named(row: Row) -> Row:
    """A row with a name that can be shown."""
    name = readable(row["name"]) or row["merchant_id"]
    return row | {"name": name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"}


def _changed(row: Row, before: Row | None, has_base: bool, words: Words) -> str:
    """What is new of a merchant since the day that is compared with."""
    if before is None:
        return words("changed.new_merchant") if has_base else words("changed.first")
    news = []
    if before["stage"] != row["stage"]:
        news.append(words("changed.stage", before=words(f"stage.{before['stage']}")))
    risk, old_risk = row["churn_probability"], before["churn_probability"]
    if risk is not None and old_risk is not None and abs(risk - old_risk) >= _NOTABLE_RISK:
        news.append(words("changed.risk", before=percent(old_risk), after=percent(risk)))
    revenue, old_revenue = row["revenue_28d"], before["revenue_28d"]
    if abs(float(revenue - old_revenue)) > _NOTABLE_REVENUE * max(abs(float(old_revenue)), 1):
        news.append(words("changed.revenue", before=words.number(old_revenue), after=words.number(revenue)))
    return words("unit.between").join(news) or words("changed.none")


_OVERVIEW = "select * from overview_now semi join batch using (merchant_id) order by merchant_id"
_WEEKS = f"""
select merchant_id, (getvariable('as_of') - date) // 7 as week, sum(revenue) as revenue
from marts.daily_merchant semi join batch using (merchant_id)
where date > getvariable('as_of') - {7 * WEEKS} and revenue is not null group by all
"""
_FUNNEL = """
select
    merchant_id, count(*) filter (where is_window_fan) as window_fans,
    count(*) filter (where is_window_fan and orders > 0) as buying_fans,
    count(*) filter (where is_window_fan and orders > 1) as repeat_fans,
    count(*) filter (where is_window_fan and orders > 1 and is_supporting_fan) as supporting_fans,
    count(*) filter (where is_window_fan and is_supporting_fan) as supporting
from marts.fan_revenue semi join batch using (merchant_id) group by merchant_id
"""
_REGIONS = f"""
select * from marts.merchant_team_regions semi join batch using (merchant_id)
where people >= {SMALLEST_CELL} order by merchant_id, formation_rate nulls last, region
"""
_LEADERS = """
select * from leaders_now semi join batch using (merchant_id) order by merchant_id, formed_organic desc, opened, fan
"""
_SPREADERS = """
select * from spreaders_now semi join batch using (merchant_id) order by merchant_id, revenue_led desc, openers desc, fan
"""
_GROUPS = """
select * from marts.group_activity semi join batch using (merchant_id)
where state = 'dying' order by merchant_id, members desc, group_id
"""
_WEEKS_CASCADES = """
    select * from marts.cascades semi join batch using (merchant_id)
    where started_at >= getvariable('week_start')
    qualify row_number() over (partition by merchant_id order by shares desc, root_share_id) = 1
"""
_CASCADES = f"select * from ({_WEEKS_CASCADES})"
_NODES = f"""
select nodes.merchant_id, nodes.share_id, nodes.parent_share_id, nodes.depth, nodes.shared_at, nodes.subtree_shares,
    nodes.subtree_revenue, coalesce(fans.is_supporting_fan, false) as is_supporting
from marts.cascade_nodes as nodes
semi join ({_WEEKS_CASCADES}) as cascades
    on nodes.merchant_id = cascades.merchant_id and nodes.root_share_id = cascades.root_share_id
left join marts.fan_revenue as fans on nodes.merchant_id = fans.merchant_id and nodes.user_id = fans.user_id
qualify row_number() over (
    partition by nodes.merchant_id order by nodes.subtree_shares desc, nodes.shared_at, nodes.share_id
) <= {DRAWN_SHARES}
order by nodes.merchant_id, nodes.subtree_shares desc, nodes.shared_at, nodes.share_id
"""
