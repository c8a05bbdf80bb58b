"""How shares spread: within a circle, through connectors into other circles, and by openers who share again."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.calendar import DAY, HOUR, NEVER, Floats, Ints, after, moments
from simulator.delivery import Outbox
from simulator.draws import draw_rows, only, spans, whole
from simulator.fans import Kind, become_fans
from simulator.groups import group_ids
from simulator.merchants import campaign, pick_products, product_ids
from simulator.orders import buy, share_ids
from simulator.shop import follow
from simulator.world import World

CHANNELS = ("group", "moments", "direct", "public")
CHANNEL_SHARES = (0.7, 0.16, 0.1, 0.04)
OPEN_RATE = np.array([0.26, 0.22, 0.15, 0.1])
ROOTS_PER_FAN_DAY = 0.0046
RESHARE_RATE = 0.3
BRIDGE_RATE = 0.6
MAX_DEPTH = 16
SPREADS_FOR_DAYS = 12
STAR_DAYS = 7  # between two posts of a star
MOST_HEARD = 600  # people who see a post of a star, however large the merchant
VIRAL_DAYS = 5  # before the landing's end


@dataclass(frozen=True)
class Manner:
    """How far shares reach.

    Args:
        crowd: the part of the merchant's people who see a share that starts a tree, besides the usual circles.
        strangers: how many of the merchant's people see each share below it.
        to_the_gone: whether people who are no longer fans look too.
        liking: factor on the chance that somebody opens the share.
        again: factor on the chance that an opener shares again.
    """

    crowd: float = 0
    strangers: int = 0
    to_the_gone: bool = False
    liking: float = 1
    again: float = 1


USUAL = Manner()
STAR = Manner(crowd=0.9, again=0.15)  # many look, few share it again
VIRAL = Manner(crowd=0.02, strangers=1, to_the_gone=True, liking=4, again=7)


@dataclass(frozen=True)
class Roots:
    """Shares that start a tree: who makes them (fan rows), when, and what they share."""

    row: Ints
    at: Ints
    object_type: list[str]
    object_id: list[str]


@dataclass(frozen=True)
class Opens:
    """Opens of shares: the root of the tree, the share, its maker, who opened it and when."""

    root: Ints
    share: Ints
    sharer: Ints
    row: Ints
    at: Ints


@dataclass(frozen=True)
class _Layer:
    """The shares of one depth; `parent` and `upline` are negative at the root."""

    root: Ints
    share: Ints
    row: Ints
    at: Ints
    parent: Ints
    upline: Ints
    channel: Ints


def share_daily(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> Opens:
    """The day's new shares of products and pages, made by fans who like to share, and all that follows from them."""
    fans = world.fans
    midnight = world.calendar.midnight(day)
    weight = fans.sharing * fans.is_fan(midnight) * activity[fans.merchant]
    row = draw_rows(rng, weight, whole(rng, ROOTS_PER_FAN_DAY * world.calendar.bustle(day) * weight.sum()))
    is_page = rng.random(len(row)) < 0.15
    product = product_ids(pick_products(world.merchants, rng, fans.merchant[row]))
    roots = Roots(
        row=row,
        at=moments(rng, world.calendar, day, len(row)),
        object_type=["page" if page else "product" for page in is_page.tolist()],
        object_id=["home" if page else name for page, name in zip(is_page.tolist(), product, strict=True)],
    )
    return spread(world, outbox, rng, roots)[1]


def share_stars(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """The posts of the stars, one every `STAR_DAYS` days each, while the merchant is busy."""
    fans = world.fans
    row = fans.stars[(fans.stars + day) % STAR_DAYS == 0]
    row = row[fans.is_fan(world.calendar.midnight(day))[row] & (activity[fans.merchant[row]] > 0.3)]
    product = product_ids(pick_products(world.merchants, rng, fans.merchant[row]))
    spread(world, outbox, rng, Roots(row, moments(rng, world.calendar, day, len(row)), ["product"] * len(row), product), STAR)


def go_viral(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """In the landing's last days one share spreads through the busiest merchant's people, from circle to circle."""
    if day != max(world.calendar.days - VIRAL_DAYS, 0):
        return
    fans = world.fans
    merchant = int(np.argmax(fans.merchant_rows * (activity > 0.3)))
    able = (fans.merchant == merchant) & fans.is_fan(world.calendar.midnight(day)) & (fans.sharing > 0)
    if not able.any():
        return
    row = np.array([np.argmax(fans.sharing * able)])
    before = world.tally.shares_by_depth.copy()
    at = np.array([world.calendar.midnight(day) + 9 * HOUR])
    share, _ = spread(world, outbox, rng, Roots(row, at, ["product"], product_ids(np.zeros(1, np.int64))), VIRAL)
    world.tally.viral.append((int(row[0]), int(share[0]), world.tally.shares_by_depth - before))


def spread(world: World, outbox: Outbox, rng: np.random.Generator, roots: Roots, manner: Manner = USUAL) -> tuple[Ints, Opens]:
    """Let shares spread to their end, some days ahead. A person opens a tree once, and may then buy, follow or share again.

    Returns:
        The numbers of the root shares, and all opens.
    """
    fans = world.fans
    count = len(roots.row)
    layer = _Layer(
        root=np.arange(count),
        share=_number(world, count),
        row=roots.row,
        at=roots.at,
        parent=np.full(count, -1),
        upline=np.full(count, -1),
        channel=_channels(rng, count),
    )
    first = layer.share
    seen = layer.root * len(fans) + layer.row
    found = []
    for depth in range(MAX_DEPTH):
        if not len(layer.row):
            break
        _announce(world, outbox, rng, layer, roots, depth)
        opener, via, at = _open(world, rng, layer, roots, seen, manner, depth)
        opens = Opens(root=layer.root[via], share=layer.share[via], sharer=layer.row[via], row=opener, at=at)
        seen = np.concatenate([seen, opens.root * len(fans) + opener])
        found.append(opens)
        _tell_opens(world, outbox, rng, layer, opens)
        _respond(world, outbox, rng, opens, layer.upline[via], roots)
        layer = _share_again(world, rng, opens, manner)
    parts = found or [Opens(*(np.empty(0, np.int64) for _ in range(5)))]
    return first, Opens(*(np.concatenate([getattr(part, name) for part in parts]) for name in Opens.__dataclass_fields__))


def _number(world: World, count: int) -> Ints:
    world.shares += count
    return np.arange(world.shares - count, world.shares)


def _channels(rng: np.random.Generator, count: int) -> Ints:
    return rng.choice(len(CHANNELS), count, p=CHANNEL_SHARES).astype(np.int64)


def _announce(world: World, outbox: Outbox, rng: np.random.Generator, layer: _Layer, roots: Roots, depth: int) -> None:
    in_group = layer.channel == CHANNELS.index("group")
    group = world.groups.of(world.fans.block_circle[world.fans.block[layer.row]], world.fans.merchant[layer.row], rng)
    root = layer.root.tolist()
    outbox.add(
        "shop.share_created.v1",
        layer.at,
        merchant_id=world.merchant_ids(layer.row),
        share_id=share_ids(layer.share),
        user_id=world.user_ids(layer.row),
        object_type=[roots.object_type[k] for k in root],
        object_id=[roots.object_id[k] for k in root],
        channel=[CHANNELS[k] for k in layer.channel.tolist()],
        group_id=only(group_ids(group), in_group & (group >= 0)),
        parent_share_id=share_ids(layer.parent),
        campaign_id=only([campaign(day) for day in world.calendar.days_of(layer.at).tolist()], layer.share % 6 == 0),
        is_rewarded=[True if number % 9 == 0 else False if number % 3 else None for number in layer.share.tolist()],
    )
    dated = layer.at < world.calendar.close
    world.tally.shares_by_depth[depth] += int(dated.sum())
    world.tally.shares_by_channel += np.bincount(layer.channel[dated], minlength=len(CHANNELS))
    np.add.at(world.tally.shares, layer.row[world.in_window(layer.at)], 1)


def _open(
    world: World, rng: np.random.Generator, layer: _Layer, roots: Roots, seen: Ints, manner: Manner, depth: int
) -> tuple[Ints, Ints, Ints]:
    """Who opens the shares of a layer (rows, positions in the layer, instants); nobody whom the tree has reached before."""
    fans = world.fans
    via, row = _audience(world, rng, layer, manner, depth)
    is_gone = (fans.gone_at[row] <= layer.at[via]) & (not manner.to_the_gone)
    likes = manner.liking * OPEN_RATE[layer.channel[via]] * world.people.attention[fans.user[row]]
    opens = (rng.random(len(row)) < likes) & ~is_gone
    via, row = via[opens], row[opens]
    at = after(rng, layer.at[via], 40, 1.3)
    in_time = at < roots.at[layer.root[via]] + SPREADS_FOR_DAYS * DAY
    kept = np.flatnonzero(in_time & world.is_open(row, at) & world.is_registered(row, at))
    kept = kept[np.argsort(at[kept], kind="stable")]
    key = layer.root[via[kept]] * len(fans) + row[kept]
    first = np.sort(np.unique(key, return_index=True)[1])
    kept = kept[first[~np.isin(key[first], seen)]]
    return row[kept], via[kept], at[kept]


def _audience(world: World, rng: np.random.Generator, layer: _Layer, manner: Manner, depth: int) -> tuple[Ints, Ints]:
    """Who may see each share: the maker's circle, with connectors also other circles, with public shares also anybody."""
    fans = world.fans
    posts = [np.arange(len(layer.row))]
    blocks = [fans.block[layer.row]]
    for number in range(3):
        crossing = np.flatnonzero((fans.bridges[layer.row] > number) & (rng.random(len(layer.row)) < BRIDGE_RATE))
        posts.append(crossing)
        blocks.append(fans.bridged_blocks(layer.row[crossing], number))
    post, block = np.concatenate(posts), np.concatenate(blocks)
    which, row = spans(fans.block_start[block], fans.block_size[block])
    crowd = np.minimum(manner.crowd * fans.merchant_rows[fans.merchant[layer.row]], MOST_HEARD)
    more = np.where(depth == 0, crowd, manner.strangers)
    public = np.repeat(np.arange(len(layer.row)), 6 * (layer.channel == CHANNELS.index("public")) + more.astype(np.int64))
    merchant = fans.merchant[layer.row[public]]
    anybody = fans.merchant_start[merchant] + (rng.random(len(public)) * fans.merchant_rows[merchant]).astype(np.int64)
    return np.concatenate([post[which], public]), np.concatenate([row, anybody])


def _tell_opens(world: World, outbox: Outbox, rng: np.random.Generator, layer: _Layer, opens: Opens) -> None:
    """Write the opens, some of them twice, and some by makers who look at their own share."""
    again = np.flatnonzero(rng.random(len(opens.row)) < 0.04)
    own = np.flatnonzero(rng.random(len(layer.row)) < 0.03)
    row = np.concatenate([opens.row, opens.row[again], layer.row[own]])
    share = np.concatenate([opens.share, opens.share[again], layer.share[own]])
    at = np.concatenate([opens.at, after(rng, opens.at[again], 60, 1), after(rng, layer.at[own], 5, 1)])
    outbox.add(
        "shop.share_opened.v1", at, merchant_id=world.merchant_ids(row), share_id=share_ids(share), user_id=world.user_ids(row)
    )
    sharer = np.concatenate([opens.sharer, opens.sharer[again]])
    others = slice(0, len(sharer))
    counted = world.in_window(at[others]) & ~world.people.is_erasable[world.fans.user[row[others]]]
    np.add.at(world.tally.opens, sharer[counted], 1)


def _respond(world: World, outbox: Outbox, rng: np.random.Generator, opens: Opens, upline: Ints, roots: Roots) -> None:
    """What openers do: look around, become fans, buy."""
    fans = world.fans
    looks = np.flatnonzero(rng.random(len(opens.row)) < 0.25)
    root = opens.root[looks].tolist()
    outbox.add(
        "shop.page_viewed.v1",
        opens.at[looks] + 2_000,
        merchant_id=world.merchant_ids(opens.row[looks]),
        user_id=world.user_ids(opens.row[looks]),
        object_type=[roots.object_type[k] for k in root],
        object_id=[roots.object_id[k] for k in root],
        session_id=[f"v-{number}" for number in (opens.share[looks] * 100 + opens.row[looks] % 100).tolist()],
        dwell_ms=(9_000 * rng.lognormal(0, 1, len(looks))).astype(np.int64).tolist(),
        via_share_id=share_ids(opens.share[looks]),
    )
    fresh = np.flatnonzero((fans.follow_at[opens.row] == NEVER) & (rng.random(len(opens.row)) < 0.3))
    fresh = fresh[np.unique(opens.row[fresh], return_index=True)[1]]
    at = after(rng, opens.at[fresh], 4, 1)
    become_fans(fans, rng, opens.row[fresh], at)
    follow(world, outbox, opens.row[fresh], at, ["share"] * len(fresh), opens.share[fresh])
    _thank(world, outbox, rng, opens.sharer[fresh], opens.row[fresh], at)

    is_buyer = (fans.kind[opens.row] != Kind.LOOKER) & (fans.follow_at[opens.row] <= opens.at)
    takes = np.where(fans.kind[opens.row] == Kind.LOYAL, 0.12, 0.05)
    buying = np.flatnonzero(is_buyer & (rng.random(len(opens.row)) < takes))
    buy(
        world,
        outbox,
        rng,
        opens.row[buying],
        after(rng, opens.at[buying], 20, 1.2),
        share=opens.share[buying],
        sharer=opens.sharer[buying],
        upline=upline[buying],
    )


def _thank(world: World, outbox: Outbox, rng: np.random.Generator, inviter: Ints, row: Ints, at: Ints) -> None:
    """Some new fans accept an invitation, for which some merchants pay the inviter a premium."""
    invited = np.flatnonzero(rng.random(len(row)) < 0.25)
    outbox.add(
        "shop.invite_accepted.v1",
        at[invited] + 1_000,
        merchant_id=world.merchant_ids(row[invited]),
        inviter_id=world.user_ids(inviter[invited]),
        user_id=world.user_ids(row[invited]),
    )
    paid = invited[world.merchants.pays_commission[world.fans.merchant[row[invited]]]]
    outbox.add(
        "shop.commission_accrued.v1",
        at[paid] + 2_000,
        merchant_id=world.merchant_ids(row[paid]),
        beneficiary_id=world.user_ids(inviter[paid]),
        level=[1] * len(paid),
        amount=["2.00"] * len(paid),
        basis=["headcount"] * len(paid),
    )


def _share_again(world: World, rng: np.random.Generator, opens: Opens, manner: Manner) -> _Layer:
    """The next layer: openers who share again, more often the more they like to share."""
    wish = manner.again * RESHARE_RATE * np.minimum(world.fans.sharing[opens.row] ** 0.5, 3.5)
    again = np.flatnonzero(rng.random(len(opens.row)) < wish)
    return _Layer(
        root=opens.root[again],
        share=_number(world, len(again)),
        row=opens.row[again],
        at=after(rng, opens.at[again], 25, 1.2),
        parent=opens.share[again],
        upline=opens.sharer[again],
        channel=_channels(rng, len(again)),
    )
