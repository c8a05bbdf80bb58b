"""The marts of the opener graph, merchant by merchant: `spreaders`, `circles` and what describes them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import pyarrow as pa

from spark_jobs.lake.schemas import arrow_schema
from spark_jobs.spread_graph import circles as leiden
from spark_jobs.spread_graph import motifs
from spark_jobs.spread_graph.arrays import (
    Bools,
    Floats,
    Ints,
    amount,
    counts,
    distinct,
    medians,
    money,
    nullable,
    ratio,
    sums,
    take,
)
from spark_jobs.spread_graph.components import connected
from spark_jobs.spread_graph.concentration import METRICS, concentration
from spark_jobs.spread_graph.coverage import key_spreaders
from spark_jobs.spread_graph.events import Events
from spark_jobs.spread_graph.graph import MerchantGraph, OpenerGraph, pairs
from spark_jobs.spread_graph.influence import page_rank, ranks, scaled

CONNECTOR_OPENERS = 3
CONNECTOR_CIRCLES = 2
CONNECTOR_PERCENTILE = 90


def all_circles(graph: OpenerGraph) -> Ints:
    """The circle of each vertex of a partition, named by its smallest member."""
    return leiden.circles(graph.merchant, *pairs(graph.opener, graph.sharer, len(graph.user)))


def all_components(graph: OpenerGraph) -> Ints:
    """The connected component of each vertex of a partition, named by its smallest member."""
    return connected(len(graph.user), graph.opener, graph.sharer)


def opener_edges(events: Events, graph: OpenerGraph, component: Ints) -> pa.Table:
    """One row for each opener and sharer."""
    return pa.table(
        {
            "merchant_id": take(events.merchants, graph.merchant[graph.opener]),
            "opener_id": take(events.users, graph.user[graph.opener]),
            "sharer_id": take(events.users, graph.user[graph.sharer]),
            "shares_opened": graph.weight,
            "component_id": take(events.users, graph.user[component[graph.opener]]),
        }
    )


def spreader_tables(
    events: Events, graph: OpenerGraph, circle: Ints, circle_before: Ints, component: Ints, executor_edges: int
) -> dict[str, pa.Table]:
    """Every table whose rows come from the opener graph.

    Args:
        events: the partition's events.
        graph: its opener graph at the day.
        circle: the circle of each vertex.
        circle_before: the user who named its circle a week before, -1 for a vertex that had none.
        component: the connected component of each vertex.
        executor_edges: a merchant with more edges gets no influence and no rank by it.
    """
    size = len(graph.user)
    openers = counts(graph.sharer, size)
    reached, bridge = _bridges(graph, circle)
    score, rank = _influence(graph, executor_edges)
    is_connector = np.zeros(size, np.bool_)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for merchant in graph.merchants():
        span = merchant.span
        key = {"merchant_id": events.merchants[int(graph.merchant[span.start])].as_py()}
        is_connector[span] = _connectors(openers[span], reached[span], bridge[span])
        rows["circle_quality"].append(key | _quality(merchant, circle[span] - span.start))
        rows["spread_motifs"].append(key | _motifs(merchant))
        for metric, values in zip(METRICS, (graph.shares, graph.opens, graph.orders_led, graph.cents_led), strict=True):
            found = concentration(metric, *np.unique(values[span], return_counts=True))
            rows["spread_concentration"] += [key | row for row in found]
        rows["key_spreaders"] += [
            key
            | row
            | {
                "user_id": events.users[int(graph.user[vertex])].as_py(),
                "revenue_led": amount(int(graph.cents_led[vertex])),
                "influence_rank": int(rank[vertex]),
            }
            for vertex, row in _key_spreaders(merchant)
        ]
        rows["circle_stability"].append(key | _stability(graph.user[circle[span]], circle_before[span]))
    tables = {name: pa.Table.from_pylist(found, arrow_schema(name)) for name, found in rows.items()}
    tables["circles"] = _circles(events, graph, circle)
    tables["spreaders"] = pa.table(
        {
            "merchant_id": take(events.merchants, graph.merchant),
            "user_id": take(events.users, graph.user),
            "shares": graph.shares,
            "opens": graph.opens,
            "openers": openers,
            "orders_led": graph.orders_led,
            "revenue_led": money(graph.cents_led),
            "subtree_revenue": money(graph.cents_below),
            "influence": nullable(score),
            "influence_rank": rank,
            "circle_id": take(events.users, graph.user[circle]),
            "circles_reached": reached,
            "bridge_score": nullable(bridge),
            "is_connector": is_connector,
            "component_id": take(events.users, graph.user[component]),
        }
    )
    return tables


def _influence(graph: OpenerGraph, executor_edges: int) -> tuple[Floats, Ints]:
    """Influence and rank of each vertex; not a number and 0 for those of a merchant with too many edges."""
    edges = sums(graph.merchant[graph.opener], graph.weight, int(graph.merchant.max(initial=-1)) + 1)
    fits = edges[graph.merchant] <= executor_edges
    kept = fits[graph.opener]
    rank = page_rank(len(graph.user), graph.opener[kept], graph.sharer[kept], graph.weight[kept])
    score = scaled(rank, graph.merchant)
    return np.where(fits, score, np.nan), np.where(fits, ranks(score, graph.merchant), 0)


def _bridges(graph: OpenerGraph, circle: Ints) -> tuple[Ints, Floats]:
    """For each vertex the circles among its openers, and 1 - Σ (k_c/k)² over them (Guimerà, Amaral 2005)."""
    size = len(circle)
    reached, openers = np.unique(graph.sharer * size + circle[graph.opener], return_counts=True)
    sharer = reached // max(size, 1)
    squares = sums(sharer, openers**2, size)
    return counts(sharer, size), 1 - ratio(squares, counts(graph.sharer, size) ** 2)


def _connectors(openers: Ints, reached: Ints, bridge: Floats) -> Bools:
    """Who reaches circles that others do not: those at or above the merchant's 90th percentile."""
    is_heard = openers >= CONNECTOR_OPENERS
    if not is_heard.any():
        return is_heard
    threshold = np.percentile(bridge[is_heard], CONNECTOR_PERCENTILE)
    return is_heard & (reached >= CONNECTOR_CIRCLES) & (bridge >= threshold)


def _quality(merchant: MerchantGraph, circle: Ints) -> dict[str, Any]:
    low, high = merchant.pairs()
    members = counts(circle, len(circle))
    members = members[members > 0]
    return {
        "users": len(circle),
        "edges": len(low),
        "circles": len(members),
        "median_members": float(np.median(members)),
        "cpm_quality": leiden.cpm_quality(circle, low, high),
        "modularity": leiden.modularity(circle, low, high),
    }


def _motifs(merchant: MerchantGraph) -> dict[str, Any]:
    low, high = merchant.pairs()
    reciprocal = motifs.reciprocal_pairs(merchant.vertices, merchant.opener, merchant.sharer)
    triangles = motifs.triangles(merchant.vertices, low, high)
    triples = motifs.connected_triples(merchant.vertices, low, high)
    return {
        "pairs": len(low),
        "reciprocal_pairs": reciprocal,
        "reciprocity": reciprocal / len(low) if len(low) else None,
        "triangles": triangles,
        "transitivity": 3 * triangles / triples if triples else None,
    }


def _key_spreaders(merchant: MerchantGraph) -> list[tuple[int, dict[str, Any]]]:
    """Vertex and columns of each key spreader."""
    people, adds = key_spreaders(merchant)
    total = len(distinct(merchant.opener))
    return [
        (
            int(vertex) + merchant.span.start,
            {"rank": place, "new_openers": int(new), "reach_share": int(upto) / total},
        )
        for place, (vertex, new, upto) in enumerate(zip(people, adds, np.cumsum(adds), strict=True), start=1)
    ]


def _stability(circle: Ints, before: Ints) -> dict[str, Any]:
    """How far a merchant's circles are as they were; circles are given by the user who names them."""
    in_both = before >= 0
    circle, before = circle[in_both], before[in_both]
    return {
        "users_in_both": len(circle),
        "adjusted_rand": leiden.adjusted_rand(circle, before),
        "renamed_share": float((circle != before).mean()) if len(circle) else None,
    }


def _circles(events: Events, graph: OpenerGraph, circle: Ints) -> pa.Table:
    """One row a circle, also for a circle of one person."""
    names, group = np.unique(circle, return_inverse=True)
    size, people = len(names), len(circle)
    merchants = len(events.merchants)
    edge = distinct(np.minimum(graph.opener, graph.sharer) * people + np.maximum(graph.opener, graph.sharer))
    low, high = edge // max(people, 1), edge % max(people, 1)
    is_inside = circle[low] == circle[high]
    degree = counts(np.concatenate([low[is_inside], high[is_inside]]), people)
    reached = counts(distinct(group[graph.sharer] * people + graph.opener) // max(people, 1), size)
    reach = counts(graph.merchant[distinct(graph.opener)], merchants)
    return pa.table(
        {
            "merchant_id": take(events.merchants, graph.merchant[names]),
            "circle_id": take(events.users, graph.user[names]),
            "members": counts(group, size),
            "median_degree": medians(group, degree, size),
            "share_of_reach": nullable(ratio(reached, reach[graph.merchant[names]])),
            "revenue": money(sums(group, graph.cents_led, size)),
        }
    )
