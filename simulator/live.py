"""Live streams: viewers who come and go, what they do, what the host shows, and what is bought in the meantime."""

from __future__ import annotations

import numpy as np

from simulator.calendar import DAY, HOUR, MINUTE, NEVER, Floats, Ints
from simulator.delivery import Outbox
from simulator.draws import only, pick
from simulator.fans import Kind, become_fans
from simulator.merchants import product_ids
from simulator.orders import buy, share_ids
from simulator.shop import follow
from simulator.spread import Opens, Roots, spread
from simulator.world import World

STARTS_PER_DAY = 0.065  # by a merchant that streams
KINDS = ("comment", "like", "product_click", "coupon", "red_packet", "follow_host", "mic")
KIND_SHARES = (0.3, 0.34, 0.2, 0.06, 0.04, 0.04, 0.02)
PUSH_MINUTES = 4
PUSHED_CLICKS = 0.65  # planted: share of the product clicks that fall into the minutes after a product was pinned


def stream(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """The day's live streams, which begin in the evening and end before midnight."""
    merchants = np.flatnonzero(world.merchants.is_live & (rng.random(len(world.merchants)) < STARTS_PER_DAY * activity))
    for merchant in merchants.tolist():
        _broadcast(world, outbox, rng, day, merchant)


def _broadcast(world: World, outbox: Outbox, rng: np.random.Generator, day: int, merchant: int) -> None:
    fans = world.fans
    rows = fans.merchant_start[merchant] + np.arange(fans.merchant_rows[merchant])
    starts = world.calendar.midnight(day) + int((18.5 + 2.5 * rng.random()) * HOUR)
    lasts = int(rng.integers(35, 110)) * MINUTE
    rows = rows[(fans.gone_at[rows] > starts) & world.is_registered(rows, np.full(len(rows), starts))]
    if len(rows) < 6:
        return
    world.lives += 1
    live_id = f"l-{world.lives:05d}"
    host = int(rows[np.argmax(fans.sharing[rows])])
    merchant_id = world.merchants.ids(np.array([merchant]))[0]
    live = {
        "live_id": [live_id],
        "merchant_id": [merchant_id],
        "host_id": world.user_ids(np.array([host])),
        "title": ["今晚福利专场🎉" if day % 2 else "新品上架直播"],
    }
    outbox.add("stream.live_started.v1", np.array([starts]), **live)
    if rng.random() < 0.97:  # now and then the end goes missing
        outbox.add("stream.live_ended.v1", np.array([starts + lasts]), **live)

    opens = _invite(world, outbox, rng, live_id, rows, host, starts)
    pinned_at, product = _push(world, outbox, rng, live_id, merchant, starts, lasts)
    _reserve(world, outbox, live_id, rows, starts)
    _advertise(world, outbox, live_id, merchant_id, opens, starts)
    viewers, joined, left = _watch(world, outbox, rng, live_id, rows, opens, starts, lasts)
    _interact(world, outbox, rng, live_id, viewers, joined, left, pinned_at, product)
    _shop(world, outbox, rng, live_id, viewers, joined, left, product)


def _invite(world: World, outbox: Outbox, rng: np.random.Generator, live_id: str, rows: Ints, host: int, starts: int) -> Opens:
    """The host and some fans share the stream shortly before it."""
    likes = np.sort(rng.choice(rows, min(3, len(rows)), replace=False))
    sharers = np.unique(np.append(likes[world.fans.sharing[likes] > 0.4], host))
    sharers = sharers[world.fans.follow_at[sharers] < starts - 2 * HOUR]
    at = starts - rng.integers(10 * MINUTE, 90 * MINUTE, len(sharers))
    return spread(world, outbox, rng, Roots(sharers, at, ["live"] * len(sharers), [live_id] * len(sharers)))[1]


def _reserve(world: World, outbox: Outbox, live_id: str, rows: Ints, starts: int) -> None:
    """A few fans reserve a seat in the hours before."""
    seats = rows[(rows + world.lives) % 20 == 0]
    outbox.add(
        "stream.live_reserved.v1",
        starts - HOUR - (seats % 240) * MINUTE,
        live_id=[live_id] * len(seats),
        user_id=world.user_ids(seats),
        channel=[("poster", "group", None)[k % 3] for k in seats.tolist()],
    )


def _advertise(world: World, outbox: Outbox, live_id: str, merchant_id: str, opens: Opens, starts: int) -> None:
    """Money for the live: every second time for ads, else for the first share that somebody opened."""
    seed = share_ids(opens.share[:1]) if world.lives % 2 else []
    outbox.add(
        "shop.spend_recorded.v1",
        np.array([starts - 5 * MINUTE]),
        merchant_id=[merchant_id],
        channel=["kol" if seed else "ads"],
        amount=["120.00"],
        live_id=[live_id],
        share_id=seed or [None],
    )


def _push(
    world: World, outbox: Outbox, rng: np.random.Generator, live_id: str, merchant: int, starts: int, lasts: int
) -> tuple[Ints, Ints]:
    """Pin a product about every quarter of an hour, sometimes with a coupon or a red packet."""
    at = starts + 3 * MINUTE + np.arange(0, lasts - 10 * MINUTE, 15 * MINUTE) + rng.integers(0, 2 * MINUTE)
    product = rng.integers(0, world.merchants.products[merchant], len(at))
    luck = rng.random(len(at))
    for action, moment, some in (
        ("pinned", at, np.full(len(at), True)),
        ("unpinned", at + 9 * MINUTE, luck < 0.9),
        ("coupon_dropped", at + MINUTE, luck < 0.25),
        ("red_packet_dropped", at + 2 * MINUTE, luck > 0.85),
    ):
        outbox.add(
            "stream.product_pushed.v1",
            moment[some],
            live_id=[live_id] * int(some.sum()),
            product_id=product_ids(product[some]),
            action=[action] * int(some.sum()),
        )
    return at, product


def _watch(
    world: World, outbox: Outbox, rng: np.random.Generator, live_id: str, rows: Ints, opens: Opens, starts: int, lasts: int
) -> tuple[Ints, Ints, Ints]:
    """Viewers come through a share or on their own, stay some minutes, and a few watch the recording the next day.

    Returns:
        Rows of the viewers, and the instants at which they came and left.
    """
    by_share = np.flatnonzero((opens.at < starts + lasts - 5 * MINUTE) & (rng.random(len(opens.row)) < 0.7))
    by_share = by_share[np.unique(opens.row[by_share], return_index=True)[1]]
    others = np.setdiff1d(rows, opens.row[by_share])
    others = rng.choice(others, min(len(others), int(14 * rng.lognormal(0, 0.6)) + 2), replace=False)
    viewers = np.concatenate([opens.row[by_share], others])
    count = len(viewers)
    joined = starts + (lasts * 0.9 * rng.random(count) ** 1.6).astype(np.int64)
    joined[: len(by_share)] = np.maximum(joined[: len(by_share)], opens.at[by_share] + 1_000)
    left = np.minimum(joined + (8 * rng.lognormal(0, 1, count) * MINUTE).astype(np.int64) + 5_000, starts + lasts)
    via = share_ids(np.concatenate([opens.share[by_share], np.full(len(others), -1)]))
    outbox.add(
        "stream.viewer_joined.v1",
        joined,
        live_id=[live_id] * count,
        user_id=world.user_ids(viewers),
        via_share_id=via,
        channel=["share"] * len(by_share) + pick(rng, ("follow", "square", "search"), len(others)),
    )
    leaves = np.flatnonzero(rng.random(count) < 0.88)
    leaver_id = world.user_ids(viewers[leaves])
    outbox.add("stream.viewer_left.v1", left[leaves], live_id=[live_id] * len(leaves), user_id=leaver_id)
    late = rng.choice(rows, min(len(rows), int(rng.integers(0, 5))), replace=False)
    replayed = starts + 14 * HOUR + rng.integers(0, 8 * HOUR, len(late))
    for event, at in (("joined", replayed), ("left", replayed + rng.integers(MINUTE, 20 * MINUTE, len(late)))):
        outbox.add(
            f"stream.viewer_{event}.v1",
            at,
            live_id=[live_id] * len(late),
            user_id=world.user_ids(late),
            is_replay=[True] * len(late),
            **({"product_id": only(product_ids(late % 7), late % 2 == 0)} if event == "joined" else {}),
        )
    return viewers, joined, left


def _interact(
    world: World,
    outbox: Outbox,
    rng: np.random.Generator,
    live_id: str,
    viewers: Ints,
    joined: Ints,
    left: Ints,
    pinned_at: Ints,
    product: Ints,
) -> None:
    """What viewers do while they watch; product clicks cluster after a product is pinned."""
    count = np.minimum(1.1 * rng.lognormal(-0.3, 0.9, len(viewers)) + rng.random(len(viewers)), 12).astype(np.int64)
    who = np.repeat(np.arange(len(viewers)), count)
    at = joined[who] + ((left[who] - joined[who]) * rng.random(len(who))).astype(np.int64)
    kind = rng.choice(len(KINDS), len(who), p=KIND_SHARES)
    is_click = kind == KINDS.index("product_click")
    push = rng.integers(0, len(pinned_at), len(who))
    pushed = is_click & (rng.random(len(who)) < PUSHED_CLICKS)
    at = np.where(pushed, pinned_at[push] + rng.integers(1_000, PUSH_MINUTES * MINUTE, len(who)), at)
    clicked = np.where(pushed, product[push], 0)
    outbox.add(
        "stream.interaction.v1",
        at,
        live_id=[live_id] * len(who),
        user_id=world.user_ids(viewers[who]),
        kind=[KINDS[k] for k in kind.tolist()],
        product_id=only(product_ids(clicked), is_click),
    )
    hosts = np.unique(who[kind == KINDS.index("follow_host")])
    hosts = hosts[world.fans.follow_at[viewers[hosts]] == NEVER]
    become_fans(world.fans, rng, viewers[hosts], left[hosts])
    follow(world, outbox, viewers[hosts], left[hosts], ["live"] * len(hosts))


def _shop(
    world: World, outbox: Outbox, rng: np.random.Generator, live_id: str, viewers: Ints, joined: Ints, left: Ints, product: Ints
) -> None:
    """Some viewers buy what is shown, a few of them only after they have left."""
    fans = world.fans
    able = (fans.kind[viewers] != Kind.LOOKER) & (fans.follow_at[viewers] < joined)
    buying = np.flatnonzero(able & (rng.random(len(viewers)) < 0.14))
    at = joined[buying] + ((left[buying] - joined[buying]) * rng.random(len(buying))).astype(np.int64) + 1_000
    at = np.where(rng.random(len(buying)) < 0.1, np.minimum(at + 2 * HOUR, left[buying] + DAY // 4), at)
    buy(
        world,
        outbox,
        rng,
        viewers[buying],
        at,
        live_id=[live_id] * len(buying),
        product=product[rng.integers(0, len(product), len(buying))],
    )
