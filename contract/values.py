"""The closed lists that columns of tables are taken from; those of events stand in `contract.events`."""

from __future__ import annotations

from itertools import combinations

from contract.events import EVENT_TYPES, Reason

UNKNOWN = "unknown"  # where an event leaves it open


def _of_event(event: str, name: str) -> tuple[str, ...]:
    [field] = [field for field in EVENT_TYPES[event].fields if field.name == name]
    return field.values


CHANNELS = _of_event("shop.share_created.v1", "channel")
OBJECT_TYPES = _of_event("shop.share_created.v1", "object_type")
BENEFIT_SIDES = (*_of_event("group.team_opened.v1", "benefit_side"), UNKNOWN)
GOALS = (*_of_event("group.team_opened.v1", "goal"), UNKNOWN)
GROUP_KINDS = (*_of_event("group.chat_created.v1", "kind"), UNKNOWN)
GROUP_DRIVERS = (*_of_event("group.chat_created.v1", "driver"), UNKNOWN)
QUARANTINE_REASONS = tuple(reason.value for reason in Reason)

PUSH_ACTIONS = tuple(action for action in _of_event("stream.product_pushed.v1", "action") if action != "unpinned")
PARENT_STATUSES = ("root", "missing", "other_object", "self", "time_inverted", "cycle", "declared")
METRICS = ("shares", "opens", "orders_led", "revenue_led")
STRATA = ("all", "kind", "driver", "size_band")
FAN_STRATA = ("all", "method", "ties")
TIERS = ("none", "fan", "buyer", "sharer", "leader", "bridge")  # from the lowest
POND_KINDS = ("region", "group", "circle")
QUADRANTS = ("many_opens_high_rate", "many_opens_low_rate", "few_opens_high_rate", "few_opens_low_rate")
STAGES = ("launching", "operating", "at_risk", "churned", "recovered")
PERIODS = ("day", "week", "month")
DIMENSIONS = ("all", "region", "channel", "campaign", "buyer_kind", "product", "feature")
FALLBACKS = ("none", "too_few_customers", "not_converged")
VERDICTS = ("consistent", "inconsistent", "insufficient")
SUPPRESSIONS = ("blocked", "opted_out", "refused")
LIST_EXITS = ("sold_again", "called", "snoozed", "left", "below_threshold", "held_out", "over_capacity")
CALL_RESULTS = _of_event("shop.success_call.v1", "result")
GROUP_STATES = ("alive", "dying", "dead")
GROUP_AXES = ("survival", "activity", "conversion", "growth")
GROUP_COLOURS = ("red", "yellow", "green")
GROUP_CAUSES = ("silent", "one_way", "nobody_buys", "red_axis")  # for which a group is to be revived
GROUP_CAUSE_SETS = tuple(  # those that hold, in order
    " ".join(causes) for count in range(1, len(GROUP_CAUSES) + 1) for causes in combinations(GROUP_CAUSES, count)
)
OWNER_VERDICTS = ("carries", "needs_help", "usual")
GROWTH_SHAPES = ("steady", "step", "spike")
NO_CONTACT_REASONS = tuple(  # those of SUPPRESSIONS that hold, in order
    " ".join(reasons) for count in range(1, len(SUPPRESSIONS) + 1) for reasons in combinations(SUPPRESSIONS, count)
)
TIPS = ("one_seat", "asleep", "unpushed", "new_circle")
LEAKS = ("unread", "unconvincing", "dead_end")
BENCHMARKS = ("revenue_per_fan", "retention", "formation_rate", "opens_per_share")
CHANNEL_VERDICTS = ("few", "loyal", "weak", "strong", "usual")
CHANNEL_DOMAINS = ("private", "public", UNKNOWN)
CAMPAIGN_STATUSES = ("unplanned", "planned", "running", "ended")
CAMPAIGN_VERDICTS = ("unplanned", "planned", "untracked", "running", "no_target", "met", "missed")
PUSH_STATUSES = ("edge", "overlap", "no_audience", "too_few_placebos", "estimated")
LIVE_VERDICTS = ("no_spend", "paid_back", "paid_back_by_spread", "not_paid_back")
LEAD_SOURCES = ("live", "interaction", "reservation", "page", "follow", "invite")
LEAD_STATES = ("converted", "suppressed", "new", "active", "dormant")
LEAD_ATTRIBUTES = ("gender", "age", "region", "city_tier", "watch", "depth", "login")
LEAD_ADVICE = ("bought", "leave_alone", "called_enough", "wait", "call")
REP_VERDICTS = ("above", "below", "usual")
LEAD_BANDS = ("hot", "warm", "cold")
OUTREACH_STRATA = ("all", "kind", "script", "hour")
OUTREACH_BANDS = ("below", "within", "above", "unclear")
BANDS = ("0-1", "1-2", "2-5", "5-10", "10-20", "20-50", "50-100", "100+")

# Of diagnosis: the tree from its root, and its leaves in the order that decides between equal ones.
NODES = (
    "paid",
    "buyers",
    "active_users",
    "new_users",
    "returning_users",
    "conversion",
    "paid_per_buyer",
    "orders_per_buyer",
    "paid_per_order",
)
# The nodes from the root, with their depth, each before those that it consists of.
TREE = {
    "paid": 0,
    "buyers": 1,
    "active_users": 2,
    "new_users": 3,
    "returning_users": 3,
    "conversion": 2,
    "paid_per_buyer": 1,
    "orders_per_buyer": 2,
    "paid_per_order": 2,
}
LEAVES = ("new_users", "returning_users", "conversion", "orders_per_buyer", "paid_per_order")
CAUSES = tuple(f"{leaf}_{direction}" for leaf in LEAVES for direction in ("up", "down"))
COLOURS = ("green", "yellow", "red")
BASES = ("same_weekday", "any_weekday", "none")
