"""Orders with all that belongs to them: lines, coupons, commissions, refunds, and the time of the next purchase."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.calendar import DAY, HOUR, NEVER, Ints, after
from simulator.delivery import Outbox
from simulator.draws import only, pick
from simulator.fans import Kind, become_fans, gaps
from simulator.geography import REGIONS, region_codes
from simulator.merchants import campaign, money, pick_products, product_ids
from simulator.world import World

REFUNDED = 0.04


def share_ids(numbers: Ints) -> list[str | None]:
    """Ids of shares; None for negative numbers."""
    return [f"s-{number:07d}" if number >= 0 else None for number in numbers.tolist()]


def buy(
    world: World,
    outbox: Outbox,
    rng: np.random.Generator,
    rows: Ints,
    at: Ints,
    *,
    share: Ints | None = None,
    sharer: Ints | None = None,
    upline: Ints | None = None,
    team_id: list[str] | None = None,
    live_id: list[str] | None = None,
    price: Ints | None = None,
    product: Ints | None = None,
) -> None:
    """Let each row's person pay one order and draw the time of their next; skip those whose merchant is away or who are gone.

    Someone who buys without having followed is a fan from then on.

    Args:
        rows: fan rows that buy; a row that occurs twice buys once.
        at: when.
        share: number of the share that led to the order, negative for none; `sharer` and `upline` are the rows of the makers
            of that share and of its parent, negative for none.
        team_id, live_id: the team and the live stream to which each order belongs; None if to none.
        price: team price of one piece in cents; the list price otherwise.
        product: position of the product within the merchant; drawn otherwise.
    """
    fans, merchants = world.fans, world.merchants
    first = np.unique(rows, return_index=True)[1]
    may_buy = world.is_open(rows[first], at[first]) & (at[first] < fans.gone_at[rows[first]])
    kept = np.sort(first[may_buy])
    rows, at = rows[kept], at[kept]
    count = len(rows)
    if not count:
        return
    none = np.full(count, -1)
    share = none if share is None else share[kept]
    sharer = none if sharer is None else sharer[kept]
    upline = none if upline is None else upline[kept]
    team, live = ([names[k] for k in kept.tolist()] if names else [None] * count for names in (team_id, live_id))
    merchant = fans.merchant[rows]
    item = pick_products(merchants, rng, merchant) if product is None else product[kept]
    unit = merchants.list_price[merchants.product_start[merchant] + item] if price is None else price[kept]
    quantity = 1 + np.minimum(fans.spending[rows] * rng.lognormal(-1.0, 0.6, count), 19).astype(np.int64)
    has_second = (rng.random(count) < 0.2) & (price is None)
    second = (item + 1) % merchants.products[merchant]
    second_unit = merchants.list_price[merchants.product_start[merchant] + second]
    total = unit * quantity + second_unit * has_second

    has_coupon = (rng.random(count) < 0.1) & (price is None)
    discount = np.minimum(total // 10, 3_000) * has_coupon
    amount = np.maximum(total - discount, 1)
    numbers = fans.orders[rows]
    fans.orders[rows] += 1
    local = rows - fans.merchant_start[merchant]
    order_id = [f"o-{row + 1}-{number + 1}" for row, number in zip(local.tolist(), numbers.tolist(), strict=True)]
    coupon_id = only([f"cp-{order[2:]}" for order in order_id], has_coupon)
    day_start = world.calendar.midnight(0) + world.calendar.days_of(at) * DAY
    claimed_at = np.maximum(at - rng.integers(60_000, 3 * HOUR, count), day_start)
    outbox.add(
        "shop.coupon_claimed.v1",
        claimed_at[has_coupon],
        merchant_id=world.merchant_ids(rows[has_coupon]),
        user_id=world.user_ids(rows[has_coupon]),
        coupon_id=[name for name in coupon_id if name],
        amount=money(merchants, merchant[has_coupon], discount[has_coupon]),
    )
    lines = _lines(world, merchant, item, unit, quantity)
    more = _lines(world, merchant, second, second_unit, np.ones(count, np.int64))
    lines = [line + other if two else line for line, other, two in zip(lines, more, has_second.tolist(), strict=True)]
    region = world.people.region[fans.user[rows]]
    campaign_id = [campaign(day) for day in world.calendar.days_of(at).tolist()]
    outbox.add(
        "shop.order_paid.v1",
        at,
        merchant_id=world.merchant_ids(rows),
        order_id=order_id,
        user_id=world.user_ids(rows),
        amount=money(merchants, merchant, amount),
        currency=["CNY"] * count,
        lines=only(lines, rng.random(count) < 0.9),
        region=only(region_codes(region), (rng.random(count) < 0.9) & (region < len(REGIONS))),
        via_share_id=share_ids(share),
        team_id=team,
        live_id=live,
        coupon_id=coupon_id,
        campaign_id=only(campaign_id, rng.random(count) < 0.15),
        recipient_is_self=pick(rng, (True, False, None), count, (0.75, 0.1, 0.15)),
        pay_account_id=[f"pay-{user}" if user % 4 else None for user in fans.user[rows].tolist()],
        address_id=[f"adr-{user // 2}" if user % 3 else None for user in fans.user[rows].tolist()],  # households of two
    )
    _refund(world, outbox, rng, rows, at, order_id, amount)
    _pay_commission(world, outbox, rows, at, order_id, amount, sharer, upline)

    world.orders.append((rows, at))
    new = fans.follow_at[rows] == NEVER
    become_fans(fans, rng, rows[new], at[new])
    fans.next_order_at[rows] = at + gaps(fans, rng, rows)
    once = (fans.kind[rows] == Kind.TOURIST) & (numbers == 0)
    fans.gone_at[rows[once]] = at[once] + 1
    fans.next_order_at[rows[fans.kind[rows] <= Kind.TOURIST]] = NEVER
    counted = ~world.people.is_erasable[fans.user[rows]]
    np.add.at(world.tally.orders_led, sharer[(sharer >= 0) & counted & world.in_window(at)], 1)
    np.add.at(world.tally.future_orders, rows[(at >= world.calendar.close) & (at < world.calendar.future_close)], 1)


def _lines(world: World, merchant: Ints, product: Ints, unit: Ints, quantity: Ints) -> list[list[dict[str, Any]]]:
    """The order lines of each order: one."""
    columns = zip(product_ids(product), quantity.tolist(), money(world.merchants, merchant, unit), strict=True)
    return [[{"product_id": name, "quantity": pieces, "unit_price": price}] for name, pieces, price in columns]


def _refund(
    world: World, outbox: Outbox, rng: np.random.Generator, rows: Ints, at: Ints, order_id: list[str], amount: Ints
) -> None:
    """Refund a few orders some days later, mostly in full, and a few of those once more in part, by mistake."""
    back = np.flatnonzero(rng.random(len(rows)) < REFUNDED)
    part = np.where(rng.random(len(back)) < 0.3, np.maximum(amount[back] // 3, 1), amount[back])
    when = after(rng, at[back], 3 * 1_440, 0.7)
    is_twice = rng.random(len(back)) < 0.03
    chosen = np.concatenate([back, back[is_twice]])
    merchant = world.fans.merchant[rows[chosen]]
    outbox.add(
        "shop.order_refunded.v1",
        np.concatenate([when, when[is_twice] + HOUR]),
        merchant_id=world.merchants.ids(merchant),
        order_id=[order_id[k] for k in chosen.tolist()],
        refund_id=[f"r-{order_id[k][2:]}-{1 + (n >= len(back))}" for n, k in enumerate(chosen.tolist())],
        amount=money(world.merchants, merchant, np.concatenate([part, np.maximum(amount[back[is_twice]] // 5, 1)])),
        currency=["CNY"] * len(chosen),
    )


def _pay_commission(
    world: World, outbox: Outbox, rows: Ints, at: Ints, order_id: list[str], amount: Ints, sharer: Ints, upline: Ints
) -> None:
    """At merchants that pay commissions, the sharer earns one, and the person who shared to the sharer a smaller one."""
    pays = world.merchants.pays_commission[world.fans.merchant[rows]]
    for level, earner, percent in ((1, sharer, 5), (2, upline, 2)):
        due = np.flatnonzero(pays & (earner >= 0))
        merchant = world.fans.merchant[rows[due]]
        outbox.add(
            "shop.commission_accrued.v1",
            at[due] + 1_000,
            merchant_id=world.merchants.ids(merchant),
            order_id=[order_id[k] for k in due.tolist()],
            beneficiary_id=world.user_ids(earner[due]),
            level=[level] * len(due),
            amount=money(world.merchants, merchant, amount[due] * percent // 100),
            basis=["sale"] * len(due),
        )
