"""The tables of the area fans."""

from __future__ import annotations

from contract.columns import (
    AS_OF,
    MERCHANT,
    RATIO,
    USER,
    choice,
    count,
    flag,
    identifier,
    integer,
    money,
    month,
    month_start,
    nullable,
    number,
    rate,
    share,
    text,
    timestamp,
)
from contract.table import ANALYSTS, MERCHANT_SUCCESS, SPREAD_MAP, Audience, Empty, Question, Table, export
from contract.values import FALLBACKS

# What grows by itself from day to day, and what the model of repeat purchases makes of it (and of its parameters, which are
# fitted again every day).
_VALUE_AGES = {
    "age_weeks": 1 / 7,
    "p_alive": None,
    "expected_orders_90d": None,
    "expected_orders_365d": None,
    "expected_value_365d": None,
}
_FLAG_AGES = {column: step for column, step in _VALUE_AGES.items() if column != "expected_orders_365d"}

TABLES: tuple[Table, ...] = (
    Table(
        "users",
        "Grain: registered user, with the latest registration.",
        key="user_id",
        columns=(
            USER,
            text("region", "ISO 3166-2 code, or unknown."),
            nullable(count("city_tier", "tier", "Tier of the city, 1 (largest) to 5.")),
            nullable(text("gender", "Gender as given.")),
            nullable(count("birth_year", "year", "Year of birth.")),
            nullable(identifier("device_id", "Device of the registration.")),
            nullable(text("channel", "Channel of the registration.")),
            timestamp("registered_at", "Earliest registration, UTC."),
        ),
        questions=(Question.BASICS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "fan_revenue",
        "Grain: merchant × user: the fans of the window of per_fan_revenue, and everyone else with a "
        "payment, refund or credit in it. The assisted columns each sum to the merchant's "
        "assisted_revenue: credit goes to the sharers on the path from the order's share to its root, "
        "without the buyer's own shares unless nothing else remains.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            USER,
            AS_OF,
            flag("is_window_fan", "Whether the person was a fan of the merchant at any instant of the window."),
            flag("is_fan_at_end", "Whether the person is a fan of the merchant at the end of as_of."),
            flag(
                "is_supporting_fan",
                "Supporting fan (支撑粉丝): bought in the last 90 days and made a share, at any time, that another "
                "user opened in those 90 days.",
            ),
            count("orders", "orders", "Orders of the window that the person paid."),
            count("refunds", "refunds", "Refunds of the window, of orders paid by as_of."),
            nullable(timestamp("first_order_at", "When the person first paid an order here, ever; UTC.")),
            money("direct_revenue", "Net revenue of the person's own orders in the window, reporting currency."),
            money("assisted_revenue_last_touch", "Net revenue credited to the sharer nearest to the order."),
            money("assisted_revenue_first_touch", "Net revenue credited to the sharer nearest to the root."),
            money(
                "assisted_revenue_linear",
                "Net revenue credited equally per remaining share, cut toward zero to cents, the leftover to the "
                "share nearest to the root.",
            ),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS, SPREAD_MAP),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id user_id direct_revenue assisted_revenue_last_touch assisted_revenue_first_touch "
            "assisted_revenue_linear first_order_at orders refunds is_window_fan is_fan_at_end "
            "is_supporting_fan",
            "A fan: what it bought and what its shares led to, over the days of per_fan_revenue.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "supporting_fans",
        "Grain: merchant × layer: how far from the merchant its people were won. A person's first touch "
        "is their earliest open, follow or order; layer 0 if no known share led there, else the share's "
        "depth in its tree + 1. People and figures are those of fan_revenue.",
        key="merchant_id, layer",
        columns=(
            MERCHANT,
            count("layer", "steps", "Steps from the merchant."),
            count("fans", "people", "Fans of the window."),
            count("supporting_fans", "people", "Supporting fans (支撑粉丝)."),
            money("direct_revenue", "Net revenue of their own orders in the window, reporting currency."),
            money("assisted_revenue", "Net revenue credited to them, linear scheme."),
            nullable(
                number(
                    "reach_centralisation",
                    "1",
                    "Freeman centralisation of the whole merchant's reach (others who ever opened one's shares): 0 "
                    "all alike, 1 a star.",
                )
            ),
            nullable(
                number(
                    "effective_centres",
                    "people",
                    "Effective number of centres of the whole merchant's reach: 1/Σp², p a sharer's part of it.",
                )
            ),
        ),
        questions=(Question.SPREADING,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "lifetime_value",
        "Grain: merchant × fan who ever ordered. BG/NBD (Fader, Hardie, Lee 2005) in weeks, at most one "
        "purchase a day, and Gamma-Gamma (2013); nothing is discounted. A day worth nothing after refunds "
        "is no purchase; who has none left keeps a row of nulls.",
        key="merchant_id, user_id",
        family="lifetime_value",
        columns=(
            MERCHANT,
            identifier("user_id", "The fan.", person=True),
            nullable(count("frequency", "purchase days", "Purchase days after the first.")),
            nullable(number("recency_weeks", "weeks", "Weeks from the first purchase to the last.", least=0)),
            nullable(number("age_weeks", "weeks", "Weeks from the first purchase to as_of.", least=0)),
            nullable(
                number(
                    "monetary_value",
                    "money",
                    "Mean value of the purchase days after the first, reporting currency; null where there is none.",
                    least=0,
                )
            ),
            nullable(share("p_alive", "Probability that the fan still buys.")),
            nullable(number("expected_orders_90d", "purchase days", "Expected purchase days in the next 90 days.", least=0)),
            nullable(number("expected_orders_365d", "purchase days", "Expected purchase days in the next 365 days.", least=0)),
            nullable(money("expected_value_365d", "Expected revenue of the next 365 days, reporting currency.", least=0)),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id user_id frequency recency_weeks age_weeks monetary_value p_alive expected_orders_90d "
            "expected_orders_365d expected_value_365d",
            "A fan who ever ordered: what it may bring in the next year.",
            ages=_VALUE_AGES,
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "ltv_model",
        "Grain: merchant: the parameters behind lifetime_value and how well they foretold the last quarter of the history.",
        key="merchant_id",
        family="lifetime_value",
        columns=(
            MERCHANT,
            number("r", "1", "BG/NBD: shape of the purchase rates.", least=0),
            number("alpha", "weeks", "BG/NBD: scale of the purchase rates, weeks.", least=0),
            number("a", "1", "BG/NBD: first parameter of the dropout probabilities.", least=0),
            number("b", "1", "BG/NBD: second parameter of the dropout probabilities.", least=0),
            nullable(number("p", "1", "Gamma-Gamma: shape of a purchase's value.", least=0)),
            nullable(number("q", "1", "Gamma-Gamma: shape of the scale among fans.", least=0)),
            nullable(number("v", "money", "Gamma-Gamma: scale among fans.", least=0)),
            nullable(number("r_se", "1", "Standard error of r.")),
            nullable(number("alpha_se", "weeks", "Standard error of alpha.")),
            nullable(number("a_se", "1", "Standard error of a.")),
            nullable(number("b_se", "1", "Standard error of b.")),
            nullable(number("p_se", "1", "Standard error of p.")),
            nullable(number("q_se", "1", "Standard error of q.")),
            nullable(number("v_se", "money", "Standard error of v.")),
            number("log_likelihood", "nats", "Log-likelihood of BG/NBD at r, alpha, a, b over the merchant's customers."),
            nullable(number("value_log_likelihood", "nats", "Log-likelihood of Gamma-Gamma at p, q, v.")),
            count("customers", "people", "Fans with a purchase."),
            count("repeat_customers", "people", "Fans with a purchase after the first."),
            integer("holdout_days", "days", "Days of the holdout: the last quarter of the history."),
            count("holdout_orders_actual", "purchase days", "Purchase days in the holdout of the customers known before it."),
            nullable(
                number(
                    "holdout_orders_expected",
                    "purchase days",
                    "What a fit on the days before foretold; null where there was nothing to fit.",
                    least=0,
                )
            ),
            choice(
                "fallback",
                FALLBACKS,
                "none, or why the platform's pooled parameters stand in: too_few_customers (under 100 repeat "
                "customers) or not_converged.",
            ),
            flag("is_at_bound", "Whether a parameter lies at the edge of what the fit allows."),
        ),
        questions=(Question.WORTH,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "fan_churn_flags",
        "Grain: merchant × fan who ever ordered, figures as in lifetime_value. Flagged: p_alive < 0.5; "
        "without a repeat purchase, where BG/NBD says 1, age above the 90th percentile of the gaps "
        "between purchases at this merchant.",
        key="merchant_id, user_id",
        family="lifetime_value",
        columns=(
            MERCHANT,
            identifier("user_id", "The fan.", person=True),
            nullable(count("frequency", "purchase days", "Purchase days after the first.")),
            nullable(number("recency_weeks", "weeks", "Weeks from the first purchase to the last.", least=0)),
            nullable(number("age_weeks", "weeks", "Weeks from the first purchase to as_of.", least=0)),
            nullable(share("p_alive", "Probability that the fan still buys.")),
            nullable(number("expected_orders_90d", "purchase days", "Expected purchase days in the next 90 days.", least=0)),
            nullable(money("expected_value_365d", "Expected revenue of the next 365 days, reporting currency.", least=0)),
            nullable(flag("is_churn_flagged", "Whether the fan counts as lost; null without a purchase.")),
        ),
        questions=(Question.RETENTION,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id user_id frequency recency_weeks age_weeks p_alive expected_orders_90d "
            "expected_value_365d is_churn_flagged",
            "A fan who ever ordered: whether it counts as lost.",
            ages=_FLAG_AGES,
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "traffic_assets",
        "Grain: merchant × month, from the month of its first event, closed at the month's end or at as_of: the fans it opened "
        "and closed with and how they came and went, in spells; whom it can reach, who is related to whom, and whether new "
        "buyers bring new buyers.",
        key="merchant_id, month",
        columns=(
            MERCHANT,
            month("month", "Calendar month, such as 2026-03."),
            month_start(),
            count("opening_fans", "people", "Fans at the close of the month before."),
            count(
                "won_direct",
                "people",
                "People who became fans for the first time, and neither by fission nor again.",
            ),
            count(
                "won_fission",
                "people",
                "People whose first spell as a fan began by another's known share, or not before another's invitation of them "
                "was accepted.",
            ),
            count("regained", "spells", "Spells of people who had been fans before."),
            count("lost_unfollowed", "spells", "Spells that ended by an unfollow."),
            count("lost_blocked", "spells", "Spells that ended by a block."),
            count(
                "closing_fans",
                "people",
                "Fans at the close: opening_fans + won_direct + won_fission + regained − lost_unfollowed − lost_blocked.",
            ),
            count(
                "active_fans",
                "people",
                "Those of the closing fans with a page view, an open of a known share, a coupon claim, a join of a live or a "
                "paid order in the month.",
            ),
            count(
                "reachable_fans",
                "people",
                "Those of the closing fans who followed in their current spell, or are in an undissolved chat group of the "
                "merchant, and are not suppressed (`suppressed_fans`), all at the close.",
            ),
            rate(
                share("reachable_share", "reachable_fans / closing_fans: how many the merchant can reach."),
                "reachable_fans",
                "closing_fans",
            ),
            nullable(share("reachable_share_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("reachable_share_hi", "Upper bound of its 95 % Wilson interval.")),
            count("trade_relations", "people", "People who ever bought, by the close."),
            count(
                "social_relations",
                "pairs",
                "Pairs of people, in no order: by the close one invited the other here or into a chat group of the merchant.",
            ),
            count("spread_relations", "pairs", "Pairs of a sharer and another who opened one of their shares, by the close."),
            money("revenue", "Net revenue of the month, reporting currency; refunds on their own date."),
            money("shared_revenue", "That of orders through known shares."),
            rate(
                number(
                    "shared_revenue_share",
                    RATIO,
                    "shared_revenue / revenue, a part of the whole; beyond 0 to 1 where refunds weigh more.",
                ),
                "shared_revenue",
                "revenue",
            ),
            count("new_buyers", "people", "People whose first order at the merchant was in the month."),
            count("bringing_buyers", "people", "Those of them who brought a buyer by as_of."),
            rate(
                share("bringing_rate", "bringing_buyers / new_buyers: how many bring somebody."),
                "bringing_buyers",
                "new_buyers",
            ),
            nullable(share("bringing_rate_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("bringing_rate_hi", "Upper bound of its 95 % Wilson interval.")),
            count(
                "brought_buyers",
                "people",
                "Buyers whom the new buyers brought by as_of: who made the nearest share, not the buyer's own, on the way of a "
                "buyer's first order to its root brought them, if their own first order was earlier, by up to 30 days.",
            ),
            rate(
                number("reproduction", "1", "brought_buyers / new_buyers: how many each brings.", least=0),
                "brought_buyers",
                "new_buyers",
            ),
            flag("is_fission_complete", "Whether the 30 days after the month's last day are over by as_of."),
        ),
        questions=(Question.WORTH, Question.SPREADING),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id month opening_fans won_direct won_fission regained lost_unfollowed lost_blocked closing_fans "
            "active_fans reachable_fans reachable_share reachable_share_lo reachable_share_hi trade_relations social_relations "
            "spread_relations revenue shared_revenue shared_revenue_share new_buyers bringing_buyers bringing_rate "
            "bringing_rate_lo bringing_rate_hi brought_buyers reproduction is_fission_complete",
            "A month: the fans that the merchant opened and closed with, who came and went, whom it reaches, and whom new "
            "buyers brought.",
        ),
        empty=Empty.WARNED,
        time="month_start",
    ),
)
