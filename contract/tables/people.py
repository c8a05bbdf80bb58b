"""The tables of the area people: how the people of a merchant climb, stay and give to each other."""

from __future__ import annotations

from contract.columns import (
    MERCHANT,
    USER,
    Column,
    choice,
    count,
    flag,
    identifier,
    integer,
    is_total,
    money,
    month,
    month_start,
    nullable,
    number,
    share,
    text,
)
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Audience, Empty, Question, Table, export
from contract.values import FAN_STRATA, POND_KINDS, TIERS


def _survival(days: int) -> tuple[Column, ...]:
    """A Kaplan–Meier estimate with its 95 % interval."""
    name = f"survival_{days}d"
    return (
        nullable(
            share(
                name,
                f"Kaplan–Meier estimate of the share still there after {days} days; null beyond the longest seen, but 0 "
                "where nobody stayed so long.",
            )
        ),
        nullable(share(f"{name}_lo", "Lower 95 % bound, Greenwood on the log-log scale; null where survival is 0 or 1.")),
        nullable(share(f"{name}_hi", "Upper 95 % bound.")),
    )


TABLES: tuple[Table, ...] = (
    Table(
        "fan_survival",
        "Grain: merchant (and all: the fans of every merchant) × stratum × value: how long fans stay, from the first "
        "follow or order to the next unfollow or block, else to the end of as_of, in whole days. Method: invited by the "
        "date of the start, else shared (through another's known share), else bought (an order), else by the channel of "
        "the follow (seed acquisition_methods). Ties: others with an open between them and the fan in the first 30 days; "
        "of those who stayed that long, and counted from there.",
        key="merchant_id, stratum, value",
        columns=(
            identifier("merchant_id", "The merchant, or all."),
            choice("stratum", FAN_STRATA, "What the fans are split by: all, method or ties."),
            is_total(
                "merchant_id = 'all' or stratum = 'all'",
                "Whether the row is of every merchant together, or of all fans; the strata each have them once more.",
            ),
            text("value", "The value of it; unknown for a channel that the seed does not name."),
            count("fans", "people", "Fans that are followed.", least=1),
            count("lost", "people", "Those who unfollowed or blocked."),
            *_survival(30),
            *_survival(90),
            nullable(integer("median_days", "days", "First day with survival of at most 0.5; null while more stay.")),
            number("lost_expected", "people", "Losses if everybody in the stratum left alike (log-rank).", least=0),
            nullable(
                number(
                    "logrank_chi2",
                    "1",
                    "Log-rank statistic, one degree of freedom, against the rest of the stratum (hypergeometric variance); "
                    "null without a rest or variance.",
                    least=0,
                )
            ),
            nullable(share("logrank_p", "Chance of a statistic as large if the value made no difference.")),
        ),
        questions=(Question.RETENTION,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id stratum value fans lost survival_30d survival_30d_lo survival_30d_hi survival_90d survival_90d_lo "
            "survival_90d_hi median_days lost_expected logrank_chi2 logrank_p",
            "The fans whom one method won, or with as many ties: how long they stay.",
        ),
        empty=Empty.WARNED,
    ),
    Table(
        "community_people",
        "Grain: merchant × user: those with a tier this month or the last, who invited, who own a chat group, or who "
        "shared into one in the last 30 days. Tiers as in ladder_transitions. Whom somebody invited is who accepted their "
        "invitation first. Owners are rated by the health of their groups in a one-way random effects model over the "
        "owners of all merchants.",
        key="merchant_id, user_id",
        columns=(
            MERCHANT,
            USER,
            choice("tier", TIERS, "Tier of the month of as_of."),
            choice("previous_tier", TIERS, "Tier of the month before."),
            count("months_in_tier", "months", "Months in a row with this tier, from the merchant's first month on.", least=1),
            count("invitees", "people", "People whom the person was the first to invite."),
            count("invitees_new", "people", "Those who had neither followed nor ordered before."),
            count(
                "invitees_adjusted",
                "people",
                "Distinct latest devices of the invitees, without the inviter's own; each without a known device is one.",
            ),
            count("paid_invitees", "people", "Invitees with a paid order not before the invitation."),
            money("invitee_revenue", "Net revenue of these orders, reporting currency."),
            count("matured_invitees", "people", "Invitees who accepted 30 days ago or earlier."),
            count("retained_invitees", "people", "Those of matured_invitees who ordered in the last 30 days."),
            nullable(
                count(
                    "inviter_rank",
                    "place, from 1",
                    "Place among the merchant's inviters by paid_invitees, then invitee_revenue; null for who invited nobody.",
                    least=1,
                )
            ),
            count("groups_owned", "chat groups", "Chat groups of the merchant that the person owns."),
            count("groups_alive", "chat groups", "Those that are not dead."),
            nullable(number("mean_health", "points", "Mean health of these groups; null without one.", least=0, most=100)),
            nullable(
                share(
                    "owner_reliability",
                    "Part of the differences of mean_health that is the owner's and no chance: n·between / (n·between + "
                    "within), variances by Henderson I; null without health, or where no owner has two groups.",
                )
            ),
            nullable(
                number(
                    "owner_effect",
                    "points",
                    "owner_reliability × (mean_health − mean health of all merchants' groups).",
                )
            ),
            count("sends_28d", "messages", "The person's own broadcasts in own groups in the last 28 days."),
            count("operator_hours_28d", "hours", "Hours of the clock with one of them."),
            count(
                "busiest_group_shares_30d", "shares", "Shares into the chat group that got most of the person's last 30 days."
            ),
            nullable(
                flag("is_over_cap", "Whether that is more than the merchant's advised_cap (share_fatigue); null without a cap.")
            ),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
    ),
    Table(
        "ladder_transitions",
        "Grain: merchant × month, from its second × tier of the month before × tier of the month: who climbs the ladder "
        "and who falls. Tiers by month, the highest counts: fan (at its end), buyer (paid), sharer (opened by another), "
        "leader (opened a team, or was the first to invite somebody), bridge (shares of chat groups opened by 3 others, in "
        "2 groups), else none. From none to none there is no row.",
        key="merchant_id, month, from_tier, to_tier",
        columns=(
            MERCHANT,
            month("month", "The later month, such as 2026-03."),
            month_start(),
            choice("from_tier", TIERS, "Tier of the month before."),
            choice("to_tier", TIERS, "Tier of the month, by as_of."),
            count("people", "people", "People who were in the one and are in the other.", least=1),
            nullable(count("from_people", "people", "All who were in from_tier; null for none.")),
            nullable(share("transition_rate", "people / from_people; null for none.")),
            nullable(share("transition_rate_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("transition_rate_hi", "Upper bound of its 95 % Wilson interval.")),
            nullable(
                number(
                    "mean_months_in_tier",
                    "months",
                    "Mean over these people of the months in a row that they had been in from_tier; null for none.",
                    least=1,
                )
            ),
        ),
        questions=(Question.RETENTION,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
        export=export(
            "merchant_id month from_tier to_tier people from_people transition_rate transition_rate_lo transition_rate_hi "
            "mean_months_in_tier",
            "The people who went from one tier to another from a month to the next.",
        ),
        empty=Empty.WARNED,
        time="month_start",
    ),
    Table(
        "pond_ranks",
        "Grain: merchant × pond × user: whom people compete with, by the opens of their shares. A pond is a region, a "
        "living chat group of the merchant whose members are compared, or a circle; it has at least 3 participants, who "
        "had an open in either of the two windows of 28 days.",
        key="merchant_id, pond_kind, pond_id, user_id",
        columns=(
            MERCHANT,
            choice("pond_kind", POND_KINDS, "What the pond is: region, group or circle."),
            identifier("pond_id", "The region, the chat group, or the circle by its smallest member."),
            USER,
            count("participants", "people", "People in the pond.", least=3),
            count("points", "opens", "Opens of the person's shares by others in the last 28 days."),
            count("points_7d_ago", "opens", "The same 7 days before."),
            count("rank", "place, from 1", "1 + the people with more points.", least=1),
            share("percentile", "People with fewer points / all others."),
            nullable(
                count("gap_to_next", "opens", "Points that the next person ahead has more; null for nobody ahead.", least=1)
            ),
            nullable(
                count("gap_behind", "opens", "Points that the next person behind has fewer; null for nobody behind.", least=1)
            ),
            count("overtakes_7d", "people", "People ahead of whom the person is now, and behind whom 7 days before."),
            count("overtaken_7d", "people", "People behind whom the person is now, and ahead of whom 7 days before."),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        audience=Audience.MERCHANT,
    ),
    Table(
        "ties",
        "Grain: merchant × user × friend: what the user gave to the friend in the last 90 days. Weight: Σ e^(−days/30) × 1 "
        "for an open of the friend's share, 2 for an answer to the friend's message in a chat group of the merchant, 5 for "
        "an order through the friend's share, + ln(1 + dwell_seconds).",
        key="merchant_id, user_id, friend_id",
        columns=(
            MERCHANT,
            identifier("user_id", "Who gave.", person=True),
            identifier("friend_id", "To whom.", person=True),
            count("opens", "opens", "Opens of the friend's known shares."),
            count("replies", "messages", "Answers to the friend's messages."),
            count("orders", "orders", "Paid orders through the friend's shares."),
            number("dwell_seconds", "seconds", "Time on pages that were seen through the friend's shares.", least=0),
            number("weight", "weight", "Strength of the tie, with older acts worth less.", least=0),
            number("reverse_weight", "weight", "What the friend gives back; 0 for nothing.", least=0),
            count("tie_rank", "place, from 1", "Place of the friend for the user by weight, then friend_id.", least=1),
        ),
        questions=(Question.CIRCLES,),
        consumers=(ANALYSTS,),
    ),
)
