"""What merchants try out, the answers planted: two a campaign against people left alone, one how large packets should be."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.calendar import DAY, HOUR, MINUTE, Ints, moments
from simulator.campaigns import written
from simulator.delivery import Outbox
from simulator.merchants import Role, money
from simulator.spread import CHANNELS
from simulator.world import World

CAMPAIGN, DAYS = "c-trial", 14
UPLIFTS = (0.1, 0.0)  # planted, of the first and the second campaign: buyers more among those who are addressed
SEEN_STEP, BLIND_STEP = "shop.campaign_assigned", "shop.coupon_claimed"  # planted: no event of the second names the campaign
SATURATED = {1: 500, 4: 200}  # planted, by tier of the receiver's city: cents from which on packets are not shared more often
MOST_SHARED = 0.5
AMOUNTS = (50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)  # one a band
_TRIERS = 3
_ORDERED = 10_000  # cents, of the order that each share of a packet brings


def _triers(world: World) -> list[int]:
    """The steady merchants with most people that are not away when campaigns are tried: two that try one, and one that tries
    packets. There are none where these are too few.
    """
    is_busy = world.merchants.activity(world.calendar.days // 2) > 0
    steady = np.flatnonzero((world.merchants.role == Role.STEADY) & is_busy)
    largest: list[int] = steady[np.argsort(-world.fans.merchant_rows[steady], kind="stable")].tolist()
    return largest[:_TRIERS] if len(largest) >= _TRIERS else []


def try_out(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """What is tried on a day. What is drawn here changes nothing of the rest."""
    triers = _triers(world)
    if day == world.calendar.days // 2:
        for merchant, uplift in zip(triers, UPLIFTS, strict=False):
            _try_campaign(world, outbox, rng, day, merchant, uplift)
    for merchant in triers[len(UPLIFTS) :]:
        _try_packets(world, outbox, rng, day, merchant)


def _staying(world: World, merchant: int, day: int, until: int) -> Ints:
    """The merchant's fans at the beginning of a day who are there until an instant, and do not ask to be forgotten."""
    fans = world.fans
    rows = fans.merchant_start[merchant] + np.arange(fans.merchant_rows[merchant])
    is_there = fans.is_fan(world.calendar.midnight(day))[rows] & (fans.gone_at[rows] > until)
    staying: Ints = rows[is_there & ~world.people.is_erasable[fans.user[rows]]]
    return staying


def _try_campaign(world: World, outbox: Outbox, rng: np.random.Generator, day: int, merchant: int, uplift: float) -> None:
    """Half of the fans are left alone; of the others so many more buy, once, who would not have bought by habit."""
    midnight = world.calendar.midnight(day)
    start, end = midnight + 10 * HOUR, midnight + DAYS * DAY
    rows = rng.permutation(_staying(world, merchant, day, end))
    treated = rows[: len(rows) // 2]
    name = world.merchants.ids(np.array([merchant]))
    outbox.add(
        "shop.campaign_planned.v1",
        np.array([midnight + 9 * HOUR]),
        merchant_id=name,
        campaign_id=[CAMPAIGN],
        starts_at=[written(start)],
        ends_at=[written(end)],
        title=["对照试验"],
        budget=[None],
        target_orders=[10],
        target_revenue=[None],
        steps=[[SEEN_STEP, BLIND_STEP]],
    )
    outbox.add(
        "shop.campaign_assigned.v1",
        np.full(len(rows), start + HOUR),
        merchant_id=world.merchant_ids(rows),
        campaign_id=[CAMPAIGN] * len(rows),
        user_id=world.user_ids(rows),
        variant=["coupon"] * len(treated) + ["control"] * (len(rows) - len(treated)),
    )
    idle = treated[world.fans.next_order_at[treated] >= end]
    buyers = idle[: round(uplift * len(treated))]
    at = start + 2 * HOUR + rng.integers(0, end - start - 3 * HOUR, len(buyers))
    _order(world, outbox, buyers, at, [f"o-t-{number}" for number in range(len(buyers))], campaign=CAMPAIGN)


def _try_packets(world: World, outbox: Outbox, rng: np.random.Generator, day: int, merchant: int) -> None:
    """A packet a day to somebody of each tier, of one size after the other; each share of one brings an order."""
    midnight = world.calendar.midnight(day)
    rows = _staying(world, merchant, day, midnight + 2 * DAY)
    sent_at = moments(rng, world.calendar, day, len(SATURATED))
    cents, turn = AMOUNTS[day % len(AMOUNTS)], day // len(AMOUNTS)
    for at, (tier, enough) in zip(sent_at.tolist(), SATURATED.items(), strict=True):
        here = rows[world.people.city_tier[world.fans.user[rows]] == tier]
        if not len(here) or len(rows) < 2:
            continue
        row = rng.choice(here, 1)
        buyer = rng.choice(rows[rows != row], 1)
        packet = {"merchant_id": world.merchant_ids(row), "packet_id": [f"rp-t-{day}-{tier}"]}
        for event, then in (("sent", at), ("claimed", at + 5 * MINUTE)):
            outbox.add(
                f"shop.red_packet_{event}.v1",
                np.array([then]),
                **packet,
                user_id=world.user_ids(row),
                amount=money(world.merchants, np.array([merchant]), np.array([cents])),
                campaign_id=[None],
            )
        rate = MOST_SHARED * min(cents / enough, 1)
        if int((turn + 1) * rate) > int(turn * rate):  # so that the rate is the planted one, without chance
            _share(world, outbox, row, buyer, at + HOUR, f"rp-t-{day}-{tier}")


def _share(world: World, outbox: Outbox, row: Ints, buyer: Ints, at: int, packet: str) -> None:
    share, channel = packet.replace("rp", "s"), CHANNELS.index("direct")
    outbox.add(
        "shop.share_created.v1",
        np.array([at]),
        merchant_id=world.merchant_ids(row),
        share_id=[share],
        user_id=world.user_ids(row),
        object_type=["red_packet"],
        object_id=[packet],
        channel=[CHANNELS[channel]],
        group_id=[None],
        parent_share_id=[None],
        campaign_id=[None],
        is_rewarded=[None],
    )
    ordered_at = np.array([at + 2 * HOUR])
    _order(world, outbox, buyer, ordered_at, [packet.replace("rp", "o")], share=share)
    tally = world.tally
    if at < world.calendar.close:
        tally.shares_by_depth[0] += 1
        tally.shares_by_channel[channel] += 1
    tally.shares[row] += world.in_window(np.array([at]))
    tally.orders_led[row] += world.in_window(ordered_at)


def _order(
    world: World,
    outbox: Outbox,
    rows: Ints,
    at: Ints,
    order_id: list[str],
    *,
    share: str | None = None,
    campaign: str | None = None,
) -> None:
    count = len(rows)
    outbox.add(
        "shop.order_paid.v1",
        at,
        merchant_id=world.merchant_ids(rows),
        order_id=list(order_id),
        user_id=world.user_ids(rows),
        amount=money(world.merchants, world.fans.merchant[rows], np.full(count, _ORDERED)),
        currency=["CNY"] * count,
        lines=[None] * count,
        region=[None] * count,
        via_share_id=[share] * count,
        team_id=[None] * count,
        live_id=[None] * count,
        coupon_id=[None] * count,
        campaign_id=[campaign] * count,
        recipient_is_self=[None] * count,
        pay_account_id=[None] * count,
        address_id=[None] * count,
    )
    is_hidden = (at >= world.calendar.close) & (at < world.calendar.future_close)
    np.add.at(world.tally.future_orders, rows[is_hidden], 1)


def tried(world: World) -> dict[str, Any]:
    """What was planted: the campaigns with their uplift and the step that is never seen, and where packets saturate."""
    if not (triers := _triers(world)):
        return {"campaigns": [], "red_packets": None}
    *campaigns, packets = world.merchants.ids(np.array(triers))
    return {
        "campaigns": [
            {"merchant_id": merchant, "campaign_id": CAMPAIGN, "planted_uplift": uplift, "blind_step": BLIND_STEP}
            for merchant, uplift in zip(campaigns, UPLIFTS, strict=False)
        ],
        "red_packets": {
            "merchant_id": packets,
            "shared_no_more_from": {str(tier): f"{cents / 100:.2f}" for tier, cents in SATURATED.items()},
        },
    }
