"""Maximum likelihood over positive parameters with exact gradients and Hessians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
# Gives the log-likelihood, its gradient and its Hessian at some parameters.
Likelihood = Callable[[Vector], tuple[float, Vector, Vector]]

FEW, SAMPLED = 20_000, 16  # of more than these rows every sixteenth is enough to find where to start
_BLOCK = 16_384  # rows whose intermediate results stay in a processor's cache
_MOST_STEPS = 100
_LONGEST_STEP = 3.0  # in logarithms
_ENOUGH = 1e-9  # gain of a step, below which there is nothing left to climb


def blocks(rows: int) -> list[slice]:
    """Rows in blocks over which a likelihood is summed one after another."""
    return [slice(begin, begin + _BLOCK) for begin in range(0, rows, _BLOCK)]


@dataclass(frozen=True)
class Fit:
    """Where the search ended.

    Attributes:
        parameters: the best parameters found.
        standard_errors: of the parameters, from the inverse Hessian; nan at a bound or where the Hessian is singular.
        log_likelihood: at the parameters.
        has_converged: no step inside the bounds improves the log-likelihood noticeably.
        at_bound: by parameter: the likelihood still rises at the bound of the search, so the estimate is a limit.
    """

    parameters: Vector
    standard_errors: Vector
    log_likelihood: float
    has_converged: bool
    at_bound: NDArray[np.bool_]


def maximise(
    likelihood: Likelihood, starts: Sequence[Vector], lower: Vector, upper: Vector, sampled: Likelihood | None = None
) -> Fit:
    """The best fit from several starts, until one converges inside the bounds or two agree at them.

    Parameters are searched by their logarithms.

    Args:
        likelihood: see `Likelihood`.
        starts: parameters to start from, at least one.
        lower: smallest parameters.
        upper: largest parameters.
        sampled: the likelihood of a part of the data; where it is highest the search starts.
    """
    if sampled is not None:
        starts = [maximise(sampled, starts, lower, upper).parameters, *starts]
    low, high = np.log(lower), np.log(upper)
    fits: list[Fit] = []
    for start in starts:
        fit = _climb(likelihood, np.clip(np.log(start), low, high), low, high)
        agree = any(
            fit.has_converged and other.has_converged and abs(fit.log_likelihood - other.log_likelihood) < 1e-3
            for other in fits
        )
        fits.append(fit)
        if agree or (fit.has_converged and not fit.at_bound.any()):
            break
    return max(fits, key=lambda fit: (fit.has_converged, fit.log_likelihood))


def _climb(likelihood: Likelihood, x: Vector, low: Vector, high: Vector) -> Fit:
    """Newton steps that always lead up, cut to the bounds, and halved until they do."""
    value, gradient, hessian = _by_logs(likelihood, x)
    has_converged = False
    for _ in range(_MOST_STEPS):
        free = ~(((x <= low) & (gradient < 0)) | ((x >= high) & (gradient > 0)))
        step = np.zeros_like(x)
        step[free] = _uphill(hessian[free][:, free], gradient[free])
        if 0.5 * gradient @ step < _ENOUGH:
            has_converged = True
            break
        step *= min(1.0, _LONGEST_STEP / float(np.abs(step).max()))
        for _halving in range(40):
            trial = np.clip(x + step, low, high)
            reached = _by_logs(likelihood, trial)
            if reached[0] > value:
                break
            step /= 2
        else:
            # Nothing leads up: rounding hides what is left to gain, if that is little.
            has_converged = bool(0.5 * gradient @ _uphill(hessian, gradient) < 1e-4)
            break
        x, (value, gradient, hessian) = trial, reached
    at_bound = (x <= low) | (x >= high)
    errors = np.exp(x) * _log_errors(hessian, ~at_bound)
    return Fit(np.exp(x), errors, value, has_converged, at_bound)


def _by_logs(likelihood: Likelihood, x: Vector) -> tuple[float, Vector, Vector]:
    """The likelihood with its derivatives by the logarithms of the parameters."""
    parameters = np.exp(x)
    value, gradient, hessian = likelihood(parameters)
    slope = parameters * gradient
    return value, slope, parameters[:, None] * hessian * parameters + np.diag(slope)


def _uphill(hessian: Vector, gradient: Vector) -> Vector:
    """The Newton step with every curvature taken as one of a hill, so that it always leads up."""
    values, vectors = np.linalg.eigh(hessian)
    curvature = np.maximum(np.abs(values), 1e-12 * max(1.0, float(np.abs(values).max(initial=0))))
    step: Vector = vectors @ ((vectors.T @ gradient) / curvature)
    return step


def _log_errors(hessian: Vector, free: NDArray[np.bool_]) -> Vector:
    """Standard errors of the logarithms of the free parameters, nan for the others."""
    errors = np.full(len(hessian), np.nan)
    information = -hessian[free][:, free]
    if free.any() and np.linalg.eigvalsh(information).min() > 1e-9:
        errors[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return errors
