"""The definitions of share trees and of the opener graph as plain loops over a few events, to check the kernels against."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from itertools import combinations
from typing import Any

from tests.spark_jobs.spread_graph.scene import TODAY, Row

WINDOW = range(TODAY - 89, TODAY + 1)


class Merchant:
    """What counts of one merchant."""

    def __init__(self, rows: list[Row], merchant: str) -> None:
        rows = [row for row in rows if row["merchant_id"] == merchant]
        self.shares = _first(rows, "share", "share_id")
        self.opens = [row for row in rows if row["kind"] == "open" and row["share_id"] in self.shares]
        orders = _first(rows, "order", "order_id")
        self.moves: list[dict[str, Any]] = []
        for paid in orders.values():
            if paid["share_id"] in self.shares:
                self.moves.append({"order": paid, "cents": paid["cents"], "day": paid["day"], "is_order": True})
        for back in _first(rows, "refund", "refund_id").values():
            order = orders.get(back["order_id"])
            if order and order["share_id"] in self.shares:
                self.moves.append({"order": order, "cents": -back["cents"], "day": back["day"], "is_order": False})
        self.status, self.parent = self._parents()
        self.below: dict[str, list[str]] = {name: [] for name in self.shares}
        for name in self.shares:
            for above in self.path(name):
                self.below[above].append(name)

    def _parents(self) -> tuple[dict[str, str], dict[str, str | None]]:
        status, parent = {}, {}
        for name, row in self.shares.items():
            named = row["parent_share_id"]
            above = self.shares.get(named)
            if named is None:
                status[name] = "root"
            elif above is None:
                status[name] = "missing"
            elif (above["object_type"], above["object_id"]) != (row["object_type"], row["object_id"]):
                status[name] = "other_object"
            elif named == name:
                status[name] = "self"
            elif above["event_time"] > row["event_time"]:
                status[name] = "time_inverted"
            else:
                status[name] = "declared"
            parent[name] = named if status[name] == "declared" else None
        for name in sorted(self.shares):
            around, at = [name], parent[name]
            while at is not None and at not in around:
                around.append(at)
                at = parent[at]
            if at == name and name == min(around):
                status[name], parent[name] = "cycle", None
        return status, parent

    def path(self, name: str) -> list[str]:
        """From a share up to its root."""
        path = [name]
        while (above := self.parent[path[-1]]) is not None:
            path.append(above)
        return path

    def credited(self, paid: Row) -> str:
        """The user whom the last touch credits."""
        sharers: list[str] = [self.shares[name]["user_id"] for name in self.path(paid["share_id"])]
        return next((user for user in sharers if user != paid["user_id"]), sharers[0])


def _first(rows: list[Row], kind: str, key: str) -> dict[str, Row]:
    found: dict[str, Row] = {}
    for row in sorted(rows, key=lambda row: (row["event_time"], row["event_id"], row["event_source"])):
        if row["kind"] == kind:
            found.setdefault(row[key], row)
    return found


def _net(moves: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "orders": sum(move["is_order"] for move in moves),
        "revenue": Decimal(sum(move["cents"] for move in moves)).scaleb(-2),
    }


def nodes(merchant: Merchant) -> dict[str, Row]:
    found = {}
    for name in merchant.shares:
        money = _net([move for move in merchant.moves if move["order"]["share_id"] in merchant.below[name]])
        found[name] = {
            "root_share_id": merchant.path(name)[-1],
            "parent_share_id": merchant.parent[name],
            "parent_status": merchant.status[name],
            "depth": len(merchant.path(name)) - 1,
            "subtree_shares": len(merchant.below[name]),
            "subtree_orders": money["orders"],
            "subtree_revenue": money["revenue"],
        }
    return found


def layers(merchant: Merchant) -> dict[tuple[str, int], Row]:
    names = defaultdict(list)
    for name in merchant.shares:
        names[merchant.path(name)[-1], len(merchant.path(name)) - 1].append(name)
    return {
        key: {
            "shares": len(layer),
            "sharers": len({merchant.shares[name]["user_id"] for name in layer}),
            "openers": len({row["user_id"] for row in merchant.opens if row["share_id"] in layer}),
            **_net([move for move in merchant.moves if move["order"]["share_id"] in layer]),
        }
        for key, layer in names.items()
    }


def cascades(merchant: Merchant) -> dict[str, Row]:
    found = {}
    for root in (name for name, above in merchant.parent.items() if above is None):
        tree = merchant.below[root]
        depths = Counter(len(merchant.path(name)) - 1 for name in tree)
        times = sorted(merchant.shares[name]["event_time"] for name in tree)
        reached = {row["user_id"] for row in merchant.opens if row["share_id"] in tree}
        reached |= {merchant.shares[name]["user_id"] for name in tree}
        far = [_distance(merchant, one, other) for one, other in combinations(tree, 2)]
        found[root] = {
            "root_user_id": merchant.shares[root]["user_id"],
            "object_type": merchant.shares[root]["object_type"],
            "object_id": merchant.shares[root]["object_id"],
            "shares": len(tree),
            "sharers": len({merchant.shares[name]["user_id"] for name in tree}),
            "reach": len(reached - {merchant.shares[root]["user_id"]}),
            "depth": max(depths),
            "max_breadth": max(depths.values()),
            "structural_virality": sum(far) / len(far) if far else None,
            "seconds_to_half": (times[(len(tree) + 1) // 2 - 1] - merchant.shares[root]["event_time"]) / 1e6,
            **_net([move for move in merchant.moves if move["order"]["share_id"] in tree]),
        }
    return found


def _distance(merchant: Merchant, one: str, other: str) -> int:
    up, across = merchant.path(one), merchant.path(other)
    return len(set(up) ^ set(across))


def spreaders(merchant: Merchant) -> dict[str, Row]:
    """Counts, money and influence of the 90 days."""
    maker = {name: row["user_id"] for name, row in merchant.shares.items()}
    opens = [(maker[row["share_id"]], row["user_id"], row["share_id"]) for row in merchant.opens if row["day"] in WINDOW]
    moves = [move for move in merchant.moves if move["day"] in WINDOW]
    made = Counter(row["user_id"] for row in merchant.shares.values() if row["day"] in WINDOW)
    people = set(made) | {user for sharer, opener, _ in opens for user in (sharer, opener)}
    people |= {merchant.credited(move["order"]) for move in moves}
    by_others = [row for row in opens if row[0] != row[1]]
    edges = {(opener, sharer, name) for sharer, opener, name in by_others}
    influence = page_rank(people, [(opener, sharer) for opener, sharer, _ in edges])
    found = {}
    for user in people:
        led = _net([move for move in moves if merchant.credited(move["order"]) == user])
        through = {name for own, owner in maker.items() if owner == user for name in merchant.below[own]}
        found[user] = {
            "shares": made[user],
            "opens": sum(sharer == user for sharer, _, _ in by_others),
            "openers": len({opener for sharer, opener, _ in by_others if sharer == user}),
            "orders_led": led["orders"],
            "revenue_led": led["revenue"],
            "subtree_revenue": _net([move for move in moves if move["order"]["share_id"] in through])["revenue"],
            "influence": influence[user],
        }
    return found


def page_rank(people: set[str], edges: list[tuple[str, str]]) -> dict[str, float]:
    """r = 0.15 + 0.85 · Σ r/out-degree, scaled to sum to 1."""
    out = Counter(opener for opener, _ in edges)
    rank = dict.fromkeys(people, 1.0)
    for _ in range(300):
        passed = defaultdict[str, float](float)
        for opener, sharer in edges:
            passed[sharer] += rank[opener] / out[opener]
        rank = {user: 0.15 + 0.85 * passed[user] for user in people}
    whole = sum(rank.values())
    return {user: value / whole for user, value in rank.items()}
