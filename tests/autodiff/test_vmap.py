"""``vmap`` against a loop over the batch: axes, nested arguments, compositions and refusals."""

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.sparse import coo_array

import chainrule as cr
from chainrule import nn
from chainrule.autodiff.control_flow.scan_primitive import scan
from chainrule.autodiff.passes.batching import batched
from chainrule.errors import ArgumentError, DTypeError, ShapeError, TraceError
from chainrule.graph.array_type import type_of
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import variable
from chainrule.ops.primitives.selection import get_results

rng = np.random.default_rng(0)
X, Y, W = rng.normal(size=(5, 3)), rng.normal(size=5), rng.normal(size=(3, 2))
INDICES = rng.integers(-3, 3, (5, 2))
KEYS = cr.random.split(cr.random.key(0), 5)


def looped(function: Callable[..., Any], *arrays: Any) -> Any:
    return np.stack([function(*entry) for entry in zip(*arrays, strict=True)])


def loss(w: Any, x: Any, y: Any) -> Any:
    return (np.tanh(x @ w).sum() - y) ** 2


def stored(x: Any, i: Any) -> Any:
    y = np.zeros(4) + x.sum()
    y[i] = x[:2]
    y[1:3] *= 2.0
    return y


def scanned(x: Any) -> Any:
    last, rows = cr.scan(lambda carry, row: (np.tanh(carry * row), carry + row), 0.5, x)
    return rows * last


def written_by_hand(x: Any) -> Any:
    f = cr.custom_vjp(lambda x: (np.sin(x), x), lambda x, ct: ct * np.cos(x) * 3)
    return cr.grad(lambda x: np.sum(f(x * x)))(x)


FUNCTIONS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "product": (lambda x: np.tanh(x @ W), (X,)),
    "gradient": (lambda x, y: cr.grad(loss)(W, x, y), (X, Y)),
    "pullback": (lambda x: cr.vjp(np.sin, x)[1](np.ones(3))[0], (X,)),
    "tangent": (lambda x: cr.jvp(np.sin, (x,), (x,))[1], (X,)),
    "stores": (stored, (X, INDICES)),
    "indices": (lambda x, i: x[i] + x[i[0]], (X, INDICES)),
    "sorting": (lambda x: np.sort(x)[::-1] + np.argmax(x) + np.median(x), (X,)),
    "selection": (lambda x: np.where(x > 0, x, np.cumsum(x)), (X,)),
    "windows": (lambda x: np.convolve(x, np.array([1.0, 2.0])), (X,)),
    "scan": (scanned, (X,)),
    "scan gradient": (cr.grad(lambda x: np.sum(scanned(x))), (X,)),
    "custom vjp": (written_by_hand, (X,)),
    "nested": (lambda x: cr.vmap(lambda a: cr.vmap(lambda b: a * b)(x))(x), (X,)),
    "draws": (lambda key: cr.random.normal(key, (3,)), (KEYS,)),
    "keys": (lambda key: cr.random.uniform(cr.random.split(key)[1], (2,)), (KEYS,)),
    "no entries": (np.sin, (np.ones((0, 3)),)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_batched_function_equals_a_loop_over_the_batch(name: str) -> None:
    function, arrays = FUNCTIONS[name]
    expected = looped(function, *arrays) if len(arrays[0]) else arrays[0]
    for batch in (cr.vmap(function), cr.jit(cr.vmap(function))):
        found = batch(*arrays)
        assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-14)


def test_axes_are_given_for_arguments_and_results_and_for_the_arrays_in_them() -> None:
    batch = np.arange(24.0).reshape(2, 3, 4)
    for axis, out in product((0, 1, 2, -1, -3), (0, 1, 2, -1)):
        found = cr.vmap(np.sin, axis, out)(batch)
        np.testing.assert_array_equal(found, np.moveaxis(np.sin(batch), axis, out))

    def function(params: Any, x: Any, *, scale: Any) -> Any:
        return {"y": (params["a"] * x * scale, params["b"]), "n": 1.0}

    params = {"b": np.array(7.0), "a": Y}
    axes = ({"a": 0, "b": None}, 1)
    found = cr.vmap(function, axes, {"y": (1, None), "n": 0})(params, X.T, scale=Y)
    np.testing.assert_allclose(found["y"][0], (X * (Y * Y)[:, None]).T)
    np.testing.assert_array_equal(found["y"][1], 7.0)
    np.testing.assert_array_equal(found["n"], np.ones(5))
    np.testing.assert_array_equal(cr.vmap(lambda: 2.0, axis_size=3)(), [2, 2, 2])
    np.testing.assert_array_equal(cr.vmap(lambda t, i: t[i], (None, 0))(X, INDICES), X[INDICES])


def test_an_array_that_the_entries_share_is_known_indexed_and_copied() -> None:
    def function(table: Any, x: Any, i: Any) -> Any:
        rows = table.copy()
        rows[i] = x * float(table[0, 0])
        return rows if table[0, 0] < 0 else rows + table[i]

    found = cr.vmap(function, (None, 0, 0))(X, X, INDICES[:, 0])
    for each, x, i in zip(found, X, INDICES[:, 0], strict=True):
        np.testing.assert_array_equal(each, function(X, x, i))
    (same, shared) = cr.vmap(lambda x, table: (x, table), (0, None), (0, None))(X, W)
    same[:], shared[:] = 0, 0
    assert np.all(X != 0)
    assert np.all(W != 0)


def test_a_key_that_the_entries_share_gives_them_the_same_draws() -> None:
    key = cr.random.key(3)
    found = cr.vmap(lambda key, x: x + cr.random.normal(key, (3,)), (None, 0))(key, X)
    np.testing.assert_array_equal(found, X + cr.random.normal(key, (3,)))


def test_derivatives_pass_through_a_batch_to_arguments_and_to_what_is_captured() -> None:
    def total(w: Any, x: Any) -> Any:
        return np.sum(cr.vmap(lambda each: np.tanh(each @ w) * scanned(each)[:2])(x))

    for i, argument in enumerate((W, X)):
        by_loop = cr.grad(
            lambda w, x: sum(np.sum(np.tanh(e @ w) * scanned(e)[:2]) for e in x),
            argnums=i,
        )
        for gradient in (cr.grad(total, argnums=i), cr.jit(cr.grad(total, argnums=i))):
            found = gradient(W, X)
            assert found.shape == argument.shape
            np.testing.assert_allclose(found, by_loop(W, X), rtol=1e-12)


def test_gradients_of_each_sample_of_a_network() -> None:
    layers = [nn.Conv2D(2, 3, activation="relu"), nn.MaxPool2D(2), nn.Flatten(), nn.Dense(3)]
    net = cr.Network(layers, seed=0, dtype="float64")
    images, targets = rng.normal(size=(4, 6, 6, 1)), rng.normal(size=(4, 3))
    np.testing.assert_allclose(cr.vmap(lambda x: net(x[None])[0])(images), net(images))

    def loss(params: Any, x: Any, t: Any) -> Any:
        return np.sum((net.apply(params, x[None])[0] - t) ** 2)

    gradients = cr.vmap(cr.grad(loss), in_axes=(None, 0, 0))(net.params, images, targets)
    for i in range(4):
        for name, each in cr.grad(loss)(net.params, images[i], targets[i]).items():
            np.testing.assert_allclose(gradients[name][i], each, rtol=1e-10, atol=1e-14)


def test_a_scan_is_batched_in_whatever_of_its_inputs_is() -> None:
    (sample, *_) = scan.samples()
    own = [variable(type_of(x)) for x in sample.inputs]
    outputs = get_results(scan(*own, **sample.params))
    for chosen in list(product((False, True), repeat=3))[1:]:
        inputs = [
            np.stack([x, 2 * x]) if c else x for x, c in zip(sample.inputs, chosen, strict=True)
        ]
        new = [variable(type_of(x)) for x in inputs]
        found = batched(outputs, own, list(zip(new, chosen, strict=True)), 2)
        assert all(has_axis for _, has_axis in found)
        values = evaluate(Graph(tuple(new), tuple(node for node, _ in found)), inputs)
        for i in range(2):
            row = [x[i] if c else x for x, c in zip(inputs, chosen, strict=True)]
            expected = evaluate(Graph(tuple(own), tuple(outputs)), row)
            for each, wanted in zip(values, expected, strict=True):
                np.testing.assert_allclose(each[i], wanted, rtol=1e-14)


def built(net: cr.Network) -> cr.Network:
    net(X)
    return net


def written(x: Any) -> Any:
    x[0] = 1.0
    return x


REFUSED: list[tuple[type[Exception], str, Callable[[], Any]]] = [
    (ShapeError, "x is 1.0, which has no axis", lambda: cr.vmap(lambda x: x)(1.0)),
    (ShapeError, r"np.array\(x\) for a list", lambda: cr.vmap(lambda x: x)([1.0, 2.0])),
    (DTypeError, "pass x.toarray", lambda: cr.vmap(lambda x: x)(coo_array(X))),
    (ShapeError, r"pass X\[None\], as in cr.vmap",
     lambda: cr.vmap(built(cr.Network([nn.Dense(2)], seed=0)))(X)),
    (ShapeError, "a has 5 along axis 0, but b has 3 along axis 0",
     lambda: cr.vmap(lambda a, b: a)(X, W)),
    (ShapeError, "axis_size is 4, but x has 5", lambda: cr.vmap(np.sin, axis_size=4)(X)),
    (ShapeError, "axis 2 does not exist in x", lambda: cr.vmap(lambda x: x, 2)(X)),
    (ShapeError, "out_axes=2 for the result", lambda: cr.vmap(lambda x: x, 0, 2)(X)),
    (ArgumentError, "no argument has an axis", lambda: cr.vmap(np.sin, None)(X)),
    (ArgumentError, "mode is 'relu'", lambda: cr.vmap(lambda x, mode: x)(X, "relu")),
    (ShapeError, r"cr.vmap\(lambda x: f\(x, s=...\)\)", lambda: cr.vmap(lambda x, s: x)(X, s=1.0)),
    (ArgumentError, "2 entries for 1 positional", lambda: cr.vmap(lambda x: x, (0, 0))(X)),
    (ArgumentError, "'v' is missing", lambda: cr.vmap(lambda p: p, ({"v": 0},))({"w": X})),
    (ArgumentError, "out_axes is None for the result", lambda: cr.vmap(np.sin, 0, None)(X)),
    (ArgumentError, "in_axes is 0.5", lambda: cr.vmap(np.sin, 0.5)),
    (DTypeError, "returned 'y'", lambda: cr.vmap(lambda x: "y")(X)),
    (TraceError, r"test_vmap.py:\d+.*np.where\(condition, a, b\)",
     lambda: cr.vmap(lambda x: x if x[0] > 0 else -x)(X)),
    (TraceError, "begin with x = x.copy()", lambda: cr.vmap(written)(X)),
    (TraceError, "in_axes=None", lambda: cr.vmap(lambda i: X[i])(INDICES)),
    (TraceError, "draw by cr.random", lambda: cr.vmap(lambda x: x + np.random.rand())(X)),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "message", "call"), REFUSED)
def test_what_has_no_meaning_is_refused_with_a_remedy(
    kind: type[Exception], message: str, call: Callable[[], Any]
) -> None:
    with pytest.raises(kind, match=message):
        call()


def test_a_compiled_function_is_batched_to_a_compiled_one() -> None:
    calls: list[int] = []

    @cr.jit
    def function(x: Any, count: Any) -> Any:
        calls.append(1)
        return np.tanh(x) * count

    batch = cr.vmap(function, (0, None))
    for _ in range(2):
        np.testing.assert_allclose(batch(X, 2.0), np.tanh(X) * 2)
    assert calls == [1]
