"""The tables of the area teams."""

from __future__ import annotations

from contract.columns import (
    MERCHANT,
    choice,
    count,
    date,
    flag,
    identifier,
    is_total,
    money,
    month,
    month_start,
    nullable,
    number,
    rate,
    share,
    text,
)
from contract.table import ANALYSTS, MERCHANT_SUCCESS, Empty, Question, Table
from contract.values import BENEFIT_SIDES, GOALS, QUADRANTS

TABLES: tuple[Table, ...] = (
    Table(
        "team_formation",
        "Grain: merchant × region × size_required × benefit_side × goal × opened_date, of the teams "
        "opened by as_of. The region is the team's, else the leader's registered one as of the opening, "
        "else unknown. Formed: reported as formed, or the users present reach size_required before "
        "expiry. Organic: no seat filled by the platform. Failed: not formed and expired by the end of "
        "as_of. Open: the rest, in no denominator.",
        key="merchant_id, region, size_required, benefit_side, goal, opened_date",
        columns=(
            MERCHANT,
            text("region", "ISO 3166-2 code, or unknown."),
            count("size_required", "people", "People needed, the leader among them."),
            choice("benefit_side", BENEFIT_SIDES, "Who gets the benefit: leader, member, both or unknown."),
            choice("goal", GOALS, "What the offer is for: new_users, promotion, clearance or unknown."),
            date("opened_date", "Business date on which the teams were opened."),
            count("opened", "teams", "Teams of this design that were opened on the day.", least=1),
            count("closed", "teams", "Teams that formed or failed by as_of."),
            count("formed_organic", "teams", "Teams formed without a seat filled by the platform."),
            count("formed_auto_filled", "teams", "Teams formed with seats filled by the platform."),
            count("failed", "teams", "Teams that expired without being formed."),
            count("open_at_as_of", "teams", "Teams that neither formed nor failed by as_of."),
            nullable(
                number(
                    "median_seconds_to_form",
                    "seconds",
                    "Median over the organic ones of the seconds from the opening until formed, interpolated; below 0 where "
                    "a team was told to be formed before its opening.",
                )
            ),
            count("members", "people", "Users present at the end (expiry, as_of at the latest), summed over the teams."),
            count("new_buyer_members", "people", "Those of members without a paid order at the merchant before the opening."),
        ),
        questions=(Question.TEAMS,),
        consumers=(ANALYSTS, MERCHANT_SUCCESS),
        time="opened_date",
        empty=Empty.WARNED,
    ),
    Table(
        "team_formation_by_region",
        "Grain: region × month of opening (2026-03), and `all` months, where teams opened; states as in "
        "team_formation. Shrunk rates are posterior means under a beta prior fitted by maximum likelihood "
        "to the month's regions with closed teams; the pooled rate where the likelihood has no inner "
        "maximum.",
        key="region, month",
        columns=(
            text("region", "ISO 3166-2 code, or unknown."),
            month("month", "Month of the opening, such as 2026-03, or all."),
            nullable(month_start()),
            is_total("month = 'all'", "Whether the row is of all months: leave it out, or take nothing else."),
            count("opened", "teams", "Teams opened."),
            count("closed", "teams", "Teams formed or failed."),
            count("formed_organic", "teams", "Teams formed without a seat filled by the platform."),
            count("formed_auto_filled", "teams", "Teams formed with seats filled by the platform."),
            count("failed", "teams", "Teams that expired without being formed."),
            count("open_at_as_of", "teams", "Teams that are neither."),
            rate(share("formation_rate", "formed_organic / closed; null where none is closed."), "formed_organic", "closed"),
            nullable(share("formation_rate_lo", "Lower bound of the rate's 95 % Wilson interval.")),
            nullable(share("formation_rate_hi", "Upper bound of the rate's 95 % Wilson interval.")),
            nullable(share("formation_rate_shrunk", "The rate shrunk towards the month's; null where none is closed.")),
            rate(
                share("formation_rate_incl_auto_filled", "(formed_organic + formed_auto_filled) / closed."),
                "formed_organic + formed_auto_filled",
                "closed",
            ),
            count(
                "registered_users",
                "people",
                "Users whose registered region is this one at the end of the month, of as_of at the latest; "
                "unknown are those registered without one.",
            ),
            rate(
                number(
                    "opens_per_1000_users",
                    "teams per 1,000 users",
                    "1000 × opened / registered_users; null without registered users.",
                    least=0,
                ),
                "1000 * opened",
                "registered_users",
            ),
            nullable(
                choice(
                    "quadrant",
                    QUADRANTS,
                    "many_ or few_opens_ and high_ or low_rate: at or above the month's medians of "
                    "opens_per_1000_users and formation_rate_shrunk over known regions with closed teams and "
                    "registered users; null for the others.",
                )
            ),
        ),
        questions=(Question.TEAMS,),
        consumers=(ANALYSTS,),
        empty=Empty.WARNED,
        time="month_start",
    ),
    Table(
        "team_design",
        "Grain: platform × size_required × benefit_side × goal: which design of a team purchase works. "
        "States as in team_formation.",
        key="size_required, benefit_side, goal",
        columns=(
            count("size_required", "people", "People needed, the leader among them."),
            choice("benefit_side", BENEFIT_SIDES, "Who gets the benefit: leader, member, both or unknown."),
            choice("goal", GOALS, "What the offer is for: new_users, promotion, clearance or unknown."),
            count("opened", "teams", "Teams opened."),
            count("closed", "teams", "Teams formed or failed."),
            count("formed_organic", "teams", "Teams formed without a seat filled by the platform."),
            rate(share("formation_rate", "formed_organic / closed."), "formed_organic", "closed"),
            nullable(share("formation_rate_lo", "Lower bound of its 95 % Wilson interval.")),
            nullable(share("formation_rate_hi", "Upper bound of its 95 % Wilson interval.")),
            nullable(
                share(
                    "formation_rate_standardised",
                    "The rate that the design would have with the platform's mix of region and product category: "
                    "direct standardisation over the cells in which it has closed teams.",
                )
            ),
            nullable(number("standardised_coverage", "ratio", "Share of the platform's closed teams in these cells.")),
            count("thin_cells", "cells", "How many of these cells have under 30 closed teams of the design."),
            flag("is_thin", "Whether the design has under 30 closed teams."),
            nullable(
                number(
                    "median_seconds_to_form",
                    "seconds",
                    "Kaplan–Meier median of the seconds until organically formed; open teams are censored at as_of, "
                    "failed ones never form; null where under half form.",
                )
            ),
            count("members", "people", "Users present at the end, summed over the closed teams."),
            count("new_buyer_members", "people", "Those of members without a paid order at the merchant before the opening."),
            nullable(money("revenue", "Net revenue of the orders of its closed teams, reporting currency.")),
            rate(number("members_per_closed_team", "people per team", "members / closed."), "members", "closed"),
            rate(
                number("new_buyers_per_closed_team", "people per team", "new_buyer_members / closed."),
                "new_buyer_members",
                "closed",
            ),
            rate(
                number("revenue_per_closed_team", "money", "revenue / closed, reporting currency."),
                "revenue",
                "closed",
            ),
        ),
        questions=(Question.TEAMS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "leader_growth",
        "Grain: known region whose shrunk formation rate is in the upper half (all months): where more "
        "leaders would pay, and who they could be.",
        key="region",
        columns=(
            text("region", "ISO 3166-2 code."),
            share("formation_rate_shrunk", "Shrunk rate of team_formation_by_region, all months."),
            count("registered_users", "people", "Users registered there at as_of."),
            number("opens_per_1000_users", "teams per 1,000 users", "Teams opened per 1,000 registered users.", least=0),
            number(
                "median_opens_per_1000_users",
                "teams per 1,000 users",
                "The median of that over known regions with closed teams and registered users.",
            ),
            number(
                "gap_opens_per_1000_users", "teams per 1,000 users", "How far it falls short of the median; negative above it."
            ),
            count("candidates", "people", "Rows of leader_candidates: who they could be.", least=0),
        ),
        questions=(Question.TEAMS,),
        consumers=(ANALYSTS,),
    ),
    Table(
        "leader_candidates",
        "Grain: region of leader_growth × person who could open teams there: up to 20 users registered there, with openers "
        "but no team opened in the last 90 days, by platform influence.",
        key="region, candidate_rank",
        columns=(
            text("region", "ISO 3166-2 code."),
            count("candidate_rank", "place, from 1", "1 has the highest influence of the region.", least=1),
            identifier("user_id", "The person.", person=True),
            count("influence_rank", "place, from 1", "Rank in platform_spreaders.", least=1),
            count("openers", "people", "People who opened the person's shares, of platform_spreaders.", least=1),
        ),
        questions=(Question.TEAMS,),
        consumers=(ANALYSTS,),
    ),
)
