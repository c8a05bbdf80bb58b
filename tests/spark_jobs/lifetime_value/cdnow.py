"""The CDNOW sample as customers' histories up to the end of its calibration period."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

END = pd.Timestamp("1997-09-30")


def cdnow_histories(shared_data: Path, *, are_free_days_purchases: bool) -> pd.DataFrame:
    """x, recency, age (weeks) and mean (value of the days after the first) of each customer."""
    columns = ["master_id", "customer", "date", "disks", "value"]
    lines = pd.read_csv(shared_data / "cdnow" / "CDNOW_sample.txt", sep=r"\s+", names=columns, header=None)
    lines["date"] = pd.to_datetime(lines["date"].astype(str))
    days = (
        lines[lines["date"] <= END]
        .groupby(["customer", "date"], as_index=False)[["value"]]
        .sum()
        .sort_values(["customer", "date"])
    )
    if not are_free_days_purchases:
        days = days[days["value"] > 0]
    each = days.groupby("customer")
    first, last, x = each["date"].min(), each["date"].max(), each["date"].count() - 1
    return pd.DataFrame(
        {
            "x": x,
            "recency": (last - first).dt.days / 7,
            "age": (END - first).dt.days / 7,
            "mean": ((each["value"].sum() - each["value"].first()) / x).where(x > 0),
        }
    )
