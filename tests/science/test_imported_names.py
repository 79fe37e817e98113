"""Functions that call NumPy by names that their modules imported are traced as any others."""

from typing import Any

import numpy as np
import pytest
from numpy import array, asarray, max, sum  # noqa: A004 - as code written for SciPy does

import chainrule as cr
from chainrule import solvers
from chainrule.science import integrate, optimize


def bowl(x: Any) -> Any:
    x = asarray(x)
    return sum(array([x[0] - 1, x[1] - x[0]]) ** 2)


class Bowl:
    def __call__(self, x: Any) -> Any:
        return bowl(x) + max([0 * x[0], -1.0])


def branching(x: Any) -> Any:
    return 1e9 if x[0] > 100 else bowl(x)


def circle(y: Any, t: Any) -> Any:
    return array([y[1], -y[0]])


@pytest.mark.filterwarnings("error")
def test_names_imported_from_numpy_are_traced_in_all_solvers() -> None:
    for function in (bowl, Bowl(), branching):
        found = optimize.minimize(function, [3.0, 0.0], method="Newton-CG")
        np.testing.assert_allclose(found.x, 1, atol=1e-5)
    assert optimize.minimize(lambda x, f: f(x), [3.0, 0.0], args=(bowl,)).nfev < 20

    def residuals(x: Any) -> Any:
        return array([x[0] ** 2 - 2, x[1] - x[0]])

    for method in ("hybr", "krylov"):
        root = optimize.root(residuals, [1.0, 1.0], method=method)
        np.testing.assert_allclose(root.x, 2**0.5, rtol=1e-5)
    assert optimize.least_squares(residuals, [1.0, 1.0]).njev
    assert optimize.newton(lambda x: asarray(x) ** 2 - 2, 1.0) == pytest.approx(2**0.5)
    assert optimize.extrema(lambda x: asarray(x) ** 2, -1, 2).minimum.x == 0
    y = integrate.odeint(circle, [1.0, 0.0], [0.0, 1.0])
    np.testing.assert_allclose(y[-1], [np.cos(1), -np.sin(1)], rtol=1e-6)
    np.testing.assert_allclose(solvers.lbfgs(bowl, np.zeros(2)).x, 1, atol=1e-4)
    np.testing.assert_allclose(cr.grad(Bowl())(np.array([2.0, 2.0])), [2, 0])
