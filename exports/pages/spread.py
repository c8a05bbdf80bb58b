"""How merchants' shares travelled: what a spread map shows, read for a batch of merchants at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from exports.packs.export_day import ExportDay

DRAWN = 1_000  # shares
CARRIERS = 10
_POINTS = 500  # of the growth curve


@dataclass
class Spread:
    """One cascade, or a merchant's largest ones of the last 90 days.

    Attributes:
        shares: those with the largest subtrees, at most `DRAWN`: share_id, parent_share_id, depth, shared_at, subtree_shares,
            subtree_revenue, is_supporting (made by a supporting fan). No share is without its parent.
        hidden: how many shares below a drawn one are not drawn.
        layers: depth, shares, sharers, openers, orders, revenue.
        growth: seconds since the first share, shares made by then.
        carriers: fans whose shares people of other circles passed on: fan, circles, carried (shares), led (revenue).
    """

    shares: list[dict[str, Any]] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    layers: list[dict[str, Any]] = field(default_factory=list)
    growth: list[tuple[int, int]] = field(default_factory=list)
    carriers: list[dict[str, Any]] = field(default_factory=list)

    @property
    def passed_on(self) -> int:
        """Shares that came from another one."""
        return sum(layer["shares"] for layer in self.layers if layer["depth"])


def largest_cascades(day: ExportDay) -> dict[str, Spread]:
    """By merchant of the temp table `batch`; merchants without a cascade in the window are left out."""
    day.con.execute(_LARGEST)
    return _read(day)


def largest_of_week(day: ExportDay, most: int) -> dict[str, list[dict[str, Any]]]:
    """The shares of the week's largest cascade of each merchant of `batch`, those with the largest subtrees first."""
    trees = "(select * from marts.largest_cascades semi join batch using (merchant_id) where is_largest_of_week)"
    order = "subtree_shares desc, shared_at, share_id"
    found: dict[str, list[dict[str, Any]]] = {}
    for row in day.rows(f"from ({_SHARES.format(trees=trees, order=order, most=most)}) order by merchant_id, {order}"):
        found.setdefault(row["merchant_id"], []).append(row)
    return found


def one_cascade(day: ExportDay, merchant: str, root: str) -> Spread | None:
    """The cascade of a merchant that began with a share; None if there is none."""
    day.con.execute(_ONE, [merchant, root])
    return _read(day).get(merchant)


def _read(day: ExportDay) -> dict[str, Spread]:
    """Of the cascades in the temp table `mapped`."""
    day.con.execute(_DRAWN)
    found: dict[str, Spread] = {}
    for row in day.rows("from drawn order by merchant_id, subtree_shares desc, depth, share_id"):
        found.setdefault(row.pop("merchant_id"), Spread()).shares.append(row)
    for row in day.rows(_HIDDEN):
        found[row["merchant_id"]].hidden[row["parent_share_id"]] = row["shares"]
    for row in day.rows(_GROWTH):
        found[row["merchant_id"]].growth.append((row["seconds"], row["made"]))
    for row in day.rows(_LAYERS):
        found[row.pop("merchant_id")].layers.append(row)
    for row in day.rows(_CARRIERS):
        found[row.pop("merchant_id")].carriers.append(row)
    return found


_LARGEST = """
create or replace temp table mapped as
select merchant_id, root_share_id from marts.largest_cascades semi join batch using (merchant_id)
where map_rank is not null
"""
_ONE = """
create or replace temp table mapped as
select merchant_id, root_share_id from marts.cascades where merchant_id = ? and root_share_id = ?
"""
# Shares of the trees in `{trees}`, those with the largest subtrees.
_SHARES = """
select nodes.merchant_id, nodes.share_id, nodes.parent_share_id, nodes.depth, nodes.shared_at, nodes.subtree_shares,
    nodes.subtree_revenue, coalesce(fans.is_supporting_fan, false) as is_supporting
from marts.cascade_nodes as nodes
semi join {trees} as trees on nodes.merchant_id = trees.merchant_id and nodes.root_share_id = trees.root_share_id
left join marts.fan_revenue as fans on nodes.merchant_id = fans.merchant_id and nodes.user_id = fans.user_id
qualify row_number() over (partition by nodes.merchant_id order by {order}) <= {most}
"""
_DRAWN = "create or replace temp table drawn as " + _SHARES.format(
    trees="mapped", order="nodes.subtree_shares desc, nodes.depth, nodes.share_id", most=DRAWN
)
_HIDDEN = """
select nodes.merchant_id, nodes.parent_share_id, sum(nodes.subtree_shares)::bigint as shares
from marts.cascade_nodes as nodes
semi join mapped on nodes.merchant_id = mapped.merchant_id and nodes.root_share_id = mapped.root_share_id
semi join drawn as parents on nodes.merchant_id = parents.merchant_id and nodes.parent_share_id = parents.share_id
anti join drawn on nodes.merchant_id = drawn.merchant_id and nodes.share_id = drawn.share_id
group by all
"""
_GROWTH = f"""
with made as (
    select merchant_id, date_diff('second', min(shared_at) over whole, shared_at) as seconds,
        row_number() over (partition by merchant_id order by shared_at, share_id) as made, count(*) over whole as all_made
    from marts.cascade_nodes semi join mapped using (merchant_id, root_share_id)
    window whole as (partition by merchant_id)
)
select merchant_id, seconds, made from made
where made = all_made or (made - 1) % ceil(all_made / {_POINTS})::bigint = 0
order by merchant_id, made
"""
_LAYERS = """
select merchant_id, depth, sum(shares)::bigint as shares, sum(sharers)::bigint as sharers, sum(openers)::bigint as openers,
    sum(orders)::bigint as orders, sum(revenue) as revenue
from marts.cascade_layers semi join mapped using (merchant_id, root_share_id)
group by merchant_id, depth order by merchant_id, depth
"""
# A share below another one of a different circle was carried across by the maker of the upper one.
_CARRIERS = f"""
select nodes.merchant_id, fans.shown as fan, count(distinct after.circle_id)::bigint as circles,
    count(distinct below.share_id)::bigint as carried, max(before.revenue_led) as led
from marts.cascade_nodes as nodes
semi join mapped on nodes.merchant_id = mapped.merchant_id and nodes.root_share_id = mapped.root_share_id
join marts.cascade_nodes as below on nodes.merchant_id = below.merchant_id and nodes.share_id = below.parent_share_id
join marts.spreaders as before on nodes.merchant_id = before.merchant_id and nodes.user_id = before.user_id
join marts.spreaders as after on below.merchant_id = after.merchant_id and below.user_id = after.user_id
join fans_now as fans on nodes.merchant_id = fans.merchant_id and nodes.user_id = fans.user_id and fans.may_contact
where after.circle_id != before.circle_id
group by nodes.merchant_id, fans.shown
qualify row_number() over (partition by nodes.merchant_id order by circles desc, carried desc, fans.shown) <= {CARRIERS}
order by nodes.merchant_id, circles desc, carried desc, fans.shown
"""
