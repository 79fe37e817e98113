"""Integration by each method: orders, accuracy, counters, tolerances."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.solvers import integrate
from chainrule.solvers.butcher_tableau import DORMAND_PRINCE, TSITOURAS, ButcherTableau
from chainrule.solvers.dop853_tableau import DOP853

METHODS = ("tsit5", "dormand_prince", "dop853")


def lorenz(t: Any, y: Any) -> Any:
    a, b, c = y
    return [10.0 * (b - a), a * (28.0 - c) - b, a * b - 8 / 3 * c]


@pytest.mark.parametrize(("tableau", "order"), [(DORMAND_PRINCE, 5), (TSITOURAS, 5), (DOP853, 8)])
def test_tableaux_fulfil_the_order_conditions(tableau: ButcherTableau, order: int) -> None:
    count = len(tableau.c)
    c = np.array(tableau.c)
    a = np.array([[*row, *[0] * (count - len(row))] for row in tableau.a])
    np.testing.assert_allclose(a.sum(axis=1), c, atol=1e-14)
    b = a[-1]
    for power in range(order):
        np.testing.assert_allclose(b @ c**power, 1 / (power + 1), rtol=1e-13)
        if power < order - 1:  # Σ bᵢ aᵢⱼ cⱼ^(p) = 1 / ((p + 1) (p + 2)), and with cᵢ besides
            np.testing.assert_allclose(
                b @ a @ c**power, 1 / ((power + 1) * (power + 2)), rtol=1e-12
            )
        if power < order - 2:
            np.testing.assert_allclose(
                b * c @ a @ c**power, 1 / ((power + 1) * (power + 3)), rtol=1e-12
            )
            np.testing.assert_allclose(
                b @ a @ a @ c**power, 1 / ((power + 1) * (power + 2) * (power + 3)), rtol=1e-12
            )
    assert abs(np.sum(tableau.error)) < 1e-14


@pytest.mark.parametrize("method", METHODS)
def test_lorenz_at_ten_is_right_to_nine_digits(method: str) -> None:
    run = cr.jit(lambda y, t: integrate(lorenz, y, t, (), method, 1e-13, 1e-13))
    found = run(np.ones(3), np.array([0.0, 10.0]))
    expected = (-4.90268754113464, -3.74387292180292, 24.6908581027906)
    np.testing.assert_allclose(found.y[-1], expected, rtol=0, atol=1e-9)
    assert found.success


@pytest.mark.parametrize("method", METHODS)
def test_both_loops_take_the_same_steps(method: str) -> None:
    times, args = np.array([0.0, 0.0, 0.1, 0.5, 0.55, 2.0]), ()
    free = integrate(lorenz, np.ones(3), times, args, method, 1e-6, 1e-6)
    bounded = integrate(lorenz, np.ones(3), times, args, method, 1e-6, 1e-6, max_steps=200)
    np.testing.assert_allclose(free.y, bounded.y, rtol=1e-12)
    assert free.accepted == bounded.accepted
    assert free.rejected == bounded.rejected
    assert free.steps == free.accepted + free.rejected
    np.testing.assert_array_equal(free.history.accepted, bounded.history.accepted)
    np.testing.assert_allclose(free.history.t, bounded.history.t, rtol=1e-12)
    assert free.history.t[-1] == 2.0
    assert free.history.evaluations[-1] == free.evaluations


def test_counters_are_the_calls_of_the_right_hand_side() -> None:
    found = integrate(lorenz, np.ones(3), np.array([0.0, 1.0]), rtol=1e-6, first_step=0.01)
    assert found.evaluations == 1 + 6 * found.steps
    bounded = integrate(lorenz, np.ones(3), np.array([0.0, 1.0]), rtol=1e-6, max_step=0.001)
    assert bounded.accepted >= 1000
    assert np.max(np.abs(bounded.history.step)) <= 0.001


def test_tolerances_may_be_given_for_each_component() -> None:
    start, times = {"a": 1.0, "b": np.ones(2)}, np.array([0.0, 1.0])
    loose = {"a": 1e-2, "b": np.array([1e-2, 1e-12])}
    found = integrate(lambda t, y: {"a": y["a"], "b": y["b"]}, start, times, rtol=0, atol=loose)
    np.testing.assert_allclose(found.y["b"][-1], np.e, rtol=1e-10)
    with pytest.raises(ShapeError, match="atol has 2 components"):
        integrate(lorenz, np.ones(3), times, atol=np.ones(2))
    with pytest.raises(ArgumentError, match="both 0"):
        integrate(lorenz, np.ones(3), times, rtol=0, atol=0)
    with pytest.raises(ArgumentError, match="method"):
        integrate(lorenz, np.ones(3), times, method="euler")


def test_entries_of_dictionaries_are_found_by_key_and_other_shapes_are_refused() -> None:
    t, y0 = np.array([0.0, 1.0]), {"a": np.ones(2), "b": np.ones(2)}
    found = integrate(lambda t, y: {"b": -y["b"], "a": -3 * y["a"]}, y0, t).y
    np.testing.assert_allclose(found["a"][-1], np.exp([-3, -3]), rtol=1e-6)
    np.testing.assert_allclose(found["b"][-1], np.exp([-1, -1]), rtol=1e-6)
    with pytest.raises(ShapeError, match="the keys of y"):
        integrate(lambda t, y: {"c": -y["a"], "b": -y["b"]}, y0, t)
    with pytest.raises(ShapeError, match="arrays of the same shapes"):
        integrate(lambda t, y: {"a": -y["b"], "b": -y["a"]}, {"a": np.ones(2), "b": np.ones(3)}, t)


def test_undefined_values_of_tried_steps_warn_of_nothing() -> None:
    found = integrate(lambda t, y: np.sqrt(y - 2), 1.0, np.array([0.0, 1.0]), limit=50)
    assert not found.success


def test_reverse_mode_without_a_bound_on_steps_names_the_argument_to_give() -> None:
    def end(y0: Any, **options: Any) -> Any:
        return integrate(lambda t, y: -y, y0, np.array([0.0, 1.0]), **options).y[-1]

    with pytest.raises(UnsupportedError, match=r"as in cr\.solvers\.integrate\(.*max_steps=1000"):
        cr.grad(end)(1.0)
    gradient = cr.grad(lambda y0: end(y0, max_steps=100))(1.0)
    np.testing.assert_allclose(gradient, np.exp(-1), rtol=1e-7)
    with pytest.raises(AttributeError, match=r"did you mean solvers\.integrate"):
        cr.solvers.integrat  # noqa: B018
