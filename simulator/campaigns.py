"""Campaigns that merchants plan for the month, and who is assigned to which arm of them."""

from __future__ import annotations

import numpy as np

from simulator.calendar import DAY, HOUR
from simulator.delivery import Outbox
from simulator.draws import only
from simulator.merchants import CAMPAIGN_DAYS, campaign, money
from simulator.world import World

HELD_OUT = 0.1  # of the people who are assigned
_STEPS = ("shop.page_viewed", "shop.coupon_claimed", "shop.share_created", "shop.order_paid", "shop.red_packet_sent")


def plan_campaigns(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """On the first day of a campaign every second merchant plans it, and assigns some of its fans to an arm."""
    if day % CAMPAIGN_DAYS:
        return
    merchants = world.merchants
    who = np.flatnonzero(merchants.is_open_on(np.full(len(merchants), day)) & (np.arange(len(merchants)) % 2 == 0))
    midnight = world.calendar.midnight(day)
    start, end = midnight + DAY, midnight + 15 * DAY
    cents = (200_000 * np.sqrt(merchants.size[who])).astype(np.int64)
    outbox.add(
        "shop.campaign_planned.v1",
        midnight + 9 * HOUR + rng.integers(0, HOUR, len(who)),
        merchant_id=merchants.ids(who),
        campaign_id=[campaign(day)] * len(who),
        starts_at=[written(start)] * len(who),
        ends_at=[written(end)] * len(who),
        title=[f"第{day // CAMPAIGN_DAYS + 1}期会员日" if k % 3 else None for k in who.tolist()],
        budget=only(money(merchants, who, cents), who % 3 != 0),
        target_orders=[20 if k % 4 else None for k in who.tolist()],
        target_revenue=only(money(merchants, who, 4 * cents), who % 5 != 0),
        steps=[list(_STEPS[: 2 + k % 4]) if k % 7 else None for k in who.tolist()],
    )
    fans = world.fans
    plans = np.zeros(len(merchants), np.bool_)
    plans[who] = True
    rows = np.flatnonzero(plans[fans.merchant] & fans.is_fan(midnight))
    rows = rows[rng.random(len(rows)) < 0.2]
    outbox.add(
        "shop.campaign_assigned.v1",
        midnight + 11 * HOUR + rng.integers(0, HOUR, len(rows)),
        merchant_id=world.merchant_ids(rows),
        campaign_id=[campaign(day)] * len(rows),
        user_id=world.user_ids(rows),
        variant=["control" if luck < HELD_OUT else "coupon" for luck in rng.random(len(rows)).tolist()],
    )


def written(at: int) -> str:
    """An instant as RFC 3339 in UTC."""
    return f"{np.datetime_as_string(np.datetime64(at, 'ms'))}Z"
