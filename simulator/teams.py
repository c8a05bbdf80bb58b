"""Team purchases: how often they are opened, and how likely they form, is planted by region."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from simulator.calendar import HOUR, MINUTE, Bools, Floats, Ints, moments
from simulator.delivery import Outbox
from simulator.draws import draw_rows, only, pick, whole
from simulator.geography import ALL_REGIONS, REGIONS, region_codes
from simulator.merchants import money, pick_products, product_ids
from simulator.orders import buy, share_ids
from simulator.spread import Opens, Roots, spread
from simulator.world import World

OPENED_PER_FAN_DAY = 0.0042
SIZES = (2, 3, 5, 8)
SIZE_SHARES = (0.4, 0.35, 0.17, 0.08)
SIZE_FACTORS = (1.08, 1.02, 0.88, 0.7675)  # on the formation rate; their mean over the sizes is 1
AUTO_FILLED = 0.12  # of the teams that do not form by themselves
FORMS_UP_TO = 0.97


@dataclass
class _Seats:
    """Joins and leaves of the day's teams, one entry each."""

    team: list[int] = field(default_factory=list)
    row: list[int] = field(default_factory=list)
    at: list[int] = field(default_factory=list)
    share: list[int] = field(default_factory=list)
    sharer: list[int] = field(default_factory=list)

    def add(self, team: int, row: int, at: int, share: int = -1, sharer: int = -1) -> None:
        for column, value in zip(vars(self).values(), (team, row, at, share, sharer), strict=True):
            column.append(value)


@dataclass(frozen=True)
class _Teams:
    """The day's teams, one entry each."""

    number: Ints
    leader: Ints
    at: Ints
    expires_at: Ints
    size: Ints
    region: Ints
    product: Ints
    price: Ints
    via: Ints  # number of the share that brought the leader, negative for none
    share: Ints  # number of the leader's share of the team, negative if they made none


def formation_rates(regions: Ints, sizes: Ints) -> Floats:
    """The planted chance that a team forms by itself, by region and by position in SIZES."""
    base = np.array([region.formation for region in ALL_REGIONS])[regions]
    rates: Floats = base * np.array(SIZE_FACTORS)[sizes]
    return np.minimum(rates, FORMS_UP_TO)


def team_up(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats, opens: Opens) -> None:
    """The day's teams, from their opening to their end, up to two days ahead; `opens` are those of the day's other shares."""
    came_by = _shares_opened(opens, world.calendar.midnight(day + 1) - HOUR)
    leader = _leaders(world, rng, day, activity, list(came_by))
    count = len(leader)
    if not count:
        return
    region = world.people.region[world.fans.user[leader]]
    which = rng.choice(len(SIZES), count, p=SIZE_SHARES)
    via = [came_by.get(row, (-1, -1)) for row in leader.tolist()]
    at = np.array([seen_at for seen_at, _ in via]) + rng.integers(MINUTE, HOUR, count)
    at = np.where(at < world.calendar.midnight(day), moments(rng, world.calendar, day, count), at)
    merchant = world.fans.merchant[leader]
    product = pick_products(world.merchants, rng, merchant)
    teams = _Teams(
        number=np.arange(world.teams, world.teams + count),
        leader=leader,
        at=at,
        expires_at=at + rng.choice([12, 24, 48], count, p=[0.15, 0.7, 0.15]) * HOUR,
        size=np.array(SIZES)[which],
        region=region,
        product=product,
        price=world.merchants.list_price[world.merchants.product_start[merchant] + product] * 8 // 10,
        via=np.array([share for _, share in via]),
        share=np.full(count, -1),
    )
    world.teams += count
    _announce(world, outbox, rng, teams)
    opens = _share(world, outbox, rng, teams)
    forms = rng.random(count) < formation_rates(region, which)
    _fill(world, outbox, rng, teams, opens, forms)


def _shares_opened(opens: Opens, until: int) -> dict[int, tuple[int, int]]:
    """By row, when it opened a share before an instant, and which."""
    columns = zip(opens.row.tolist(), opens.at.tolist(), opens.share.tolist(), strict=True)
    return {row: (at, share) for row, at, share in columns if at < until}


def _leaders(world: World, rng: np.random.Generator, day: int, activity: Floats, openers: list[int]) -> Ints:
    """Fans who open a team: more in regions that open many, and more among those whom a share reached today.

    Only at merchants with enough people to fill it.
    """
    fans, people = world.fans, world.people
    midnight = world.calendar.midnight(day)
    joinable = np.bincount(fans.merchant[_may_join(world, np.arange(len(fans)), midnight)], minlength=len(world.merchants))
    eager = np.array([region.opening for region in ALL_REGIONS])[people.region[fans.user]]
    able = fans.is_fan(midnight) & ~people.is_erasable[fans.user] & (joinable[fans.merchant] > 2 * SIZES[-1])
    weight = eager * able * np.minimum(activity[fans.merchant], 1.3)
    weight[openers] *= 6
    return np.unique(draw_rows(rng, weight, whole(rng, OPENED_PER_FAN_DAY * world.calendar.bustle(day) * weight.sum())))


def _announce(world: World, outbox: Outbox, rng: np.random.Generator, teams: _Teams) -> None:
    """Write the openings. People who move between regions always name the team's region; others sometimes leave it out."""
    count = len(teams.number)
    says_region = (rng.random(count) < 0.85) | world.people.is_mover[world.fans.user[teams.leader]]
    expires = np.datetime_as_string(teams.expires_at.astype("datetime64[ms]")).tolist()
    outbox.add(
        "group.team_opened.v1",
        teams.at,
        merchant_id=world.merchant_ids(teams.leader),
        team_id=team_ids(teams.number),
        leader_id=world.user_ids(teams.leader),
        product_id=product_ids(teams.product),
        size_required=teams.size.tolist(),
        expires_at=[text + "Z" for text in expires],
        region=only(region_codes(teams.region), says_region & (teams.region < len(REGIONS))),
        price=money(world.merchants, world.fans.merchant[teams.leader], teams.price),
        benefit_side=pick(rng, ("leader", "member", "both", None), count, (0.3, 0.25, 0.35, 0.1)),
        via_share_id=share_ids(teams.via),
        goal=pick(rng, ("new_users", "promotion", "clearance", None), count, (0.4, 0.35, 0.15, 0.1)),
    )
    np.add.at(world.tally.teams["opened"], teams.region[teams.at < world.calendar.close], 1)


def team_ids(numbers: Ints) -> list[str]:
    return [f"t-{number:06d}" for number in numbers.tolist()]


def _share(world: World, outbox: Outbox, rng: np.random.Generator, teams: _Teams) -> Opens:
    """Four in five leaders share their team at once; the root of each open is a position in `teams`."""
    sharing = np.flatnonzero(rng.random(len(teams.number)) < 0.8)
    roots = Roots(
        row=teams.leader[sharing],
        at=teams.at[sharing] + rng.integers(1_000, MINUTE, len(sharing)),
        object_type=["team"] * len(sharing),
        object_id=team_ids(teams.number[sharing]),
    )
    teams.share[sharing], opens = spread(world, outbox, rng, roots)
    return Opens(root=sharing[opens.root], share=opens.share, sharer=opens.sharer, row=opens.row, at=opens.at)


def _fill(world: World, outbox: Outbox, rng: np.random.Generator, teams: _Teams, opens: Opens, forms: Bools) -> None:
    """Fill seats: all of them in time if the team forms, too few if it does not."""
    close = world.calendar.close
    joins, leaves, orders = _Seats(), _Seats(), _Seats()
    formed: list[tuple[int, int, int | None]] = []
    expired: list[int] = []
    order = np.lexsort((opens.at, opens.root))
    bounds = np.searchsorted(opens.root[order], np.arange(len(teams.number) + 1))
    for k in range(len(teams.number)):
        number, at, expires, size = int(teams.number[k]), int(teams.at[k]), int(teams.expires_at[k]), int(teams.size[k])
        leader, share = int(teams.leader[k]), int(teams.share[k])
        own = order[bounds[k] : bounds[k + 1]]
        own = own[(opens.at[own] < expires - HOUR) & _may_join(world, opens.row[own], at)]
        came = {int(opens.row[n]): (int(opens.at[n]), int(opens.share[n]), int(opens.sharer[n])) for n in own.tolist()}
        seats = size - 1 if forms[k] else int(rng.integers(0, size - 1))
        members = list(came)[:seats]
        members += _friends(world, rng, leader, at, {leader, *members}, seats - len(members))
        is_full = len(members) == size - 1
        latest = at
        for member in members:
            by_hand = (at, share, leader) if share >= 0 and rng.random() < 0.3 else (at, -1, -1)
            seen_at, via, sharer = came.get(member, by_hand)
            moment = seen_at + int((expires - seen_at - 2 * MINUTE) * 0.9 * rng.random() ** 2) + MINUTE
            joins.add(number, member, moment, via)
            latest = max(latest, moment)
            if is_full:
                orders.add(number, member, moment + 30_000, via, sharer)
        if size > 2 and rng.random() < 0.06:  # somebody joins and leaves at once, before the others come
            for row in _friends(world, rng, leader, at, {leader, *members}, 1):
                joins.add(number, row, at + 1_000)
                leaves.add(number, row, at + int(rng.integers(3_000, 50_000)))
        if is_full:
            orders.add(number, leader, at + 30_000)
            ends, outcome = latest, "formed_organic"
            if rng.random() < 0.95:  # otherwise only the full seats show that it formed
                formed.append((number, latest, None if rng.random() < 0.3 else 0))
        elif rng.random() < AUTO_FILLED:
            ends, outcome = expires - 5 * MINUTE, "formed_auto_filled"
            formed.append((number, ends, size - 1 - len(members)))
        else:
            ends, outcome = expires, "failed"
            if rng.random() < 0.85:
                expired.append(k)
            if rng.random() < 0.03:
                for row in _friends(world, rng, leader, at, {leader, *members}, 1):
                    joins.add(number, row, expires + 3 * MINUTE)  # too late
        if ends < close:
            world.tally.teams[outcome][teams.region[k]] += 1
    _tell(world, outbox, teams, joins, leaves, formed, expired)
    _pay(world, outbox, rng, teams, orders)


def _may_join(world: World, rows: Ints, at: int) -> Bools:
    """Rows of people who have registered and not left; those who will be forgotten stay out, so that the teams' truth holds."""
    user = world.fans.user[rows]
    return (world.people.registered_at[user] < at) & ~world.people.is_erasable[user] & (world.fans.gone_at[rows] > at)


def _friends(world: World, rng: np.random.Generator, leader: int, at: int, taken: set[int], count: int) -> list[int]:
    """Rows of people who join without a share: of the leader's circle, and of other circles if that has too few people."""
    fans = world.fans
    block, merchant = fans.block[leader], fans.merchant[leader]
    near = fans.block_start[block] + rng.permutation(fans.block_size[block])
    far = fans.merchant_start[merchant] + rng.integers(0, fans.merchant_rows[merchant], 40)
    rows = np.concatenate([near, far])
    fit = dict.fromkeys(rows[_may_join(world, rows, at)].tolist())
    return [row for row in fit if row not in taken][:count]


def _tell(
    world: World,
    outbox: Outbox,
    teams: _Teams,
    joins: _Seats,
    leaves: _Seats,
    formed: list[tuple[int, int, int | None]],
    expired: list[int],
) -> None:
    for event, seats in (("group.team_joined.v1", joins), ("group.team_left.v1", leaves)):
        outbox.add(
            event,
            np.array(seats.at, np.int64),
            team_id=team_ids(np.array(seats.team, np.int64)),
            user_id=world.user_ids(np.array(seats.row, np.int64)),
            via_share_id=share_ids(np.array(seats.share, np.int64)),
        )
    columns: list[Any] = [list(column) for column in zip(*formed, strict=True)] or [[], [], []]
    outbox.add(
        "group.team_formed.v1",
        np.array(columns[1], np.int64) + 1_000,
        team_id=team_ids(np.array(columns[0], np.int64)),
        auto_filled=columns[2],
    )
    outbox.add("group.team_expired.v1", teams.expires_at[expired] + 1_000, team_id=team_ids(teams.number[expired]))


def _pay(world: World, outbox: Outbox, rng: np.random.Generator, teams: _Teams, orders: _Seats) -> None:
    """Everybody in a team that forms pays the team's price; members come through the leader's share or one below it."""
    at = np.array(orders.at, np.int64)
    team = np.array(orders.team, np.int64) - teams.number[0]
    buy(
        world,
        outbox,
        rng,
        np.array(orders.row, np.int64),
        at,
        share=np.array(orders.share, np.int64),
        sharer=np.array(orders.sharer, np.int64),
        team_id=team_ids(teams.number[team]),
        price=teams.price[team],
        product=teams.product[team],
    )
