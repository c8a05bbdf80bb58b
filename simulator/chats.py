"""What happens in the chat groups of circles and of merchants' fans; the day of each group's last message is planted."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from simulator.calendar import DAY, HOUR, MINUTE, Floats, Ints, moments
from simulator.delivery import Outbox
from simulator.draws import only, spans, whole
from simulator.groups import group_ids
from simulator.world import World

BORN_PER_PERSON_DAY = 0.00036
LONGEST_SILENCE = 9 * DAY
_KINDS = ("product", "interest", "knowledge", "resource", "marketing", None)
_DRIVERS = ("interest", "relationship", "region", "event", "benefit", "honour", None)
_DRIVER_SHARES = (0.22, 0.2, 0.1, 0.15, 0.2, 0.08, 0.05)
LIFE_BY_DRIVER = np.array([1.1, 1.5, 1.0, 0.5, 0.8, 1.3, 1.0])


def chat(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    """A day of the chat groups: some are born, the living talk, some talk for the last time."""
    _found(world, outbox, rng, day, activity)
    _talk(world, outbox, rng, day)
    _end(world, outbox, rng, day)


def _members(world: World, groups: Ints, places: Ints) -> Ints:
    """The person at one place in each group; places and people are positions."""
    at = world.groups.first[groups] + places
    is_circle = world.groups.circle[groups] >= 0
    return np.where(is_circle, at, world.fans.user[np.where(is_circle, 0, at)])


def _found(world: World, outbox: Outbox, rng: np.random.Generator, day: int, activity: Floats) -> None:
    groups, people, fans = world.groups, world.people, world.fans
    midnight = world.calendar.midnight(day)
    wanted = whole(rng, BORN_PER_PERSON_DAY * len(people))
    circles = np.flatnonzero((groups.of_circle < 0) & (people.registered_at[people.circle_start] < midnight))
    circles = rng.choice(circles, min(len(circles), whole(rng, wanted * 0.62)), replace=False)
    merchants = np.flatnonzero((groups.of_merchant < 0) & (activity > 0.3) & (fans.merchant_rows >= 20))
    merchants = rng.choice(merchants, min(len(merchants), wanted - min(wanted, len(circles))), replace=False)
    count = len(circles) + len(merchants)
    if not count:
        return
    room = np.concatenate([people.circle_size[circles], np.minimum(fans.merchant_rows[merchants], 400)])
    of_circle, of_fans = rng.uniform(0.6, 1, len(circles)) * room[: len(circles)], 45 * rng.lognormal(0, 0.7, len(merchants))
    size = np.clip(np.concatenate([of_circle, of_fans]).astype(np.int64), 6, room)
    spare = fans.merchant_rows[merchants] - size[len(circles) :]
    start = fans.merchant_start[merchants] + (rng.random(len(merchants)) * (spare + 1)).astype(np.int64)
    born = moments(rng, world.calendar, day, count)
    driver = rng.choice(len(_DRIVERS), count, p=_DRIVER_SHARES)
    kind = np.concatenate([rng.choice([1, 1, 2, 2, 3, 5], len(circles)), rng.choice([0, 0, 3, 4, 4, 4, 5], len(merchants))])
    dies = born + _lifetimes(rng, LIFE_BY_DRIVER[driver])
    is_mute = rng.random(count) < 0.02
    dies[is_mute] = born[is_mute]
    number = np.arange(len(groups.records), len(groups.records) + count)
    position = np.arange(len(groups.number), len(groups.number) + count)
    circle = np.concatenate([circles, np.full(len(merchants), -1)])
    merchant = np.concatenate([np.full(len(circles), -1), merchants])
    first = np.concatenate([people.circle_start[circles], start])
    owner = np.where(circle >= 0, first, fans.user[np.where(circle >= 0, 0, first)])
    is_unfit = people.is_erasable[owner] | (people.registered_at[owner] > midnight)
    owner = np.where(is_unfit, _somebody(world, rng, midnight, count), owner)
    for name, values in (
        ("number", number), ("circle", circle), ("merchant", merchant), ("first", first), ("size", size), ("owner", owner),
        ("born_at", born), ("dies_at", dies), ("rate", 0.55 * rng.lognormal(0, 0.6, count)), ("last_at", born),
    ):  # fmt: skip
        setattr(groups, name, np.concatenate([getattr(groups, name), values]))
    groups.of_circle[circles] = number[: len(circles)]
    groups.of_merchant[merchants] = number[len(circles) :]
    group_id = group_ids(number)
    merchant_id = only(world.merchants.ids(merchant), merchant >= 0)
    outbox.add(
        "group.chat_created.v1",
        born,
        group_id=group_id,
        owner_id=people.ids(owner),
        merchant_id=merchant_id,
        kind=[_KINDS[k] for k in kind.tolist()],
        driver=[_DRIVERS[k] for k in driver.tolist()],
    )
    groups.records += [
        {
            "group_id": group_id[k],
            "merchant_id": merchant_id[k],
            "kind": _KINDS[kind[k]],
            "driver": _DRIVERS[driver[k]],
            "born_at": int(born[k]),
            "last_message_at": int(dies[k]),
            "has_messages": not bool(is_mute[k]),
        }
        for k in range(count)
    ]
    _join(world, outbox, rng, position)


def _somebody(world: World, rng: np.random.Generator, at: int, count: int) -> Ints:
    """Random registered people who will not ask to be forgotten; the platform's first person if there are none yet."""
    candidates = rng.integers(0, len(world.people), (count, 30))
    fits = (world.people.registered_at[candidates] < at) & ~world.people.is_erasable[candidates]
    return np.where(fits.any(axis=1), candidates[np.arange(count), fits.argmax(axis=1)], 0)


def _lifetimes(rng: np.random.Generator, stretch: Floats) -> Ints:
    """Time from birth to the last message: many groups die within days, most within weeks, a few outlive every landing."""
    count = len(stretch)
    luck = rng.random(count)
    days = np.where(luck < 0.22, 6 * rng.lognormal(0, 0.6, count), 34 * rng.lognormal(0, 0.7, count))
    return np.where(luck > 0.86, 4_000 * DAY, (days * stretch * DAY).astype(np.int64) + 2 * HOUR)


def _join(world: World, outbox: Outbox, rng: np.random.Generator, position: Ints) -> None:
    """The members of new groups: the core at once, others over days; some leave again."""
    groups, people = world.groups, world.people
    size = groups.size[position]
    which, place = spans(np.zeros(len(size), np.int64), size)
    group = position[which]
    person = _members(world, group, place)
    owner = groups.owner[group]
    is_core = place < _core(groups.size[group])
    born, dies = groups.born_at[group], groups.dies_at[group]
    slow = (4 * rng.lognormal(0, 1, len(group)) * DAY).astype(np.int64)
    at = born + np.where(is_core, rng.integers(MINUTE, 5 * HOUR, len(group)), slow)
    joins = (at <= np.maximum(dies, born + HOUR)) & (people.registered_at[person] < at) & (person != owner)
    leaves_at = at + (14 * rng.lognormal(0, 0.8, len(group)) * DAY).astype(np.int64)
    leaves = joins & ~is_core & (rng.random(len(group)) < 0.25) & (leaves_at < dies)
    is_invited = rng.random(len(group)) < 0.5
    outbox.add(
        "group.member_joined.v1",
        np.concatenate([groups.born_at[position] + 1_000, at[joins]]),
        group_id=group_ids(np.concatenate([groups.number[position], groups.number[group[joins]]])),
        user_id=people.ids(np.concatenate([groups.owner[position], person[joins]])),
        inviter_id=[None] * len(position) + only(people.ids(owner[joins]), is_invited[joins]),
    )
    left = group_ids(groups.number[group[leaves]])
    outbox.add("group.member_left.v1", leaves_at[leaves], group_id=left, user_id=people.ids(person[leaves]))


def _core(size: Ints) -> Ints:
    return np.maximum(size * 6 // 10, 1)


def _talk(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """Messages of the day: none after the planted last one, and no living group is silent for long."""
    groups = world.groups
    midnight, night = world.calendar.midnight(day), world.calendar.midnight(day + 1)
    is_new = groups.born_at >= midnight
    left = np.clip((groups.dies_at - midnight) / np.maximum(groups.dies_at - groups.born_at, 1), 0, 1)
    mood = groups.rate * np.where(left < 0.25, 0.4, 1) * world.calendar.bustle(day)
    count = np.where(is_new, 0, (mood + rng.random(len(mood))).astype(np.int64))
    count = np.where((groups.last_at < midnight - LONGEST_SILENCE) & (count == 0), 1, count)
    group = np.repeat(np.arange(len(count)), count)
    at = moments(rng, world.calendar, day, len(group))
    in_time = at < groups.dies_at[group]
    group, at = group[in_time], at[in_time]
    place = (_core(groups.size[group]) * rng.random(len(group)) ** 1.5).astype(np.int64)
    author = _members(world, group, place)
    is_away = world.people.is_erasable[author] | (world.people.registered_at[author] > groups.born_at[group])
    author = np.where(is_away, groups.owner[group], author)

    starts = np.flatnonzero(is_new & (groups.dies_at > groups.born_at))
    welcome = np.minimum(groups.born_at[starts] + rng.integers(2 * MINUTE, HOUR, len(starts)), groups.dies_at[starts])
    ends = np.flatnonzero((groups.dies_at < night) & (groups.dies_at > groups.born_at))
    group = np.concatenate([group, starts, ends])
    at = np.concatenate([at, welcome, groups.dies_at[ends]])
    author = np.concatenate([author, groups.owner[starts], groups.owner[ends]])
    np.maximum.at(groups.last_at, group, at)
    is_owner = author == groups.owner[group]
    role = np.where(is_owner, 0, np.where(rng.random(len(group)) < 0.05, 1, 2))
    broadcast = (rng.random(len(group)) < 0.3).tolist()
    message_id = [f"msg-{day}-{k}" for k in range(len(group))]
    outbox.add(
        "group.message_posted.v1",
        at,
        group_id=group_ids(groups.number[group]),
        user_id=world.people.ids(author),
        role=[("owner", "staff", "member")[k] for k in role.tolist()],
        is_broadcast=only(broadcast, is_owner & (groups.merchant[group] >= 0)),
        text_hash=[f"{number:08x}" for number in rng.integers(0, 1 << 32, len(group)).tolist()],
        message_id=list(message_id),
        reply_to_message_id=_answered(group, at, message_id),
    )


def _answered(group: Ints, at: Ints, message_id: list[str]) -> list[str | None]:
    """For every third message of a group's day, the message of the group before it."""
    order = np.lexsort((at, group))
    before: list[str | None] = [None] * len(group)
    for place, (earlier, later) in enumerate(pairwise(order.tolist())):
        if group[earlier] == group[later] and place % 3 == 0:
            before[later] = message_id[earlier]
    return before


def _end(world: World, outbox: Outbox, rng: np.random.Generator, day: int) -> None:
    """Groups that have talked for the last time; four in ten are dissolved some days later."""
    groups = world.groups
    dead = groups.dies_at < world.calendar.midnight(day + 1)
    dissolved = dead & (rng.random(len(dead)) < 0.4)
    outbox.add(
        "group.chat_dissolved.v1",
        groups.dies_at[dissolved] + rng.integers(DAY, 20 * DAY, int(dissolved.sum())),
        group_id=group_ids(groups.number[dissolved]),
    )
    groups.of_circle[groups.circle[dead & (groups.circle >= 0)]] = -1
    groups.of_merchant[groups.merchant[dead & (groups.merchant >= 0)]] = -1
    groups.keep(~dead)
