"""What must hold of the marts of the area spread, beside what their declarations say."""

from __future__ import annotations

from contract.values import METRICS
from expectations.suites import COMPLETE, Expectation, Rules, agree, mart_holds, whole

_CASCADE = "merchant_id, root_share_id"
_NODE = "merchant_id, share_id"

RULES: Rules = {
    "cascades": (
        mart_holds(
            "cascades",
            "tree",
            "sharers <= shares and depth < shares and max_breadth <= shares - depth",
            breaks="update marts.cascades set depth = 4 where shares = 4",
        ),
        mart_holds(
            "cascades",
            "virality",
            "(structural_virality is null) = (shares = 1)",
            "structural_virality",
            breaks="update marts.cascades set structural_virality = null",
        ),
    ),
    "cascade_layers": (
        agree(
            "adds up to cascades",
            "layers from 0 to depth add up to the shares, orders and revenue of their cascade, the broadest is max_breadth",
            f"""select {_CASCADE}, sum(shares) as shares, sum(orders) as orders, sum({whole("revenue")}) as revenue,
                max(depth) as depth,
                count(*) - 1 as layers_below, max(shares) as max_breadth from marts.cascade_layers group by all""",
            f"""select {_CASCADE}, shares, orders, {whole("revenue")} as revenue, depth, depth as layers_below, max_breadth
            from marts.cascades""",
            needs=("cascades", "merchants"),
            breaks="update marts.cascade_layers set revenue = 19.99 where revenue = 20.00",
        ),
    ),
    "cascade_nodes": (
        mart_holds(
            "cascade_nodes",
            "root",
            """(parent_share_id is null) = (parent_status <> 'declared') and (parent_share_id is null) = (depth = 0)
            and (depth = 0) = (root_share_id = share_id)""",
            "parent_share_id, parent_status, depth, root_share_id",
            breaks="update marts.cascade_nodes set parent_share_id = 's-1' where merchant_id = 'm-2'",
        ),
        Expectation(
            "below its parent",
            "a share lies in the tree of its parent, one deeper",
            """select child.merchant_id, child.share_id, child.parent_share_id from marts.cascade_nodes as child
            left join marts.cascade_nodes as parent
                on child.merchant_id = parent.merchant_id and child.parent_share_id = parent.share_id
            where child.parent_share_id is not null
                and (child.depth = parent.depth + 1 and child.root_share_id = parent.root_share_id) is not true""",
            breaks="update marts.cascade_nodes set depth = 3 where share_id = 's-4'",
        ),
        agree(
            "subtrees",
            "a subtree holds the share itself and the subtrees of its children",
            f"select {_NODE}, subtree_shares as shares from marts.cascade_nodes",
            f"""select {_NODE}, 1 + coalesce(below.shares, 0) as shares from marts.cascade_nodes left join (
                    select merchant_id, parent_share_id as share_id, sum(subtree_shares) as shares
                    from marts.cascade_nodes where parent_share_id is not null group by all
                ) as below using ({_NODE})""",
            breaks="update marts.cascade_nodes set subtree_shares = 3 where share_id = 's-2'",
        ),
        agree(
            "adds up to cascades",
            "nodes add up to the shares and sharers of their cascade, the subtree of the root to all of it",
            f"""select {_CASCADE}, count(*) as shares, count(distinct user_id) as sharers, max(depth) as depth,
                sum(subtree_shares) filter (where depth = 0) as subtree_shares,
                sum(subtree_orders) filter (where depth = 0) as orders,
                sum({whole("subtree_revenue")}) filter (where depth = 0) as revenue
            from marts.cascade_nodes group by all""",
            f"""select {_CASCADE}, shares, sharers, depth, shares as subtree_shares, orders, {whole("revenue")} as revenue
            from marts.cascades""",
            needs=("cascades", "merchants"),
            breaks="update marts.cascades set sharers = 4 where shares = 4",
        ),
    ),
    "spreaders": (
        Expectation(
            "influence sums to 1",
            "the influence of a merchant's users sums to 1",
            """select merchant_id, sum(influence) as influence from marts.spreaders group by all
            having abs(sum(influence) - 1) > 1e-6""",
            breaks="update marts.spreaders set influence = 0.4 where user_id = 'u-2'",
        ),
        Expectation(
            "ranks",
            "the ranks of a merchant's users run from 1 without a gap",
            """select merchant_id, count(distinct influence_rank) as ranks, count(*) as users from marts.spreaders group by all
            having min(influence_rank) <> 1 or max(influence_rank) <> count(*) or count(distinct influence_rank) <> count(*)""",
            breaks="update marts.spreaders set influence_rank = 2 where user_id = 'u-3'",
        ),
        mart_holds(
            "spreaders",
            "routing",
            "passed_on <= received and (amplification is null) = (received = 0) and (routing is null) = (groups_in = 0) "
            "and not (passed_on = 0 and (is_amplifier or is_router))",
            "received, passed_on, amplification, groups_in, routing, is_amplifier, is_router",
            breaks="update marts.spreaders set passed_on = 0",
        ),
    ),
    "circles": (
        agree(
            "adds up to spreaders",
            "circles hold the members and the revenue that their members led",
            f"select merchant_id, circle_id, members, {whole('revenue')} as revenue from marts.circles",
            f"""select merchant_id, circle_id, count(*) as members, sum({whole("revenue_led")}) as revenue
            from marts.spreaders group by all""",
            needs=("spreaders", "merchants"),
            breaks="update marts.circles set members = 3 where circle_id = 'u-1'",
        ),
    ),
    "circle_quality": (
        agree(
            "adds up to circles",
            "users and circles are those of the merchant's circles",
            "select merchant_id, users, circles from marts.circle_quality",
            "select merchant_id, sum(members) as users, count(*) as circles from marts.circles group by all",
            needs=("circles",),
            breaks="delete from marts.circles where circle_id = 'u-3'",
        ),
    ),
    "platform_spreaders": (
        Expectation(
            "influence sums to 1",
            "the influence of the platform's users sums to 1",
            "select sum(influence) as influence from marts.platform_spreaders having abs(sum(influence) - 1) > 1e-6",
            breaks="delete from marts.platform_spreaders where user_id = 'u-9'",
        ),
    ),
    "islands": (
        agree(
            "adds up to platform_spreaders",
            "islands hold the users and shares of their members",
            "select island_id, users, shares from marts.islands",
            "select island_id, count(*) as users, sum(shares) as shares from marts.platform_spreaders group by all",
            needs=("platform_spreaders",),
            breaks="update marts.platform_spreaders set island_id = 'u-1'",
        ),
    ),
    "spread_motifs": (
        mart_holds(
            "spread_motifs",
            "pairs",
            "reciprocal_pairs <= pairs",
            "reciprocal_pairs, pairs",
            breaks="update marts.spread_motifs set reciprocal_pairs = 2 where merchant_id = 'm-1'",
        ),
    ),
    "spread_concentration": (
        Expectation(
            "adds up to spreaders",
            "totals are those of the spreaders with a positive figure",
            " union all ".join(
                f"""select merchant_id, '{metric}' as metric, total, counted from (
                    select merchant_id, sum({metric}) filter (where {metric} > 0) as counted
                    from marts.spreaders group by merchant_id
                ) left join (select * from marts.spread_concentration where metric = '{metric}') using (merchant_id)
                where counted is not null and (abs(total - counted) < 0.005) is not true and merchant_id in {COMPLETE}"""
                for metric in METRICS
            ),
            needs=("spreaders", "merchants"),
            breaks="update marts.spread_concentration set total = 6 where metric = 'opens'",
        ),
    ),
    "share_mix": (
        agree(
            "adds up to cascade_nodes",
            "the shares of a merchant's channels and months are all its shares",
            "select merchant_id, sum(shares) as shares from marts.share_mix group by all",
            "select merchant_id, count(*) as shares from marts.cascade_nodes group by all",
            needs=("cascade_nodes",),
            breaks="delete from marts.share_mix where channel = 'moments'",
        ),
    ),
}
