"""What must hold of the marts beside those of SPEC.md: dimensions, histories, live streams, and what the exports read."""

from __future__ import annotations

from expectations.suites import COMPLETE, Expectation, Severity, Suite, agree, holds, mart, of_the_day, one_of

_STATES = "opened closed formed_organic formed_auto_filled failed open_at_as_of"
_BALANCED = "opened = closed + open_at_as_of and closed = formed_organic + formed_auto_filled + failed"

SUITES: tuple[Suite, ...] = (
    mart("merchants", "merchant_id", there="region first_event_at is_money_complete"),
    mart("users", "user_id", there="region registered_at", empty=None),
    mart("products", "merchant_id, product_id", there="list_price", least_0="list_price cost market_price", empty=None),
    mart("chat_groups", "group_id", there="kind driver born_at members", least_0="members messages_28d", empty=None),
    mart(
        "orders",
        "merchant_id, order_id",
        Expectation(
            "net",
            "net = paid - refunded, but where one of them does not fit",
            f"""select merchant_id, order_id, net, paid, refunded from marts.orders
            where (net = paid - refunded) is not true and merchant_id in {COMPLETE}""",
            needs=("merchants",),
        ),
        Expectation(
            "money fits",
            "a merchant's payments and refunds, added up without sign, stay below 10^16; where they do not, figures of its"
            " money that do not fit are null (docs/runbooks/gate_refused.md)",
            f"""select merchant_id, count(*) as orders,
                list(struct_pack(order_id, paid, refunded) order by greatest(paid, coalesce(refunded, 1e16)) desc, order_id)[:5]
                    as largest
            from marts.orders where merchant_id not in {COMPLETE} group by merchant_id""",
            Severity.WARN,
            needs=("merchants",),
        ),
        agree(
            "adds up to growth_split",
            "what orders brought, less their refunds, is the revenue of all months",
            f"""select merchant_id, sum(net) as revenue from marts.orders where merchant_id in {COMPLETE}
            group by all having sum(net) <> 0""",
            f"""select merchant_id, sum(revenue) as revenue from marts.growth_split where merchant_id in {COMPLETE}
            group by all having sum(revenue) <> 0""",
            needs=("growth_split", "merchants"),
        ),
        there="user_id paid_at paid_date paid region",
        money="refunded net",
        least_0="paid refunded refunds",
    ),
    mart(
        "daily_merchant",
        "merchant_id, date",
        agree(
            "adds up to growth_split",
            "the revenue of a month's days is that of the month",
            f"""select merchant_id, strftime(date, '%Y-%m') as month, sum(revenue) as revenue from marts.daily_merchant
            where merchant_id in {COMPLETE} group by all having sum(revenue) <> 0""",
            f"select merchant_id, month, revenue from marts.growth_split where revenue <> 0 and merchant_id in {COMPLETE}",
            needs=("growth_split", "merchants"),
        ),
        there="visitors buyers orders fans shares opens",
        money="revenue refunds",
        least_0="visitors buyers orders refunds fans shares opens teams_opened teams_formed messages live_viewers",
    ),
    mart(
        "per_fan_revenue_history",
        "merchant_id, month_end",
        there="window_days avg_fans fans_end window_fans buying_fans",
        money="direct_revenue assisted_revenue",
        least_0="avg_fans fans_end window_fans buying_fans",
        least_1="window_days",
        shares="zero_revenue_fan_share",
        empty=None,
    ),
    mart(
        "supporting_fans",
        "merchant_id, layer",
        holds("marts.supporting_fans", "merchant_id, layer", "fans", "supporting_fans <= fans", "supporting_fans, fans"),
        there="fans supporting_fans",
        money="direct_revenue assisted_revenue",
        least_0="fans supporting_fans",
        empty=None,
    ),
    mart(
        "cohort_value",
        "merchant_id, cohort_month",
        Expectation(
            "spend fits",
            "what a merchant spent in a month stays below 10^16; where it does not, it is null (docs/runbooks/gate_refused.md)",
            "select merchant_id, cohort_month from marts.cohort_value where spend is null",
            Severity.WARN,
        ),
        there="cohort_size",
        least_0="spend",
        least_1="cohort_size",
        empty=None,
    ),
    mart(
        "team_design",
        "size_required, benefit_side, goal",
        agree(
            "adds up to team_formation",
            "the teams of a design are those of team_formation",
            "select size_required, benefit_side, goal, opened, closed, formed_organic from marts.team_design",
            """select size_required, benefit_side, goal, sum(opened) as opened, sum(closed) as closed,
                sum(formed_organic) as formed_organic
            from marts.team_formation group by all""",
            needs=("team_formation",),
        ),
        there="opened closed formed_organic",
        least_0="opened closed formed_organic",
        shares="formation_rate formation_rate_lo formation_rate_hi formation_rate_standardised",
        empty=None,
    ),
    mart(
        "leader_growth",
        "region",
        there="registered_users opens_per_1000_users",
        least_0="registered_users opens_per_1000_users",
        shares="formation_rate_shrunk",
        empty=None,
    ),
    mart(
        "claim_checks",
        "claim_id",
        of_the_day("claim_checks", "claim_id"),
        one_of("marts.claim_checks", "claim_id", "verdict", ("consistent", "inconsistent", "insufficient")),
        there="claim observations verdict formula",
        least_0="observations",
    ),
    mart(
        "key_spreaders",
        "merchant_id, rank",
        there="user_id new_openers",
        least_0="new_openers",
        least_1="rank",
        shares="reach_share",
        empty=None,
    ),
    mart("circle_stability", "merchant_id", there="users_in_both", least_0="users_in_both", shares="renamed_share", empty=None),
    mart(
        "merchant_stage_history",
        "merchant_id, entered_on",
        holds("marts.merchant_stage_history", "merchant_id, entered_on", "order", "left_on is null or left_on > entered_on"),
        agree(
            "one stage lasts",
            "every merchant with a history is in one stage today",
            "select merchant_id, count(*) as stages from marts.merchant_stage_history where left_on is null group by all",
            "select distinct merchant_id, 1 as stages from marts.merchant_stage_history",
            needs=(),
        ),
        there="stage",
        empty=None,
    ),
    mart(
        "live_sessions",
        "live_id",
        holds("marts.live_sessions", "live_id", "end", "ended_at >= started_at", "started_at, ended_at"),
        there="merchant_id started_at ended_at viewers",
        money="revenue",
        least_0="duration_seconds viewers replay_viewers peak_viewers watch_seconds interactions orders new_fans",
        empty=None,
    ),
    mart(
        "live_minutes",
        "live_id, minute",
        there="merchant_id minute_at viewers",
        money="revenue",
        least_0="minute viewers viewers_joined viewers_left interactions orders",
        empty=None,
    ),
    mart(
        "suppressed_fans",
        "merchant_id, user_id, reason",
        one_of("marts.suppressed_fans", "merchant_id, user_id", "reason", ("blocked", "refused")),
        there="since_date",
        empty=None,
    ),
    mart(
        "group_activity",
        "group_id",
        one_of("marts.group_activity", "group_id", "state", ("alive", "dying", "dead")),
        there="kind driver born_date members silent_days state",
        least_0="members silent_days messages_7d messages_prev_7d",
        empty=None,
    ),
    mart(
        "team_leaders",
        "merchant_id, user_id",
        holds("marts.team_leaders", "merchant_id, user_id", "balanced", _BALANCED, _STATES.replace(" ", ", ")),
        agree(
            "adds up to team_formation",
            "the teams of a merchant's leaders are all its teams",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_leaders group by all",
            "select merchant_id, sum(opened) as opened, sum(failed) as failed from marts.team_formation group by all",
            needs=("team_formation",),
        ),
        there=f"{_STATES} last_opened_date",
        least_0="closed formed_organic formed_auto_filled failed open_at_as_of members",
        least_1="opened",
        empty=None,
    ),
    mart(
        "merchant_team_regions",
        "merchant_id, region",
        holds("marts.merchant_team_regions", "merchant_id, region", "balanced", _BALANCED, _STATES.replace(" ", ", ")),
        agree(
            "adds up to team_formation",
            "the teams of a merchant's region are those of team_formation",
            "select merchant_id, region, opened, closed, formed_organic from marts.merchant_team_regions",
            """select merchant_id, region, sum(opened) as opened, sum(closed) as closed, sum(formed_organic) as formed_organic
            from marts.team_formation group by all""",
            needs=("team_formation",),
        ),
        there=f"{_STATES} people",
        least_0="people",
        least_1="opened",
        shares="formation_rate formation_rate_lo formation_rate_hi",
        empty=None,
    ),
    mart(
        "export_deliveries",
        "destination, delivered_as_of, warehouse_version",
        there="kind packs files bytes attempts manifest_sha256",
        least_0="packs files bytes",
        least_1="attempts",
        empty=None,
    ),
)
