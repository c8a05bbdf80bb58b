"""How fast the lifetime models are fitted and applied, compared with the package `lifetimes` in the same run.

    python -m benchmarks.lifetime_value                      # 10^6 customers of one merchant, 3,000 merchants of 300
    python -m benchmarks.lifetime_value --customers 100000 --merchants 300

The package is no dependency of the project: `uv pip install lifetimes==0.11.3` (with autograd, dill) beside it, or see the
ratios left out.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
import warnings
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

from contract.settings import Settings
from spark_jobs.engine.session import spark_session
from spark_jobs.lifetime_value import bgnbd, gamma_gamma, lifetimes
from spark_jobs.lifetime_value.likelihood import Vector

REPEATS = 5
SAMPLE = 20  # merchants whose fits by the package are timed


def customers(count: int, seed: int) -> pd.DataFrame:
    """Customers who buy, leave and spend as the models say, seen for 20 to 60 weeks; times are whole days, in weeks."""
    rng = np.random.default_rng(seed)
    rate, leaving, age = rng.gamma(0.6, 1 / 5, count), rng.beta(0.9, 2.5, count), rng.integers(140, 420, count) / 7
    x, recency, at, is_alive = np.zeros(count, dtype=np.int64), np.zeros(count), np.zeros(count), np.ones(count, dtype=bool)
    while is_alive.any():
        at[is_alive] += rng.exponential(1 / rate[is_alive])
        is_alive &= at <= age
        x[is_alive] += 1
        recency[is_alive] = np.round(at[is_alive] * 7) / 7
        is_alive &= rng.random(count) >= leaving
    shape = 4.0 * np.maximum(x, 1)
    mean = np.round(rng.gamma(shape, 1 / rng.gamma(5, 1 / 60, count)) / np.maximum(x, 1), 4) + 0.01
    return pd.DataFrame({"x": x, "recency": np.minimum(recency, age), "age": age, "mean": np.where(x > 0, mean, np.nan)})


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Median seconds of some runs, and the result of the last one."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return median(times), result


def fit_ours(frame: pd.DataFrame) -> tuple[Vector, Vector]:
    history = bgnbd.Histories.group(*(frame[name].to_numpy(np.float64) for name in ("x", "recency", "age")))
    x, mean = frame["x"].to_numpy(), frame["mean"].to_numpy()
    value = gamma_gamma.fit(x[x > 0], mean[x > 0])
    return bgnbd.fit(history).parameters, value.parameters


def fit_theirs(frame: pd.DataFrame) -> tuple[Vector, Vector]:
    from lifetimes import BetaGeoFitter, GammaGammaFitter  # not a dependency; see the module's text

    counts, values = BetaGeoFitter(), GammaGammaFitter()
    spending = frame[frame["x"] > 0]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        counts.fit(frame["x"], frame["recency"], frame["age"])
        values.fit(spending["x"], spending["mean"])
    return (
        np.array([counts.params_[name] for name in bgnbd.PARAMETERS]),
        np.array([values.params_[name] for name in gamma_gamma.PARAMETERS]),
    )


def log_likelihood(frame: pd.DataFrame, parameters: tuple[Vector, Vector]) -> float:
    history = (frame["x"].to_numpy(), frame["recency"].to_numpy(), frame["age"].to_numpy())
    spending = frame[frame["x"] > 0]
    values = gamma_gamma.log_likelihoods(parameters[1], spending["x"].to_numpy(), spending["mean"].to_numpy())
    return float(bgnbd.log_likelihoods(parameters[0], *history).sum() + values.sum())


def converging(frames: list[pd.DataFrame]) -> list[int]:
    """Positions of the first frames that the package can fit; with few customers it often fails."""
    from lifetimes.utils import ConvergenceError

    found = []
    for position, frame in enumerate(frames):
        with contextlib.suppress(ConvergenceError), contextlib.redirect_stdout(None):
            fit_theirs(frame)
            found.append(position)
        if len(found) == SAMPLE:
            break
    return found


def compare(name: str, frames: list[pd.DataFrame], has_package: bool) -> None:
    """Fit both models to each frame, with our code and with the package, and print seconds, ratio and log-likelihoods."""
    ours, fits = seconds(lambda: [fit_ours(frame) for frame in frames])
    line = f"{name}: {ours:.3f} s"
    if has_package and (chosen := converging(frames)):
        theirs, other = seconds(lambda: [fit_theirs(frames[position]) for position in chosen])
        theirs *= len(frames) / len(chosen)
        reached = sum(log_likelihood(frames[position], fits[position]) for position in chosen)
        others = sum(log_likelihood(frames[position], fit) for position, fit in zip(chosen, other, strict=True))
        tried = chosen[-1] + 1
        line += f"; package {theirs:.3f} s (it converges for {len(chosen)} of {tried}), {theirs / ours:.1f} times"
        line += f"; log-likelihood {reached:.4f} against {others:.4f}"
    print(line, flush=True)


def through_spark(name: str, merchant_count: int, each: int) -> None:
    """Fit, pool and score through Spark, from a cached frame to a count."""
    frame = customers(merchant_count * each, 3).assign(
        merchant_id=[f"m{number // each:05d}" for number in range(merchant_count * each)],
        user_id=[f"u{number}" for number in range(merchant_count * each)],
        holdout_days=60,
        holdout_orders=0,
    )
    for column in ("x", "recency", "age"):
        frame[f"{column}_before"] = frame[column]
    with tempfile.TemporaryDirectory() as home:
        spark = spark_session("benchmark", Settings.from_environment({"FANOUT_HOME": home}))
        histories = spark.createDataFrame(frame).repartition("merchant_id").persist()
        histories.count()
        start = time.perf_counter()
        parameters = lifetimes.choose_parameters(
            lifetimes.fit_merchants(histories), lifetimes.fit_platform(histories)
        ).persist()
        parameters.count()
        fitted = time.perf_counter()
        scored = lifetimes.score_customers(histories, parameters).where("p_alive is not null").count()
        print(
            f"{name}, Spark: fits {fitted - start:.1f} s, {scored} fans scored in {time.perf_counter() - fitted:.1f} s",
            flush=True,
        )
        spark.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000, help="of the one large merchant")
    parser.add_argument("--merchants", type=int, default=3_000, help="of 300 customers each")
    given = parser.parse_args()
    try:
        import lifetimes as _package  # noqa: F401

        has_package = True
    except ImportError:
        has_package = False
        print("the package lifetimes is not installed: no ratios")
    large = [customers(given.customers, 1)]
    small = [customers(300, seed) for seed in range(given.merchants)]
    compare(f"one merchant of {given.customers:,} customers", large, has_package)
    compare(f"{given.merchants:,} merchants of 300 customers", small, has_package)
    through_spark(f"one merchant of {given.customers:,} customers", 1, given.customers)
    through_spark(f"{given.merchants:,} merchants of 300 customers", given.merchants, 300)


if __name__ == "__main__":
    main()
