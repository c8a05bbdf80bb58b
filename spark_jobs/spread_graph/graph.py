"""The opener graph of 90 days: who opened whose shares, and who is credited with what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from spark_jobs.spread_graph.arrays import Bools, Ints, counts, distinct, find, sums
from spark_jobs.spread_graph.events import Events
from spark_jobs.spread_graph.forest import Forest

WINDOW_DAYS = 90


@dataclass(frozen=True)
class MerchantGraph:
    """The opener graph of one merchant; vertices are numbered from 0 in the order of their user ids.

    An edge says that `opener` opened `weight` different shares of `sharer`; edges rise by (opener, sharer), nobody opens
    their own. `span` are the places of its vertices in the partition's graph.
    """

    span: slice
    opener: Ints
    sharer: Ints
    weight: Ints

    @property
    def vertices(self) -> int:
        return int(self.span.stop - self.span.start)

    def pairs(self) -> tuple[Ints, Ints]:
        """The undirected edges, smaller vertex first, each once, rising."""
        return pairs(self.opener, self.sharer, self.vertices)


@dataclass(frozen=True)
class OpenerGraph:
    """The opener graphs of all merchants of a partition, and what each vertex did in the window.

    Vertices rise by (merchant, user); edges as in `MerchantGraph`, by the partition's numbers. `led` holds for each payment
    and refund of the window the vertex that the last touch credits.
    """

    merchant: Ints
    user: Ints
    opener: Ints
    sharer: Ints
    weight: Ints
    shares: Ints
    opens: Ints
    orders_led: Ints
    cents_led: Ints
    cents_below: Ints

    def merchants(self) -> Iterator[MerchantGraph]:
        """The graph of each merchant that has a vertex."""
        for merchant in distinct(self.merchant).tolist():
            begin, end = np.searchsorted(self.merchant, (merchant, merchant + 1)).tolist()
            edges = slice(*np.searchsorted(self.opener, (begin, end)).tolist())
            yield MerchantGraph(slice(begin, end), self.opener[edges] - begin, self.sharer[edges] - begin, self.weight[edges])


def pairs(opener: Ints, sharer: Ints, vertices: int) -> tuple[Ints, Ints]:
    """The undirected edges, smaller vertex first, each once, rising."""
    both = distinct(np.minimum(opener, sharer) * vertices + np.maximum(opener, sharer))
    return both // max(vertices, 1), both % max(vertices, 1)


def opener_graph(events: Events, trees: Forest, last_day: int) -> OpenerGraph:
    """The graph of the 90 days that end at `last_day`, of what was known by then.

    A share is never younger than its children, so the trees of an earlier day are those of today without the younger shares.
    """
    shares, opens, moves, users = events.shares, events.opens, events.moves, len(events.users)
    maker = events.person(shares.merchant, shares.user)

    def is_in_window(day: Ints) -> Bools:
        return (day > last_day - WINDOW_DAYS) & (day <= last_day)

    made = maker[is_in_window(shares.day)]
    is_known = shares.day <= last_day
    opened = is_in_window(opens.day) & is_known[opens.share]
    open_share, open_user = opens.share[opened], opens.user[opened]
    open_person = events.person(shares.merchant[open_share], open_user)
    moved = is_in_window(moves.day) & (moves.order_day <= last_day) & is_known[moves.share]
    share, cents, is_order = moves.share[moved], moves.cents[moved], moves.is_order[moved]
    credited = maker[_last_touch(events, trees, share, moves.buyer[moved])]

    people = distinct(np.concatenate([made, open_person, maker[open_share], credited]))
    by_others = open_person != maker[open_share]
    sharers_share, openers = open_share[by_others], open_person[by_others]
    once = distinct(find(people, openers) * len(maker) + sharers_share)
    opener, share_opened = once // max(len(maker), 1), once % max(len(maker), 1)
    edges, weight = np.unique(opener * len(people) + find(people, maker[share_opened]), return_counts=True)
    led = find(people, credited)
    return OpenerGraph(
        merchant=people // max(users, 1),
        user=people % max(users, 1),
        opener=edges // max(len(people), 1),
        sharer=edges % max(len(people), 1),
        weight=weight,
        shares=counts(find(people, made), len(people)),
        opens=counts(find(people, maker[sharers_share]), len(people)),
        orders_led=counts(led[is_order], len(people)),
        cents_led=sums(led, cents, len(people)),
        cents_below=_cents_below(trees, maker, share, cents, people),
    )


def _last_touch(events: Events, trees: Forest, share: Ints, buyer: Ints) -> Ints:
    """The share that is credited: the nearest on the way up that is not the buyer's; if all are, the first of the way."""
    above = trees.nearest_other(events.shares.user)[share]
    return np.where((events.shares.user[share] == buyer) & (above >= 0), above, share)


def _cents_below(trees: Forest, maker: Ints, share: Ints, cents: Ints, people: Ints) -> Ints:
    """Net cents placed through any share at or below one of a person's, each once."""
    is_above_any = trees.subtree_sums(counts(share, len(maker))) > 0
    top = trees.topmost(maker, is_above_any)
    person = find(people, maker[top])
    is_vertex = person >= 0
    below = trees.subtree_sums(sums(share, cents, len(maker)))
    return sums(person[is_vertex], below[top][is_vertex], len(people))
