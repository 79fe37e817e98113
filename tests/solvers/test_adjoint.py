"""The continuous adjoint against the discrete one, and against closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import solvers
from chainrule.errors import ArgumentError

TIMES = np.array([0.0, 0.3, 0.5, 1.0])


def predators(t: Any, y: Any, p: Any) -> Any:
    return np.stack([p["a"] * y[0] - y[0] * y[1], (1 + 0.1 * t) * y[1] * (y[0] - p["c"])])


def test_both_gradients_agree_to_1e_8_by_initial_values_parameters_and_times() -> None:
    options: dict[str, Any] = {"rtol": 1e-11, "atol": 1e-11}

    def loss(rows: Any) -> Any:
        return np.sum(np.sin(rows))

    def discrete(y0: Any, t: Any, p: Any) -> Any:
        return loss(solvers.integrate(predators, y0, t, (p,), max_steps=200, **options).y)

    def continuous(y0: Any, t: Any, p: Any) -> Any:
        return loss(solvers.adjoint(predators, y0, t, (p,), **options))

    arguments = (np.array([3.0, 2.0]), TIMES, {"a": 1.5, "c": np.array(3.0)})
    found = cr.jit(cr.grad(continuous, argnums=(0, 1, 2)))(*arguments)
    expected = cr.jit(cr.grad(discrete, argnums=(0, 1, 2)))(*arguments)
    for one, other in zip(found[:2], expected[:2], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-8, atol=1e-8)
    for name, value in expected[2].items():
        np.testing.assert_allclose(found[2][name], value, rtol=1e-8, atol=1e-8)


def test_a_linear_system_has_the_gradient_of_its_closed_form() -> None:
    def total(y0: Any, rate: Any) -> Any:
        t = np.array([0.0, 0.5, 2.0])
        return np.sum(
            solvers.adjoint(lambda t, y, rate: -rate * y, y0, t, (rate,), rtol=1e-11, atol=1e-11)
        )

    d_y0, d_rate = cr.jit(cr.grad(total, argnums=(0, 1)))(np.array([1.0, 2.0]), 0.7)
    ends = np.exp(-0.7 * np.array([0.0, 0.5, 2.0]))
    np.testing.assert_allclose(d_y0, [ends.sum()] * 2, rtol=1e-9)
    np.testing.assert_allclose(d_rate, -3 * (0.5 * ends[1] + 2 * ends[2]), rtol=1e-9)


def test_a_traced_value_in_a_closure_has_the_derivative_of_an_argument() -> None:
    t = np.array([0.0, 1.0])

    def by_closure(a: Any) -> Any:
        return solvers.adjoint(lambda t, y: -a * y, 1.0, t)[-1]

    def by_argument(a: Any) -> Any:
        return solvers.adjoint(lambda t, y, a: -a * y, 1.0, t, args=(a,))[-1]

    for gradient in (cr.grad(by_closure), cr.jit(cr.grad(by_closure)), cr.grad(by_argument)):
        np.testing.assert_allclose(gradient(1.0), -np.exp(-1), rtol=1e-6)

    def by_mask(y: Any, mask: Any) -> Any:
        return np.sum(solvers.adjoint(lambda t, y: np.where(mask, -y, y), y, t)[-1])

    with pytest.raises(ArgumentError, match=r"pass it in args as floats"):
        cr.jit(cr.grad(by_mask))(np.ones(2), np.array([True, False]))
