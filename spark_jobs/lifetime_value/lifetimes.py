"""What a fan will still bring: BG/NBD and Gamma-Gamma, fitted for each merchant, and applied to all who share parameters.

A merchant with under 100 repeat customers, or whose fit does not converge, gets the parameters of all merchants' customers
taken together. The forecast for the holdout comes from own and pooled fits on the days before it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pyspark.sql.functions as f
from pyspark.sql import Column, DataFrame

from spark_jobs.lifetime_value import bgnbd, gamma_gamma
from spark_jobs.lifetime_value.likelihood import Vector
from spark_jobs.rules.money import published_money

MINIMUM_REPEAT_CUSTOMERS = 100
MOST_FREQUENT, MOST_WEEKS = 7, 26  # of the model card's summaries
ORDERS_90D, ORDERS_365D = 90 / 7, 365 / 7  # weeks
BEFORE = tuple(f"{name}_before" for name in bgnbd.PARAMETERS)
ESTIMATES = (*bgnbd.PARAMETERS, *gamma_gamma.PARAMETERS)
ERRORS = tuple(f"{name}_se" for name in ESTIMATES)
_FIT_SCHEMA = ", ".join(
    ["merchant_id string", "customers bigint", "repeat_customers bigint", "repeat_customers_before bigint"]
    + [f"{name} double" for name in (*ESTIMATES, *ERRORS, *BEFORE)]
    + ["is_at_bound boolean", "has_converged boolean", "has_converged_before boolean"]
)
_SCORES = ("p_alive", "expected_orders_90d", "expected_orders_365d", "expected_value", "holdout_orders_expected")
_LIKELIHOODS = ("log_likelihood", "value_log_likelihood")
# Sums of doubles depend on their order, sums of decimals do not.
_EXACT = "decimal(38,12)"
_InPandas = Callable[[Iterable[pd.DataFrame]], Iterator[pd.DataFrame]]  # for `mapInPandas`


def fit_merchants(customers: DataFrame) -> DataFrame:
    """Fit each merchant's own parameters, if it has enough repeat customers.

    Args:
        customers: see `purchases.customers`.

    Returns:
        A row a merchant: merchant_id, customers, repeat_customers, repeat_customers_before, the estimates, their standard
        errors, the BG/NBD estimates before the holdout, is_at_bound, has_converged and has_converged_before. What was not
        fitted is null, and so is what is not a number.
    """
    repeat, repeat_before = (f.count(f.when(f.col(name) > 0, 1)) for name in ("x", "x_before"))
    counts = customers.groupBy("merchant_id").agg(
        f.count("x").alias("customers"), repeat.alias("repeat_customers"), repeat_before.alias("repeat_customers_before")
    )
    is_fitted = f.col("repeat_customers") >= MINIMUM_REPEAT_CUSTOMERS
    fitted = customers.join(counts.where(is_fitted).select("merchant_id"), "merchant_id", "left_semi")
    columns = ("merchant_id", "x", "recency", "age", "mean", "x_before", "recency_before", "age_before")
    own = fitted.select(*columns).groupBy("merchant_id").applyInPandas(_fit_own, _FIT_SCHEMA)
    never = {name: f.lit(False) for name in ("is_at_bound", "has_converged", "has_converged_before")}
    return own.unionByName(counts.where(~is_fitted).withColumns(never), allowMissingColumns=True)


def fit_platform(customers: DataFrame) -> DataFrame:
    """One fit over the customers of all merchants together; the columns of `fit_merchants`.

    Customers with equal histories are counted before they are brought to one partition; their mean value is rounded to
    cents for that.
    """
    whole = _counted(customers, "x", "recency", "age", f.round("mean", 2).alias("mean"))
    before = _counted(customers, "x_before", "recency_before", "age_before")
    everybody = whole.unionByName(before, allowMissingColumns=True).withColumn("merchant_id", f.lit("platform"))
    return everybody.groupBy("merchant_id").applyInPandas(_fit_all, _FIT_SCHEMA)


def _counted(customers: DataFrame, *columns: Any) -> DataFrame:
    return customers.groupBy(*columns).agg(f.count("*").cast("double").alias("n"))


def _fit_own(rows: pd.DataFrame) -> pd.DataFrame:
    return _fit(rows, MINIMUM_REPEAT_CUSTOMERS)


def _fit_all(rows: pd.DataFrame) -> pd.DataFrame:
    return _fit(rows, 0)


def _fit(rows: pd.DataFrame, minimum: int) -> pd.DataFrame:
    """Fit some customers; a column `n`, if there is one, says how many of them a row stands for.

    Args:
        minimum: with fewer repeat customers nothing is fitted.
    """
    weights = rows["n"].to_numpy(np.float64) if "n" in rows else None
    whole, before = _histories(rows, weights, ""), _histories(rows, weights, "_before")
    repeat, repeat_before = (int(known.customers[known.x > 0].sum()) for known in (whole, before))
    fit = bgnbd.fit(whole) if repeat >= minimum else None
    fit_before = bgnbd.fit(before) if repeat_before >= minimum else None
    spends, value = rows["mean"].notna().to_numpy(), None
    if fit and spends.any():
        times, means = rows["x"].to_numpy()[spends].astype(np.int64), rows["mean"].to_numpy()[spends]
        value = gamma_gamma.fit(times, means, None if weights is None else weights[spends])
    is_value_fitted = value is not None and value.has_converged and not gamma_gamma.is_degenerate(value.parameters)
    fits = ((fit, len(bgnbd.PARAMETERS)), (value, len(gamma_gamma.PARAMETERS)))
    estimates = [number for one, size in fits for number in (_or_null(one.parameters) if one else [None] * size)]
    errors = [number for one, size in fits for number in (_or_null(one.standard_errors) if one else [None] * size)]
    row: dict[str, object] = {
        "merchant_id": rows["merchant_id"].iloc[0],
        "customers": int(whole.customers.sum()),
        "repeat_customers": repeat,
        "repeat_customers_before": repeat_before,
        **dict(zip(ESTIMATES, estimates, strict=True)),
        **dict(zip(ERRORS, errors, strict=True)),
        **dict(zip(BEFORE, fit_before.parameters if fit_before else [None] * len(BEFORE), strict=True)),
        "is_at_bound": any(one.at_bound.any() for one, _ in fits if one),
        "has_converged": fit is not None and fit.has_converged and is_value_fitted,
        "has_converged_before": fit_before is not None and fit_before.has_converged,
    }
    return pd.DataFrame([row])


def _histories(rows: pd.DataFrame, weights: Vector | None, suffix: str) -> bgnbd.Histories:
    names = [f"{name}{suffix}" for name in ("x", "recency", "age")]
    known = rows[names[0]].notna().to_numpy()
    x, recency, age = (rows[name].to_numpy(np.float64)[known] for name in names)
    return bgnbd.Histories.group(x, recency, age, None if weights is None else weights[known])


def _or_null(values: Any) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]


def choose_parameters(merchants: DataFrame, platform: DataFrame) -> DataFrame:
    """The parameters used for each merchant, its own or the platform's.

    Args:
        merchants: see `fit_merchants`.
        platform: see `fit_platform`.

    Returns:
        merchant_id, customers, repeat_customers, fallback, is_at_bound, the estimates, errors and estimates before the holdout.
    """
    fallback = (
        f.when(f.col("own.repeat_customers") < MINIMUM_REPEAT_CUSTOMERS, "too_few_customers")
        .when(~f.col("own.has_converged"), "not_converged")
        .otherwise("none")
    )
    is_pooled_before = (f.col("own.repeat_customers_before") < MINIMUM_REPEAT_CUSTOMERS) | ~f.col("own.has_converged_before")
    is_pooled = f.col("fallback") != "none"

    def chosen(name: str, pooled: Column) -> Column:
        return f.when(pooled, f.col(f"pool.{name}")).otherwise(f.col(f"own.{name}")).alias(name)

    return (
        merchants.alias("own")
        .crossJoin(f.broadcast(platform.alias("pool")))
        .withColumn("fallback", fallback)
        .select(
            "own.merchant_id",
            "own.customers",
            "own.repeat_customers",
            "fallback",
            *(chosen(name, is_pooled) for name in ("is_at_bound", *ESTIMATES, *ERRORS)),
            *(chosen(name, is_pooled_before) for name in BEFORE),
        )
    )


def score_customers(customers: DataFrame, parameters: DataFrame) -> DataFrame:
    """Score each merchant's customers with its parameters.

    Args:
        customers: see `purchases.customers`.
        parameters: see `choose_parameters`.

    Returns:
        merchant_id, user_id, x, recency, age, mean, x_before, holdout_days, holdout_orders, then p_alive, the expected orders
        of 90 and 365 days, expected_value (of 365 days; null where the model has no finite mean), holdout_orders_expected
        (null for those not known before the holdout) and both log-likelihoods. All null for a fan without a purchase.
    """
    kept = (
        "merchant_id string, user_id string, x bigint, recency double, age double, mean double, "
        "x_before bigint, holdout_days int, holdout_orders bigint"
    )
    schema = f"{kept}, {', '.join(f'{name} double' for name in (*_SCORES, *_LIKELIHOODS))}"
    used = parameters.select("merchant_id", *ESTIMATES, *BEFORE)
    scored = customers.join(used, "merchant_id").sortWithinPartitions("merchant_id")
    return scored.mapInPandas(_of_equal_parameters(_score, *ESTIMATES, *BEFORE), schema)


def _of_equal_parameters(function: Callable[[pd.DataFrame], pd.DataFrame], *names: str) -> _InPandas:
    """Applies a function to customers who share parameters, as most merchants' do: some thousands of them at once."""

    def run(batches: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for batch in batches:
            for _, rows in batch.groupby([*names], dropna=False, sort=False):
                yield function(rows.reset_index(drop=True))

    return run


def _score(rows: pd.DataFrame) -> pd.DataFrame:
    """The scores of customers who share parameters."""
    kept = rows[["merchant_id", "user_id", "x", "recency", "age", "mean", "x_before", "holdout_days", "holdout_orders"]]
    scores = {name: np.full(len(rows), np.nan) for name in (*_SCORES, *_LIKELIHOODS)}
    parameters, value_parameters, before = (
        rows.loc[0, list(names)].to_numpy(np.float64) for names in (bgnbd.PARAMETERS, gamma_gamma.PARAMETERS, BEFORE)
    )

    is_buyer = rows["x"].notna().to_numpy()
    buyers = rows[is_buyer]
    history = (buyers["x"].to_numpy(np.int64), buyers["recency"].to_numpy(), buyers["age"].to_numpy())
    scores["p_alive"][is_buyer] = bgnbd.p_alive(parameters, *history)
    scores["expected_orders_90d"][is_buyer] = bgnbd.expected_purchases(parameters, *history, ORDERS_90D)
    orders_365d = bgnbd.expected_purchases(parameters, *history, ORDERS_365D)
    scores["expected_orders_365d"][is_buyer] = orders_365d
    value = orders_365d * gamma_gamma.expected_value(value_parameters, history[0], buyers["mean"].fillna(0).to_numpy())
    scores["expected_value"][is_buyer] = np.where(np.isfinite(value), value, np.nan)
    scores["log_likelihood"][is_buyer] = bgnbd.log_likelihoods(parameters, *history)

    is_known = rows["x_before"].notna().to_numpy()
    known = rows[is_known]
    history = (known["x_before"].to_numpy(np.int64), known["recency_before"].to_numpy(), known["age_before"].to_numpy())
    weeks = known["holdout_days"].to_numpy() / 7
    scores["holdout_orders_expected"][is_known] = bgnbd.expected_purchases(before, *history, weeks)

    spends = rows["mean"].notna().to_numpy()
    own = gamma_gamma.log_likelihoods(
        value_parameters, rows["x"].to_numpy()[spends].astype(np.int64), rows["mean"].to_numpy()[spends]
    )
    scores["value_log_likelihood"][spends] = own
    return kept.assign(**scores)


def lifetime_value(scored: DataFrame) -> DataFrame:
    """The mart `lifetime_value`: a row for each fan who ever ordered, nulls where no purchase is left."""
    return scored.select(
        "merchant_id",
        "user_id",
        f.col("x").alias("frequency"),
        f.col("recency").alias("recency_weeks"),
        f.col("age").alias("age_weeks"),
        f.col("mean").alias("monetary_value"),
        "p_alive",
        "expected_orders_90d",
        "expected_orders_365d",
        published_money(f.col("expected_value")).alias("expected_value_365d"),
    )


def ltv_model(scored: DataFrame, parameters: DataFrame) -> DataFrame:
    """The mart `ltv_model`: a row for each merchant with an order."""

    def total(name: str) -> Column:
        return f.sum(f.col(name).cast(_EXACT)).cast("double")

    sums = scored.groupBy("merchant_id").agg(
        f.coalesce(total("log_likelihood"), f.lit(0.0)).alias("log_likelihood"),
        total("value_log_likelihood").alias("value_log_likelihood"),
        f.first("holdout_days").alias("holdout_days"),
        f.sum("holdout_orders").alias("holdout_orders_actual"),
        total("holdout_orders_expected").alias("holdout_orders_expected"),
    )
    return parameters.join(sums, "merchant_id").select(
        "merchant_id",
        *ESTIMATES,
        *ERRORS,
        *_LIKELIHOODS,
        "customers",
        "repeat_customers",
        "holdout_days",
        "holdout_orders_actual",
        "holdout_orders_expected",
        "fallback",
        "is_at_bound",
    )


def fan_churn_flags(values: DataFrame, long_gaps: DataFrame) -> DataFrame:
    """The mart `fan_churn_flags`: who is more likely gone than not.

    BG/NBD considers everybody alive who never bought again. Those fans are flagged if their age exceeds 90 % of the gaps
    between purchases at this merchant.

    Args:
        values: see `lifetime_value`.
        long_gaps: see `purchases.gap_percentile`.
    """
    is_late = f.coalesce(f.col("age_weeks") > f.col("long_gap"), f.lit(False))
    flag = f.when(f.col("frequency") > 0, f.col("p_alive") < 0.5).when(f.col("frequency") == 0, is_late)
    return values.join(long_gaps, "merchant_id", "left").select(
        "merchant_id",
        "user_id",
        "frequency",
        "recency_weeks",
        "age_weeks",
        "p_alive",
        "expected_orders_90d",
        "expected_value_365d",
        flag.alias("is_churn_flagged"),
    )


def holdout_by_frequency(scored: DataFrame) -> DataFrame:
    """The forecast for the holdout against what happened, by repeat purchases before it (`MOST_FREQUENT` or more are one row).

    Returns:
        frequency, fans, actual, expected; over all merchants.
    """
    return (
        scored.where(f.col("x_before").isNotNull())
        .groupBy(f.least("x_before", f.lit(MOST_FREQUENT)).alias("frequency"))
        .agg(
            f.count("*").alias("fans"),
            f.sum("holdout_orders").alias("actual"),
            f.sum(f.col("holdout_orders_expected").cast(_EXACT)).cast("double").alias("expected"),
        )
    )


def holdout_by_week(customers: DataFrame, parameters: DataFrame, days: DataFrame, as_of: date) -> DataFrame:
    """The forecast of the holdout against what came, by week of the holdout, over the merchants whose holdout covers the week.

    Args:
        customers: see `purchases.customers`.
        parameters: see `choose_parameters`.
        days: see `purchases.purchase_days`.

    Returns:
        week (from 1), actual, expected.
    """
    known = customers.where(f.col("x_before").isNotNull())
    expected = (
        known.select("merchant_id", "x_before", "recency_before", "age_before", "holdout_days")
        .join(parameters.select("merchant_id", *BEFORE), "merchant_id")
        .sortWithinPartitions("merchant_id")
        .mapInPandas(_of_equal_parameters(_forecast_weeks, *BEFORE), "week int, billionths bigint")
        .select("week", f.lit(0).cast("bigint").alias("actual"), "billionths")
    )
    week = f.col("holdout_days") - f.datediff(f.lit(as_of), "day") + 6
    actual = (
        days.where(f.col("value") > 0)
        .join(known.select("merchant_id", "user_id", "holdout_days"), ["merchant_id", "user_id"])
        .withColumn("week", f.floor(week / 7).cast("int"))
        .where(f.col("week").between(1, f.least(f.floor(f.col("holdout_days") / 7), f.lit(MOST_WEEKS))))
        .select("week", f.lit(1).cast("bigint").alias("actual"), f.lit(0).cast("bigint").alias("billionths"))
    )
    both = expected.unionByName(actual).groupBy("week")
    return both.agg(f.sum("actual").alias("actual"), (f.sum("billionths") / 1e9).alias("expected"))


def _forecast_weeks(rows: pd.DataFrame) -> pd.DataFrame:
    """Billionths of purchases expected of customers who share parameters, in each whole week of their holdouts.

    Whole numbers, so that the sum does not depend on which customers come together.
    """
    parameters = rows.loc[0, list(BEFORE)].to_numpy(np.float64)
    history = (rows["x_before"].to_numpy(np.int64), rows["recency_before"].to_numpy(), rows["age_before"].to_numpy())
    whole_weeks = np.minimum(rows["holdout_days"].to_numpy() // 7, MOST_WEEKS)
    (x, age, last_week), index = bgnbd.distinct(history[0], history[2], whole_weeks)
    alive = bgnbd.p_alive(parameters, *history)
    weeks = np.arange(1, whole_weeks.max() + 1)
    billionths, until = [], np.zeros(len(x))
    for week in weeks.tolist():
        before, until = until, bgnbd.expected_if_alive(parameters, x, age, np.minimum(last_week, week))
        billionths.append(int(np.rint(1e9 * alive * (until - before)[index]).astype(np.int64).sum()))
    return pd.DataFrame({"week": weeks, "billionths": billionths})
