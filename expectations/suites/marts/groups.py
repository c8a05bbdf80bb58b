"""What must hold of the marts of the area groups, beside what their declarations say."""

from __future__ import annotations

from expectations.suites import Expectation, Rules, agree, mart_holds

RULES: Rules = {
    "group_survival": (
        mart_holds(
            "group_survival",
            "band",
            """deaths <= at_risk and (survival_lo is null) = (survival_hi is null)
            and (survival_lo is null or survival_lo <= survival and survival <= survival_hi)""",
            "at_risk, deaths, survival, survival_lo, survival_hi",
            breaks="update marts.group_survival set survival_lo = 0.9 where survival = 0.75",
        ),
        Expectation(
            "only falls",
            "survival and the groups at risk only fall, day by day without a gap from 0",
            """select stratum, value, day, survival, at_risk from (
                select *,
                    lag(survival, 1, 1.0) over days as survival_before,
                    lag(at_risk - deaths, 1, at_risk) over days as left_before,
                    lag(day, 1, -1) over days as day_before
                from marts.group_survival window days as (partition by stratum, value order by day)
            ) where survival > survival_before or at_risk > left_before or day <> day_before + 1""",
            breaks="update marts.group_survival set survival = 0.8 where survival = 0.5",
        ),
    ),
    "group_lifetimes": (
        agree(
            "adds up to group_survival",
            "groups are those at risk on day 0, deaths those of all days",
            "select stratum, value, groups, deaths from marts.group_lifetimes where groups > 0",
            """select stratum, value, max(at_risk) filter (where day = 0) as groups, sum(deaths) as deaths
            from marts.group_survival group by all""",
            needs=("group_survival",),
            breaks="update marts.group_lifetimes set deaths = 2 where value = 'product'",
        ),
        agree(
            "strata add up",
            "the groups and deaths of each stratum add up to those of all",
            "select stratum, sum(groups) as groups, sum(deaths) as deaths from marts.group_lifetimes group by all",
            """select stratum, groups, deaths from (select distinct stratum from marts.group_lifetimes) cross join (
                select sum(groups) as groups, sum(deaths) as deaths from marts.group_lifetimes where stratum = 'all'
            )""",
            breaks="delete from marts.group_lifetimes where value = 'unknown'",
        ),
        mart_holds(
            "group_lifetimes",
            "deaths",
            "deaths <= groups",
            "deaths, groups",
            breaks="update marts.group_lifetimes set deaths = 4 where value = 'product'",
        ),
    ),
}
