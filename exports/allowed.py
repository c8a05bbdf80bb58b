"""The allow-list of a merchant's pack: each column that may leave in it, and why.

A mart or column that is not here is not exported. Left out on purpose: everything about the platform or other merchants
(`platform_spreaders`, `islands`, `spread_motifs`, `team_formation_by_region`, the rows `all` of `spread_concentration`, all
marts about ingest), the platform's own judgement of the merchant (`merchant_churn_flags`, `churn_model_evaluation`) and of
its models (`ltv_model`), and every attribute of a person.
"""

from __future__ import annotations

from dataclasses import dataclass

KEY = "names the row"
FIGURE = "a figure of this merchant alone"
OWN_FAN = "a fan of this merchant, who owns its fans; others are left off"


@dataclass(frozen=True)
class Table:
    """One table of the pack.

    Attributes:
        mart: its name.
        columns: reason by column, in the order of the file.
        fan_rows: the column of persons whose rows are left out unless they are fans of the merchant at the end of the day.
        fan_names: columns of persons that are left empty unless they are.
    """

    mart: str
    columns: dict[str, str]
    fan_rows: str | None = None
    fan_names: tuple[str, ...] = ()


def _table(mart: str, key: str, figures: str, *, fan_rows: str | None = None, fan_names: tuple[str, ...] = ()) -> Table:
    persons = {fan_rows, *fan_names}
    columns = dict.fromkeys(key.split(), KEY) | dict.fromkeys(figures.split(), FIGURE)
    return Table(mart, {name: OWN_FAN if name in persons else why for name, why in columns.items()}, fan_rows, fan_names)


TABLES = (
    _table(
        "per_fan_revenue",
        "merchant_id as_of",
        """window_days avg_fans fans_end window_fans buying_fans direct_revenue assisted_revenue revenue_per_fan
        revenue_per_fan_annualised revenue_per_fan_p50 revenue_per_fan_p90 zero_revenue_fan_share""",
    ),
    _table(
        "fan_revenue",
        "merchant_id user_id",
        """direct_revenue assisted_revenue_last_touch assisted_revenue_first_touch assisted_revenue_linear first_order_at
        orders refunds is_window_fan is_fan_at_end is_supporting_fan""",
        fan_rows="user_id",
    ),
    _table(
        "growth_split",
        "merchant_id month",
        "revenue avg_fans revenue_per_fan is_complete revenue_change user_effect per_fan_effect",
    ),
    _table(
        "cohort_retention",
        "merchant_id cohort_month period",
        "cohort_size retained_on retained_on_or_after orders revenue cumulative_revenue_per_fan is_complete",
    ),
    _table(
        "team_formation",
        "merchant_id region size_required benefit_side goal opened_date",
        """opened closed formed_organic formed_auto_filled failed open_at_as_of median_seconds_to_form members
        new_buyer_members""",
    ),
    _table(
        "cascades",
        "merchant_id root_share_id",
        """root_user_id object_type object_id started_at shares sharers reach depth max_breadth structural_virality
        seconds_to_half orders revenue""",
        fan_names=("root_user_id",),
    ),
    _table("cascade_layers", "merchant_id root_share_id depth", "shares sharers openers orders revenue"),
    _table(
        "cascade_nodes",
        "merchant_id share_id",
        """user_id channel shared_at root_share_id parent_share_id parent_status depth subtree_shares subtree_orders
        subtree_revenue""",
        fan_names=("user_id",),
    ),
    _table(
        "spreaders",
        "merchant_id user_id as_of",
        """shares opens openers orders_led revenue_led subtree_revenue influence influence_rank circles_reached bridge_score
        is_connector""",
        fan_rows="user_id",
    ),
    _table("circle_quality", "merchant_id", "users edges circles median_members cpm_quality modularity"),
    _table(
        "spread_concentration",
        "merchant_id metric",
        "users total top_1pct_share top_01pct_share users_for_half gini",
    ),
    _table("share_mix", "merchant_id channel month", "shares share_of_shares opens orders revenue"),
    _table(
        "lifetime_value",
        "merchant_id user_id",
        """frequency recency_weeks age_weeks monetary_value p_alive expected_orders_90d expected_orders_365d
        expected_value_365d""",
        fan_rows="user_id",
    ),
    _table(
        "fan_churn_flags",
        "merchant_id user_id",
        "frequency recency_weeks age_weeks p_alive expected_orders_90d expected_value_365d is_churn_flagged",
        fan_rows="user_id",
    ),
)
