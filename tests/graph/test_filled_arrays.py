"""Plain arrays that traced functions make and fill, against NumPy and its differences."""

import functools
import threading
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from tests.graph.filling_functions import FILLING, X

ABSTRACT = {*FILLING} - {"masks", "integers"}
"""Without ``x[mask]``, whose shape is not known under ``jit``."""


def differences(function: Any, x: Any, step: float = 1e-6) -> Any:
    """The Jacobian by central differences."""
    rows = [function(x + step * e) - function(x - step * e) for e in np.eye(x.size)]
    return np.stack(rows, -1) / (2 * step)


@pytest.mark.parametrize("name", FILLING)
def test_a_filled_array_has_the_values_of_numpy_and_their_derivatives(name: str) -> None:
    function = FILLING[name]
    value = np.asarray(function(X))
    tolerance, exact = (2e-2, 1e-6) if name == "float32" else (1e-6, 1e-13)
    jacobian = cr.jacobian(function)(X)
    np.testing.assert_allclose(jacobian, differences(function, X), tolerance, tolerance)
    primal, tangent = cr.jvp(function, (X,), (X,))
    np.testing.assert_allclose(primal, value, 1e-14)
    np.testing.assert_allclose(tangent, jacobian @ X, exact, 1e-13)
    if name in ABSTRACT:
        compiled = cr.jit(function)(X)
        np.testing.assert_allclose(compiled, value, 1e-14)
        assert compiled.dtype == value.dtype
        np.testing.assert_allclose(
            cr.vmap(function)(np.stack([X, X * 2])), [value, function(X * 2)], 1e-13
        )


OUTSIDE = np.zeros(4)


def test_an_array_from_outside_is_not_filled() -> None:
    """A store would change it outside, which a program that is called again does not do."""

    def all_of_it(x: Any) -> Any:
        OUTSIDE[:] = x
        return OUTSIDE.sum()

    def as_an_array(x: Any) -> Any:
        a = np.asarray(OUTSIDE)
        a[0] = x[0]
        return a.sum()

    def reshaped(x: Any) -> Any:
        np.reshape(OUTSIDE, (2, 2))[0] = x[:2]
        return OUTSIDE.sum()

    def in_another_order(x: Any) -> Any:
        np.add.at(np.asfortranarray(OUTSIDE), 0, x[0])
        return OUTSIDE.sum()

    def complex_numbers(x: Any) -> Any:
        a = np.zeros(4, complex)
        a[:] = x
        return a.real.sum()

    for function in (all_of_it, as_an_array, reshaped, in_another_order, complex_numbers):
        for call in (cr.grad(function), cr.jit(function), cr.vmap(lambda x, f=function: f(x * X))):
            with pytest.raises(cr.errors.ChainruleError, match=r"is a plain array.*real numbers"):
                call(X)
    assert not OUTSIDE.any()


def test_a_float_in_an_array_of_integers_is_truncated_with_a_warning() -> None:
    def f(x: Any) -> Any:
        a = np.array([0, 0])
        a[1] = 2.7 * x[0]
        return a.sum() * x[1]

    with pytest.warns(cr.ChainruleWarning, match="truncates them and cuts their derivative"):
        assert cr.grad(f)(np.ones(2)).tolist() == [0, 2]


class Counter:
    calls = 0


def test_what_a_function_does_besides_happens_once() -> None:
    counter, kept, known, rng = Counter(), list[float](), dict[int, int](), np.random.default_rng(0)
    total, count = np.zeros(1), 0

    def f(x: Any) -> Any:
        nonlocal count
        count += 1
        counter.calls += 1
        kept.append(1.0)
        known[len(known)] = count
        total[0] += 1
        a = np.zeros(2)
        a[0] = x[0] * rng.normal()
        return a.sum()

    expected = np.random.default_rng(0)
    for n in (1, 2):
        np.testing.assert_array_equal(cr.grad(f)(np.ones(2)), [expected.normal(), 0])
        assert (count, counter.calls, len(kept), total[0]) == (n, n, n, n)
    assert known == {0: 1, 1: 2}


@functools.lru_cache
def grid(n: int) -> Any:
    points = np.linspace(0, 1, n)
    points[0] = 0.5
    return points


class WithGrid:
    def __init__(self) -> None:
        self.points: Any = None
        self.kept: dict[int, Any] = {}

    def __call__(self, x: Any) -> Any:
        if self.points is None:
            self.points = self.kept[3] = np.linspace(0, 1, 3)
        a = np.zeros(3)
        a[:] = x * self.points + grid(3) * self.kept[3]
        return (a**2).sum()


def test_arrays_of_constants_that_a_function_keeps_are_those_of_numpy() -> None:
    x = np.ones(3)
    for call in (cr.grad, cr.hessian, cr.jit, lambda f: cr.vmap(lambda s: f(s * x))):
        grid.cache_clear()
        call(model := WithGrid())(x)
        kept = (model.points, model.kept[3], grid(3))
        assert [type(each) for each in kept] == [np.ndarray] * 3
        np.testing.assert_array_equal(kept, [[0, 0.5, 1], [0, 0.5, 1], [0.5, 0.5, 1]])


def test_errors_of_the_user_are_raised_as_they_are() -> None:
    def f(x: Any) -> Any:
        a = np.zeros(2)
        a[0] = x[0]
        raise ValueError("of my own")

    for call in (cr.grad(f), cr.jit(f)):
        with pytest.raises(ValueError, match="of my own"):
            call(np.ones(2))


def test_other_threads_and_code_in_c_get_arrays_of_numpy() -> None:
    seen: list[type] = []

    def f(x: Any) -> Any:
        a = np.zeros(4)
        a[0] = x[0]
        thread = threading.Thread(target=lambda: seen.append(type(np.zeros(3))))
        thread.start()
        thread.join()
        seen.append(type(np.random.default_rng(0).normal(size=3)))
        seen.append(type(np.random.RandomState(0).rand(3)))
        return a.sum() + np.fft.fftfreq(3).sum()

    original = np.zeros
    cr.grad(f)(X)
    assert seen[-3:] == [np.ndarray] * 3
    assert np.zeros is original
    assert type(np.zeros(3)) is np.ndarray


def test_what_is_traced_without_stores_is_traced_as_before() -> None:
    def f(x: Any) -> Any:
        table = np.arange(4)
        table[0] = 3
        assert type(table) is type(np.zeros(3)) is np.ndarray
        return x[table] * np.ones(4)

    assert "constant" not in str(cr.trace(f)(X))


def test_bodies_of_loops_and_rules_by_hand_may_fill_arrays() -> None:
    def step(state: Any, _: Any) -> Any:
        rates = np.zeros(2)
        rates[0], rates[1] = state[1], -state[0]
        return state + 0.1 * rates, state[0]

    def last(state: Any) -> Any:
        return cr.scan(step, state, np.arange(3.0))[0]

    expected = np.linalg.matrix_power([[1, 0.1], [-0.1, 1]], 3)
    np.testing.assert_allclose(cr.jacobian(last)(np.ones(2)), expected)
    np.testing.assert_allclose(cr.jit(last)(np.ones(2)), expected @ np.ones(2))

    def half(state: Any) -> Any:
        new = np.empty(1)
        new[0] = state[0] / 2
        return new

    assert cr.while_loop(lambda s: s[0] > 1, half, np.array([5.0])).tolist() == [0.625]
    assert cr.cond(True, half, lambda s: s, np.array([3.0])).tolist() == [1.5]

    def backward(x: Any, ct: Any) -> Any:
        dx = np.zeros(4)
        dx[0] = 3 * ct
        return (dx,)

    rule = cr.custom_vjp(lambda x: (x[0], x), backward)
    _, pullback = cr.vjp(rule, X)
    assert pullback(1.0)[0].tolist() == cr.grad(rule)(X).tolist() == [3, 0, 0, 0]


class Mixing(nn.Layer):
    def build(self, shape: Any) -> None:
        self.scale = self.parameter("scale", (1,), "ones")

    def forward(self, x: Any) -> Any:
        out = np.zeros(x.shape)
        out[:, 0] = x[:, 0] * self.scale[0]
        out[:, 1:] = x[:, :-1]
        return out


def test_layers_and_losses_may_fill_arrays() -> None:
    def loss(y: Any, p: Any) -> Any:
        parts = np.zeros(2)
        parts[0] = np.mean((y - p) ** 2)
        return parts.sum()

    rng = np.random.default_rng(0)
    x = rng.normal(size=(32, 3))
    net = cr.Network([Mixing(), nn.Dense(1)], seed=0, dtype="float64")
    net.compile(loss=loss, optimizer="adam")
    history = net.fit(x, x[:, :1], epochs=5, verbose=0)
    assert history["loss"][-1] < history["loss"][0]
    mixed = np.concatenate([x[:, :1] * net.layers[0].scale.value, x[:, :2]], 1)
    dense = net.layers[1]
    np.testing.assert_allclose(net.predict(x), mixed @ dense.weight.value + dense.bias.value)
