"""The search of a maximum on functions whose maxima are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from spark_jobs.lifetime_value.likelihood import Likelihood, Vector, _by_logs, _log_errors, maximise


def valley(slopes: tuple[float, float]) -> Likelihood:
    """A valley in ln p, lowest at 0, with a slope to each side."""

    def likelihood(parameters: Vector) -> tuple[float, Vector, Vector]:
        p = parameters[0]
        x = np.log(p)
        rise = slopes[int(x > 0)]
        return rise * abs(x), np.array([rise * np.sign(x) / p]), np.array([[-rise * np.sign(x) / p**2]])

    return likelihood


def starts(used: list[float], *logs: float, size: int = 1) -> Iterator[Vector]:
    for log in logs:
        used.append(log)
        yield np.exp(np.full(size, log))


def bell(parameters: Vector) -> tuple[float, Vector, Vector]:
    """Highest at (2, 8), where its curvature by the logarithms is 1 and 4."""
    curve = np.array([1.0, 4.0])
    x = np.log(parameters) - np.log([2.0, 8.0])
    return float(-(curve @ x**2) / 2), -curve * x / parameters, np.diag(curve * (x - 1) / parameters**2)


def test_derivatives_by_logarithms() -> None:
    """Of p²: e²ˣ rises by 2e²ˣ, and its slope by 4e²ˣ."""
    value, slope, curvature = _by_logs(lambda p: (float(p @ p), 2 * p, 2 * np.eye(2)), np.log([3.0, 5.0]))
    assert value == pytest.approx(34)
    assert slope == pytest.approx([18, 50])
    assert curvature == pytest.approx(np.diag([36, 100]))


def test_a_maximum_inside_has_its_standard_errors() -> None:
    found = maximise(bell, [np.array([100.0, 0.01])], np.full(2, 1e-3), np.full(2, 1e3))
    assert found.has_converged
    assert not found.at_bound.any()
    assert found.parameters == pytest.approx([2, 8], rel=1e-6)
    assert found.standard_errors == pytest.approx([2 * 1, 8 / 2], rel=1e-5)


@pytest.mark.parametrize(("low", "high", "at"), [(4.0, 1e3, 4.0), (1e-3, 1.5, 1.5)])
def test_a_maximum_beyond_a_bound_lies_at_it(low: float, high: float, at: float) -> None:
    found = maximise(bell, [np.array([1.0, 1.0])], np.array([low, 1e-3]), np.array([high, 1e3]))
    assert found.has_converged
    assert found.at_bound.tolist() == [True, False]
    assert found.parameters == pytest.approx([at, 8], rel=1e-6)
    assert np.isnan(found.standard_errors[0])
    assert found.standard_errors[1] == pytest.approx(4, rel=1e-5)


def test_a_search_ends_inside_or_where_two_agree_at_a_bound() -> None:
    low, high = np.exp([-1.0]), np.exp([1.0])
    used: list[float] = []
    found = maximise(valley((1, 9)), starts(used, -0.5, -0.6, 0.5), low, high)  # type: ignore[arg-type]
    assert found.log_likelihood == pytest.approx(1)
    assert used == [-0.5, -0.6]
    used.clear()
    found = maximise(valley((1, 1.5)), starts(used, -0.5, 0.5, 0.6, -0.7), low, high)  # type: ignore[arg-type]
    assert found.log_likelihood == pytest.approx(1.5)
    assert used == [-0.5, 0.5, 0.6]
    used.clear()
    maximise(bell, starts(used, 1.0, 2.0, size=2), np.full(2, 1e-3), np.full(2, 1e3))  # type: ignore[arg-type]
    assert used == [1.0]


@pytest.mark.parametrize(("information", "error"), [(0.25, 2.0), (1e-8, 1e4), (1e-10, np.nan), (-1.0, np.nan)])
def test_standard_errors_come_from_information_that_is_there(information: float, error: float) -> None:
    found = _log_errors(np.diag([-information, -1.0]), np.array([True, False]))
    assert found == pytest.approx([error, np.nan], nan_ok=True)
