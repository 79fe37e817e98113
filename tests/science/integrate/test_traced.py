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


@pytest.mark.parametrize(("end", "is_compiled"), [(by_odeint, False), (by_solve_ivp, True)])
def test_derivatives_are_those_of_the_solution_in_all_modes(end: Any, is_compiled: bool) -> None:
    h = 1e-5
    by_a = (end(Y0, 1.5 + h, TIMES) - end(Y0, 1.5 - h, TIMES)) / (2 * h)
    value, tangent = cr.jvp(lambda a: end(Y0, a, TIMES), (1.5,), (1.0,))
    np.testing.assert_allclose(value, end(Y0, 1.5, TIMES), rtol=1e-8)
    np.testing.assert_allclose(tangent, by_a, rtol=1e-6)
    gradient = cr.grad(lambda *x: np.sum(end(*x)), argnums=(0, 1, 2))
    d_y0, d_a, d_t = (cr.jit(gradient) if is_compiled else gradient)(Y0, 1.5, TIMES)
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


def falls(t: Any, y: Any, g: Any) -> Any:
    return [y[1], -g]


def hits_ground(t: Any, y: Any, g: Any) -> Any:
    return y[0]


def is_highest(t: Any, y: Any, g: Any) -> Any:
    return y[1]


setattr(hits_ground, "terminal", True)  # noqa: B010
setattr(hits_ground, "direction", -1)  # noqa: B010


def throw(p: Any, **options: Any) -> Any:
    events = (hits_ground, is_highest)
    arguments = (falls, (0, 50), [p[0], p[1]])
    return solve_ivp(*arguments, events=events, args=(p[2],), rtol=1e-8, atol=1e-8, **options)


THROW = np.array([1.0, 10.0, 9.81])


def duration(p: Any) -> Any:
    return (p[1] + np.sqrt(p[1] ** 2 + 2 * p[2] * p[0])) / p[2]


def test_times_and_values_of_events_have_derivatives_of_first_and_second_order() -> None:
    def landing(p: Any) -> Any:
        found = throw(p)
        return np.stack([found.t_events[0][0], found.y[1, -1], found.y_events[1][0, 0]])

    def exact(p: Any) -> Any:
        t = duration(p)
        return np.stack([t, p[1] - p[2] * t, p[0] + p[1] ** 2 / (2 * p[2])])

    np.testing.assert_allclose(landing(THROW), exact(THROW), rtol=1e-9)
    jacobian = cr.jacobian(landing)(THROW)
    np.testing.assert_allclose(jacobian, cr.jacobian(exact)(THROW), rtol=1e-9)
    found = cr.hessian(lambda p: throw(p).t[-1])(THROW)
    np.testing.assert_allclose(found, cr.hessian(duration)(THROW), rtol=1e-8)


def test_results_have_the_lengths_of_scipy_where_values_are_known_and_else_nan() -> None:
    plain = throw(THROW)

    def end(p: Any) -> Any:
        found = throw(p)
        assert (found.t.shape, found.y.shape) == (plain.t.shape, plain.y.shape)
        assert (found.status, found.message) == (plain.status, plain.message)
        for key in ("t_events", "y_events"):
            assert [each.shape for each in found[key]] == [each.shape for each in plain[key]]
        return found.t[-1]

    cr.grad(end)(THROW)
    times = np.linspace(0, 3, 4)

    def all_times(p: Any) -> Any:
        found = throw(p, t_eval=times)
        return found.t_events, found.y, found.status

    (ground, top), y, status = cr.vmap(all_times)(THROW + np.array([[0.0, 0, 0], [0, 1, 0]]))
    np.testing.assert_allclose(ground[:, 0], [duration(THROW), duration(THROW + np.eye(3)[1])])
    assert top.shape == (2, 64)
    assert np.isnan(top[:, 1:]).all()
    np.testing.assert_allclose(y[0, 0], [1, 6.095, 1.38, np.nan], rtol=1e-8)
    assert status.tolist() == [1, 1]
    gradient = cr.jit(cr.grad(lambda p: throw(p, t_eval=times).t_events[0][0]))(THROW)
    np.testing.assert_allclose(gradient, cr.grad(duration)(THROW), rtol=1e-9)


def test_dense_output_is_the_solution_at_times_in_any_order_with_derivatives() -> None:
    def heights(p: Any) -> Any:
        found = throw(p, dense_output=True)
        values = found.sol(np.array([1.0, 0.5, 9.0]))
        return np.stack([values[0, 0], values[0, 1], found.sol(found.t[-1])[1]]), values

    (found, values), rates = heights(THROW), cr.jacobian(lambda p: heights(p)[0])(THROW)
    np.testing.assert_allclose(found[:2], [6.095, 4.77375], rtol=1e-8)
    assert values.shape == (2, 3)
    np.testing.assert_allclose(rates[:2], [[1, 1, -0.5], [1, 0.5, -0.125]], rtol=1e-7)
    speed = cr.grad(lambda p: p[1] - p[2] * duration(p))(THROW)
    np.testing.assert_allclose(rates[2], speed, rtol=1e-7)


def test_stiff_equations_that_read_a_traced_parameter_take_few_steps() -> None:
    def crossing(rate: Any) -> Any:
        found = solve_ivp(
            lambda t, y: -rate * (y - 1 - np.cos(t)), (0, 2), [2.0], "BDF", rtol=1e-6, atol=1e-6,
            events=lambda t, y: y[0] - 1,
        )  # fmt: skip
        assert len(found.t) < 60
        return found.t_events[0][0]

    rate = 1e3  # t = pi/2 + arctan(1/rate)
    np.testing.assert_allclose(cr.grad(crossing)(rate), -1 / rate**2, rtol=1e-3)
    np.testing.assert_allclose(cr.hessian(crossing)(rate), 2 / rate**3, rtol=1e-3)


def test_what_a_trace_cannot_hold_is_refused_with_a_remedy() -> None:
    def end(y0: Any, **options: Any) -> Any:
        return solve_ivp(lambda t, y: -y, (0, 1), [y0], **options).y[0, -1]

    with pytest.raises(UnsupportedError, match="give the output times"):
        cr.jit(end)(1.0)
    gradient = cr.jit(cr.grad(lambda y0: end(y0, t_eval=np.linspace(0, 1, 101))))(1.0)
    np.testing.assert_allclose(gradient, np.exp(-1), rtol=1e-3)
    np.testing.assert_allclose(cr.grad(end)(1.0), np.exp(-1), rtol=1e-3)
    with pytest.raises(UnsupportedError, match="the method must be one of"):
        cr.grad(lambda y0: end(y0, method="Euler"))(1.0)
    with pytest.raises(ValueError, match="not within"):
        cr.grad(lambda y0: end(y0, t_eval=[2.0]))(1.0)
