"""The tables of the area groups."""

from __future__ import annotations

from dataclasses import replace

from contract.columns import (
    MERCHANT,
    RATIO,
    Column,
    Place,
    choice,
    count,
    date,
    flag,
    identifier,
    integer,
    is_total,
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
from contract.success import RULES
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Empty, Question, Table, export
from contract.values import GROUP_AXES, GROUP_COLOURS, GROUP_DRIVERS, GROUP_KINDS, GROUP_STATES, GROWTH_SHAPES, STRATA


def _with_wilson(column: Column) -> tuple[Column, Column, Column]:
    """A rate and the bounds of its 95 % Wilson interval, null with it."""
    return (
        nullable(column),
        nullable(share(f"{column.name}_lo", "Lower bound of its 95 % Wilson interval.")),
        nullable(share(f"{column.name}_hi", "Upper bound of its 95 % Wilson interval.")),
    )


def _axis(axis: str, figure: str) -> tuple[Column, Column]:
    return (
        nullable(
            number(
                f"{axis}_score",
                "points",
                f"Percentage of living groups of its size with a lower {figure}, and half of those with the same, itself too; "
                "of all living groups, if its size has under 20. Null for the dead and without the figure.",
                least=0,
                most=100,
            )
        ),
        nullable(
            choice(
                f"{axis}_colour",
                GROUP_COLOURS,
                "`red` if the upper bound is below red_below of the seed group_health_rules, `green` if the lower one reaches "
                "green_from, else `yellow`; null with the score.",
            )
        ),
    )


def _added(*columns: Column) -> tuple[Column, ...]:
    """Columns that dbt adds to what a Spark job wrote."""
    return tuple(replace(column, place=Place.MART) for column in columns)


TABLES: tuple[Table, ...] = (
    Table(
        "chat_groups",
        "Grain: chat group, with its latest attributes.",
        key="group_id",
        columns=(
            identifier("group_id", "Id of the chat group that the row is about."),
            nullable(identifier("merchant_id", "The merchant it belongs to; null where none is named.")),
            identifier("owner_id", "Who owns it.", person=True),
            choice("kind", GROUP_KINDS, "What it is for, or unknown."),
            choice("driver", GROUP_DRIVERS, "What holds it together, or unknown."),
            timestamp("born_at", "Earliest creation, UTC."),
            nullable(timestamp("dissolved_at", "When it was dissolved, UTC.")),
            count("members", "people", "People whose last join or leave is a join."),
            nullable(timestamp("last_message_at", "Time of the last message, UTC.")),
            nullable(
                count("days_since_last_message", "days", "Days from the last message to as_of; null if there never was one.")
            ),
            count("messages_28d", "messages", "Messages of the last 28 days."),
            count("messages_prev_28d", "messages", "Messages of the 28 days before."),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "group_survival",
        "Grain: stratum × value × day of age, from 0 to the longest. Kaplan–Meier of chat groups: a group "
        "without a message in the 14 days to the end of as_of died at its last message, the others are "
        "alive and censored 14 days before.",
        key="stratum, value, day",
        family="group_survival",
        columns=(
            choice("stratum", STRATA, "What the groups are split by: all, kind, driver or size_band."),
            is_total("stratum = 'all'", "Whether the row is of all groups; each other stratum has all of them once more."),
            text("value", "The value of it; unknown where it is missing."),
            integer("day", "days", "Age in whole days."),
            count("at_risk", "chat groups", "Groups alive and not censored before this day."),
            count("deaths", "chat groups", "Groups that died on this day."),
            share("survival", "Kaplan–Meier estimate of the share alive after this day."),
            nullable(share("survival_lo", "Lower 95 % bound, Greenwood on the log-log scale; null where survival is 0 or 1.")),
            nullable(share("survival_hi", "Upper 95 % bound.")),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "group_lifetimes",
        "Grain: stratum × value: how long chat groups live, by the curves of group_survival.",
        key="stratum, value",
        family="group_survival",
        columns=(
            choice("stratum", STRATA, "What the groups are split by: all, kind, driver or size_band."),
            is_total("stratum = 'all'", "Whether the row is of all groups; each other stratum has all of them once more."),
            text("value", "The value of it; unknown where it is missing."),
            count("groups", "chat groups", "Groups born by 14 days before the end of as_of."),
            count("deaths", "chat groups", "Those that died."),
            nullable(integer("median_days", "days", "First day with survival of at most 0.5; null while more live.")),
            number("rmst_90", "days", "Restricted mean: survival summed over days 0 to 89.", least=0, most=90),
            nullable(
                number(
                    "naive_mean_days",
                    "days",
                    "Mean age at death of the dead, which leaves out the living; null without deaths.",
                    least=0,
                )
            ),
            *_added(
                number(
                    "deaths_expected",
                    "chat groups",
                    "Deaths if each day's struck all groups at risk alike: the log-rank test against the rest of the stratum.",
                    least=0,
                ),
                nullable(
                    number(
                        "logrank_chi2",
                        "1",
                        "Its statistic, one degree of freedom, hypergeometric variance; null without rest or variance.",
                        least=0,
                    )
                ),
                nullable(share("logrank_p", "Chance of so large a one if both died alike; null with it.")),
                count("groups_active", "chat groups", "Those of the groups active at as_of: 3 messages by 2 people in 7 days."),
                *_with_wilson(rate(share("active_rate", "groups_active / groups."), "groups_active", "groups")),
                count("memberships", "memberships", "People in these groups at the end of as_of, once in each group."),
                nullable(
                    money(
                        "group_revenue_28d",
                        "Net revenue through the groups' shares in the last 28 days; null if it does not fit.",
                    )
                ),
                count(
                    "elasticity_groups",
                    "chat groups",
                    "Groups of which two of the last 12 seven-day blocks with members and messages differ in size.",
                ),
                nullable(
                    number(
                        "size_elasticity",
                        "1",
                        "Slope within groups of ln(messages / members) on ln(members) over these blocks: by how many percent "
                        "messages a member change when members grow by one percent; null under 2 groups.",
                    )
                ),
                nullable(number("size_elasticity_lo", "1", "Lower 95 % bound, errors clustered by group.")),
                nullable(number("size_elasticity_hi", "1", "Upper 95 % bound.")),
            ),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
    ),
    Table(
        "chat_group_sales",
        "Grain: merchant × chat group that shares of the merchant's were made into: what came through them by as_of. Shares "
        "that name no group are left out.",
        key="merchant_id, group_id",
        columns=(
            MERCHANT,
            identifier("group_id", "The group that the shares name, known or not."),
            count("shares", "shares", "Shares made into the group.", least=1),
            count("sharers", "people", "People who made them.", least=1),
            count("orders", "orders", "Paid orders through these shares."),
            money("revenue", "Net revenue of these orders, reporting currency."),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "community_days",
        "Grain: merchant (and `all`: every chat group, and everybody once) × date from the first event: how the "
        "merchant's chat "
        "groups and people come and go.",
        key="merchant_id, date",
        time="date",
        columns=(
            identifier("merchant_id", "The merchant, or `all`."),
            is_total("merchant_id = 'all'", "Whether the row is of the platform, which has what its merchants have again."),
            date("date", "Business date that the row is about."),
            count("groups_born", "chat groups", "Groups created on the date."),
            count("groups_died", "chat groups", "Groups, dead by as_of, whose last message was on the date."),
            count("groups_alive", "chat groups", "Groups born by the date and not dead by it."),
            flag("is_final", "Whether the date lies 14 days back, so that no group can turn out to have died on it."),
            count("groups_active", "chat groups", "Groups with 3 messages by 2 people or more in the 7 days to the date."),
            count("group_orders", "orders", "Paid orders of the date through shares into the groups."),
            money("group_revenue", "Net revenue of the date through shares into the groups, refunds on their own date."),
            nullable(number("burst_baseline", "money", "Median group_revenue of the 28 dates before; null under 14 of them.")),
            nullable(
                number(
                    "burst_z",
                    "1",
                    "(group_revenue − burst_baseline) / the greatest of 1.4826 × the median absolute deviation, a tenth of the "
                    "baseline, and 1; null with it.",
                )
            ),
            nullable(flag("is_burst", "burst_z ≥ 3, and above each of these dates; null with it.")),
            count("active_users", "people", "People who did something at the merchant on the date."),
            count("active_users_7d", "people", "People who did in the 7 days to the date."),
            count("active_users_30d", "people", "People who did in the 30 days to the date."),
            nullable(
                integer(
                    "festival_day",
                    "days",
                    "Days since a Spring Festival, negative before; null more than 45 days off.",
                    least=None,
                )
            ),
            date(
                "reference_date",
                "The same day from the Spring Festival one year before; without festival_day, 364 days before.",
            ),
            nullable(count("active_users_reference", "people", "active_users of reference_date; null before the first event.")),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id date groups_born groups_died groups_alive is_final groups_active group_orders group_revenue "
            "burst_baseline burst_z is_burst active_users active_users_7d active_users_30d festival_day reference_date "
            "active_users_reference",
            "A day of the merchant's chat groups and people, and whether what came through the groups burst on it.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "community_months",
        "Grain: merchant × month from its first event: what its chat groups hold and bring, who came, stayed, "
        "came back and left, "
        "whether friends leave together, whom starters invite, and the shape of growth. People were active if "
        "they did anything "
        "at the merchant (int_active_people_dated).",
        key="merchant_id, month",
        time="month_start",
        columns=(
            MERCHANT,
            month("month", "Calendar month, such as 2026-03."),
            month_start(),
            flag("is_complete", "Whether the whole month lies between the merchant's first event and as_of."),
            count("groups_alive", "chat groups", "Groups alive at the end of the month, or of as_of."),
            count("groups_active", "chat groups", "Groups active at the end of the month, or of as_of."),
            count("memberships", "memberships", "People in the groups alive then, once in each group."),
            count("members", "people", "The same people, once."),
            money("group_revenue", "Net revenue of the month through shares into the merchant's groups."),
            money("revenue", "Net revenue of the month."),
            nullable(number("group_revenue_share", RATIO, "group_revenue / revenue; null if revenue is not above 0.")),
            nullable(
                count(
                    "groups_for_half_revenue",
                    "chat groups",
                    "Fewest groups that hold half of what the groups with positive revenue brought; null without such.",
                    least=1,
                )
            ),
            count("group_days", "chat group days", "groups_alive, added up over the days of the month."),
            rate(
                number("revenue_per_group_day", "money", "group_revenue / group_days: what one group brings on one day."),
                "group_revenue",
                "group_days",
            ),
            count("active_users", "people", "People active in the month: the sum of the next three."),
            count("new_users", "people", "Those who had never been active before."),
            count("retained_users", "people", "Those active in the month before too."),
            count("resurrected_users", "people", "Those active earlier, but not in the month before."),
            nullable(
                count("lost_users", "people", "People active in the month before and not in this one; null until it is over.")
            ),
            *_with_wilson(
                share(
                    "retention_rate", "retained_users / people active in the month before; null without, or until it is over."
                )
            ),
            money("revenue_new", "Net revenue of the month from new_users."),
            money("revenue_retained", "Net revenue of the month from retained_users."),
            money("revenue_resurrected", "Net revenue of the month from resurrected_users."),
            money("revenue_other", "Net revenue of the month from people not active in it, such as late refunds."),
            nullable(
                count(
                    "co_churn_exposed",
                    "people",
                    "Of people active in the month before with friends among them (an open between the two in "
                    "the 90 days to its "
                    "end): those of whom a friend was not active in this month. Null in the first month and until it is over.",
                )
            ),
            nullable(count("co_churn_exposed_lost", "people", "Those of them who were not active in this month themselves.")),
            nullable(count("co_churn_unexposed", "people", "The others with friends.")),
            nullable(count("co_churn_unexposed_lost", "people", "Those of them who were not active in this month.")),
            nullable(
                number(
                    "co_churn_matched",
                    RATIO,
                    "Risk ratio of Mantel and Haenszel of being lost, exposed against not, within friends (1–2, "
                    "3–5, 6+), active "
                    "days (1, 2–3, 4+) and having bought in the month before; null if a sum is 0.",
                    least=0,
                )
            ),
            nullable(number("co_churn_matched_lo", RATIO, "Lower 95 % bound by Greenland and Robins.", least=0)),
            nullable(number("co_churn_matched_hi", RATIO, "Upper 95 % bound.", least=0)),
            count("starters", "people", "People whose first follow, order or accepted invitation was in the month."),
            count("starters_observed", "people", "Those of them seen for 30 days by as_of."),
            count(
                "accepted_30d", "people", "New people who accepted invitations of the starters within 30 days of their start."
            ),
            nullable(
                number(
                    "k_factor",
                    RATIO,
                    "New people for each starter in 30 days: by day of age, accepted / starters seen at that "
                    "age, added up. Null "
                    "without starters_observed.",
                    least=0,
                )
            ),
            nullable(number("cycle_days", "days", "Mean age at these acceptances; null where k_factor is 0 or null.", least=0)),
            nullable(
                date(
                    "peak_date",
                    "Last of the 7 days, ending in the month, with most active users; the earliest. Null if none fit.",
                )
            ),
            nullable(number("peak_users", "people", "Mean active users of these 7 days.", least=0)),
            nullable(
                number(
                    "peak_base",
                    "people",
                    "Median active users of the 28 days before them; null if one lies before the first event.",
                    least=0,
                )
            ),
            nullable(
                number(
                    "held_share",
                    RATIO,
                    "(mean of the 28 days after − peak_base) / (peak_users − peak_base); null if steady or not yet known.",
                )
            ),
            nullable(
                choice(
                    "growth_shape",
                    GROWTH_SHAPES,
                    "`steady` under twice peak_base, else `step` if held_share is at least 0.5 and `spike` "
                    "below; null until known.",
                )
            ),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id month is_complete groups_alive groups_active memberships members group_revenue revenue "
            "group_revenue_share groups_for_half_revenue revenue_per_group_day active_users new_users retained_users "
            "resurrected_users lost_users retention_rate retention_rate_lo retention_rate_hi revenue_new revenue_retained "
            "revenue_resurrected revenue_other starters starters_observed accepted_30d k_factor cycle_days peak_users "
            "peak_date peak_base held_share growth_shape",
            "A month of the merchant's chat groups and people: who came, stayed, came back and left, with the money of each.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "share_fatigue",
        "Grain: merchant (and `all`) × k: how people in a chat group take the k-th share of the same sharer "
        "within 30 days. Shares "
        "into groups dated as_of−96 to as_of−7.",
        key="merchant_id, k",
        columns=(
            identifier("merchant_id", "The merchant, or `all`."),
            is_total("merchant_id = 'all'", "Whether the row is of the platform, which has what its merchants have again."),
            count("k", "shares", "How manieth share of the sharer into the group within 30 days; 10 for all above.", least=1),
            count("shares", "shares", "Shares that were a k-th.", least=1),
            count("exposures", "exposures", "People in the group when they came, but the sharer, once a share."),
            count("openers", "people", "Those of them who opened the share within 7 days."),
            count("lost", "people", "Those who within 7 days left the group, or unfollowed or blocked the merchant."),
            *_with_wilson(
                rate(share("open_rate", "openers / exposures: how often such a share is opened."), "openers", "exposures")
            ),
            *_with_wilson(
                rate(share("lost_rate", "lost / exposures: how often somebody leaves after it."), "lost", "exposures")
            ),
            count("matched_openers", "people", "Openers of shares whose sharer has a first share into the group as well."),
            number(
                "expected_openers",
                "people",
                "Openers of these shares if they were opened at the rate of the same sharer's first shares into the group.",
                least=0,
            ),
            rate(
                number(
                    "relative_response",
                    RATIO,
                    "matched_openers / expected_openers: 1 where it is opened as the first was.",
                    least=0,
                ),
                "matched_openers",
                "expected_openers",
            ),
            nullable(
                count(
                    "advised_cap",
                    "shares",
                    "Shares in 30 days that a sharer should stop at: the last k before people open half as "
                    "often as at the first "
                    "(open_rate_hi), or leave more (lost_rate_lo); null without a rate of the first.",
                    least=1,
                )
            ),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id k shares exposures openers lost open_rate open_rate_lo open_rate_hi lost_rate lost_rate_lo "
            "lost_rate_hi relative_response advised_cap",
            f"How the k-th share of a sharer into a chat group within 30 days is taken; {RULES['smallest_cell']} exposures or "
            "more.",
        ),
    ),
    Table(
        "group_health",
        "Grain: chat group: how well it is, on four axes, against groups of its size, and what tells why. "
        "Members are those in it "
        "at the end of as_of; officials are its owner and staff.",
        key="group_id",
        columns=(
            identifier("group_id", "Id of the chat group that the row is about."),
            nullable(identifier("merchant_id", "The merchant it belongs to; null where none is named.")),
            identifier("owner_id", "Who owns it.", person=True),
            choice("state", GROUP_STATES, "As in group_activity."),
            count("members", "people", "People in the group at the end of as_of."),
            flag("is_active", "Whether 2 people or more wrote 3 messages or more in the last 7 days."),
            count("writers_28d", "people", "Members who wrote in the last 28 days."),
            *_with_wilson(
                rate(share("activity_rate", "writers_28d / members: part of the members that wrote."), "writers_28d", "members")
            ),
            nullable(
                count(
                    "landmark_groups",
                    "chat groups",
                    "Groups that 44 days ago had been silent as long as this one is (0–1, 2–3, 4–6, 7–13 days), "
                    "of all four bands "
                    "if there are under 10; null for the dead.",
                )
            ),
            nullable(count("landmark_survivors", "chat groups", "Those heard in the last 14 days and not dissolved.")),
            *_with_wilson(
                share(
                    "survival_30d",
                    "landmark_survivors / landmark_groups: how likely it is to live 30 days more; null for the dead.",
                )
            ),
            count("shares_28d", "shares", "Shares into the group in the last 28 days."),
            count("buyers_28d", "people", "Members who paid an order through a share into the group in the last 28 days."),
            *_with_wilson(
                rate(
                    share("conversion_rate", "buyers_28d / members: part of the members that bought."), "buyers_28d", "members"
                )
            ),
            count("members_28d_ago", "people", "People in it at the end of as_of − 28."),
            nullable(number("growth_rate", RATIO, "members / members_28d_ago − 1; null where nobody was in it then.")),
            *_axis("survival", "survival_30d"),
            *_axis("activity", "activity_rate"),
            *_axis("conversion", "conversion_rate"),
            *_axis("growth", "growth_rate"),
            nullable(number("health", "points", "Mean of the scores that there are.", least=0, most=100)),
            nullable(choice("weakest_axis", GROUP_AXES, "The axis with the lowest score; of several the first in this order.")),
            count("messages_28d", "messages", "Messages of the last 28 days."),
            count("official_messages_28d", "messages", "Those of officials."),
            rate(
                share("official_share", "official_messages_28d / messages_28d: part of the talk that officials make."),
                "official_messages_28d",
                "messages_28d",
            ),
            nullable(
                number(
                    "role_entropy",
                    RATIO,
                    "Entropy of the roles of these messages, 1 where owner, staff and members write alike; null "
                    "without messages.",
                    least=0,
                )
            ),
            flag("is_one_way", "Whether 10 messages or more were written, and officials wrote four in five."),
            flag(
                "is_active_not_converting",
                "Whether it lives, is active, was born 28 days ago, had 3 shares or more in 28 days, and nobody bought.",
            ),
            count("questions_28d", "messages", "Messages with an id of people who are no officials, in the last 28 days."),
            count("answered_28d", "messages", "Those that another, an official, answered within 24 hours."),
            nullable(number("median_seconds_to_answer", "seconds", "Median time to the first such answer.", least=0)),
            count("broadcasts_28d", "messages", "Broadcasts of the last 28 days whose 24 hours are over."),
            count(
                "broadcast_deliveries", "deliveries", "People in the group when they came, but the sender, once a broadcast."
            ),
            count("broadcast_openers", "deliveries", "Those who within 24 hours opened any share into the group."),
            count("broadcast_leavers", "deliveries", "Those who left within 24 hours."),
            nullable(
                count(
                    "linked_pairs",
                    "pairs",
                    "Pairs of members of whom one, in 90 days, opened a share of the other's at the merchant, or answered the "
                    "other here; null unless it has 2 to 500 members.",
                )
            ),
            nullable(count("mutual_pairs", "pairs", "Those where both did; null likewise.")),
            nullable(share("density", "linked_pairs / all pairs of members; null likewise.")),
            nullable(share("transitivity", "3 × triangles / connected triples of the linked pairs; null without triples.")),
            count("trust_opens", "pairs", "Pairs of a member and a share into the group that the member opened in 90 days."),
            count("trust_buys", "pairs", "Those with an order of the member's through the share in the same 90 days."),
            nullable(
                share(
                    "trust",
                    "(trust_buys + 10 p) / (trust_opens + 10), p being the rate of all groups of the merchant; "
                    "null where none of "
                    "their shares was opened.",
                )
            ),
            nullable(share("first_48h_share", "Messages of its first 48 hours / all its messages.")),
            nullable(share("top_region_share", "Members of the most frequent region / members whose region is known.")),
        ),
        questions=(Question.GROUPS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id group_id state members is_active writers_28d activity_rate shares_28d buyers_28d conversion_rate "
            "members_28d_ago growth_rate survival_score survival_colour activity_score activity_colour conversion_score "
            "conversion_colour growth_score growth_colour health weakest_axis messages_28d official_messages_28d "
            "official_share is_one_way is_active_not_converting questions_28d answered_28d median_seconds_to_answer "
            "broadcasts_28d broadcast_deliveries broadcast_openers broadcast_leavers trust",
            "A chat group of the merchant: how well it is, in colours, against groups of its size.",
        ),
        empty=Empty.WARNED,
    ),
)
