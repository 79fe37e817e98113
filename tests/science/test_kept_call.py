"""Programs shared by functions that are made anew: values, and what is kept alive."""

import gc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.science.flat_function import FlatFunction
from chainrule.science.kept_call import KeptCall

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


def test_neither_functions_nor_what_they_read_are_kept_alive() -> None:
    class Data:
        def __init__(self, rate: float) -> None:
            self.rate, self.values = rate, np.ones(2)

    def sweep() -> list[Any]:
        found: list[Any] = []
        for rate in (1.0, 2.0, 3.0):
            data = Data(rate)
            function = lambda x, data=data: np.sum(data.rate * data.values * x**2)  # noqa: E731
            gradient(function)
            found += [weakref.ref(each) for each in (data, data.values, function)]
        return found

    references = sweep()
    gc.collect()
    assert [each() for each in references] == [None] * 9
