"""Learn the churn model in one task, and apply it to merchants in their partitions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyspark.sql.functions as f
from pyspark.sql import Column, DataFrame, SparkSession

from spark_jobs.merchant_churn.features import inputs
from spark_jobs.merchant_churn.merchant_days import Timelines, by_merchants, dates
from spark_jobs.merchant_churn.model import Learned, flagged_before, part_of, score
from spark_jobs.rules.money import SUMMED_MONEY, published_money

_SCORED = (
    "merchant_id string, stage string, churn_probability double, is_churn_flagged boolean, "
    f"reasons array<struct<topic: string, days: int, gap: int, now: {SUMMED_MONEY}, before: {SUMMED_MONEY}>>, "
    "reason_1 string, reason_2 string, reason_3 string"
)
_EVALUATION = (
    "split string, merchants bigint, observations bigint, base_rate double, auc double, brier double, lift_at_10pct double, "
    "calibration_slope double, threshold double, over_half bigint, over_half_left bigint"
)


def learn_churn(observations: DataFrame, capacity: int, fixed_threshold: float | None) -> Learned:
    """Learn from the labelled observations of all merchants, in one task; only the model comes back to the driver.

    Args:
        observations: see `merchant_days.observations`.
        capacity, fixed_threshold: see `learning.learn`.
    """

    def run(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        # Imported only by the task that learns: scikit-learn takes a second.
        from spark_jobs.merchant_churn.learning import learn

        observed = pd.concat([*batches] or [nothing], ignore_index=True)
        yield pd.DataFrame({"learned": [learn(observed, capacity, fixed_threshold).to_json()]})

    nothing = pd.DataFrame(columns=observations.columns)
    labelled = observations.where(f.col("has_left").isNotNull())
    row = labelled.coalesce(1).mapInPandas(run, "learned string").first()
    if row is None:
        raise RuntimeError("the task that learns the churn model gave nothing back")
    return Learned.from_json(row["learned"])


def score_merchants(observations: DataFrame, learned: Learned, as_of: date) -> DataFrame:
    """Stage, probability, flag and reasons of each merchant as of the day; see `model.score`.

    Args:
        observations: see `merchant_days.observations`.
        learned: see `learn_churn`.
    """

    def run(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            yield score(batch, learned)

    return observations.where(f.col("day") == f.lit(as_of)).mapInPandas(run, _SCORED)


def at_risk_since(scored: DataFrame, histories: DataFrame, learned: Learned, as_of: date) -> DataFrame:
    """Since when merchants at risk have been so: the first day of the unbroken run of days that today's model would flag.

    Only merchants at risk and only the days since their last change of stage are looked at, so it costs little.

    Args:
        scored: see `score_merchants`.
        histories: see `merchant_days.merchant_histories`.

    Returns:
        merchant_id, at_risk_since.
    """

    def count_back(timelines: Timelines) -> pa.RecordBatch:
        # Today counts as at risk, even if the last digit of its probability differs here.
        today = timelines.today
        changes = timelines.changes
        entered = changes[np.searchsorted(changes, today, side="right") - 1]
        lengths = today - entered
        days = np.arange(lengths.sum()) + np.repeat(entered - np.cumsum(lengths) + lengths, lengths)
        flagged = flagged_before(timelines.features(days), lengths, learned)
        return timelines.batch(today, {"at_risk_since": dates(timelines.day[today - flagged])})

    at_risk = scored.where(f.col("stage") == "at_risk").select("merchant_id")
    found = histories.join(at_risk, "merchant_id", "left_semi")
    return by_merchants(found, count_back, as_of, "merchant_id string, at_risk_since date")


def merchant_churn_flags(scored: DataFrame, money: DataFrame, since: DataFrame, learned: Learned, capacity: int) -> DataFrame:
    """The mart `merchant_churn_flags`: a row for each merchant.

    Args:
        scored: see `score_merchants`.
        money: see `merchant_days.recent_money`.
        since: see `at_risk_since`.
    """

    def in_a_year(revenue: Column) -> Column:
        """Expected yearly loss of a merchant with this revenue in 28 days; 0 for one that has left already."""
        amount = f.col("churn_probability") * revenue.cast("double") * 365 / 28
        return published_money(f.when(f.col("stage") == "churned", 0).otherwise(amount))

    def with_published_money(reason: Column) -> Column:
        for name in ("now", "before"):
            reason = reason.withField(name, published_money(reason[name]))
        return reason

    return (
        scored.join(money, "merchant_id")
        .join(since, "merchant_id", "left")
        .select(
            "merchant_id",
            "stage",
            "days_since_last_order",
            "days_since_last_login",
            published_money(f.col("revenue_28d")).alias("revenue_28d"),
            published_money(f.col("revenue_prev_28d")).alias("revenue_prev_28d"),
            "churn_probability",
            "is_churn_flagged",
            "at_risk_since",
            "reason_1",
            "reason_2",
            "reason_3",
            f.transform("reasons", with_published_money).alias("reasons"),
            in_a_year(f.col("revenue_28d")).alias("expected_loss"),
            in_a_year(f.greatest("revenue_28d", "revenue_prev_28d", f.lit(0))).alias("at_stake"),
            f.lit(learned.threshold).cast("double").alias("threshold"),
            f.lit(capacity).alias("capacity"),
            f.lit(learned.version).alias("model_version"),
        )
    )


def input_shares(observations: DataFrame, learned: Learned, as_of: date) -> dict[str, list[float]]:
    """How the day's merchants are distributed over the deciles that each input had on the days learnt from.

    Returns:
        By input, the share of the merchants in each part of `Learned.training`; empty without a model.
    """
    if learned.model is None:
        return {}

    def run(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            weighed = inputs(batch)
            parts = [part_of(values, learned.training[name][0]) for name, values in weighed.items()]
            yield pd.DataFrame({"input": np.repeat(list(weighed), len(batch)), "part": np.concatenate(parts)})

    today = observations.where(f.col("day") == f.lit(as_of))
    counts = {name: [0] * len(shares) for name, (_, shares) in learned.training.items()}
    spread = today.mapInPandas(run, "input string, part int").groupBy("input", "part").agg(f.count("*").alias("merchants"))
    for row in spread.collect():
        counts[row["input"]][row["part"]] = row["merchants"]
    return {name: [count / sum(parts) for count in parts] for name, parts in counts.items()}


def churn_model_evaluation(spark: SparkSession, learned: Learned) -> DataFrame:
    """The mart `churn_model_evaluation`: how good the probabilities are, a row for each split."""
    names = [part.split()[0] for part in _EVALUATION.split(", ")]
    rows = [tuple(getattr(evaluation, name) for name in names) for evaluation in learned.evaluations]
    return spark.createDataFrame(rows, _EVALUATION).withColumn("model_version", f.lit(learned.version))
