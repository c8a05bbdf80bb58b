"""What fans do on their own from day to day (follow, leave, buy, look around), and what is done to win them."""

from __future__ import annotations

import numpy as np

from simulator.calendar import HOUR, NEVER, Floats, Ints, moments
from simulator.cases import partners
from simulator.delivery import Outbox
from simulator.draws import only, pick, spans
from simulator.fans import Kind, become_fans, gaps
from simulator.merchants import campaign, money, pick_products, product_ids
from simulator.orders import buy, share_ids
from simulator.representatives import representatives
from simulator.world import World

# planted: those who look buy little, those who stay buy often, and both come by this of the two channels that cost money
KEEPING_CHANNEL, SELLING_CHANNEL = "search_ad", "kol"
KEEPING_SHARES = {Kind.LOOKER: 0.5, Kind.TOURIST: 0.0, Kind.REGULAR: 0.0, Kind.LOYAL: 1.0}
FOLLOW_CHANNELS = ("search", "qr_code", "moments", "live", "kol", "search_ad")  # some of them cost money
CLICK_RATE = {"A": 0.06, "B": 0.11}  # planted: variant B of the recommendations is better
ACCEPTANCE = {"ai_call": 0.18, "call": 0.34, "message": 0.24}  # planted, by kind of outreach


def follow(world: World, outbox: Outbox, rows: Ints, at: Ints, channel: list[str], share: Ints | None = None) -> None:
    outbox.add(
        "shop.fan_followed.v1",
        at,
        merchant_id=world.merchant_ids(rows),
        user_id=world.user_ids(rows),
        channel=list(channel),
        via_share_id=[None] * len(rows) if share is None else list(share_ids(share)),
        rep_id=only(representatives(world, rows), rows % 5 == 0),
    )


def _lead(world: World, leading: np.random.Generator, rows: Ints, channel: list[str]) -> list[str]:
    """The channels of rows, with those who came for money shared out anew by the kind of fan they are."""
    keeps = leading.random(len(rows)) < np.array([KEEPING_SHARES[kind] for kind in Kind])[world.fans.kind[rows]]
    bought = np.isin(channel, (KEEPING_CHANNEL, SELLING_CHANNEL))
    led: list[str] = np.where(bought, np.where(keeps, KEEPING_CHANNEL, SELLING_CHANNEL), channel).tolist()
    return led


def come_and_go(world: World, outbox: Outbox, rng: np.random.Generator, leading: np.random.Generator, day: int) -> None:
    """The day's fans who come on their own, those who unfollow, and some who leave and come back."""
    fans, calendar = world.fans, world.calendar
    rows = np.flatnonzero((calendar.days_of(fans.planned_at) == day) & (fans.follow_at == NEVER))
    rows = rows[world.is_open(rows, fans.planned_at[rows])]
    become_fans(fans, rng, rows, fans.planned_at[rows])
    channel = _lead(world, leading, rows, pick(rng, FOLLOW_CHANNELS, len(rows)))
    follow(world, outbox, rows, fans.planned_at[rows], channel)

    going = np.flatnonzero((calendar.days_of(fans.gone_at) == day) & (fans.kind != Kind.TOURIST))
    mood = rng.random(len(going))
    for event, is_it in (("unfollowed", mood < 0.5), ("blocked", mood > 0.92)):
        some = going[is_it]
        merchant_id, user_id = world.merchant_ids(some), world.user_ids(some)
        outbox.add(f"shop.fan_{event}.v1", fans.gone_at[some], merchant_id=merchant_id, user_id=user_id)

    staying = np.flatnonzero(fans.is_fan(calendar.midnight(day)))
    wavering = staying[rng.random(len(staying)) < 0.0005]
    at = np.minimum(moments(rng, calendar, day, len(wavering)), calendar.midnight(day + 1) - 3 * HOUR)
    outbox.add("shop.fan_unfollowed.v1", at, merchant_id=world.merchant_ids(wavering), user_id=world.user_ids(wavering))
    back_at = at + rng.integers(60_000, 2 * HOUR, len(wavering))
    follow(world, outbox, wavering, back_at, ["search"] * len(wavering))


def buy_by_habit(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """Fans whose next purchase is due today buy, unless they have left or the merchant is away."""
    fans, calendar = world.fans, world.calendar
    due = np.flatnonzero(fans.next_order_at < calendar.midnight(day + 1))
    alive = due[fans.gone_at[due] > np.maximum(fans.next_order_at[due], calendar.midnight(day))]
    fans.next_order_at[np.setdiff1d(due, alive)] = NEVER
    at = moments(rng, calendar, day, len(alive))
    buys = (rng.random(len(alive)) < activity[fans.merchant[alive]]) & (fans.follow_at[alive] < at)
    buy(world, outbox, rng, alive[buys], at[buys])
    put_off = alive[~buys]
    fans.next_order_at[put_off] = calendar.midnight(day + 1) + gaps(fans, rng, put_off) // 2


def look_around(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """Visits without a share, recommendations shown and clicked, coupons claimed for later."""
    rows = _some_fans(world, rng, day, activity, 0.009)
    at = moments(rng, world.calendar, day, len(rows))
    product = product_ids(pick_products(world.merchants, rng, world.fans.merchant[rows]))
    outbox.add(
        "shop.page_viewed.v1",
        at,
        merchant_id=world.merchant_ids(rows),
        user_id=world.user_ids(rows),
        object_type=["product"] * len(rows),
        object_id=list(product),
        dwell_ms=(12_000 * rng.lognormal(0, 1, len(rows))).astype(np.int64).tolist(),
        campaign_id=only([campaign(day)] * len(rows), rows % 4 == 0),
        app_version=only([f"8.{day // 30}"] * len(rows), rows % 3 == 0),  # a field that the contract does not know
    )
    _recommend(world, outbox, rng, day, activity)
    claimers = _some_fans(world, rng, day, activity, 0.0012)
    outbox.add(
        "shop.coupon_claimed.v1",
        moments(rng, world.calendar, day, len(claimers)),
        merchant_id=world.merchant_ids(claimers),
        user_id=world.user_ids(claimers),
        coupon_id=[f"cp-welcome-{day // 30}" for _ in range(len(claimers))],
        amount=["5.00" if k % 4 else None for k in range(len(claimers))],
        campaign_id=only([campaign(day)] * len(claimers), claimers % 2 == 0),
    )


def _some_fans(world: World, rng: np.random.Generator, day: int, activity: Floats, rate: float) -> Ints:
    chance = rate * activity[world.fans.merchant] * world.fans.is_fan(world.calendar.midnight(day))
    return np.flatnonzero(rng.random(len(chance)) < chance)


def _recommend(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """Recommendation requests of three items each; a person always gets the same variant."""
    asked = _some_fans(world, rng, day, activity, 0.0034)
    rows = np.repeat(asked, 3)
    rank = np.tile([1, 2, 3], len(asked))
    at = np.repeat(moments(rng, world.calendar, day, len(asked)), 3)
    is_b = world.people.label[world.fans.user[rows]] % 2
    rate = np.array(list(CLICK_RATE.values()))[is_b] * np.array([1.3, 1.0, 0.7])[rank - 1]
    clicked = rng.random(len(rows)) < rate
    item = product_ids(pick_products(world.merchants, rng, world.fans.merchant[rows]))
    for event, some in (("shown", np.arange(len(rows))), ("clicked", np.flatnonzero(clicked))):
        outbox.add(
            f"shop.impression_{event}.v1",
            at[some] + (8_000 if event == "clicked" else 0),
            merchant_id=world.merchant_ids(rows[some]),
            user_id=world.user_ids(rows[some]),
            surface=["home" if k % 2 else "cart" for k in rows[some].tolist()],
            request_id=[f"q-{day}-{row}" for row in rows[some].tolist()],
            item_id=[item[k] for k in some.tolist()],
            variant=[("A", "B")[k] for k in is_b[some].tolist()],
            rank=rank[some].tolist(),
            campaign_id=only([campaign(day)] * len(some), rows[some] % 8 == 0),
            item_merchant_id=only(partners(world, rows[some]), (rank[some] == 3) & (rows[some] % 4 == 0)),
        )
    counted = (at < world.calendar.close) & ~world.people.is_erasable[world.fans.user[rows]]
    world.tally.shown += np.bincount(is_b[counted], minlength=2)
    world.tally.clicked += np.bincount(is_b[counted & clicked], minlength=2)


def reach_out(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """Merchants call and write to fans."""
    rows = _some_fans(world, rng, day, activity, 0.0018)
    kind = pick(rng, list(ACCEPTANCE), len(rows), (0.4, 0.2, 0.4))
    luck = rng.random(len(rows))
    outbox.add(
        "shop.outreach_made.v1",
        moments(rng, world.calendar, day, len(rows)),
        merchant_id=world.merchant_ids(rows),
        user_id=world.user_ids(rows),
        kind=kind,
        result=[
            "accepted" if chance < ACCEPTANCE[k] else "refused" if chance < 0.6 else "no_answer"
            for k, chance in zip(kind, luck.tolist(), strict=True)
        ],
        script=["回访-新品" if k % 2 else "回访-关怀" for k in rows.tolist()],
        campaign_id=only([campaign(day)] * len(rows), rows % 3 == 0),
        rep_id=only(representatives(world, rows), np.array(kind) != "ai_call"),
        channel=[("phone", "wechat")[k == "message"] for k in kind],
        live_id=only([f"l-{max(world.lives, 1):05d}"] * len(rows), rows % 10 == 0),
        is_opt_out=[True if chance > 0.985 else False if chance > 0.6 else None for chance in luck.tolist()],
        script_step=[1 + k % 3 if k % 2 else None for k in rows.tolist()],
    )


def send_red_packets(
    world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats
) -> tuple[Ints, Ints, list[str]]:
    """Some fans who share a lot send a red packet to their circle.

    Returns:
        Rows of the senders, instants, and ids of the packets, from which shares are made.
    """
    fans = world.fans
    senders = _some_fans(world, rng, day, activity * 0.25, 0.0018)
    senders = senders[fans.sharing[senders] > 0.5]
    at = moments(rng, world.calendar, day, len(senders))
    packet = [f"rp-{world.packets + k + 1:06d}" for k in range(len(senders))]
    world.packets += len(senders)
    cents = rng.integers(10, 60, len(senders)) * 100
    campaign_id = [campaign(day) if k % 2 else None for k in range(len(senders))]
    outbox.add(
        "shop.red_packet_sent.v1",
        at,
        merchant_id=world.merchant_ids(senders),
        packet_id=list(packet),
        user_id=world.user_ids(senders),
        amount=money(world.merchants, fans.merchant[senders], cents),
        campaign_id=list(campaign_id),
    )
    size = fans.block_size[fans.block[senders]]
    sender, row = spans(fans.block_start[fans.block[senders]], size)
    when = at[sender] + (20 * 60_000 * rng.lognormal(0, 1, len(row))).astype(np.int64)
    claims = np.flatnonzero((row != senders[sender]) & (rng.random(len(row)) < 0.55) & world.is_registered(row, when))
    outbox.add(
        "shop.red_packet_claimed.v1",
        when[claims],
        merchant_id=world.merchant_ids(row[claims]),
        packet_id=[packet[k] for k in sender[claims].tolist()],
        user_id=world.user_ids(row[claims]),
        amount=money(world.merchants, fans.merchant[row[claims]], cents[sender[claims]] // size[sender[claims]]),
        campaign_id=[campaign_id[k] for k in sender[claims].tolist()],
    )
    return senders, at, packet
