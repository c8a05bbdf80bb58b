"""Exact derivatives of a likelihood against differences of it."""

from __future__ import annotations

import numpy as np
import pytest

from spark_jobs.lifetime_value.likelihood import Likelihood, Vector


def assert_derivatives(likelihood: Likelihood, point: Vector) -> None:
    """The gradient is the slope of the likelihood, and the Hessian that of the gradient, in every direction."""
    _, gradient, hessian = likelihood(point)
    for i, step in enumerate(np.diag(1e-6 * point)):
        ahead, behind = likelihood(point + step), likelihood(point - step)
        assert gradient[i] == pytest.approx((ahead[0] - behind[0]) / (2 * step[i]), rel=1e-5, abs=1e-7)
        assert hessian[i] == pytest.approx((ahead[1] - behind[1]) / (2 * step[i]), rel=1e-5, abs=1e-7)
    assert hessian == pytest.approx(hessian.T, rel=1e-12)
