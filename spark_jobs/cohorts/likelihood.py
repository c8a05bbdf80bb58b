"""Maximum likelihood over positive parameters with exact gradients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Vector = NDArray[np.float64]
# Gives the log-likelihood and its gradient in the logarithms of the parameters.
Likelihood = Callable[[Vector], tuple[float, Vector]]

_GRADIENT_STEP = 1e-5
_LONGEST_STEP = 3.0  # of a Newton step, in logarithms


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


def maximise(likelihood: Likelihood, starts: Sequence[Vector], lower: Vector, upper: Vector) -> Fit:
    """The best fit from several starts, until one converges inside the bounds or two agree at them.

    L-BFGS-B finds the region, Newton steps on a Hessian of differenced exact gradients finish, also along the flat ridges
    on which L-BFGS-B stops early. Parameters are searched by their logarithms.

    Args:
        likelihood: log-likelihood and gradient by the logarithms of the parameters.
        starts: parameters to start from, inside the bounds.
        lower: smallest parameters.
        upper: largest parameters.
    """
    low, high = np.log(lower), np.log(upper)
    best: Fit | None = None
    for start in starts:
        fit = _climb(likelihood, np.clip(np.log(start), low, high), low, high)
        agree = (
            best is not None
            and best.has_converged
            and fit.has_converged
            and abs(fit.log_likelihood - best.log_likelihood) < 1e-3
        )
        if best is None or (fit.has_converged, fit.log_likelihood) > (best.has_converged, best.log_likelihood):
            best = fit
        if agree or (best.has_converged and not best.at_bound.any()):
            break
    if best is None:
        raise ValueError("no start to search from")
    return best


def _climb(likelihood: Likelihood, start: Vector, low: Vector, high: Vector) -> Fit:
    def loss(x: Vector) -> tuple[float, Vector]:
        value, gradient = likelihood(x)
        return -value, -gradient

    bounds = list(zip(low, high, strict=True))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
    x = np.clip(found.x, low, high)
    value, gradient = likelihood(x)
    has_converged = False
    for _ in range(60):
        free = ~(((x <= low) & (gradient < 0)) | ((x >= high) & (gradient > 0)))
        if not free.any():
            has_converged = True
            break
        step = np.zeros_like(x)
        step[free] = _uphill(_hessian(likelihood, x, low, high)[np.ix_(free, free)], gradient[free])
        gain = 0.5 * float(gradient @ step)
        if gain < 1e-9 * (1 + abs(value)) ** 0.5:
            has_converged = True
            break
        step *= min(1.0, _LONGEST_STEP / float(np.abs(step).max()))
        for _halving in range(30):
            trial = np.clip(x + step, low, high)
            trial_value, trial_gradient = likelihood(trial)
            if trial_value > value:
                break
            step /= 2
        else:
            has_converged = gain < 1e-5  # rounding hides what is left to gain
            break
        x, value, gradient = trial, trial_value, trial_gradient
    at_bound = (x <= low) | (x >= high)
    parameters = np.exp(x)
    return Fit(parameters, parameters * _log_errors(likelihood, x, low, high, ~at_bound), value, has_converged, at_bound)


def _hessian(likelihood: Likelihood, x: Vector, low: Vector, high: Vector) -> Vector:
    """Symmetric matrix of central differences of the gradient."""
    rows = []
    for i in range(len(x)):
        ahead, behind = x.copy(), x.copy()
        ahead[i], behind[i] = min(x[i] + _GRADIENT_STEP, high[i]), max(x[i] - _GRADIENT_STEP, low[i])
        rows.append((likelihood(ahead)[1] - likelihood(behind)[1]) / (ahead[i] - behind[i]))
    hessian = np.array(rows)
    symmetric: Vector = (hessian + hessian.T) / 2
    return symmetric


def _uphill(hessian: Vector, gradient: Vector) -> Vector:
    """The Newton step with every curvature taken as one of a hill, so that it always leads up."""
    values, vectors = np.linalg.eigh(-hessian)
    curvature = np.maximum(np.abs(values), 1e-12 * max(1.0, float(np.abs(values).max())))
    step: Vector = vectors @ ((vectors.T @ gradient) / curvature)
    return step


def _log_errors(likelihood: Likelihood, x: Vector, low: Vector, high: Vector, free: NDArray[np.bool_]) -> Vector:
    """Standard errors of the logarithms of the free parameters, nan for the others."""
    errors = np.full(len(x), np.nan)
    if not free.any():
        return errors
    information = -_hessian(likelihood, x, low, high)[np.ix_(free, free)]
    if np.all(np.isfinite(information)) and np.linalg.eigvalsh(information).min() > 1e-9:
        errors[free] = np.sqrt(np.diag(np.linalg.inv(information)))
    return errors
