"""Problems of the test set of Hull, Enright, Fellen & Sedgwick (1972), one or two of each class.

References
----------
Hull, Enright, Fellen & Sedgwick (1972), Comparing numerical methods for ordinary differential
equations, SIAM Journal on Numerical Analysis 9.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import integrate as scipy_integrate

import chainrule as cr
from chainrule.solvers import integrate

CHAIN = np.eye(10, k=-1) - 2 * np.eye(10) + np.eye(10, k=1)


def orbit(t: Any, y: Any) -> Any:
    """Two bodies, class D."""
    r3 = (y[0] ** 2 + y[1] ** 2) ** 1.5
    return [y[2], y[3], -y[0] / r3, -y[1] / r3]


def torus(t: Any, y: Any) -> Any:
    """Integral surface of a torus, B4."""
    r = np.sqrt(y[0] ** 2 + y[1] ** 2)
    return [-y[1] - y[0] * y[2] / r, y[0] - y[1] * y[2] / r, y[0] / r]


PROBLEMS: dict[str, tuple[Callable[[Any, Any], Any], list[float]]] = {
    "A3": (lambda t, y: y * np.cos(t), [1.0]),
    "A5": (lambda t, y: (y - t) / (y + t), [4.0]),
    "B1": (lambda t, y: [2 * (y[0] - y[0] * y[1]), -(y[1] - y[0] * y[1])], [1.0, 3.0]),
    "B4": (torus, [3.0, 0.0, 0.0]),
    "C3": (lambda t, y: CHAIN @ y, [1.0] + [0.0] * 9),
    "D5": (orbit, [0.1, 0.0, 0.0, np.sqrt(1.9 / 0.1)]),
    "E2": (lambda t, y: [y[1], (1 - y[0] ** 2) * y[1] - y[0]], [2.0, 0.0]),
    "E5": (lambda t, y: [y[1], np.sqrt(1 + y[1] ** 2) / (25 - t)], [0.0, 0.0]),
}  # fmt: skip


def test_all_problems_are_solved_to_the_tolerance() -> None:
    times = np.array([0.0, 3.0, 20.0])
    for name, (function, start) in PROBLEMS.items():
        exact = scipy_integrate.solve_ivp(
            function, (0, 20), start, "DOP853", times, rtol=1e-13, atol=1e-14
        ).y.T
        scale = np.max(np.abs(exact))
        solve = cr.jit(lambda y, t, f=function: integrate(f, y, t, (), "dop853", 1e-10, 1e-10))
        found = solve(np.array(start), times)
        assert found.success, name
        np.testing.assert_allclose(found.y / scale, exact / scale, atol=1e-7, err_msg=name)
