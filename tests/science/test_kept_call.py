"""Programs shared by functions that are made anew: values, and what is kept alive."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.science.flat_function import FlatFunction
from chainrule.science.integrate import odeint, solve_ivp
from chainrule.science.kept_call import KeptCall
from chainrule.science.optimize import root

X = np.array([0.5, 2.0])


def gradient(function: Callable[..., Any], *args: Any) -> Any:
    return FlatFunction("minimize", function, X, args).gradient(X)


def kept(function: Callable[..., Any]) -> KeptCall:
    return KeptCall.of(function, (X,), (function,))


def test_functions_that_differ_in_numbers_share_a_graph_from_the_second_on() -> None:
    def function(rate: float, other: float = 2.0) -> Callable[..., Any]:
        return lambda x: np.sum(np.sin(rate * x) + other * x**2)

    calls = [kept(function(rate)) for rate in (3.0, 4.0, 5.0, 6.0)]
    assert len({id(each.graph) for each in calls}) == 2
    assert calls[1].graph is calls[3].graph
    assert kept(function(3.0)).graph is calls[0].graph
    for rate, other in [(3.0, 2.0), (4.0, 2.0), (5.0, 7.0), (6.0, 2.0)]:
        expected = rate * np.cos(rate * X) + 2 * other * X
        np.testing.assert_allclose(gradient(function(rate, other)), expected, rtol=1e-15)


def test_derivatives_follow_closures_globals_attributes_and_arrays_at_each_evaluation() -> None:
    class Model:
        rate = 2.0

        def value(self, x: Any) -> Any:
            return self.rate * scale * np.sum(weights * x)

    model, scale, weights = Model(), 3.0, np.ones(2)
    flat = FlatFunction("minimize", model.value, X)
    assert flat.gradient(X).tolist() == [6, 6]
    model.rate = 4.0
    assert flat.gradient(X).tolist() == [12, 12]
    scale = 1.0
    weights[1] = 2.0
    assert flat.gradient(X).tolist() == gradient(model.value).tolist() == [4, 8]


@pytest.mark.parametrize("power", [0, 1, 2, 2.5, 1.5])
def test_exponents_of_shared_graphs_have_the_derivatives_of_constant_ones(power: float) -> None:
    flat = FlatFunction("minimize", lambda x: np.sum(x**power), X)
    x = np.array([0.0, 2.0])
    expected = [float(power == 1), power * 2.0 ** (power - 1)]
    np.testing.assert_allclose(flat.gradient(x), expected, rtol=1e-15)
    assert np.isfinite(flat.hessian(x)[1, 1])


def test_derivatives_written_by_hand_are_those_of_each_function() -> None:
    def function(factor: float) -> Callable[..., Any]:
        square = cr.custom_vjp(lambda x: (x**2, x), lambda x, ct: factor * ct * x)
        return lambda x: np.sum(np.cosh(square(x)))

    for factor in (2.0, 5.0, 2.0):
        np.testing.assert_allclose(gradient(function(factor)), factor * X * np.sinh(X**2))


def test_neither_functions_nor_objects_nor_what_they_read_are_kept_alive() -> None:
    class Model:
        def __init__(self, rate: float) -> None:
            self.rate, self.values = rate, np.ones(2)

        def scaled(self, y: Any) -> Any:
            return -self.rate * self.values * y

        def decay(self, t: Any, y: Any) -> Any:
            return self.scaled(y)

        def __call__(self, x: Any) -> Any:
            return np.sum(self.scaled(x) * x)

    def use(model: Model) -> list[Any]:
        def closure(y: Any, t: Any, other: Any) -> Any:
            return model.values * other.scaled(y)

        other = Model(model.rate)
        ends = [solve_ivp(model.decay, (0, 1), X, rtol=1e-9).y[:, -1] for _ in range(2)]
        ends += [odeint(closure, X, [0, 1], (other,))[-1] for _ in range(2)]
        for each in ends:
            np.testing.assert_allclose(each, X * np.exp(-model.rate), rtol=1e-4)
        gradients = [gradient(each) for each in (model, model, lambda x: model(x))]
        np.testing.assert_allclose(gradients, [-2 * model.rate * X] * 3)
        root(lambda x: model.scaled(x) - other.values, X)
        return [weakref.ref(each) for each in (model, other, model.values, other.values, closure)]

    references = [each for rate in (1.0, 2.0, 3.0) for each in use(Model(rate))]
    gc.collect()
    assert [each() for each in references] == [None] * 15
