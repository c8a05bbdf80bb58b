"""A platform for the questions of chat groups and their people: one merchant a question, with the answer planted.

    python -m simulator.communities --out DIR [--seed 7] [--end 2026-03-31]

m-owners: owners of different quality; the better one is, the more members write, buy and stay. m-lives: groups of two drivers
die at different daily hazards. m-silence: 44 days before the end groups have been silent for some days, and the longer they
have, the fewer speak again. m-tired: the k-th share of a seller into a group is opened by fewer, and more leave after it.
m-invites: each newcomer invites a known number, after a known delay. m-methods: fans leave at a daily hazard of what won them.
m-taste, m-pull: pairs of friends; in the one they only like the same, in the other whoever leaves pulls the friend along.
m-size: the larger a group, the less each member writes. m-spike, m-step: people come in ten times the number for a week, or for
good; in the group of m-spike revenue bursts on one day. m-steady: nothing happens.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from simulator.calendar import DAY, HOUR, MINUTE, Calendar
from simulator.command import parser, status
from simulator.delivery import Outbox

DAYS = 150
LANDMARK = 44  # days before the end at which groups of m-silence have been silent
OWNERS, GROUPS_EACH = 24, 4
HAZARDS = {"interest": 0.02, "benefit": 0.08}  # a day, by driver
BANDS = {"2-3": (2, 3, 0.8), "4-6": (4, 6, 0.5), "7-13": (7, 13, 0.2)}  # days silent, and the chance to speak again
OPEN_RATES, LOST_RATES = (0.40, 0.32, 0.28, 0.10, 0.05), (0.01, 0.01, 0.015, 0.07, 0.10)  # of the k-th share
CAP = 3  # the last share that is taken well
INVITED, DELAYS = 0.5, (2, 10)  # people that one invites, and after how many days, all equally likely
METHODS = {"tool": ("sms", 0.02), "paid": ("ads", 0.01), "organic": ("search", 0.005), "invited": (None, 0.002)}  # a day
PAIRS = 700  # of friends
LOST_LIGHT, LOST_HEAVY, PULL = 0.5, 0.1, 2.0  # who leaves, of the two kinds of pairs, and how much likelier after the friend
SIZE_SLOPE = -0.4
USUAL, CROWD = 12, 120  # people a day
PEAK = 49  # days before the end on which the crowd comes
BURST = 30  # days before the end


class _Diary:
    """What happens, in any order; each event with the fields that it has."""

    def __init__(self, calendar: Calendar):
        self.calendar = calendar
        self._rows: dict[str, list[tuple[int, dict[str, Any]]]] = defaultdict(list)

    def add(self, event: str, at: float, **data: Any) -> None:
        self._rows[event].append((int(at), data))

    def at(self, day: float, hour: float = 12.0) -> int:
        """An instant by days before the end: 0 is the last day."""
        return int(self.calendar.midnight(0) + (self.calendar.days - 1 - day) * DAY + hour * HOUR)

    def deliver(self, outbox: Outbox) -> None:
        for event, rows in sorted(self._rows.items()):
            names = sorted({name for _, data in rows for name in data})
            columns: dict[str, list[Any]] = {name: [data.get(name) for _, data in rows] for name in names}
            outbox.add(event, np.array([at for at, _ in rows], np.int64), **columns)

    def group(self, group: str, merchant: str, owner: str, born: float, members: list[str], **record: Any) -> None:
        """A chat group, and who is in it from the beginning."""
        self.add("group.chat_created.v1", self.at(born, 8), group_id=group, merchant_id=merchant, owner_id=owner, **record)
        for number, user in enumerate(members):
            self.add("group.member_joined.v1", self.at(born, 8) + (number + 1) * MINUTE, group_id=group, user_id=user)

    def message(self, group: str, user: str, day: float, hour: float) -> None:
        self.add("group.message_posted.v1", self.at(day, hour), group_id=group, user_id=user)


def simulate_communities(out: Path, end: date, *, seed: int = 7) -> None:
    """Write a landing and its truth (`_truth.json`) into a new folder.

    Raises:
        FileExistsError: the folder is there already.
    """
    out.mkdir(parents=True)
    calendar = Calendar(end, DAYS)
    diary = _Diary(calendar)
    plants = (_owners, _lives, _silence, _fatigue, _invitations, _methods, _friends, _sizes, _shapes)
    truth: dict[str, Any] = {}
    for number, plant in enumerate(plants):
        truth |= plant(diary, np.random.default_rng([seed, number]))
    outbox = Outbox(out, calendar, np.random.default_rng([seed, len(plants)]))
    diary.deliver(outbox)
    for day in range(calendar.days):
        outbox.write(day)
    facts = {
        "seed": seed,
        "first_day": calendar.first.isoformat(),
        "as_of": calendar.end.isoformat(),
        "events": dict(sorted(outbox.planted.events.items())),
        "erasable_users": [],
    }
    (out / "_truth.json").write_bytes(msgspec.json.encode(facts | truth) + b"\n")


def _owners(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """Groups of ten that live on; the quality of the owner moves how many write, join and leave."""
    quality = dict(zip((f"u-own-{number:02}" for number in range(OWNERS)), rng.normal(0, 1, OWNERS).tolist(), strict=True))
    for owner, good in quality.items():
        for number in range(GROUPS_EACH):
            group, share = f"g-{owner}-{number}", f"s-{owner}-{number}"
            members = [f"{group}-{place}" for place in range(24)]
            diary.group(group, "m-owners", owner, 120, members)
            diary.message(group, owner, LANDMARK, 9)
            diary.add(
                "shop.share_created.v1", diary.at(20), merchant_id="m-owners", share_id=share, user_id=owner, group_id=group,
                object_type="product", object_id="p-1", channel="group",
            )  # fmt: skip
            mood = good + rng.normal(0, 0.6)
            for place, user in enumerate(members):
                if rng.random() < 1 / (1 + np.exp(0.8 - 1.2 * mood)):
                    diary.message(group, user, int(rng.integers(0, 14)), 10)
                if rng.random() < 0.25 / (1 + np.exp(-1.2 * mood)):
                    diary.add(
                        "shop.order_paid.v1", diary.at(10, 9), merchant_id="m-owners", order_id=f"o-{group}-{place}",
                        user_id=user, amount="20.00", currency="CNY", via_share_id=share,
                    )  # fmt: skip
                if rng.random() < 0.3 / (1 + np.exp(1.2 * mood)):
                    diary.add("group.member_left.v1", diary.at(5), group_id=group, user_id=user)
            diary.message(group, owner, 0, 9)
    return {"owner_quality": quality}


def _lives(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """Groups that are young, so that none is among those that m-silence is about, and write every day until they die."""
    for driver, hazard in HAZARDS.items():
        for number in range(180):
            group = f"g-{driver}-{number:03}"
            born = int(rng.integers(20, LANDMARK - 1))
            diary.group(group, "m-lives", "u-lives", born, [f"{group}-1"], driver=driver)
            for day in range(min(int(rng.geometric(hazard)), born + 1)):
                diary.message(group, f"{group}-1", born - day, 13)
    return {"hazards": HAZARDS}


def _silence(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """Groups that had been silent for some days; now as many living ones are as long silent."""
    for band, (least, most, chance) in BANDS.items():
        for number in range(120):
            group = f"g-silent-{band}-{number:03}"
            diary.group(group, "m-silence", "u-silence", 100, [f"{group}-1"])
            silent = int(rng.integers(least, most + 1))
            diary.message(group, f"{group}-1", LANDMARK + silent, 10)
            if rng.random() < chance:
                diary.message(group, f"{group}-1", silent, 10)
    return {"speak_again": {band: chance for band, (_, _, chance) in BANDS.items()}}


def _fatigue(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """One seller in each group, who shares once a week."""
    for number in range(40):
        group, seller = f"g-tired-{number:02}", f"u-sells-{number:02}"
        present = [f"{group}-{place:02}" for place in range(40)]
        diary.group(group, "m-tired", seller, 70, [seller, *present])
        diary.message(group, seller, LANDMARK, 9)
        for k, (opens, leaves) in enumerate(zip(OPEN_RATES, LOST_RATES, strict=True)):
            day, share = 35 - 7 * k, f"s-tired-{number:02}-{k}"
            diary.add(
                "shop.share_created.v1", diary.at(day), merchant_id="m-tired", share_id=share, user_id=seller, group_id=group,
                object_type="product", object_id="p-1", channel="group",
            )  # fmt: skip
            draws = rng.random((2, len(present)))
            for user, opened, left in zip(present, draws[0] < opens, draws[1] < leaves, strict=True):
                if opened:
                    diary.add("shop.share_opened.v1", diary.at(day - 1), merchant_id="m-tired", share_id=share, user_id=user)
                if left:
                    diary.add("group.member_left.v1", diary.at(day - 3), group_id=group, user_id=user)
            present = [user for user, left in zip(present, draws[1] < leaves, strict=True) if not left]
    return {"open_rates": OPEN_RATES, "lost_rates": LOST_RATES, "advised_cap": CAP}


def _invitations(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """Whoever is new follows, and invites."""
    starting = [(f"u-new-{number}", float(day)) for number, day in enumerate(rng.integers(60, 90, 500).tolist())]
    for user, day in starting:
        diary.add("shop.fan_followed.v1", diary.at(day, 9), merchant_id="m-invites", user_id=user, channel="search")
    while starting:
        inviter, start = starting.pop()
        for number in range(int(rng.poisson(INVITED))):
            day = start - int(rng.integers(DELAYS[0], DELAYS[1] + 1))
            if day >= 0:
                invitee = f"{inviter}-{number}"
                diary.add(
                    "shop.invite_accepted.v1", diary.at(day), merchant_id="m-invites", inviter_id=inviter, user_id=invitee
                )
                starting.append((invitee, day))
    return {"invited": INVITED, "delay": sum(DELAYS) / 2}


def _methods(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    for method, (channel, hazard) in METHODS.items():
        for number in range(400):
            user, start = f"u-{method}-{number}", int(rng.integers(95, 125))
            if method == "invited":
                diary.add(
                    "shop.invite_accepted.v1", diary.at(start, 8), merchant_id="m-methods", inviter_id="u-inviter", user_id=user
                )
            diary.add("shop.fan_followed.v1", diary.at(start, 9), merchant_id="m-methods", user_id=user, channel=channel)
            # lost within the day before a whole number of days is over
            leaves = start - int(rng.geometric(hazard)) + 1
            if leaves >= 0:
                diary.add("shop.fan_unfollowed.v1", diary.at(leaves, 20), merchant_id="m-methods", user_id=user)
    return {"survival_30d": {method: (1 - hazard) ** 30 for method, (_, hazard) in METHODS.items()}}


def _friends(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """Pairs whose friends meet in the last month but one. Light ones come on one day and mostly leave, heavy ones stay."""
    last = diary.calendar.end.day  # days of the last month
    for merchant, pull in (("m-taste", 1.0), ("m-pull", PULL)):
        for number in range(PAIRS):
            pair = [f"u-{merchant}-{number}-{one}" for one in "ab"]
            share = f"s-{merchant}-{number}"
            is_heavy = rng.random() < 0.5
            risk = LOST_HEAVY if is_heavy else LOST_LIGHT / pull
            diary.add(
                "shop.share_created.v1", diary.at(last + 10, 9), merchant_id=merchant, share_id=share, user_id=pair[0],
                object_type="product", object_id="p-1", channel="direct",
            )  # fmt: skip
            diary.add("shop.share_opened.v1", diary.at(last + 10, 10), merchant_id=merchant, share_id=share, user_id=pair[1])
            first = rng.random() < risk
            stays = [not first, not rng.random() < (risk * pull if first else risk)]
            for user, is_there in zip(pair, stays, strict=True):
                views = [last + day for day in (5, 7, 15, 18)] * is_heavy + [last - 10] * is_there
                for day in views:
                    diary.add(
                        "shop.page_viewed.v1", diary.at(day), merchant_id=merchant, user_id=user,
                        object_type="product", object_id="p-1",
                    )  # fmt: skip
    return {"pull": PULL}


def _sizes(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    """Groups that grow week by week."""
    for number in range(24):
        group, chatty = f"g-size-{number:02}", rng.uniform(4, 9)
        diary.group(group, "m-size", "u-size", 100, [f"{group}-{place:03}" for place in range(6)], kind="knowledge")
        diary.message(group, f"{group}-000", LANDMARK, 9)
        members = 6
        for block in reversed(range(12)):
            for _ in range(int(rng.integers(0, 5))):
                user = f"{group}-{members:03}"
                diary.add("group.member_joined.v1", diary.at(7 * block + 6, 7), group_id=group, user_id=user)
                members += 1
            for message in range(int(rng.poisson(chatty * members ** (1 + SIZE_SLOPE)))):
                day = 7 * block + message % 7
                diary.message(group, f"{group}-{rng.integers(0, members):03}", day, 8 + 12 * rng.random())
    return {"size_slope": SIZE_SLOPE}


def _shapes(diary: _Diary, rng: np.random.Generator) -> dict[str, Any]:
    crowds = {"m-steady": range(0), "m-spike": range(PEAK - 6, PEAK + 1), "m-step": range(PEAK + 1)}
    for merchant, crowded in crowds.items():
        for day in range(110):
            for user in range(int(rng.poisson(CROWD if day in crowded else USUAL))):
                diary.add(
                    "shop.page_viewed.v1", diary.at(day, 8 + 12 * rng.random()), merchant_id=merchant,
                    user_id=f"u-{merchant}-{user}", object_type="product", object_id="p-1",
                )  # fmt: skip
    group = "g-burst"
    diary.group(group, "m-spike", "u-burst", 110, ["u-burst", "u-burst-1"])
    diary.message(group, "u-burst", LANDMARK, 9)
    diary.add(
        "shop.share_created.v1", diary.at(109), merchant_id="m-spike", share_id="s-burst", user_id="u-burst", group_id=group,
        object_type="product", object_id="p-1", channel="group",
    )  # fmt: skip
    for day in range(100):
        amount = 900 if day == BURST else int(rng.integers(90, 111))
        diary.add(
            "shop.order_paid.v1", diary.at(day, 15), merchant_id="m-spike", order_id=f"o-burst-{day}", user_id="u-burst-1",
            amount=f"{amount}.00", currency="CNY", via_share_id="s-burst",
        )  # fmt: skip
    burst = diary.calendar.date(diary.calendar.days - 1 - BURST)
    return {"shapes": {"m-steady": "steady", "m-spike": "spike", "m-step": "step"}, "burst": burst.isoformat()}


def main() -> int:
    given = parser(__doc__, date(2026, 3, 31)).parse_args()
    return status(lambda: simulate_communities(given.out, given.end, seed=given.seed))


if __name__ == "__main__":
    sys.exit(main())
