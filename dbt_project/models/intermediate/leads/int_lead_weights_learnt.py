"""rule: the points that were better, learnt from the leads of 60 days ago; no rows where they are too few."""

from typing import Any

import pyarrow as pa

from dbt_project.lead_weights import suggest

# More than enough for the weights of some rules: of more leads those with the smallest hashes are taken, the same every time.
MOST_LEADS = 200_000
LEAD = ["place", "merchant_id", "user_id"]


def model(dbt: Any, session: Any) -> Any:
    dbt.config(materialized="table")
    rules = dbt.ref("int_lead_rules_valid").filter("cohort = 'learnt'").project("rule_id, points").order("rule_id").df()
    leads = dbt.ref("int_lead_cohorts_filled").filter("cohort = 'learnt'")
    leads = leads.project("md5(merchant_id || chr(31) || user_id) as place, merchant_id, user_id, is_converted")
    leads = leads.order(", ".join(LEAD)).limit(MOST_LEADS).set_alias("leads")
    given = dbt.ref("int_lead_points_given").filter("cohort = 'learnt'").set_alias("given")
    rows = leads.join(given, "leads.merchant_id = given.merchant_id and leads.user_id = given.user_id", how="left")
    rows = rows.project("place, leads.merchant_id, leads.user_id, is_converted, rule_id, points").df()
    converted = rows.groupby(LEAD)["is_converted"].first()
    parts = rows.pivot_table(index=LEAD, columns="rule_id", values="points")
    parts = parts.reindex(index=converted.index, columns=rules["rule_id"]).fillna(0.0)
    suggested = suggest(parts.to_numpy(float), converted.to_numpy(bool), rules["points"].to_numpy(float))
    columns = pa.schema([("rule_id", pa.string()), ("suggested_points", pa.float64())])
    if suggested is None:
        return columns.empty_table()
    return pa.table([rules["rule_id"], suggested], schema=columns)
