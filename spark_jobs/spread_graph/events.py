"""The events that count, of all merchants of one partition, as arrays.

Of several shares, orders or refunds with one id within a merchant the earliest counts. Merchants, users and shares are
numbered in the order of their ids, so nothing below depends on the order in which rows arrive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from spark_jobs.rules.time_order import earliest_places
from spark_jobs.spread_graph.arrays import Bools, Ints, find, ranked, summable
from spark_jobs.spread_graph.merchant_events import OPEN, ORDER, REFUND, SHARE


@dataclass(frozen=True)
class Shares:
    """The shares by rising (merchant, share id); a share's number is its place. `parent` and `status` follow the event alone.

    `parent`: number of the share it came by, -1 for a root; `status`: a place in `STATUSES`; cycles are not cut yet.
    """

    merchant: Ints
    user: Ints
    at: Ints
    day: Ints
    channel: Ints
    parent: Ints
    status: Ints
    share_id: pa.Array
    object_type: pa.Array
    object_id: pa.Array


@dataclass(frozen=True)
class Opens:
    """Opens of known shares: number of the share, user who opened, day."""

    share: Ints
    user: Ints
    day: Ints


@dataclass(frozen=True)
class Moves:
    """Payments (`is_order`) and refunds of orders placed through a known share; cents are negative for refunds."""

    share: Ints
    buyer: Ints
    cents: Ints
    day: Ints
    order_day: Ints
    is_order: Bools


@dataclass(frozen=True)
class Events:
    """All events that count, with the ids by number."""

    merchants: pa.Array
    users: pa.Array
    channels: pa.Array
    shares: Shares
    opens: Opens
    moves: Moves

    def person(self, merchant: Ints, user: Ints) -> Ints:
        """One number for a user of a merchant, rising by (merchant, user)."""
        return merchant * len(self.users) + user


STATUSES = ("root", "missing", "other_object", "self", "time_inverted", "cycle", "declared")
ROOT, MISSING, OTHER_OBJECT, SELF, TIME_INVERTED, CYCLE, DECLARED = range(len(STATUSES))


def events_that_count(rows: pa.Table) -> Events:
    """Number the ids of a partition's events and keep those that count.

    Args:
        rows: the columns of `merchant_events.slim`, in any order of rows, every merchant whole.
    """
    (merchant,), merchants = ranked(rows["merchant_id"])
    (user,), users = ranked(rows["user_id"])
    (share, parent), share_ids = ranked(rows["share_id"], rows["parent_share_id"])
    (channel,), channels = ranked(rows["channel"])
    (order,), order_ids = ranked(rows["order_id"])
    at, day = rows["event_time"].to_numpy(), rows["day"].to_numpy().astype(np.int64)
    share_key = merchant * (len(share_ids) + 1) + share  # -1, no share, makes a key that no share has
    order_key = merchant * len(order_ids) + order

    def places(kind: str) -> Ints:
        return np.flatnonzero(pc.equal(rows["kind"], kind).to_numpy())

    def counting(kind: str, keys: Ints) -> Ints:
        where = places(kind)
        return earliest_places(rows, where, keys[where])

    made = counting(SHARE, share_key)
    known = share_key[made]
    named = find(known, merchant[made] * (len(share_ids) + 1) + parent[made])
    thing = _things(rows, made)
    status = _status(named, parent[made] >= 0, thing, at[made])
    taken = pa.array(made)
    shares = Shares(
        merchant=merchant[made],
        user=user[made],
        at=at[made],
        day=day[made],
        channel=channel[made],
        parent=np.where(status == DECLARED, named, -1),
        status=status,
        share_id=rows["share_id"].take(taken).combine_chunks(),
        object_type=rows["object_type"].take(taken).combine_chunks(),
        object_id=rows["object_id"].take(taken).combine_chunks(),
    )

    opened = places(OPEN)
    opened_share = find(known, share_key[opened])
    opened, opened_share = opened[opened_share >= 0], opened_share[opened_share >= 0]

    paid = counting(ORDER, order_key)
    via = find(known, share_key[paid])
    (refund,), refund_ids = ranked(rows["refund_id"])
    back = counting(REFUND, merchant * len(refund_ids) + refund)
    of_order = find(order_key[paid], order_key[back])
    back, of_order = back[of_order >= 0], of_order[of_order >= 0]

    cents = rows["cents"].fill_null(0).to_numpy()
    moves = Moves(
        share=np.concatenate([via, via[of_order]]),
        buyer=np.concatenate([user[paid], user[paid][of_order]]),
        cents=summable(np.concatenate([cents[paid], -cents[back]])),
        day=np.concatenate([day[paid], day[back]]),
        order_day=np.concatenate([day[paid], day[paid][of_order]]),
        is_order=np.arange(len(paid) + len(back)) < len(paid),
    )
    led = moves.share >= 0
    return Events(
        merchants=merchants,
        users=users,
        channels=channels,
        shares=shares,
        opens=Opens(opened_share, user[opened], day[opened]),
        moves=Moves(*(getattr(moves, name)[led] for name in Moves.__dataclass_fields__)),
    )


def _things(rows: pa.Table, made: Ints) -> Ints:
    """A number for the object of each share."""
    taken = pa.array(made)
    (kind,), _ = ranked(rows["object_type"].take(taken))
    (name,), names = ranked(rows["object_id"].take(taken))
    return kind * len(names) + name


def _status(parent: Ints, names_parent: Bools, thing: Ints, at: Ints) -> Ints:
    """Why a share is a root, or that its parent holds; cycles, which only shares of one instant make, are not seen here.

    Args:
        parent: the share that it names, -1 if the merchant has none of that name.
        names_parent: whether it names one at all.
        thing, at: its object and time.
    """
    faults = [
        (~names_parent, ROOT),
        (parent < 0, MISSING),
        (thing[parent] != thing, OTHER_OBJECT),
        (parent == np.arange(len(parent)), SELF),
        (at[parent] > at, TIME_INVERTED),
    ]
    return np.select([fault for fault, _ in faults], [status for _, status in faults], DECLARED)
