"""Lifetime value as of a day, from lake to lake."""

from __future__ import annotations

from spark_jobs.engine.session import run_concurrently
from spark_jobs.families.day import LakeDay, Result
from spark_jobs.lifetime_value import lifetimes
from spark_jobs.lifetime_value.card import section
from spark_jobs.lifetime_value.cohort_value import cohort_value
from spark_jobs.lifetime_value.purchases import customers, gap_percentile, purchase_days

SPEND = "shop.spend_recorded.v1"
EVENTS = ("shop.order_paid.v1", "shop.order_refunded.v1", SPEND)


def run(day: LakeDay) -> Result:
    orders, refunds = day.orders_and_refunds
    days = day.keep(purchase_days(orders, refunds))
    histories = day.keep(customers(days, day.as_of))
    merchants, platform = lifetimes.fit_merchants(histories), lifetimes.fit_platform(histories)
    parameters = day.keep(lifetimes.choose_parameters(merchants, platform))
    scored = day.keep(lifetimes.score_customers(histories, parameters))
    values = lifetimes.lifetime_value(scored)
    day.write("lifetime_value", values)

    def write_tables() -> None:
        run_concurrently(
            lambda: day.write("ltv_model", lifetimes.ltv_model(scored, parameters)),
            lambda: day.write("fan_churn_flags", lifetimes.fan_churn_flags(values, gap_percentile(days))),
            lambda: day.write("cohort_value", cohort_value(orders, refunds, values, day.read(SPEND))),
        )

    _, by_frequency, by_week = run_concurrently(
        write_tables,
        lambda: lifetimes.holdout_by_frequency(scored).orderBy("frequency").collect(),
        lambda: lifetimes.holdout_by_week(histories, parameters, days, day.as_of).orderBy("week").collect(),
    )
    card = section([tuple(row) for row in by_frequency], [tuple(row) for row in by_week])
    return Result(day.events_of(*EVENTS), card=card)
