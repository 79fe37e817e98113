"""Derivatives of `odeint` and `solve_ivp`, against closed forms and differences."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UnsupportedError
from chainrule.science.integrate import odeint, solve_ivp

Y0, TIMES = np.array([10.0, 5.0]), np.linspace(0, 1, 3)


def predators(y: Any, t: Any, a: Any, b: Any) -> Any:
    return [a * y[0] - b * y[0] * y[1], -3 * y[1] + y[0] * y[1]]


def by_odeint(y0: Any, a: Any, t: Any) -> Any:
    return odeint(predators, y0, t, args=(a, 1.0), rtol=1e-10)[-1]


def by_solve_ivp(y0: Any, a: Any, t: Any) -> Any:
    def fun(t: Any, y: Any) -> Any:  # reads the traced value from outside
        return predators(y, t, a, 1.0)

    return solve_ivp(fun, (t[0], t[-1]), y0, "DOP853", t_eval=t, rtol=1e-11, atol=1e-11).y[:, -1]


@pytest.mark.parametrize("end", [by_odeint, by_solve_ivp])
def test_derivatives_are_those_of_the_solution_in_all_modes(end: Any) -> None:
    h = 1e-5
    by_a = (end(Y0, 1.5 + h, TIMES) - end(Y0, 1.5 - h, TIMES)) / (2 * h)
    value, tangent = cr.jvp(lambda a: end(Y0, a, TIMES), (1.5,), (1.0,))
    np.testing.assert_allclose(value, end(Y0, 1.5, TIMES), rtol=1e-8)
    np.testing.assert_allclose(tangent, by_a, rtol=1e-6)
    gradient = cr.jit(cr.grad(lambda *x: np.sum(end(*x)), argnums=(0, 1, 2)))
    d_y0, d_a, d_t = gradient(Y0, 1.5, TIMES)
    np.testing.assert_allclose(d_a, np.sum(by_a), rtol=1e-6)
    columns = [
        (end(Y0 + h * e, 1.5, TIMES) - end(Y0 - h * e, 1.5, TIMES)) / (2 * h) for e in np.eye(2)
    ]
    np.testing.assert_allclose(d_y0, np.sum(columns, axis=1), rtol=1e-5)
    rate = np.sum(predators(value, 1.0, 1.5, 1.0))
    np.testing.assert_allclose(d_t, [-rate, 0, rate], rtol=1e-7, atol=1e-9)
    many = cr.vmap(lambda a: end(Y0, a, TIMES))(np.array([1.5, 2.0]))
    np.testing.assert_allclose(many, [value, end(Y0, 2.0, TIMES)], rtol=1e-8)


def test_a_bound_on_steps_that_does_not_suffice_gives_nan_and_a_warning() -> None:
    def end(a: Any) -> Any:
        return odeint(lambda y, t: -a * y, 1.0, [0, 1], mxstep=2)[-1, 0]

    with pytest.warns(Warning, match="larger mxstep"):
        assert np.isnan(cr.grad(end)(2.0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(cr.jit(cr.grad(end))(2.0))


def test_what_a_trace_cannot_hold_is_refused_with_a_remedy() -> None:
    def end(y0: Any, **options: Any) -> Any:
        return solve_ivp(lambda t, y: -y, (0, 1), y0, **options).y[0, -1]

    for options, match in (({}, "give the output times"), ({"dense_output": True}, "dense_output")):
        with pytest.raises(UnsupportedError, match=match):
            cr.grad(lambda y0, o=options: end([y0], **o))(1.0)
    gradient = cr.grad(lambda y0: end([y0], t_eval=np.linspace(0, 1, 101)))(1.0)
    np.testing.assert_allclose(gradient, np.exp(-1), rtol=1e-3)
