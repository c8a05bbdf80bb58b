"""The tables of the area merchants."""

from __future__ import annotations

from contract.columns import (
    AS_OF,
    MERCHANT,
    Column,
    Type,
    choice,
    count,
    date,
    flag,
    integer,
    is_total,
    money,
    nullable,
    number,
    share,
    text,
    timestamp,
)
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Empty, Question, Table, export
from contract.values import BASES, CAUSES, COLOURS, DIMENSIONS, NODES, PERIODS, STAGES

# What a merchant's cube measures, aspect by aspect.
_CUBE = (
    nullable(count("orders", "orders", "Paid orders; for a product those with it in a line.")),
    nullable(count("items", "pieces", "Pieces in the lines of these orders.")),
    nullable(money("paid", "Paid for these orders, refunds not taken off, reporting currency.", least=0)),
    nullable(count("visitors", "people", "People who viewed a page; for a product its page.")),
    nullable(
        count(
            "active_users",
            "people",
            "People who viewed a page, opened a known share, claimed a coupon, joined a live stream or its replay, or paid.",
        )
    ),
    nullable(count("new_users", "people", "Those of them who did so for the first time.")),
    nullable(count("buyers", "people", "People who paid an order.")),
    nullable(count("new_buyers", "people", "Those of them whose first order here it was.")),
    nullable(count("products_sold", "products", "Products in lines of orders.")),
    nullable(count("campaign_orders", "orders", "Orders that name a campaign.")),
    nullable(count("coupons_claimed", "coupons", "Coupons that people claimed in the period.")),
    nullable(count("packets_sent", "red packets", "Red packets that were sent in the period.")),
    nullable(money("packet_cost", "Claimed from red packets, reporting currency.", least=0)),
    nullable(count("fans_won", "people", "People who became fans, again too.")),
    nullable(count("fans_lost", "people", "Fans lost: unfollowed or blocked.")),
    nullable(count("fans", "people", "Fans at the end of the period, or of as_of if that is earlier.")),
    nullable(money("refunded", "Refunds dated in the period, of orders paid by as_of, reporting currency.", least=0)),
    nullable(money("revenue", "Net revenue: paid less refunded, reporting currency.")),
    nullable(money("spend", "Marketing spend that names the merchant, reporting currency.", least=0)),
    nullable(money("commission", "Commission accrued, reporting currency.", least=0)),
    nullable(count("shares", "shares", "Shares that people made in the period.")),
    nullable(count("opens", "opens", "Opens of known shares by others.")),
    nullable(count("shared_orders", "orders", "Orders through a known share.")),
    nullable(
        money("shared_revenue", "Net revenue of orders through a known share, refunds on their dates, reporting currency.")
    ),
    nullable(count("messages", "messages", "Messages in the merchant's chat groups.")),
    nullable(count("teams_opened", "teams", "Teams that were opened in the period.")),
    nullable(count("teams_formed", "teams", "Teams formed, by the platform's help too.")),
    nullable(count("lives", "live streams", "Live streams started.")),
    nullable(count("live_viewers", "people", "People who joined a live stream of the merchant, replays left out.")),
    nullable(count("live_orders", "orders", "Orders that name a live stream of the merchant.")),
    nullable(money("live_revenue", "Net revenue of orders that name a live stream of the merchant, refunds on their dates.")),
    nullable(count("orders_refunded", "orders", "Orders with a refund dated in the period.")),
    nullable(count("fans_blocked", "people", "Fans lost by a block.")),
    nullable(count("self_shared_orders", "orders", "Orders through a share that the buyer made.")),
    nullable(count("logins", "logins", "Logins of the merchant.")),
    nullable(count("feature_uses", "uses", "Uses of the merchant's tools.")),
    nullable(count("support_tickets", "tickets", "Support tickets that the merchant opened in the period.")),
    nullable(money("line_value", "Quantity × unit price over the product's lines, reporting currency.", least=0)),
)

TABLES: tuple[Table, ...] = (
    Table(
        "merchants",
        "Grain: merchant that any accepted event names by as_of, with its latest onboarding record.",
        key="merchant_id",
        columns=(
            MERCHANT,
            nullable(text("name", "Name.")),
            nullable(text("category", "Category, taken as it comes.")),
            text("region", "ISO 3166-2 code, or unknown."),
            nullable(count("city_tier", "tier", "Tier of the city, 1 (largest) to 5.")),
            nullable(text("plan", "Plan the merchant pays for.")),
            nullable(text("account_manager", "Who looks after the merchant.")),
            nullable(timestamp("onboarded_at", "Earliest onboarding, UTC; null if there was none.")),
            timestamp("first_event_at", "Earliest event that names the merchant, UTC."),
            flag(
                "is_money_complete",
                "Whether all its payments and refunds, added up without sign, stay below 10^16, so that each "
                "figure of its money fits DECIMAL(18,2). Where they do not, the figures that do not fit are null, "
                "in every mart.",
            ),
            date(
                "go_live_on",
                "Business date on which it went live: of the earliest lead event `live` that names it, else of its earliest "
                "onboarding, else of its first event.",
            ),
            nullable(
                integer(
                    "days_to_10k",
                    "days",
                    "Days from go_live_on until what was paid for orders comes to 10,000 of the reporting currency; 0 if it "
                    "was before, null until it is.",
                )
            ),
            nullable(integer("days_to_100k", "days", "The same for 100,000.")),
            nullable(
                share(
                    "days_to_10k_slower_share",
                    "Of the other merchants that have been live for at least days_to_10k days, the share that took longer or "
                    "are not there yet; null without days_to_10k or without others.",
                )
            ),
        ),
        questions=(Question.BASICS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "merchant_cube",
        "Grain: merchant × period × period_start × dimension × member: ten aspects of a merchant by day, week and month, and "
        "what of it can be cut. The dimension `all` has every period from that of the merchant's first event to that of as_of, "
        "the others have a row where one of their measures is not 0; measures that a dimension does not have are null. Members "
        "sum to `all` in the same period, save people and the orders of products. People count once in each period, so they do "
        "not add up over periods. Its days in `all` are those of daily_merchant.",
        key="merchant_id, period, period_start, dimension, member",
        columns=(
            MERCHANT,
            choice("period", PERIODS, "day, week (from Monday) or month."),
            date("period_start", "First day of the period."),
            choice(
                "dimension",
                DIMENSIONS,
                "all; region, channel, campaign and buyer_kind of orders; product; feature of the merchant's tools.",
            ),
            is_total(
                "dimension = 'all'", "Whether the row is of the whole merchant; each other dimension has parts of it again."
            ),
            text(
                "member",
                "all in the dimension all; new (orders that are their buyer's first) or returning; else as it comes. unknown "
                "stands for a missing region or feature, none for a missing campaign or a channel that nothing tells.",
            ),
            flag("is_complete", "Whether the whole period lies between the merchant's first event and as_of."),
            *_CUBE,
        ),
        questions=(Question.BASICS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id period period_start dimension member is_complete " + " ".join(column.name for column in _CUBE),
            "A week or a month of the merchant, or one part of it. Measures that a dimension does not have are empty; regions "
            "with few buyers are left out.",
        ),
        empty=Empty.WARNED,
        time="period_start",
    ),
    Table(
        "daily_merchant",
        "Grain: merchant × business date, from the merchant's first event to as_of: the last 365 days, "
        "and 365 days from each day on which something was counted. Longer silences have no rows.",
        key="merchant_id, date",
        columns=(
            MERCHANT,
            date("date", "Business date."),
            count("visitors", "people", "People who viewed a page."),
            count("buyers", "people", "People who paid an order."),
            count("orders", "orders", "Paid orders."),
            money("revenue", "Net revenue: payments minus refunds of the day, reporting currency."),
            money("refunded", "Refunds of the day, of orders paid by as_of.", least=0),
            count("fans", "people", "Fans at day end."),
            count("shares", "shares", "Shares made."),
            count("opens", "opens", "Opens of known shares by others."),
            count("teams_opened", "teams", "Teams opened."),
            count("teams_formed", "teams", "Teams formed, by the platform's help too."),
            count("messages", "messages", "Messages in the merchant's chat groups."),
            count("live_viewers", "people", "People who joined a live stream of the merchant, replays left out."),
        ),
        questions=(Question.BASICS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        empty=Empty.WARNED,
        time="date",
    ),
    Table(
        "diagnosis",
        "Grain: merchant × date (as_of and the 27 days before) × window_days × node, for windows from the merchant's first "
        "event on. The tree that says why payments moved: paid = buyers × paid_per_buyer, buyers = active_users × conversion, "
        "active_users = new_users + returning_users, paid_per_buyer = orders_per_buyer × paid_per_order; each beside what was "
        "to be expected from the same merchant's windows before.",
        key="merchant_id, date, window_days, node",
        columns=(
            MERCHANT,
            date("date", "Business date on which the window ends."),
            count("window_days", "days", "Days of the window: 1 or 7.", least=1),
            choice("node", NODES, "Node of the tree. Payments are gross; people are distinct within the window."),
            nullable(
                number(
                    "value",
                    "of the node",
                    "What the window had: reporting currency for paid, paid_per_buyer and paid_per_order; people; a ratio "
                    "for the others. Null where a ratio has denominator 0.",
                    least=0,
                )
            ),
            nullable(
                number(
                    "baseline",
                    "of the node",
                    "What was to be expected: the trimmed mean of the reference windows, times calendar factors where the "
                    "window touches a calendar event. Null without a basis.",
                    least=0,
                )
            ),
            nullable(number("z", "1", "(value - baseline) / noise; null where the noise is 0.")),
            nullable(
                choice("colour", COLOURS, "green from z 1.5, red to z -1.5, yellow between; null where value or baseline is.")
            ),
            nullable(
                money("contribution", "Part of the change of paid against its baseline (LMDI-I). Leaves sum to it to the cent.")
            ),
            nullable(
                integer(
                    "cause_rank",
                    "rank",
                    "Of leaves that moved paid the way that it went: 1 moved it most; null for others.",
                    least=1,
                )
            ),
            nullable(choice("cause", CAUSES, "The leaf and the direction; null where there is no cause_rank.")),
            nullable(text("advice", "What to do about the cause, English.")),
            nullable(text("advice_zh", "What to do about the cause, Chinese.")),
            choice(
                "basis",
                BASES,
                "same_weekday: 3 to 8 windows that end whole weeks earlier; any_weekday: at least 7 of the 28 days before; "
                "none: too little to compare with.",
            ),
            integer("reference_windows", "windows", "Windows that the baseline comes from."),
            nullable(text("calendar_event", "Event of seeds/calendar_events.csv that the window touches, its latest day's.")),
            nullable(
                number(
                    "calendar_factor",
                    "ratio",
                    "What paid of the baseline was multiplied by; null without an event or a basis.",
                    least=0,
                )
            ),
        ),
        questions=(Question.MOVED,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        empty=Empty.WARNED,
        audience=Audience.MERCHANT,
        time="date",
        export=export(
            """date window_days node value baseline z colour contribution cause_rank cause advice advice_zh basis
            reference_windows calendar_event calendar_factor""",
            "A node of the tree that says why payments moved, in a window of 1 or 7 days that ends on the date.",
        ),
    ),
    Table(
        "merchant_churn_flags",
        "Grain: merchant × as_of: the merchant's stage, the probability that it brings no order and no "
        "login in the next 30 days, and why.",
        key="merchant_id",
        family="merchant_churn",
        columns=(
            MERCHANT,
            AS_OF,
            choice(
                "stage",
                STAGES,
                "churned: no paid order and no login in the last 60 days; launching: under 30 days or under 10 "
                "orders; recovered: churned in the last 90 days; at_risk: flagged; else operating.",
            ),
            nullable(
                integer("days_since_last_order", "days", "Days from the last paid order to as_of; null if there never was one.")
            ),
            nullable(
                integer("days_since_last_login", "days", "Days from the last login to as_of; null if there never was one.")
            ),
            money("revenue_28d", "Net revenue of the last 28 days, reporting currency."),
            money("revenue_prev_28d", "Net revenue of the 28 days before."),
            share("churn_probability", "Calibrated probability of no order and no login in the next 30 days."),
            flag("is_churn_flagged", "Whether the probability reaches the threshold; never for a merchant that has churned."),
            nullable(
                date(
                    "at_risk_since",
                    "For stage at_risk, the first day without a break on which the merchant would have been at risk, "
                    "had the model and the threshold of as_of looked at what was known on that day; null for the "
                    "other stages.",
                )
            ),
            nullable(text("reason_1", "Strongest reason in words; null if there is none.")),
            nullable(text("reason_2", "Second reason.")),
            nullable(text("reason_3", "Third reason.")),
            Column(
                "reasons",
                Type.REASONS,
                "The reasons as data, in their order: topic (orders, logins, revenue, features, fans_won, shares, "
                "teams, tickets or fans_lost), days since the last order or login (null where there never was "
                "one) and the days that usually lay between them, or how much in the last 28 days and in the 28 "
                "before.",
            ),
            money(
                "expected_loss",
                "churn_probability × revenue_28d × 365 / 28, reporting currency; 0 for a merchant that has churned.",
            ),
            money(
                "at_stake",
                "churn_probability × the larger of revenue_28d and revenue_prev_28d, at least 0, × 365 / 28, "
                "reporting currency: what calls are ranked by. 0 for a merchant that has churned.",
                least=0,
            ),
            nullable(number("threshold", "ratio", "Probability from which a merchant is flagged; null where nobody is.")),
            integer("capacity", "merchants", "Merchants that the team can call a week."),
            text("model_version", "Digest of the model, or why the base rate of the stage stands in."),
        ),
        questions=(Question.RETENTION, Question.CHURN),
        consumers=(MERCHANT_SUCCESS,),
        empty=Empty.WARNED,
    ),
    Table(
        "churn_model_evaluation",
        "Grain: split × as_of: how good the probabilities of merchant_churn_flags are, on the training "
        "days, on later days, and of days since the last order alone.",
        key="as_of, split",
        family="merchant_churn",
        columns=(
            text("split", "train, later, or later_days_since_last_order."),
            AS_OF,
            count("merchants", "merchants", "Merchants in the split."),
            count("observations", "merchant days", "Merchant days in the split."),
            nullable(share("base_rate", "Share of the observations that churned.")),
            nullable(share("auc", "Area under the ROC curve.")),
            nullable(number("brier", "1", "Mean squared error of the probability.", least=0)),
            nullable(number("lift_at_10pct", "1", "Churn rate of the tenth with the highest probability / base_rate.")),
            nullable(
                number("calibration_slope", "1", "Slope of the outcome on the logit of the probability; 1 is calibrated.")
            ),
            nullable(number("threshold", "ratio", "Probability from which a merchant is flagged.")),
            nullable(
                count("over_half", "merchant days", "Observations with a probability of more than 0.5; null without a model.")
            ),
            nullable(count("over_half_left", "merchant days", "Of over_half, those that churned.")),
            text("model_version", "Digest of the model, or why there is none."),
        ),
        questions=(Question.RETENTION,),
        consumers=(MERCHANT_SUCCESS,),
        audience=Audience.MANAGER,
    ),
    Table(
        "merchant_stage_history",
        "Grain: merchant × stage × entered_on: the stages of merchant_churn_flags without the flag, for "
        "each day of the history, computed again on every run.",
        key="merchant_id, entered_on",
        family="merchant_churn",
        columns=(
            MERCHANT,
            choice("stage", STAGES, "launching, operating, churned or recovered."),
            date("entered_on", "First day of the stage."),
            nullable(date("left_on", "First day of the next stage; null while it lasts.")),
        ),
        questions=(Question.RETENTION,),
        consumers=(MERCHANT_SUCCESS,),
    ),
)
