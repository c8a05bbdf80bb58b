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

PARENT_STATUSES = ("root", "missing", "other_object", "self", "time_inverted", "cycle", "declared")
METRICS = ("shares", "opens", "orders_led", "revenue_led")
STRATA = ("all", "kind", "driver", "size_band")
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
LEAVES = ("new_users", "returning_users", "conversion", "orders_per_buyer", "paid_per_order")
CAUSES = tuple(f"{leaf}_{direction}" for leaf in LEAVES for direction in ("up", "down"))
COLOURS = ("green", "yellow", "red")
BASES = ("same_weekday", "any_weekday", "none")
