"""The truth beside the landing against a brute-force count over its files."""

from __future__ import annotations

import copy
import json
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pytest

from simulator.__main__ import END
from simulator.truth import top_share
from tests.simulator.landing import ZONE, Landing, depths, read_landing, team_outcomes

CLOSE = datetime.combine(END + timedelta(days=1), datetime.min.time(), ZONE)
WINDOW_START = END - timedelta(days=89)


def test_teams_by_region(sample: Landing) -> None:
    names = ("opened", "formed_organic", "formed_auto_filled", "failed")
    counted = {region: [outcome[name] for name in names] for region, outcome in team_outcomes(sample, CLOSE).items()}
    told = {region: [teams[name] for name in names] for region, teams in sample.truth["teams_by_region"].items()}
    assert counted == told
    assert sum(teams["opened"] for teams in sample.truth["teams_by_region"].values()) > 1_500


def test_teams_by_region_rejects_a_lost_join(sample: Landing) -> None:
    shorter = copy.copy(sample)
    shorter.events = sample.events | {"group.team_formed.v1": sample.events["group.team_formed.v1"][:-5]}
    shorter.events["group.team_joined.v1"] = sample.events["group.team_joined.v1"][:-20]
    assert team_outcomes(shorter, CLOSE) != team_outcomes(sample, CLOSE)


def test_regions_differ_as_planted(sample: Landing) -> None:
    teams = sample.truth["teams_by_region"]

    def rate(*regions: str) -> float:
        closed: int = sum(teams[r][name] for r in regions for name in ("formed_organic", "formed_auto_filled", "failed"))
        organic: int = sum(teams[r]["formed_organic"] for r in regions)
        return organic / closed

    users = Counter({event.data["user_id"]: event.data.get("region") for event in sample.of("user_registered")}.values())
    opened_per_user = {region: teams[region]["opened"] / users[region] for region in ("CN-SH", "CN-ZJ", "CN-JL", "CN-HL")}
    assert rate("CN-SH", "CN-ZJ") < 0.45 < 0.7 < rate("CN-JL", "CN-HL")
    assert min(opened_per_user["CN-SH"], opened_per_user["CN-ZJ"]) > 1.5 * max(
        opened_per_user["CN-JL"], opened_per_user["CN-HL"]
    )


def test_chat_groups_live_from_birth_to_last_message(sample: Landing) -> None:
    born = {event.data["group_id"]: event.at for event in sample.of("chat_created")}
    last: dict[str, datetime] = {}
    for event in sample.of("message_posted"):
        assert event.at >= born[event.data["group_id"]]
        last[event.data["group_id"]] = event.at
    groups = sample.truth["chat_groups"]
    assert {group["group_id"] for group in groups} == set(born)
    living = 0
    for group in groups:
        group_id = group["group_id"]
        assert datetime.fromisoformat(group["born_at"]) == born[group_id]
        if group["last_message_at"] is None:
            living += 1
            assert last.get(group_id, born[group_id]) > CLOSE - timedelta(days=14), "a living group is never silent for long"
        elif group["has_messages"]:
            assert datetime.fromisoformat(group["last_message_at"]) == last[group_id]
        else:
            assert group_id not in last
    assert living > 30
    assert len(groups) - living > 100


def test_merchants_live_as_planned(sample: Landing) -> None:
    active: dict[str, set[date]] = defaultdict(set)
    for event in sample.of("order_paid"):
        active[event.data["merchant_id"]].add(event.day)
    for event in sample.of("merchant_active"):
        if event.data["action"] == "login":
            active[event.data["merchant_id"]].add(event.day)
    merchants = sample.truth["merchants"]
    assert len(merchants) >= 60
    left = [merchant for merchant in merchants if merchant["leaves_on"] and merchant["leaves_on"] <= END.isoformat()]
    assert len(left) >= 15
    assert len({merchant["leaves_on"][:7] for merchant in left}) >= 5, "they leave spread over time"
    for merchant in merchants:
        days = active[merchant["merchant_id"]]
        away = [
            day
            for day in days
            if (merchant["leaves_on"] and day.isoformat() >= merchant["leaves_on"])
            or (merchant["sleeps_from"] and merchant["sleeps_from"] <= day.isoformat() < merchant["wakes_on"])
            or day.isoformat() < merchant["onboarded_on"]
        ]
        assert not away, f"{merchant} was active on {away[:3]}"
        if merchant["role"] == "steady" and merchant["onboarded_on"] <= (END - timedelta(days=60)).isoformat():
            assert max(days) > END - timedelta(days=60), f"{merchant} is silent"


def test_every_stage_of_a_merchant_can_be_seen(sample: Landing) -> None:
    """By SPEC's rules without the flag; merchants in decline at the end are there for the flag to find."""
    active: dict[str, set[date]] = defaultdict(set)
    orders: Counter[str] = Counter(event.data["merchant_id"] for event in sample.of("order_paid"))
    for event in [*sample.of("order_paid"), *(e for e in sample.of("merchant_active") if e.data["action"] == "login")]:
        active[event.data["merchant_id"]].add(event.day)
    stages: Counter[str] = Counter()
    for merchant in sample.truth["merchants"]:
        merchant_id, onboarded = merchant["merchant_id"], date.fromisoformat(merchant["onboarded_on"])
        silent = [not any(0 <= (END - timedelta(days=k) - day).days < 60 for day in active[merchant_id]) for k in range(90)]
        silent = [is_silent and onboarded <= END - timedelta(days=k + 60) for k, is_silent in enumerate(silent)]
        if silent[0]:
            stages["churned"] += 1
        elif (END - onboarded).days < 30 or orders[merchant_id] < 10:
            stages["launching"] += 1
        elif any(silent):
            stages["recovered"] += 1
        else:
            in_decline = merchant["leaves_on"] and merchant["declines_from"] <= END.isoformat() < merchant["leaves_on"]
            stages["in decline" if in_decline else "operating"] += 1
    assert min(stages[name] for name in ("churned", "launching", "recovered", "in decline", "operating")) >= 2, stages
    assert stages["churned"] >= 10


def test_shares_spread_in_trees(sample: Landing) -> None:
    counted = depths(sample)
    assert counted == sample.truth["spread"]["shares_by_depth"]
    assert sum(counted[4:]) >= 20
    channels = Counter(event.data["channel"] for event in sample.of("share_created"))
    assert channels == sample.truth["spread"]["shares_by_channel"]
    assert 0.66 < channels["group"] / channels.total() < 0.74
    shared_at = {(event.data["merchant_id"], event.data["share_id"]): event.at for event in sample.of("share_created")}
    for event in sample.of("share_opened"):
        assert event.at > shared_at[event.data["merchant_id"], event.data["share_id"]]


def test_concentration_of_the_last_90_days(sample: Landing) -> None:
    makers = {(e.data["merchant_id"], e.data["share_id"]): e.data["user_id"] for e in sample.of("share_created")}
    counted: dict[str, Counter[tuple[str, str]]] = {"shares": Counter(), "opens": Counter(), "orders_led": Counter()}
    for name, event_name, share_field in (
        ("shares", "share_created", "share_id"),
        ("opens", "share_opened", "share_id"),
        ("orders_led", "order_paid", "via_share_id"),
    ):
        for event in sample.of(event_name):
            merchant, share, user = event.data["merchant_id"], event.data.get(share_field), event.data["user_id"]
            maker = makers.get((merchant, share))
            if event.day >= WINDOW_START and maker is not None and (name == "shares" or maker != user):
                counted[name][merchant, maker] += 1
    for name, told in sample.truth["spread"]["last_90_days"].items():
        values = list(counted[name].values())
        assert told["users"] == len(values) > 100
        assert told["total"] == sum(values)
        assert told["top_1pct_share"] == pytest.approx(top_share(values, 0.01))


def test_a_share_goes_viral_in_the_newest_week(sample: Landing) -> None:
    (viral,) = sample.truth["viral_trees"]
    merchant, root = viral["merchant_id"], viral["root_share_id"]
    shares = {e.data["share_id"]: e for e in sample.of("share_created") if e.data["merchant_id"] == merchant}
    assert shares[root].data["user_id"] == viral["root_user_id"]
    assert shares[root].day > END - timedelta(days=7)
    layers = [{root}]
    while layers[-1]:
        layers.append({name for name, event in shares.items() if event.data.get("parent_share_id") in layers[-1]})
    counted = [len(layer) for layer in layers[:-1]]
    assert counted == viral["shares_by_depth"]
    assert sum(counted) >= 300
    assert len(counted) >= 7


def test_one_in_a_hundred_sharers_has_about_half_of_the_opens(sample: Landing) -> None:
    makers = {(e.data["merchant_id"], e.data["share_id"]): e.data["user_id"] for e in sample.of("share_created")}
    opens: Counter[tuple[str, str]] = Counter()
    for event in sample.of("share_opened"):
        maker = makers[event.data["merchant_id"], event.data["share_id"]]
        if event.day >= WINDOW_START and maker != event.data["user_id"]:
            opens[event.data["merchant_id"], maker] += 1
    assert 0.45 < top_share(list(opens.values()), 0.01) < 0.55
    stars = sample.truth["stars"]
    assert len(stars) >= 10
    assert [opens[star["merchant_id"], star["user_id"]] for star in stars] == [star["opens_last_90_days"] for star in stars]
    top = {pair for pair, _ in opens.most_common(10)}
    assert top <= {(star["merchant_id"], star["user_id"]) for star in stars}


def test_some_regions_open_many_teams_and_form_few(sample: Landing) -> None:
    region = {event.data["user_id"]: event.data.get("region") for event in sample.of("user_registered")}
    users = Counter(region.values())
    found = team_outcomes(sample, CLOSE)
    closed = {name: sum(of[kind] for kind in ("formed_organic", "formed_auto_filled", "failed")) for name, of in found.items()}
    known = [name for name in found if name != "unknown" and closed[name] and users[name]]
    opened = {name: found[name]["opened"] / users[name] for name in known}
    rate = {name: found[name]["formed_organic"] / closed[name] for name in known}
    planted = sample.truth["regions_of_many_teams_that_rarely_form"]
    assert planted == ["CN-SH", "CN-ZJ", "CN-BJ"]
    for name in planted:
        assert opened[name] > 1.5 * median(opened.values())
        assert rate[name] < 0.6 * median(rate.values())


def test_top_share_of_a_hand_worked_case() -> None:
    assert top_share([5, 1, 3, 1], 0.01) == 0.5
    assert top_share([5, 1, 3, 1], 0.5) == 0.8


def test_connectors_reach_other_circles_and_others_hardly_do(sample: Landing) -> None:
    circle = {user: name for name, users in sample.truth["circles"].items() for user in users}
    assert all(10 <= len(users) <= 20 for users in sample.truth["circles"].values())
    connectors = {(row["merchant_id"], row["user_id"]) for row in sample.truth["connectors"]}
    makers = {(e.data["merchant_id"], e.data["share_id"]): e.data["user_id"] for e in sample.of("share_created")}
    abroad: Counter[bool] = Counter()
    opens: Counter[bool] = Counter()
    for event in sample.of("share_opened"):
        merchant, user = event.data["merchant_id"], event.data["user_id"]
        maker = makers[merchant, event.data["share_id"]]
        if maker != user:
            is_connector = (merchant, maker) in connectors
            opens[is_connector] += 1
            abroad[is_connector] += circle[maker] != circle[user]
    assert len(connectors) > 50
    assert abroad[True] / opens[True] > 0.4 > 0.1 > abroad[False] / opens[False]


def test_fans_buy_as_planted(sample: Landing) -> None:
    orders: dict[tuple[str, str], list[date]] = defaultdict(list)
    for event in sample.of("order_paid"):
        orders[event.data["merchant_id"], event.data["user_id"]].append(event.day)
    gaps: list[tuple[float, float]] = []
    fans: Counter[str] = Counter()
    for merchant, columns in sample.truth["fans"].items():
        for user, kind, gap, gone_on in zip(
            *(columns[name] for name in ("user_id", "kind", "mean_gap_days", "gone_on")), strict=True
        ):
            days = orders[merchant, user]
            fans[kind] += 1
            if gone_on:
                assert all(day.isoformat() <= gone_on for day in days), f"{user} bought at {merchant} after {gone_on}"
            if kind in ("regular", "loyal") and len(days) > 4:
                gaps.append((gap, (max(days) - min(days)).days / (len(days) - 1)))
    assert set(fans) == {"looker", "tourist", "regular", "loyal"}
    assert len(gaps) > 500
    short, long = ([seen for gap, seen in gaps if (gap < 15) == is_short] for is_short in (True, False))
    assert sum(short) / len(short) < 0.7 * sum(long) / len(long), "who is planted to buy often buys often"
    repeaters = Counter(merchant for (merchant, _), days in orders.items() if len(days) > 1)
    assert sum(count > 100 for count in repeaters.values()) >= 5


def test_the_hidden_future_goes_on_from_the_landing(sample: Landing, sample_folder: Path) -> None:
    hidden: dict[str, Any] = json.loads((sample_folder / "_future" / "_truth.json").read_bytes())
    future = read_landing(sample_folder / "_future", sample.truth)
    counted: dict[str, Counter[str]] = defaultdict(Counter)
    for event in future.of("order_paid"):
        assert event.at >= CLOSE
        counted[event.data["merchant_id"]][event.data["user_id"]] += 1
    told = {merchant: Counter(users) for merchant, users in hidden["orders"].items()}
    late = sum(counter.total() for counter in told.values()) - sum(counter.total() for counter in counted.values())
    assert 0 <= late < 0.03 * sum(counter.total() for counter in told.values()), (
        "what is late at the end of the future is missing"
    )
    for merchant in sample.truth["merchants"]:
        if merchant["leaves_on"] and merchant["leaves_on"] <= END.isoformat():
            assert not counted[merchant["merchant_id"]]
    ids = {event.id for events in sample.events.values() for event in events}
    assert not ids & {event.id for events in future.events.values() for event in events}


def test_calls_are_made_to_merchants_that_do_badly_by_their_managers(sample: Landing) -> None:
    calls = sample.of("success_call")
    counted = Counter((event.data.get("step", ""), event.data["result"]) for event in calls)
    told = sample.truth["success_calls"]
    assert {
        (step, result): n for step, results in told["by_step_and_result"].items() for result, n in results.items()
    } == counted
    assert counted.total() > 100
    assert told["planted_uplift"] == 0
    managers = {event.data["merchant_id"]: event.data.get("account_manager") for event in sample.of("merchant_onboarded")}
    assert {(event.data["merchant_id"], event.data["manager"]) for event in calls} <= set(managers.items())
    listed = [(event.at, datetime.fromisoformat(event.data["listed_on"])) for event in calls if "listed_on" in event.data]
    assert len(listed) > 0.8 * len(calls)
    assert all(
        list_start.astimezone(ZONE).date() == at.astimezone(ZONE).date() - timedelta(days=1) for at, list_start in listed
    )
