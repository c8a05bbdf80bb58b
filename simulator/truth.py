"""The planted truth: what the simulator knows and models have to find out. No ingest reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from simulator.calendar import Calendar, Ints
from simulator.calls import PLANTED_UPLIFT
from simulator.delivery import Outbox
from simulator.draws import only
from simulator.fans import MEAN_GAP, Kind
from simulator.geography import ALL_REGIONS, REGIONS
from simulator.live import PUSHED_CLICKS
from simulator.merchants import FAR, Role
from simulator.orders import share_ids
from simulator.shop import ACCEPTANCE, CLICK_RATE, KEEPING_CHANNEL
from simulator.spread import CHANNEL_SHARES, CHANNELS
from simulator.trials import tried
from simulator.visits import leaking_pages
from simulator.world import WINDOW_DAYS, World

_encode = msgspec.json.encode


def write_truth(path: Path, world: World, outbox: Outbox, seed: int) -> None:
    """Write the truth as of the landing's end as one JSON object, a section a line, without holding all of it in memory."""
    with path.open("wb") as file:
        lead = b"{\n"
        for name, value in _sections(world, outbox, seed):
            file.write(lead + _encode(name) + b": ")
            lead = b",\n"
            if isinstance(value, Iterator):
                inner = b"{"
                for key, part in value:
                    file.write(inner + b"\n" + _encode(key) + b": " + _encode(part))
                    inner = b","
                file.write(b"}")
            else:
                file.write(_encode(value))
        file.write(b"\n}\n")


def _sections(world: World, outbox: Outbox, seed: int) -> Iterator[tuple[str, Any]]:
    calendar, planted = world.calendar, outbox.planted
    yield "seed", seed
    yield "first_day", calendar.first.isoformat()
    yield "as_of", calendar.end.isoformat()
    yield "events", dict(sorted(planted.events.items()))
    yield "late_deliveries", planted.late
    yield "repeated_deliveries", planted.repeated
    yield "garbage", planted.garbage
    yield "unreadable_files", planted.unreadable
    yield "people", len(world.people)
    yield "erasable_users", world.people.ids(np.flatnonzero(world.people.is_erasable))
    yield "teams_by_region", _teams(world)
    yield "regions_of_many_teams_that_rarely_form", [region.code for region in REGIONS if region.is_eager_in_vain]
    yield "merchants", _merchants(world)
    yield "chat_groups", _groups(world)
    yield "spread", _spread(world)
    yield "viral_trees", _viral(world)
    yield "stars", _stars(world)
    yield "recommendations", _recommendations(world)
    yield "outreach_acceptance", ACCEPTANCE
    yield "paid_channel_that_converts_worst_and_repurchases_best", KEEPING_CHANNEL
    yield "success_calls", _success_calls(world)
    yield "live_clicks_after_push", PUSHED_CLICKS
    yield "leaking_pages", leaking_pages(world)
    yield "trials", tried(world)
    yield "connectors", _connectors(world)
    yield "circles", _circles(world)
    yield "fans", _fans(world)


def _teams(world: World) -> dict[str, Any]:
    """By region: what was planted, and what became of it by the landing's end."""
    counts = world.tally.teams
    return {
        region.code: {
            "opening_index": region.opening,
            "planted_formation_rate": region.formation,
            **{name: int(values[k]) for name, values in counts.items()},
        }
        for k, region in enumerate(ALL_REGIONS)
        if counts["opened"][k]
    }


def _merchants(world: World) -> list[dict[str, Any]]:
    """The planned lives of merchants; dates may lie after the landing's end, and null is never."""
    merchants, calendar = world.merchants, world.calendar
    names = ("onboarded_on", "declines_from", "leaves_on", "sleeps_from", "wakes_on")
    return [
        {"merchant_id": merchant_id, "role": Role(int(merchants.role[k])).name.lower()}
        | {name: _date(calendar, int(getattr(merchants, name)[k])) for name in names}
        for k, merchant_id in enumerate(merchants.ids(np.arange(len(merchants))))
    ]


def _date(calendar: Calendar, day: int) -> str | None:
    return calendar.date(day).isoformat() if day < FAR else None


def _groups(world: World) -> list[dict[str, Any]]:
    """When each group was born, and when its last message comes; null if after the landing's end."""
    close = world.calendar.close
    return [
        record
        | {
            "born_at": _instant(record["born_at"]),
            "last_message_at": _instant(record["last_message_at"]) if record["last_message_at"] < close else None,
        }
        for record in world.groups.records
        if record["born_at"] < close
    ]


def _instant(at: int) -> str:
    return f"{np.datetime64(at, 'ms')}Z"


def _spread(world: World) -> dict[str, Any]:
    tally = world.tally
    return {
        "shares_by_depth": np.trim_zeros(tally.shares_by_depth, "b").tolist(),
        "shares_by_channel": dict(zip(CHANNELS, tally.shares_by_channel.tolist(), strict=True)),
        "planted_channel_shares": dict(zip(CHANNELS, CHANNEL_SHARES, strict=True)),
        "planted_top_1pct_share_of_sharing": top_share(world.fans.sharing, 0.01),
        f"last_{WINDOW_DAYS}_days": {
            name: concentration(values)
            for name, values in (("shares", tally.shares), ("opens", tally.opens), ("orders_led", tally.orders_led))
        },
    }


def _viral(world: World) -> list[dict[str, Any]]:
    """The shares that were made to go viral, and what became of their trees by the landing's end."""
    return [
        {
            "merchant_id": world.merchant_ids(np.array([row]))[0],
            "root_share_id": share_ids(np.array([share]))[0],
            "root_user_id": world.user_ids(np.array([row]))[0],
            "shares_by_depth": np.trim_zeros(by_depth, "b").tolist(),
        }
        for row, share, by_depth in world.tally.viral
    ]


def _stars(world: World) -> list[dict[str, Any]]:
    """The people whom everybody at their merchant looks at, and what they did in the last 90 days."""
    rows = world.fans.stars
    tallies = world.tally.shares[rows].tolist(), world.tally.opens[rows].tolist()
    return [
        {"merchant_id": merchant, "user_id": user, "shares_last_90_days": shares, "opens_last_90_days": opens}
        for merchant, user, shares, opens in zip(world.merchant_ids(rows), world.user_ids(rows), *tallies, strict=True)
    ]


def concentration(values: Ints) -> dict[str, float]:
    """Total and number of users of a count by fan (merchant × user), and the share that the top users hold."""
    return {"users": int((values > 0).sum()), "total": int(values.sum()), "top_1pct_share": top_share(values[values > 0], 0.01)}


def top_share(values: Any, part: float) -> float:
    """The share of the total that the highest `part` of the entries hold; their number is rounded up."""
    if not len(values):
        return 0.0
    ordered = np.sort(values)[::-1]
    return float(ordered[: int(np.ceil(len(ordered) * part))].sum() / ordered.sum())


def _recommendations(world: World) -> dict[str, Any]:
    counts = zip(CLICK_RATE.items(), world.tally.shown.tolist(), world.tally.clicked.tolist(), strict=True)
    return {
        variant: {"planted_click_rate": rate, "shown": shown, "clicked": clicked} for (variant, rate), shown, clicked in counts
    }


def _success_calls(world: World) -> dict[str, Any]:
    """Calls of the merchant success team by step and result; a call without a step stands under an empty text."""
    counts: dict[str, dict[str, int]] = {}
    for (step, result), calls in sorted(world.tally.calls.items(), key=lambda item: (item[0][0] or "", item[0][1])):
        counts.setdefault(step or "", {})[result] = calls
    return {"planted_uplift": PLANTED_UPLIFT, "by_step_and_result": counts}


def _connectors(world: World) -> list[dict[str, Any]]:
    """People planted between circles, a row for each merchant where they bridge, with the circles that they reach there."""
    fans = world.fans
    rows = np.flatnonzero((fans.bridges > 0) & (fans.follow_at < world.calendar.close))
    circles = np.stack([fans.block_circle[fans.bridged_blocks(rows, number)] for number in range(3)], axis=1).tolist()
    columns = zip(
        world.merchant_ids(rows),
        world.user_ids(rows),
        circles,
        fans.bridges[rows].tolist(),
        world.tally.shares[rows].tolist(),
        strict=True,
    )
    return [
        {"merchant_id": merchant, "user_id": user, "bridges_to": sorted(set(reached[:count])), "shares_last_90_days": shares}
        for merchant, user, reached, count, shares in columns
    ]


def _circles(world: World) -> Iterator[tuple[str, list[str]]]:
    people = world.people
    for circle, (start, size) in enumerate(zip(people.circle_start.tolist(), people.circle_size.tolist(), strict=True)):
        yield str(circle), people.ids(np.arange(start, start + size))


def _fans(world: World) -> Iterator[tuple[str, dict[str, list[Any]]]]:
    """By merchant, as columns: how each fan buys on their own, their mean gap, and since when they are gone."""
    fans, calendar = world.fans, world.calendar
    for merchant in range(len(world.merchants)):
        rows = fans.merchant_start[merchant] + np.arange(fans.merchant_rows[merchant])
        rows = rows[fans.follow_at[rows] < calendar.close]
        gap = np.round(fans.gap_days[rows] * MEAN_GAP, 2).tolist()
        gone_on = calendar.days_of(np.minimum(fans.gone_at[rows], calendar.close)).tolist()
        yield (
            world.merchants.ids(np.array([merchant]))[0],
            {
                "user_id": world.user_ids(rows),
                "kind": [Kind(kind).name.lower() for kind in fans.kind[rows].tolist()],
                "mean_gap_days": only(gap, fans.kind[rows] >= Kind.REGULAR),
                "gone_on": [calendar.date(day).isoformat() if day < calendar.days else None for day in gone_on],
            },
        )


def write_future_truth(path: Path, world: World) -> None:
    """Write what happened in the hidden days after the landing: the orders of each fan, and who was still there."""
    fans = world.fans
    rows = np.flatnonzero(world.tally.future_orders)
    orders: dict[str, dict[str, int]] = {}
    for merchant, user, count in zip(
        world.merchant_ids(rows), world.user_ids(rows), world.tally.future_orders[rows].tolist(), strict=True
    ):
        orders.setdefault(merchant, {})[user] = count
    close, future_close = world.calendar.close, world.calendar.future_close
    gone = np.flatnonzero((fans.follow_at < close) & (fans.gone_at >= close) & (fans.gone_at < future_close))
    left: dict[str, list[str]] = {}
    for merchant, user in zip(world.merchant_ids(gone), world.user_ids(gone), strict=True):
        left.setdefault(merchant, []).append(user)
    path.write_bytes(_encode({"days": world.calendar.future_days, "orders": orders, "fans_gone": left}) + b"\n")
