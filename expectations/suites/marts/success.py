"""What must hold of the marts of the area success, beside what their declarations say."""

from __future__ import annotations

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
            "(rank is not null) = (has_left or has_not_sold or is_churn_flagged or has_fallen)",
            "rank, has_left, has_not_sold, is_churn_flagged, has_fallen",
            breaks="update marts.merchant_overview set rank = null",
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
