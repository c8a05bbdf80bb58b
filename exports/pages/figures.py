"""The figures behind workbooks and reports, read for a batch of merchants at a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from contract.values import STAGES, UNKNOWN
from exports.packs.export_day import BEFORE, NOW, ExportDay
from exports.pages.community import Community, communities
from exports.pages.lives import Live, last_lives
from exports.pages.playbook import Playbook
from exports.pages.reasons import SHOWN, Reason
from exports.pages.reference import Reference
from exports.pages.spread import Spread, largest_cascades, largest_of_week
from exports.pages.words import Words, percent
from exports.policy.allow_list import MANAGER_TABLES, OVERVIEW
from exports.policy.names import readable

WEEKS = 12  # of the mart `merchant_weeks`
# Step of the catalogues → column of the mart `fan_funnel`.
FUNNEL = {
    "window_fans": "window_fans",
    "buying_fans": "buying_fans",
    "repeat_fans": "repeat_fans",
    "supporting_fans": "repeat_supporting_fans",
}
SHOWN_STAGES = (*STAGES, UNKNOWN)
_CALLS = next(table for table in MANAGER_TABLES if table.name == "calls")
TABLES = tuple(table for table in MANAGER_TABLES if table.mart != OVERVIEW)  # of several rows a merchant
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
        overview: a row of the mart `merchant_overview`.
        weeks: net revenue of the last weeks of seven days, the oldest first.
        funnel: people by step, each among those of the step before.
        supporting_fans: all of them, also those who bought once.
        tables: by name of the allow-list, the rows of its tables of several rows a merchant.
        cascade: the week's largest share tree, None if no share was made.
        nodes: its shares, those with the largest subtrees.
        spread: the largest share trees of the last 90 days, None if there are none.
        before: its figures of 28 days ago, a row of `merchant_before`.
        tips: rows of `merchant_tips`, those of the day and those of a week ago, each in their order.
        benchmarks: rows of `merchant_benchmarks` by figure.
        diagnosis: rows of `diagnosis` of the windows that end with the day, by their days and node.
        tickets: its row of `merchant_tickets`, None if it opened none of late.
        map: where its map stands in the pack of its manager, None if there is none.
        lives: its last live streams, the latest first.
        community: how its people climb and compete.
    """

    overview: Row
    weeks: list[Decimal] = field(default_factory=lambda: [Decimal(0)] * WEEKS)
    funnel: dict[str, int] = field(default_factory=dict)
    supporting_fans: int = 0
    tables: dict[str, list[Row]] = field(default_factory=lambda: {table.name: [] for table in TABLES})
    cascade: Row | None = None
    nodes: list[Row] = field(default_factory=list)
    spread: Spread | None = None
    before: Row = field(default_factory=dict)
    tips: list[Row] = field(default_factory=list)
    benchmarks: dict[str, Row] = field(default_factory=dict)
    diagnosis: dict[int, dict[str, Row]] = field(default_factory=dict)
    tickets: Row | None = None
    map: str | None = None
    lives: list[Live] = field(default_factory=list)
    community: Community = field(default_factory=Community)

    @property
    def best_product(self) -> str | None:
        """The product that sold most, None if none was sold."""
        return next((readable(row["title"]) for row in self.tables["products"] if row["orders"]), None)

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
    """A merchant that needs a call: its overview with `rank`, what else is known of it, why, what to do, what is new, and how a
    sheet names the row.
    """

    overview: Row
    merchant: Merchant
    reasons: list[Reason]
    next_step: str
    changed: str
    reference: Reference


def merchants(day: ExportDay, identifiers: Iterable[str]) -> list[Merchant]:
    """The merchants of a batch, in the order of their identifiers; one that is there no more is left out."""
    there = f"select merchant_id from {NOW}.marts.{OVERVIEW} where merchant_id in (select unnest(?))"
    day.con.execute(f"create or replace temp table batch as {there}", [list(identifiers)])
    found = {row["merchant_id"]: Merchant(named(row)) for row in day.rows(f"{_of(OVERVIEW)} order by merchant_id")}
    for row in day.rows(_of("merchant_weeks")):
        found[row["merchant_id"]].weeks[WEEKS - 1 - row["weeks_ago"]] = row["revenue"] or Decimal(0)
    for row in day.rows(_of("fan_funnel")):
        one = found[row["merchant_id"]]
        one.supporting_fans = row["supporting_fans"]
        one.funnel = {step: row[name] for step, name in FUNNEL.items()}
    for row in day.rows(_of("merchant_before")):
        found[row["merchant_id"]].before = row
    for row in day.rows(f"{_of('merchant_tips')} order by merchant_id, asked_on desc, rank"):
        found[row["merchant_id"]].tips.append(row)
    for row in day.rows(_of("merchant_benchmarks")):
        found[row["merchant_id"]].benchmarks[row["metric"]] = row
    for row in day.rows(f"{_of('diagnosis')} where date = ?", [day.as_of]):
        found[row["merchant_id"]].diagnosis.setdefault(row["window_days"], {})[row["node"]] = row
    for row in day.rows(_of("merchant_tickets")):
        found[row["merchant_id"]].tickets = row
    for table in TABLES:
        for row in day.rows(f"from ({table.sql(NOW, 'batch')}) order by merchant_id, {table.order}"):
            found[row["merchant_id"]].tables[table.name].append(row)
    for row in day.rows(f"{_of('largest_cascades')} where is_largest_of_week"):
        found[row["merchant_id"]].cascade = row
    for merchant, nodes in largest_of_week(day, DRAWN_SHARES).items():
        found[merchant].nodes = nodes
    for merchant, spread in largest_cascades(day).items():
        found[merchant].spread = spread
    for merchant, lives in last_lives(day).items():
        found[merchant].lives = lives
    for merchant, community in communities(day).items():
        found[merchant].community = community
    return list(found.values())


def calls(day: ExportDay, manager: str, merchants: Iterable[Merchant], playbook: Playbook, words: Words) -> list[Call]:
    """Those of a manager's merchants that need a call, the most urgent first."""
    known = {merchant.overview["merchant_id"]: merchant for merchant in merchants}
    before = {}
    if day.base is not None:
        before = {row["merchant_id"]: row for row in day.rows(f"from {BEFORE}.marts.{OVERVIEW}")}
    listed = []
    for row in map(named, day.rows(f"from ({_CALLS.sql(NOW)}) where manager = ? order by rank", [manager])):
        texts = [row[f"reason_{rank + 1}"] for rank in range(SHOWN)]
        why = [Reason(topic, text) for topic, text in zip(row["topics"], texts, strict=False)]
        step = playbook.next_step(row["stage"], row["topics"], words.language)
        one = known[row["merchant_id"]]
        changed = _changed(row, before.get(row["merchant_id"]), day.base is not None, words)
        name = playbook.step(row["stage"], row["topics"])
        reference = Reference(day.as_of, day.published.version, manager, row["merchant_id"], name)
        listed.append(Call(row, one, why, step, changed, reference))
    return listed


def week_ends(as_of: date) -> list[date]:
    """The days with which the weeks of a merchant end, the oldest first."""
    return [as_of - timedelta(days=7 * (WEEKS - 1 - week)) for week in range(WEEKS)]


def total_before(day: ExportDay, manager: str) -> Row | None:
    """The calls, merchants and what was at stake of a manager on the day that is compared with, None if there is none."""
    if day.base is None:
        return None
    [total] = day.rows(
        f"""select count(rank) as calls, count(*) as merchants,
            coalesce(sum(at_stake) filter (where rank is not null), 0) as at_stake
        from {BEFORE}.marts.{OVERVIEW} where manager = ?""",
        [manager],
    )
    return total


def named(row: Row) -> Row:
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


def _of(mart: str) -> str:
    """SQL of the rows of a mart that are of the batch."""
    return f"from {NOW}.marts.{mart} semi join batch using (merchant_id)"
