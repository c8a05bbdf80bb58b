"""The allow-list: each table that may leave, each of its columns, and why.

A mart or column that is not here is not exported. Left out of a merchant's pack on purpose: everything about the platform or
other merchants (`platform_spreaders`, `islands`, `spread_motifs`, `team_formation_by_region`, the rows `all` of
`spread_concentration`, all marts about ingest), the platform's own judgement of the merchant (`merchant_churn_flags`), of the
owners of its chat groups and of its models, how long groups live (`group_lifetimes`), what two people give to each other
(`ties`), and every attribute of a person. A region may be a person's: teams and orders are counted by region only where
enough people took part, and by day only without it; nobody is named beside one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from contract.success import RULES
from contract.tables import marts
from exports.policy.people import INVITERS, LEADERS, LEADS, OWNERS, SELLERS, SLEEPERS, SMALLEST_CELL, SPREADERS


class Why(StrEnum):
    """Why a column may leave."""

    KEY = "names the row"
    FIGURE = "a figure of this merchant alone, without an attribute of a person"
    FAN = "a fan of this merchant, who owns its fans; nobody else is named"
    CONTACT = "whether the fan wants to be contacted, which anyone who could contact it has to know"
    MERCHANT = "about the merchant, for its account manager"
    DAY = "the day of all figures"


@dataclass(frozen=True)
class Table:
    """One table of a pack: rows of one mart, those that its owner may see.

    Attributes:
        name: of its files.
        mart: that it reads, in which the descriptions of its columns stand.
        columns: reason by column, in the order of the file. Each file ends with `as_of`, which no table needs to have.
        text: what a row is.
        owner: the column that names whose pack a row is in: `merchant_id`, or the `manager` of the merchant.
        where: SQL of which rows may leave.
        person: the column of the mart that names a person. Rows of people who may not be named are left out.
        shown_as: the column that names the person in the file.
        keeps_strangers: where the person may not be named, the row stays and the name is empty.
        person_key: the person who names the row, if one does. Such rows have a `row_id`, by which the end of one can be told
            without naming anybody.
        order: SQL of the order in which people read the rows of a merchant.
        most: rows of a merchant that may leave, the first in that order.
        ages: the columns that move though nothing happened, with what a day adds; None where a model follows the ages. A row
            in which nothing else changed is left out of the differences.
    """

    name: str
    mart: str
    columns: dict[str, Why]
    text: str
    owner: str = "merchant_id"
    where: str = "true"
    person: str | None = None
    shown_as: str = ""
    keeps_strangers: bool = False
    person_key: str | None = None
    order: str = ""
    most: int | None = None
    ages: Mapping[str, float | None] = field(default_factory=dict)

    @property
    def key(self) -> list[str]:
        """The columns that name a row."""
        return [column for column, why in self.columns.items() if why is Why.KEY or column == self.person_key]

    @property
    def persons(self) -> list[str]:
        """The columns about a person, whose old values are never told: the row may have been of another."""
        return [column for column, why in self.columns.items() if why in (Why.FAN, Why.CONTACT)]

    def sql(self, db: str, merchants: str | None = None) -> str:
        """SQL of its rows in a catalog, all columns of the mart among them.

        Args:
            db: the catalog, which has the temp table `fans_<db>`.
            merchants: a table of the merchants to read, for all if there is none.
        """
        columns, joins, where = ["rows.*"], "", [f"({self.where})"]
        if self.person is not None:
            shown = f"fans.shown as {self.shown_as}"
            columns = [f"rows.* replace ({shown})"] if self.shown_as == self.person else ["rows.*", shown]
            columns += [f"fans.{column}" for column in (*_NAMES, *_CONTACT) if column in self.columns or column in _NAMES]
            joins += f"""{"left " if self.keeps_strangers else ""}join fans_{db} as fans
                on rows.merchant_id = fans.merchant_id and rows.{self.person} = fans.user_id"""
        if self.owner == "manager" and self.mart != OVERVIEW:
            columns.append("owners.manager")
            owners = f"(select merchant_id, manager from {db}.marts.{OVERVIEW})"
            joins += f" join {owners} as owners on rows.merchant_id = owners.merchant_id"
        if self.mart == OVERVIEW:
            columns.append("reasons_in_words.* exclude (merchant_id)")
            joins += f" left join reasons_{db} as reasons_in_words on rows.merchant_id = reasons_in_words.merchant_id"
        if merchants is not None:
            where.append(f"rows.merchant_id in (select merchant_id from {merchants})")
        first = f"qualify row_number() over (partition by rows.merchant_id order by {self.order}) <= {self.most}"
        return f"""select {", ".join(columns)} from {db}.marts.{self.mart} as rows {joins}
            where {" and ".join(where)} {first if self.most else ""}"""


PRODUCTS = 5
PAGES = 5
CHANNELS = 12
FAN_MONTHS = 6
CAMPAIGNS = 10
UNPAID = 10  # channels of lives
GROUPS = 10
OUTREACH = 10
OVERVIEW = "merchant_overview"  # the mart that knows a merchant's manager
# Beside a person who is named to a merchant: whether it may contact the person, and why not.
_CONTACT = ("may_contact", "no_contact_reason")
_LARGE_ENOUGH = f"people >= {SMALLEST_CELL}"
# The tier of a city may be a person's.
_PACKETS = f"rows.merchant_id <> 'all' and (city_tier = 'all' or receivers >= {SMALLEST_CELL})"
# The name that a fan chose: whole for the merchant that may contact the fan, masked for everybody else.
_NAMES = ("display_name", "masked_name")
# Which rows of a mart may leave, where not all.
_ONLY = {
    "merchant_cube": f"period <> 'day' and (dimension <> 'region' or buyers >= {SMALLEST_CELL})",
    "merchant_team_regions": _LARGE_ENOUGH,
    "spread_concentration": "merchant_id <> 'all'",
    "red_packet_response": _PACKETS,
    "lead_score_deciles": "rows.merchant_id <> 'all'",
    # What a rule looks at may be a person's.
    "lead_rules_review": f"rows.merchant_id <> 'all' and least(matched, leads - matched) >= {SMALLEST_CELL}",
    **dict.fromkeys(("fan_survival", "community_days"), "rows.merchant_id <> 'all'"),
    "share_fatigue": f"rows.merchant_id <> 'all' and exposures >= {SMALLEST_CELL}",
    # A merchant sees how far its representatives differ, and none of them by name.
    "sales_reps": "rep_id = 'all'",
}


def _columns(key: str, figures: str, persons: str = "", why: Why = Why.FIGURE) -> dict[str, Why]:
    columns = dict.fromkeys(key.split(), Why.KEY) | {name: why for name in figures.split() if name not in key.split()}
    named = dict.fromkeys((*persons.split(), *_NAMES), Why.FAN) | dict.fromkeys(_CONTACT, Why.CONTACT)
    return {name: named.get(name, reason) for name, reason in columns.items()}


def _of_merchants() -> Iterator[Table]:
    """What a merchant gets: the exports that marts declare. Where a person names a row, it has the rows of the merchant's fans;
    where a row merely names one, the name stays empty unless it is a fan."""
    for mart in marts():
        if mart.export is None:
            continue
        names = mart.export.columns
        person = next((column.name for column in mart.columns if column.is_person and column.name in names), None)
        if person is not None:
            after = names.index(person) + 1
            nickname = ("display_name",) if person in mart.key_columns else ()
            names = (*names[:after], *nickname, *_CONTACT, *names[after:])
        yield Table(
            mart.export.file or mart.name,
            mart.name,
            _columns(
                " ".join(name for name in ("merchant_id", *mart.key_columns) if name != person), " ".join(names), person or ""
            ),
            mart.export.row,
            where=_ONLY.get(mart.name, "true"),
            person=person,
            shown_as=person or "",
            keeps_strangers=person is not None and person not in mart.key_columns,
            person_key=person if person in mart.key_columns else None,
            ages=mart.export.ages,
        )


MERCHANT_TABLES = tuple(_of_merchants())

MANAGER_TABLES = (
    Table(
        "calls",
        OVERVIEW,
        _columns(
            "merchant_id",
            """rank name days_on_list stage since churn_probability at_stake expected_loss reason_1 reason_2 reason_3
            days_since_last_order days_since_last_login revenue_28d revenue_prev_28d revenue_365d""",
            why=Why.MERCHANT,
        ),
        "A merchant that needs a call, and why.",
        owner="manager",
        where="rank is not null",
    ),
    Table(
        "merchants",
        OVERVIEW,
        _columns(
            "merchant_id",
            """name plan snoozed_until left_list_on left_list_reason stage since churn_probability at_stake expected_loss fans
            revenue_per_fan revenue_28d revenue_prev_28d growth_month month_change user_effect per_fan_effect retention
            teams_closed formation_rate shares opens revenue_led""",
            why=Why.MERCHANT,
        ),
        "A merchant of the account manager.",
        owner="manager",
    ),
    Table(
        "red_merchants",
        "red_merchants",
        _columns("merchant_id", "paid paid_expected paid_change cause cause_change advice advice_zh"),
        "A merchant whose payments of the day fell out of what was to be expected, with the cause and what to do about it.",
        owner="manager",
        order="paid_change",
    ),
    Table(
        "regions",
        "merchant_team_regions",
        _columns(
            "merchant_id region",
            """opened open_at_as_of closed formed_organic formed_auto_filled failed formation_rate formation_rate_lo
            formation_rate_hi people""",
        ),
        f"Team purchases of a merchant in one region, over all time; regions where fewer than {SMALLEST_CELL} people took part "
        "are left out.",
        owner="manager",
        where=_LARGE_ENOUGH,
        order="formation_rate nulls last, region",
    ),
    Table(
        "leaders",
        "leaders_to_win",
        _columns(
            "merchant_id",
            "fan masked_name opened open_at_as_of formed_organic formed_auto_filled failed last_opened_date",
            "fan",
        ),
        f"A leader to win: a fan whose teams formed, at most {LEADERS} a merchant. Who may not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="formed_organic desc, opened, fan",
        most=LEADERS,
    ),
    Table(
        "spreaders",
        "spreaders_to_thank",
        _columns("merchant_id", "fan masked_name shares openers revenue_led is_connector", "fan"),
        f"A spreader to thank: a fan whose shares others opened in the last 90 days, at most {SPREADERS} a merchant. Who may "
        "not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="revenue_led desc, openers desc, fan",
        most=SPREADERS,
    ),
    Table(
        "fans_to_wake",
        "fans_to_wake",
        _columns("merchant_id", "fan masked_name orders revenue last_order_date last_product expected_value_365d", "fan"),
        f"A fan to wake: who bought more than once, but not in the last {RULES['asleep_days']} days, at most {SLEEPERS} a "
        "merchant. Who may not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="expected_value_365d desc nulls last, revenue desc, fan",
        most=SLEEPERS,
    ),
    Table(
        "leads",
        "lead_scores",
        _columns(
            "merchant_id",
            """fan masked_name band score advice entry_source last_behaviour_date touches points_profile points_watch
            points_depth points_login""",
            "fan",
        ),
        f"A hot or warm lead who is a fan, has not bought and may be contacted, at most {LEADS} a merchant: those to call "
        "first, then those who were called often enough.",
        owner="manager",
        where="band <> 'cold' and state not in ('converted', 'suppressed')",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="advice <> 'call', score desc, fan",
        most=LEADS,
        ages={"score": None, "points_watch": None, "points_depth": None, "points_login": None},
    ),
    Table(
        "outreach",
        "outreach_results",
        _columns(
            "merchant_id month stratum value",
            "attempts matured accepted accepted_rate accepted_rate_lo accepted_rate_hi opted_out attempts_after_opt_out",
        ),
        f"Outreach of a month, in all, of one kind, script or hour, that fewer accepted than is claimed, at most {OUTREACH} a "
        "merchant.",
        owner="manager",
        where="band = 'below'",
        order="month desc, accepted_rate, stratum, value",
        most=OUTREACH,
    ),
    Table(
        "representatives",
        "sales_reps",
        _columns(
            "merchant_id month rep_id",
            "verdict matured purchased purchase_rate purchase_rate_shrunk reply_seconds_p50 script_score",
        ),
        "A representative of the merchant who sold to more or fewer customers of a month than the others, by more than chance.",
        owner="manager",
        where="verdict <> 'usual' and purchase_rate_shrunk is not null",
        order="month desc, purchase_rate_shrunk, rep_id",
    ),
    Table(
        "products",
        "product_ranking",
        _columns("merchant_id product_id", "title rank orders buyers sold_value orders_via_shares shares opens pins"),
        f"A product that was sold, shared or opened in the last {RULES['product_days']} days, at most {PRODUCTS} a merchant.",
        owner="manager",
        order="rank",
        most=PRODUCTS,
    ),
    Table(
        "leaking_pages",
        "leaking_pages",
        _columns(
            "merchant_id object_type object_id",
            """rank title journeys exits exit_rate other_exit_rate paid_journeys expected_paid_journeys missing_paid_journeys
            advice""",
        ),
        "A page on which more people leave than on the merchant's others of the kind, and fewer buy than expected, at most "
        f"{PAGES} a merchant.",
        owner="manager",
        order="rank",
        most=PAGES,
    ),
    Table(
        "channels",
        "merchant_channels",
        _columns(
            "merchant_id channel",
            "arrivals settled buyers conversion repeat_buyers repurchase_rate revenue spend roi verdict",
        ),
        f"A channel of a merchant over the last {RULES['channel_months']} months, and what to make of it.",
        owner="manager",
        order="arrivals desc, spend desc, channel",
        most=CHANNELS,
    ),
    Table(
        "fan_statement",
        "traffic_assets",
        _columns(
            "merchant_id month",
            """opening_fans won_direct won_fission regained lost_unfollowed lost_blocked closing_fans active_fans reachable_fans
            reachable_share""",
        ),
        f"A month of a merchant: the fans it opened and closed with, and how they came and went; the last {FAN_MONTHS}.",
        owner="manager",
        order="month desc",
        most=FAN_MONTHS,
    ),
    Table(
        "groups",
        "groups_to_revive",
        _columns(
            "merchant_id group_id",
            """rank causes health weakest_axis survival_colour activity_colour conversion_colour growth_colour official_share
            kind state members last_message_date silent_days messages_7d messages_prev_7d""",
        ),
        "A chat group to revive, and why: it falls silent (no message for 7 days, or at most half as many as the week before), "
        f"its talk is one-way, it is active but nobody buys, or an axis of its health is red; at most {GROUPS} a merchant.",
        owner="manager",
        order="rank",
        most=GROUPS,
        ages={"silent_days": 1},
    ),
    Table(
        "owners",
        "group_owners",
        _columns(
            "merchant_id group_id",
            """fan masked_name verdict groups_owned groups_alive mean_health health weakest_axis sends_28d
            operator_hours_28d""",
            "fan",
        ),
        "An owner of chat groups whose groups do better or worse than all merchants', by more than chance gives few of them, "
        f"at most {OWNERS} a merchant, with the weakest of these groups. Who is no fan, as staff often is, or may not be "
        "contacted is not named.",
        owner="manager",
        where="verdict <> 'usual'",
        person="user_id",
        shown_as="fan",
        keeps_strangers=True,
        order="place, verdict desc",
        most=OWNERS,
    ),
    Table(
        "sellers_over_cap",
        "sellers_over_cap",
        _columns("merchant_id", "fan masked_name busiest_group_shares_30d advised_cap", "fan"),
        "A fan who in the last 30 days shared into one chat group more often than is good for it, at most "
        f"{SELLERS} a merchant. Who may not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="busiest_group_shares_30d desc, fan",
        most=SELLERS,
    ),
    Table(
        "inviters",
        "inviters_to_thank",
        _columns(
            "merchant_id",
            """fan masked_name inviter_rank invitees invitees_new invitees_adjusted paid_invitees invitee_revenue
            matured_invitees retained_invitees""",
            "fan",
        ),
        f"An inviter to thank: a fan whom others joined, at most {INVITERS} a merchant. Who may not be contacted is left out.",
        owner="manager",
        person="user_id",
        shown_as="fan",
        person_key="fan",
        order="inviter_rank, fan",
        most=INVITERS,
    ),
    Table(
        "people_months",
        "community_months",
        _columns(
            "merchant_id month",
            """active_users new_users retained_users resurrected_users lost_users retention_rate revenue_new revenue_retained
            revenue_resurrected revenue_other""",
        ),
        "A month of a merchant: the people active in it, how many were new, stayed, came back and left, with what each of them "
        f"paid; the last {FAN_MONTHS}.",
        owner="manager",
        order="month desc",
        most=FAN_MONTHS,
    ),
    Table(
        "campaigns",
        "campaign_review",
        _columns(
            "merchant_id campaign_id",
            """title starts_at ends_at verdict steps_missing orders target_orders revenue target_revenue spend new_buyers uplift
            uplift_lo uplift_hi""",
        ),
        f"A campaign, at most {CAMPAIGNS} a merchant: those whose steps are not tracked, then the latest.",
        owner="manager",
        order="verdict <> 'untracked', ends_at desc nulls last, campaign_id",
        most=CAMPAIGNS,
    ),
    Table(
        "unpaid_lives",
        "live_channels",
        _columns(
            "merchant_id live_id channel", "started_date spend arrivals viewers orders direct_revenue revenue return_on_spend"
        ),
        f"A channel of a live stream whose money did not come back, the latest {UNPAID} of a merchant.",
        owner="manager",
        where="verdict = 'not_paid_back'",
        order="started_date desc, live_id, channel",
        most=UNPAID,
    ),
    Table(
        "red_packets",
        "red_packet_response",
        _columns(
            "merchant_id city_tier band",
            """packets shared share_rate share_rate_isotonic cost orders revenue gain_per_packet is_optimum is_in_interval""",
        ),
        "Red packets of one band of amounts to people in cities of one tier, or of all; tiers with fewer than "
        f"{SMALLEST_CELL} people in the band are left out.",
        owner="manager",
        where=_PACKETS,
        order="city_tier <> 'all', city_tier, cast(regexp_extract(band, '^[0-9]+') as integer)",
    ),
)
