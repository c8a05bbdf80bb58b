"""A platform for one question, what a live stream's pushes and channels bring: many lives that differ by chance alone.

    python -m simulator.premieres --out DIR [--seed 7] [--lives 200] [--end 2026-03-31]

In each live two products are clicked at the same steady pace per viewer. The push of one makes every second viewer who is there
click within five minutes; the push of the other changes nothing. Money is spent in three channels: the first brings people who
buy, the second people who do not buy but share, and whose friends buy, the third people who do neither.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec
import numpy as np

from simulator.calendar import DAY, HOUR, MINUTE, Calendar, Floats, Ints
from simulator.command import parser, status
from simulator.delivery import Outbox

ADDED_CLICKS = {"p-wanted": 0.5, "p-idle": 0.0}  # planted: by each viewer who is there at the push
RESPONSE = 5 * MINUTE
CLICKS_PER_MINUTE = 0.03  # of a viewer, on each of the products
COME, STAY = 130, 30  # viewers who come by themselves, and the minutes that they stay on average
SPEND = {"sms": "100.00", "kol": "400.00", "ads": "400.00"}
VERDICTS = {"sms": "paid_back", "kol": "paid_back_by_spread", "ads": "not_paid_back"}  # planted
BOUGHT = 8  # viewers that each of the channels brings
SHARING, FRIENDS, BUYING, AMOUNT = 4, 5, 3, "50.00"  # of the channel kol: who share, whom each brings, who of these buy
LIVES_PER_MERCHANT = 10


@dataclass(frozen=True)
class Audience:
    """The viewers of a live: their numbers, when they come and go, the share and the channel that they come by."""

    joined: Ints
    left: Ints
    share: list[str | None]
    channel: list[str | None]

    def present(self, at: int) -> Ints:
        return np.flatnonzero((self.joined <= at) & (at < self.left))


def simulate_premieres(out: Path, end: date, *, seed: int = 7, lives: int = 200) -> None:
    """Write a landing and its truth (`_truth.json`) into a new folder.

    Raises:
        FileExistsError: the folder is there already.
    """
    out.mkdir(parents=True)
    calendar = Calendar(end, LIVES_PER_MERCHANT + 1)
    happening, delivering = (np.random.default_rng([seed, number]) for number in (1, 2))
    outbox = Outbox(out, calendar, delivering)
    for number in range(lives):
        _broadcast(calendar, outbox, happening, number)
    for day in range(calendar.days):
        outbox.write(day)
    truth = {
        "seed": seed,
        "first_day": calendar.first.isoformat(),
        "as_of": calendar.end.isoformat(),
        "events": dict(sorted(outbox.planted.events.items())),
        "erasable_users": [],
        "lives": lives,
        "added_clicks": ADDED_CLICKS,
        "verdicts": VERDICTS,
    }
    (out / "_truth.json").write_bytes(msgspec.json.encode(truth) + b"\n")


def _broadcast(calendar: Calendar, outbox: Outbox, rng: np.random.Generator, number: int) -> None:
    merchant, live = f"m-{number // LIVES_PER_MERCHANT + 1:03d}", f"l-{number + 1:05d}"
    starts = calendar.midnight(number % LIVES_PER_MERCHANT) + 18 * HOUR + int(rng.integers(0, HOUR))
    lasts = int(rng.integers(280, 320)) * MINUTE
    for event, at in (("started", starts), ("ended", starts + lasts)):
        outbox.add(f"stream.live_{event}.v1", np.array([at]), live_id=[live], merchant_id=[merchant])
    audience = _gather(rng, live, starts, lasts)
    people = [f"u-{number:03d}-{k:03d}" for k in range(len(audience.joined))]
    for event, instants in (("joined", audience.joined), ("left", audience.left)):
        came = {"via_share_id": audience.share, "channel": audience.channel} if event == "joined" else {}
        outbox.add(f"stream.viewer_{event}.v1", instants, live_id=[live] * len(people), user_id=people, **came)
    _promote(outbox, merchant, live, people, audience, starts)
    for product, minute in (("p-wanted", rng.integers(90, 130)), ("p-idle", rng.integers(170, 210))):
        at = starts + int(minute) * MINUTE + int(rng.integers(0, MINUTE))
        outbox.add("stream.product_pushed.v1", np.array([at]), live_id=[live], product_id=[product], action=["pinned"])
        who, instants = _clicks(rng, audience, at, ADDED_CLICKS[product])
        outbox.add(
            "stream.interaction.v1",
            instants,
            live_id=[live] * len(who),
            user_id=[people[k] for k in who.tolist()],
            kind=["product_click"] * len(who),
            product_id=[product] * len(who),
        )


def _gather(rng: np.random.Generator, live: str, starts: int, lasts: int) -> Audience:
    """First those whom money brings, channel by channel; then friends of some of them; then those who come by themselves."""
    friends = SHARING * FRIENDS
    count = len(SPEND) * BOUGHT + friends + COME
    joined = starts + (lasts * rng.uniform(-0.15, 0.95, count)).astype(np.int64)
    joined[: len(SPEND) * BOUGHT] = starts + rng.integers(0, 20 * MINUTE, len(SPEND) * BOUGHT)
    joined[len(SPEND) * BOUGHT : count - COME] = starts + rng.integers(40 * MINUTE, 60 * MINUTE, friends)
    stay: Floats = rng.exponential(STAY * MINUTE, count)
    channels = [channel for channel in SPEND for _ in range(BOUGHT)]
    return Audience(
        joined,
        joined + stay.astype(np.int64) + MINUTE,
        [f"s-{live}" if channel == "kol" else None for channel in channels]
        + [f"s-{live}-{k // FRIENDS}" for k in range(friends)]
        + [None] * COME,
        [None if channel == "kol" else channel for channel in channels] + [None] * friends + ["square"] * COME,
    )


def _promote(outbox: Outbox, merchant: str, live: str, people: list[str], audience: Audience, starts: int) -> None:
    """What is spent, the share that is bought with it, those of whom it brings, and the orders."""
    seed, firsts = f"s-{live}", len(SPEND) * BOUGHT
    kol = list(SPEND).index("kol") * BOUGHT
    sharers = range(kol, kol + SHARING)
    shares = [seed, *(f"{seed}-{k}" for k in range(SHARING))]
    outbox.add(
        "shop.share_created.v1",
        np.array([starts - HOUR] + [starts + 30 * MINUTE] * SHARING),
        merchant_id=[merchant] * len(shares),
        share_id=shares,
        user_id=[f"kol-{merchant}", *(people[k] for k in sharers)],
        object_type=["live"] * len(shares),
        object_id=[live] * len(shares),
        channel=["public"] + ["group"] * SHARING,
        parent_share_id=[None] + [seed] * SHARING,
    )
    outbox.add(
        "shop.spend_recorded.v1",
        np.full(len(SPEND), starts - DAY // 4),
        merchant_id=[merchant] * len(SPEND),
        channel=list(SPEND),
        amount=list(SPEND.values()),
        live_id=[live] * len(SPEND),
        share_id=[seed if channel == "kol" else None for channel in SPEND],
    )
    sms = list(SPEND).index("sms") * BOUGHT
    buyers = [*range(sms, sms + BUYING), *(firsts + k for k in range(SHARING * FRIENDS) if k % FRIENDS < BUYING)]
    outbox.add(
        "shop.order_paid.v1",
        audience.joined[buyers] + MINUTE,
        merchant_id=[merchant] * len(buyers),
        order_id=[f"o-{live}-{k}" for k in buyers],
        user_id=[people[k] for k in buyers],
        amount=[AMOUNT] * len(buyers),
        currency=["CNY"] * len(buyers),
        live_id=[live] * len(buyers),
    )


def _clicks(rng: np.random.Generator, audience: Audience, pushed_at: int, added: float) -> tuple[Ints, Ints]:
    """Who clicks on a product and when: at the steady pace while there, and in answer to the push."""
    stay = audience.left - audience.joined
    who = np.repeat(np.arange(len(stay)), rng.poisson(CLICKS_PER_MINUTE * stay / MINUTE))
    at = audience.joined[who] + (stay[who] * rng.random(len(who))).astype(np.int64)
    there = audience.present(pushed_at)
    answering = rng.permutation(there)[: round(added * len(there))]
    return np.append(who, answering), np.append(at, pushed_at + rng.integers(0, RESPONSE, len(answering)))


def main() -> int:
    arguments = parser(__doc__, date(2026, 3, 31))
    arguments.add_argument("--lives", type=int, default=200, help="default %(default)s")
    given = arguments.parse_args()
    return status(lambda: simulate_premieres(given.out, given.end, seed=given.seed, lives=given.lives))


if __name__ == "__main__":
    sys.exit(main())
