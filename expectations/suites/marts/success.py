"""What must hold of the marts of the area success, beside what their declarations say."""

from __future__ import annotations

from contract.success import RULES as NUMBERS
from expectations.suites import Expectation, Rules, agree, mart_holds

_STATES = "opened, closed, formed_organic, formed_auto_filled, failed, open_at_as_of"
_BALANCED = "opened = closed + open_at_as_of and closed = formed_organic + formed_auto_filled + failed"


def _contactable(mart: str) -> Expectation:
    """A mart of fans names those alone whom the merchant may contact."""
    return agree(
        "may be contacted",
        "everybody in it is a fan who may be contacted",
        f"select count(*) as people from marts.{mart}",
        f"select count(*) as people from marts.{mart} semi join (from marts.fan_contacts where may_contact) "
        "using (merchant_id, user_id)",
        needs=("fan_contacts",),
        breaks=f"update marts.{mart} set user_id = 'u-3' where user_id = 'u-2'",
    )


RULES: Rules = {
    "team_leaders": (
        mart_holds("team_leaders", "balanced", _BALANCED, _STATES, breaks="update marts.team_leaders set failed = 0"),
        agree(
            "adds up to team_formation",
            "the teams of a merchant's leaders are all its teams",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_leaders group by all",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_formation group by all",
            needs=("team_formation",),
            breaks="delete from marts.team_leaders where user_id = 'u-6'",
        ),
    ),
    "merchant_team_regions": (
        mart_holds(
            "merchant_team_regions",
            "balanced",
            _BALANCED,
            _STATES,
            breaks="update marts.merchant_team_regions set closed = 2 where closed = 3",
        ),
        agree(
            "adds up to team_formation",
            "the teams of a merchant's region are those of team_formation",
            "select merchant_id, region, opened, closed, formed_organic from marts.merchant_team_regions",
            """select merchant_id, region, sum(opened) as opened, sum(closed) as closed, sum(formed_organic) as formed_organic
            from marts.team_formation group by all""",
            needs=("team_formation",),
            breaks="update marts.merchant_team_regions set region = 'CN-SH'",
        ),
    ),
    "fan_contacts": (
        mart_holds(
            "fan_contacts",
            "reason",
            "may_contact = (no_contact_reason is null)",
            "may_contact, no_contact_reason",
            breaks="update marts.fan_contacts set may_contact = false",
        ),
    ),
    "merchant_overview": (
        mart_holds(
            "merchant_overview",
            "calls",
            "rank is null or has_left or has_not_sold or is_churn_flagged or has_fallen",
            "rank, has_left, has_not_sold, is_churn_flagged, has_fallen",
            breaks="update marts.merchant_overview set is_churn_flagged = false, has_fallen = false",
        ),
        mart_holds(
            "merchant_overview",
            "nobody who is held out or snoozed is on the list",
            "rank is null or (not is_held_out and snoozed_until is null)",
            "rank, is_held_out, snoozed_until",
            breaks="update marts.merchant_overview set is_held_out = true",
        ),
        mart_holds(
            "merchant_overview",
            "days on the list",
            "(rank is null) = (days_on_list is null) and (rank is null or left_list_on is null)",
            "rank, days_on_list, left_list_on",
            breaks="update marts.merchant_overview set days_on_list = null",
        ),
        mart_holds(
            "merchant_overview",
            "left the list for a reason",
            "(left_list_on is null) = (left_list_reason is null)",
            "left_list_on, left_list_reason",
            breaks="update marts.merchant_overview set left_list_reason = 'called'",
        ),
        agree(
            "the list is that of worklist_history",
            "merchants have the same places in both",
            "select merchant_id, rank from marts.merchant_overview where rank is not null",
            """select merchant_id, rank from marts.worklist_history
            where is_on_list and listed_on = (select max(as_of) from marts.merchant_churn_flags)""",
            needs=("worklist_history", "merchant_churn_flags"),
            breaks="update marts.merchant_overview set rank = rank + 1",
        ),
        agree(
            "every merchant",
            "it has every merchant, once",
            "select merchant_id from marts.merchant_overview",
            "select merchant_id from marts.merchants",
            needs=("merchants",),
            breaks="delete from marts.merchant_overview where merchant_id = 'm-2'",
        ),
    ),
    "success_calls": (
        mart_holds(
            "success_calls",
            "the list comes before the call",
            "listed_on <= called_on",
            "listed_on, called_on",
            breaks="update marts.success_calls set listed_on = called_on + 1",
        ),
        mart_holds(
            "success_calls",
            "windows lie in each other",
            "(orders_7d is not null or orders_14d is null) and (orders_14d is not null or orders_28d is null) "
            "and coalesce(orders_7d <= orders_14d, true) and coalesce(orders_14d <= orders_28d, true)",
            "orders_7d, orders_14d, orders_28d",
            breaks="update marts.success_calls set orders_7d = orders_14d + 1",
        ),
        mart_holds(
            "success_calls",
            "sold again",
            "sold_again_28d is not distinct from (orders_28d > 0)",
            "orders_28d, sold_again_28d",
            breaks="update marts.success_calls set sold_again_28d = not sold_again_28d",
        ),
        mart_holds(
            "success_calls",
            "what came so far holds the windows that are over",
            "coalesce(orders_so_far >= orders_14d, true) and orders_so_far = coalesce(orders_28d, orders_so_far) "
            "and sold_again_so_far = (orders_so_far > 0)",
            "orders_so_far, orders_14d, orders_28d, sold_again_so_far",
            breaks="update marts.success_calls set orders_so_far = 0, sold_again_so_far = false",
        ),
    ),
    "success_effect": (
        mart_holds(
            "success_effect",
            "parts",
            "recovered <= called and matched_recovered <= matched_calls and matched_calls <= called and called <= calls "
            "and coalesce(due_recovered <= due and held_out_recovered <= held_out, true)",
            "calls, called, recovered, matched_calls, matched_recovered, due, due_recovered, held_out, held_out_recovered",
            breaks="update marts.success_effect set recovered = called + 1",
        ),
        mart_holds(
            "success_effect",
            "interval",
            "coalesce(uplift between uplift_lo - 1e-9 and uplift_hi + 1e-9, uplift is null) "
            "and coalesce(uplift_of_draw between uplift_of_draw_lo - 1e-9 and uplift_of_draw_hi + 1e-9, uplift_of_draw is null)"
            " and coalesce(recovery_rate between recovery_rate_lo - 1e-9 and recovery_rate_hi + 1e-9, recovery_rate is null)",
            "uplift, uplift_lo, uplift_hi, uplift_of_draw_lo, uplift_of_draw_hi, recovery_rate_lo, recovery_rate_hi",
            breaks="update marts.success_effect set uplift_lo = 1, uplift = 0, uplift_hi = 1",
        ),
        agree(
            "adds up to success_calls",
            "the calls of its cells are all calls",
            "select manager, sum(calls) as calls from marts.success_effect where not is_total group by all",
            "select if(manager = 'all', '(all)', manager) as manager, count(*) as calls from marts.success_calls group by all",
            needs=("success_calls",),
            breaks="update marts.success_effect set calls = calls + 1 where not is_total",
        ),
    ),
    "worklist_history": (
        mart_holds(
            "worklist_history",
            "on the list or off it for a reason",
            "is_on_list = (rank is not null) and is_on_list = (on_list_since is not null) "
            "and is_on_list = (off_list_reason is null)",
            "is_on_list, rank, on_list_since, off_list_reason",
            breaks="update marts.worklist_history set is_on_list = not is_on_list",
        ),
        mart_holds(
            "worklist_history",
            "since a day that came",
            "on_list_since is null or on_list_since <= listed_on",
            "listed_on, on_list_since",
            breaks="update marts.worklist_history set on_list_since = listed_on + 1",
        ),
    ),
    "fan_funnel": (
        mart_holds(
            "fan_funnel",
            "steps",
            "window_fans >= buying_fans and buying_fans >= repeat_fans and repeat_fans >= repeat_supporting_fans",
            "window_fans, buying_fans, repeat_fans, repeat_supporting_fans",
            breaks="update marts.fan_funnel set buying_fans = window_fans + 1",
        ),
    ),
    "merchant_team_designs": (
        agree(
            "adds up to team_formation",
            "the teams of a merchant are those of team_formation",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.merchant_team_designs group by all",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_formation group by all",
            needs=("team_formation",),
            breaks="delete from marts.merchant_team_designs where opened = 2",
        ),
    ),
    "merchant_channels": (
        agree(
            "adds up to channel_returns",
            f"arrivals and orders of a channel are those of its last {NUMBERS['channel_months']} months",
            "select merchant_id, channel, arrivals, buyers, repeat_buyers, orders from marts.merchant_channels",
            f"""select merchant_id, channel, sum(arrivals) as arrivals, sum(buyers) as buyers,
                sum(repeat_buyers) as repeat_buyers, sum(orders) as orders from marts.channel_returns
            where month_start > date_trunc('month', getvariable('as_of')) - to_months({NUMBERS["channel_months"]})
            group by all""",
            needs=("channel_returns",),
            breaks="update marts.merchant_channels set arrivals = 5 where arrivals = 4",
        ),
    ),
    "product_ranking": (
        mart_holds(
            "product_ranking",
            "parts",
            "orders_via_shares <= orders and buyers <= orders",
            "orders_via_shares, buyers, orders",
            breaks="update marts.product_ranking set buyers = orders + 1",
        ),
    ),
    "merchant_tips": (
        mart_holds(
            "merchant_tips",
            "at most three",
            "rank <= 3 and (came is null) = (is_reached is null)",
            "rank, came, is_reached",
            breaks="update marts.merchant_tips set rank = 4 where rank = 2",
        ),
    ),
    "fans_to_wake": (_contactable("fans_to_wake"),),
    "fan_names": (_contactable("fan_names"),),
    "merchant_benchmarks": (
        mart_holds(
            "merchant_benchmarks",
            "quartiles differ",
            "0 < lower_quartile and lower_quartile < median and median < upper_quartile",
            "lower_quartile, median, upper_quartile",
            breaks="insert into marts.merchant_benchmarks values ('m-1', 'retention', 0.5, 0.2, 0.2, 0.4)",
        ),
    ),
}
