"""The curve of red packets against scikit-learn's isotonic regression and plain loops, over cells drawn at random."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.isotonic import IsotonicRegression

from dbt_project.build import PROJECT
from tests.dbt_project.rendering import model

BANDS = (
    f"select * from read_csv('{PROJECT}/seeds/red_packet_bands.csv', types = {{'lo': 'decimal(18,2)', 'hi': 'decimal(18,2)'}})"
)
NAMES = ("0-1", "1-2", "2-5", "5-10", "10-20", "20-50", "50-100", "100+")


@dataclass(frozen=True)
class Packet:
    merchant_id: str
    city_tier: str
    band: str
    is_shared: bool
    cost: int
    revenue: int


def _packets() -> list[Packet]:
    """Up to 24 packets a band, so that some have under 10; rates are coarse, so that many neighbours are equal."""
    rng = np.random.default_rng(20260320)
    packets = []
    for merchant in range(12):
        for tier in ("1", "2", "unknown"):
            for band in NAMES:
                rate = rng.choice([0.0, 0.25, 0.5, 1.0]) if merchant else 0.0  # nobody shares what the first sends
                for _ in range(rng.choice([0, 4, 12, 24])):
                    amounts = (int(rng.integers(0, 9)), int(rng.integers(-5, 60)))
                    packets.append(Packet(f"m{merchant}", tier, band, bool(rng.random() < rate), *amounts))
    return packets


def _wilson(shared: int, packets: int) -> tuple[float, float]:
    interval = binomtest(shared, packets).proportion_ci(0.95, "wilson")
    return interval.low, interval.high


def _curve(cell: list[Packet]) -> dict[str, tuple[Any, ...]]:
    """Of each band: isotonic rate, gain, whether it is the optimum, whether it may be as good."""
    bands = [(name, [packet for packet in cell if packet.band == name]) for name in NAMES]
    bands = [(name, packets) for name, packets in bands if packets]
    counts = [(sum(packet.is_shared for packet in packets), len(packets)) for _, packets in bands]
    rates = IsotonicRegression().fit_transform(
        range(len(bands)), [shared / n for shared, n in counts], sample_weight=[n for _, n in counts]
    )
    shared = sum(packet.is_shared for packet in cell)
    figures: dict[str, tuple[float, float | None, tuple[float, float, float] | None]] = {}
    for (name, packets), rate in zip(bands, rates, strict=True):
        if shared == 0 or len(packets) < 10:
            figures[name] = (rate, None, None)
            continue
        block = [count for count, other in zip(counts, rates, strict=True) if math.isclose(rate, other, abs_tol=1e-9)]
        lo, hi = _wilson(sum(count[0] for count in block), sum(count[1] for count in block))
        value = 0.2 * sum(packet.revenue for packet in cell) / shared
        cost = sum(packet.cost for packet in packets) / len(packets)
        figures[name] = (rate, value, (rate * value - cost, lo * value - cost, hi * value - cost))
    gains = {name: gains for name, (_, _, gains) in figures.items() if gains}
    best = max(gains, key=lambda name: (round(gains[name][0], 9), -NAMES.index(name))) if gains else None
    return {
        name: (rate, gain[0], name == best, bool(gain[2] >= gains[best][1])) if gain and best else (rate, None, None, None)
        for name, (rate, _, gain) in figures.items()
    }


def test_the_curve_is_that_of_scikit_learn_and_of_plain_loops() -> None:
    packets = _packets()
    cells = defaultdict(list)
    for packet in packets:
        for merchant in (packet.merchant_id, "all"):
            for tier in (packet.city_tier, "all"):
                cells[merchant, tier].append(packet)
    expected = {(*key, band): figures for key, cell in cells.items() for band, figures in _curve(cell).items()}
    assert len(expected) > 300
    assert sum(figures[2] is True for figures in expected.values()) > 30
    assert sum(figures[3] is True and figures[2] is False for figures in expected.values()) > 30
    assert sum(figures[3] is False for figures in expected.values()) > 10
    with duckdb.connect() as con:
        con.register("packets", pd.DataFrame([vars(packet) for packet in packets]))
        followed = """
            select * replace (cost::decimal(18, 2) as cost, revenue::decimal(18, 2) as revenue),
                '' as user_id, 0 as claims, 0 as orders, 0 as new_buyers
            from packets
        """
        curve = model("red_packet_response", {"red_packet_bands": BANDS, "int_red_packets_followed": followed})
        columns = "merchant_id, city_tier, band, share_rate_isotonic, gain_per_packet, is_optimum, is_in_interval"
        found = {row[:3]: row[3:] for row in con.execute(f"select {columns} from ({curve})").fetchall()}
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        assert found[key][:2] == pytest.approx(figures[:2], abs=1e-9), key
        assert found[key][2:] == figures[2:], key


def test_no_packets_make_no_curve() -> None:
    empty = """
        select '' as merchant_id, '' as city_tier, '' as band, '' as user_id, true as is_shared, 0 as claims, 0.00 as cost,
            0 as orders, 0 as new_buyers, 0.00 as revenue
        where false
    """
    assert (
        duckdb.sql(model("red_packet_response", {"red_packet_bands": BANDS, "int_red_packets_followed": empty})).fetchall()
        == []
    )
