"""The marts of share trees: `cascades`, `cascade_layers`, `cascade_nodes`, and `share_mix`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from spark_jobs.spread_graph.arrays import Floats, Ints, changes, counts, distinct, instants, money, nullable, ratio, sums, take
from spark_jobs.spread_graph.events import CYCLE, STATUSES, Events
from spark_jobs.spread_graph.forest import Forest

MICROSECONDS = 1_000_000


def cascade_nodes(events: Events, trees: Forest) -> pa.Table:
    """One row a share."""
    shares, moves = events.shares, events.moves
    nodes = len(shares.at)
    status = np.where(trees.was_cut, CYCLE, shares.status)
    orders = counts(moves.share[moves.is_order], nodes)
    return pa.table(
        {
            "merchant_id": take(events.merchants, shares.merchant),
            "share_id": shares.share_id,
            "user_id": take(events.users, shares.user),
            "channel": take(events.channels, shares.channel),
            "shared_at": instants(shares.at),
            "root_share_id": take(shares.share_id, trees.root),
            "parent_share_id": take(shares.share_id, trees.parent),
            "parent_status": take(pa.array(STATUSES), status),
            "depth": trees.depth,
            "subtree_shares": trees.sizes,
            "subtree_orders": trees.subtree_sums(orders),
            "subtree_revenue": money(trees.subtree_sums(sums(moves.share, moves.cents, nodes))),
        }
    )


def cascades_and_layers(events: Events, trees: Forest) -> tuple[pa.Table, pa.Table]:
    """One row a tree, and one row a tree and depth."""
    shares, opens, moves, users = events.shares, events.opens, events.moves, len(events.users)
    roots = np.flatnonzero(trees.parent < 0)
    tree = np.searchsorted(roots, trees.root)
    deepest = int(trees.depth.max(initial=0)) + 1
    layers, layer = np.unique(tree * deepest + trees.depth, return_inverse=True)
    layer_tree = layers // deepest

    layer_shares = counts(layer, len(layers))
    layer_orders = counts(layer[moves.share[moves.is_order]], len(layers))
    layer_cents = sums(layer[moves.share], moves.cents, len(layers))
    layer_table = pa.table(
        {
            "merchant_id": take(events.merchants, shares.merchant[roots][layer_tree]),
            "root_share_id": take(shares.share_id, roots[layer_tree]),
            "depth": layers % deepest,
            "shares": layer_shares,
            "sharers": _distinct(layer, shares.user, users, len(layers)),
            "openers": _distinct(layer[opens.share], opens.user, users, len(layers)),
            "orders": layer_orders,
            "revenue": money(layer_cents),
        }
    )

    starts = np.flatnonzero(changes(layer_tree))
    size = counts(tree, len(roots))
    reached_tree, reached = np.concatenate([tree[opens.share], tree]), np.concatenate([opens.user, shares.user])
    others = reached != shares.user[roots][reached_tree]
    cascade_table = pa.table(
        {
            "merchant_id": take(events.merchants, shares.merchant[roots]),
            "root_share_id": take(shares.share_id, roots),
            "root_user_id": take(events.users, shares.user[roots]),
            "object_type": take(shares.object_type, roots),
            "object_id": take(shares.object_id, roots),
            "started_at": instants(shares.at[roots]),
            "shares": size,
            "sharers": _distinct(tree, shares.user, users, len(roots)),
            "reach": _distinct(reached_tree[others], reached[others], users, len(roots)),
            "depth": np.maximum.reduceat(layers % deepest, starts) if len(roots) else roots,
            "max_breadth": np.maximum.reduceat(layer_shares, starts) if len(roots) else roots,
            "structural_virality": nullable(_structural_virality(trees, tree, size)),
            "seconds_to_half": _seconds_to_half(shares.at, roots, tree, size),
            "orders": sums(layer_tree, layer_orders, len(roots)),
            "revenue": money(sums(layer_tree, layer_cents, len(roots))),
        }
    )
    return cascade_table, layer_table


def share_mix(events: Events) -> pa.Table:
    """One row for a merchant, channel and month in which shares were made."""
    shares, opens, moves = events.shares, events.opens, events.moves
    month = shares.day.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64)
    earliest = month.min() if len(month) else 0
    month -= earliest
    months, channels = int(month.max(initial=0)) + 1, max(len(events.channels), 1)
    groups, group = np.unique((shares.merchant * channels + shares.channel) * months + month, return_inverse=True)
    merchant, made_in = groups // months // channels, groups % months
    made = counts(group, len(groups))
    _, of_month = np.unique(merchant * months + made_in, return_inverse=True)
    by_others = opens.user != shares.user[opens.share]
    return pa.table(
        {
            "merchant_id": take(events.merchants, merchant),
            "channel": take(events.channels, groups // months % channels),
            "month": pa.array(np.datetime_as_string((made_in + earliest).astype("datetime64[M]")), pa.string()),
            "shares": made,
            "share_of_shares": ratio(made, sums(of_month, made, len(groups))[of_month]),
            "opens": counts(group[opens.share[by_others]], len(groups)),
            "orders": counts(group[moves.share[moves.is_order]], len(groups)),
            "revenue": money(sums(group[moves.share], moves.cents, len(groups))),
        }
    )


def _distinct(group: Ints, user: Ints, users: int, size: int) -> Ints:
    """How many different users each group has."""
    return counts(distinct(group * users + user) // max(users, 1), size)


def _structural_virality(trees: Forest, tree: Ints, size: Ints) -> Floats:
    """Mean distance of all pairs of nodes (Goel, Anderson, Hofman, Watts 2016), not a number for a single node.

    On a tree an edge lies between s·(n-s) pairs. Summed as integers of two words: exact, and the same in any order.
    """
    pairs = trees.sizes * (size[tree] - trees.sizes)
    low, high = sums(tree, pairs & 0xFFFFFFFF, len(size)), sums(tree, pairs >> 32, len(size))
    distances = 2.0 * (high.astype(np.float64) * 2.0**32 + low)
    return ratio(distances, size * (size - 1))


def _seconds_to_half(at: Ints, roots: Ints, tree: Ints, size: Ints) -> Floats:
    """Seconds from the root to the share that completes half of the tree."""
    by_time = np.lexsort((at, tree))
    start = np.cumsum(size) - size
    half = at[by_time[start + (size + 1) // 2 - 1]]
    seconds: Floats = (half - at[roots]) / MICROSECONDS
    return seconds
