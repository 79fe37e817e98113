"""Sums of squares to the limit of rounding: steps within the region, ends, singular Jacobians."""

from typing import Any

import numpy as np
import pytest
from scipy import optimize

from chainrule.compiler.jit import jit
from chainrule.solvers.squares_to_rounding import least_squares_to_rounding


def test_minimum_is_that_of_minpack_also_for_many_unknowns() -> None:
    rng = np.random.default_rng(0)
    a, x, noise = rng.normal(size=(90, 40)), rng.normal(size=40), rng.normal(size=90)
    b = np.tanh(a @ x) + 0.1 * (a @ x) + 1e-3 * noise

    def residuals(x: Any) -> Any:
        return np.tanh(a @ x) + 0.1 * (a @ x) - b

    found = jit(lambda x: least_squares_to_rounding(residuals, x))(np.zeros(40))
    theirs = optimize.leastsq(residuals, np.zeros(40), xtol=1e-12, ftol=1e-15)[0]
    assert np.sum(found.residuals**2) <= np.sum(residuals(theirs) ** 2) * (1 + 1e-12)
    np.testing.assert_allclose(found.jacobian.T @ found.residuals, 0, atol=1e-12)
    np.testing.assert_allclose(found.factor.T @ found.factor, found.jacobian.T @ found.jacobian)
    np.testing.assert_allclose(found.projected, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("residuals", "start", "end", "status"),
    [
        (lambda x: np.stack([10 * (x[1] - x[0] ** 2), 1 - x[0]]), [-1.2, 1.0], [1, 1], {2, 3, 4}),
        (lambda x: np.stack([x[0] - 3, x[1] + 4, 0 * x[0]]), [3.0, -4.0], [3, -4], {4}),
        (lambda x: np.stack([x[0] - 3, x[1] ** 2 + 0 * x[0]]), [0.0, 0.0], [3, 0], {1, 2, 3, 4}),
        (lambda x: np.stack([x[0] + x[1] - 3, x[0] + x[1] - 3]), [0.0, 1.0], None, {1, 2, 3, 4}),
        (lambda x: np.stack([np.sqrt(x[0] - 2), x[1] - 1]), [0.0, 0.0], [0, 0], {0}),
        (lambda x: np.stack([np.log(x[0]) - 1, x[1] - 1]), [9.0, 0.0], [np.e, 1], {1, 2, 3, 4}),
        (lambda x: np.stack([np.exp(-x[0]), x[1] - 1]), [1.0, 0.0], None, {0}),
    ],
    ids=["valley", "exact start", "singular", "redundant", "nan", "nan on the way", "infinity"],
)
def test_ends_are_reported_as_by_minpack(
    residuals: Any, start: list[float], end: list[float] | None, status: set[int]
) -> None:
    found = jit(lambda x: least_squares_to_rounding(residuals, x))(np.array(start))
    assert int(found.status) in status
    assert found.evaluations <= (3001 if end is None else 60)
    if end is not None:
        np.testing.assert_allclose(found.x, end, atol=1e-7)
    assert end == [0, 0] or np.sum(found.residuals**2) < 1e-12
