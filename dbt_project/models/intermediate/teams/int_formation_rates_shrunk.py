"""region × month with closed teams: the formation rate, shrunk towards the month's by empirical Bayes."""

from typing import Any

from dbt_project.beta_binomial import shrink


def model(dbt: Any, session: Any) -> Any:
    dbt.config(materialized="table")
    counted = dbt.ref("int_team_regions_counted").filter("closed > 0").project("month, region, formed_organic, closed").df()
    counted = counted.sort_values(["month", "region"], ignore_index=True)
    groups = counted.groupby("month", sort=False)
    counted["formation_rate_shrunk"] = [
        rate for _, month in groups for rate in shrink(month["formed_organic"].to_numpy(), month["closed"].to_numpy())
    ]
    return counted[["region", "month", "formation_rate_shrunk"]]
