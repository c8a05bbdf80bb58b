"""Merchant churn as of a day, from lake to lake."""

from __future__ import annotations

import pyspark.sql.functions as f

from spark_jobs.engine.session import run_concurrently
from spark_jobs.families.day import LakeDay, Result, total_events
from spark_jobs.merchant_churn import churn, merchant_days
from spark_jobs.merchant_churn.card import section


def run(day: LakeDay) -> Result:
    capacity = day.settings.churn_capacity
    named = day.event_counts.where(f.col("merchant_id").isNotNull())
    days = merchant_days.merchant_days(named, *day.orders_and_refunds)
    histories = day.keep(merchant_days.merchant_histories(named, days))
    observations = day.keep(merchant_days.observations(histories, day.as_of))
    learned = churn.learn_churn(observations, capacity, day.settings.churn_threshold)
    scored = day.keep(churn.score_merchants(observations, learned, day.as_of))
    money = merchant_days.recent_money(histories, day.as_of)
    since = churn.at_risk_since(scored, histories, learned, day.as_of)

    def write_tables() -> None:
        run_concurrently(
            lambda: day.write("merchant_churn_flags", churn.merchant_churn_flags(scored, money, since, learned, capacity)),
            lambda: day.write("churn_model_evaluation", churn.churn_model_evaluation(day.spark, learned)),
            lambda: day.write("merchant_stage_history", merchant_days.stage_history(histories, day.as_of)),
        )

    _, today = run_concurrently(write_tables, lambda: churn.input_shares(observations, learned, day.as_of))
    return Result(total_events(named), card=section(learned, today), notes={"churn_model": learned.version})
