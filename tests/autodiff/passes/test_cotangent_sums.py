"""Accumulation of cotangents: over the slices of an array, and over the steps of a scan."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.control_flow.scan_primitive import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.ops.primitives import elementwise, movement
from chainrule.ops.primitives.contraction import contract

RNG = np.random.default_rng(3)
X = RNG.normal(size=(4, 9))


def primitives(function: Any, *args: Any) -> list[Any]:
    return [node.primitive for node in simplify(cr.trace(function)(*args)).equations]


@pytest.mark.parametrize(
    "split",
    [
        lambda x: [x[:, :3], x[:, 3:6], x[:, 6:]],
        lambda x: [x[:, 6:], x[:, :3], x[:, 3:6]],
        lambda x: [x[:, 1:3], x[:, 5:8]],
        lambda x: [x[:2], x[2:]],
        lambda x: np.split(x, 3, axis=1),
    ],
)
def test_cotangents_of_disjoint_slices_are_concatenated(split: Any) -> None:
    def f(x: Any) -> Any:
        return sum(np.sum(part**3) for part in split(x))

    expected = np.zeros_like(X)
    where = np.arange(X.size).reshape(X.shape)
    for part in split(where):
        expected.flat[part] = 3 * X.flat[part] ** 2
    np.testing.assert_allclose(cr.grad(f)(X), expected, rtol=1e-14)
    assert movement.pad_into not in primitives(cr.grad(f), X)
    assert cr.check_grads(f, (X,)) < 1e-7


@pytest.mark.parametrize(
    "split",
    [
        lambda x: [x[:, :5], x[:, 3:]],
        lambda x: [x[:, ::2], x[:, 1::2]],
        lambda x: [x[:2, :5], x[2:, 5:]],
        lambda x: [x[:, :3], x, x[:, 3:], x],
        lambda x: [x[:, :3], x, x[:, 2:]],
    ],
)
def test_cotangents_of_overlapping_slices_add_up(split: Any) -> None:
    def f(x: Any) -> Any:
        return sum(np.sum(np.sin(part) * (i + 1)) for i, part in enumerate(split(x)))

    expected = np.zeros_like(X)
    where = np.arange(X.size).reshape(X.shape)
    for i, part in enumerate(split(where)):
        np.add.at(expected.reshape(-1), part.ravel(), (i + 1) * np.cos(X.flat[part]).ravel())
    np.testing.assert_allclose(cr.grad(f)(X), expected, rtol=1e-13)
    assert cr.check_grads(f, (X,)) < 1e-7


def run(W: Any, b: Any, xs: Any, twice: bool = False) -> Any:
    def step(h: Any, x: Any) -> Any:
        again = np.tanh(h) @ W.T if twice else 0.0
        return np.tanh(x + h @ W + b + again), None

    return np.sum(cr.scan(step, np.zeros((2, 3)), xs)[0] ** 2)


def unrolled(W: Any, b: Any, xs: Any, twice: bool = False) -> Any:
    h = np.zeros((2, 3))
    for x in xs:
        h = np.tanh(x + h @ W + b + (np.tanh(h) @ W.T if twice else 0.0))
    return np.sum(h**2)


OPERANDS = RNG.normal(size=(3, 3)), RNG.normal(size=3), RNG.normal(size=(5, 2, 3))


@pytest.mark.parametrize("twice", [False, True])
def test_cotangents_of_shared_matrices_are_one_contraction_after_the_loop(twice: bool) -> None:
    derive = cr.grad(lambda W, b, xs: run(W, b, xs, twice), (0, 2))
    graph = simplify(cr.trace(derive)(*OPERANDS))
    *_, backward = (node for node in graph.equations if node.primitive is scan)
    assert backward.params["carries"] == 1
    assert sum(node.primitive is contract for node in graph.equations) == 1 + twice
    expected = cr.grad(lambda W, b, xs: unrolled(W, b, xs, twice), (0, 2))(*OPERANDS)
    for actual, desired in zip(derive(*OPERANDS), expected, strict=True):
        np.testing.assert_allclose(actual, desired, rtol=1e-12, atol=1e-14)
    for actual, desired in zip(cr.jit(derive)(*OPERANDS), expected, strict=True):
        np.testing.assert_allclose(actual, desired, rtol=1e-12, atol=1e-14)


def test_deferred_sums_are_differentiable_again() -> None:
    assert cr.check_grads(run, OPERANDS, order=2) < 1e-6


def test_a_loop_invariant_product_is_summed_in_the_loop() -> None:
    def total(W: Any) -> Any:
        return cr.scan(lambda s, x: (s + x * np.sum(W @ W), None), 0.0, np.arange(3.0))[0]

    W = OPERANDS[0]
    np.testing.assert_allclose(cr.grad(total)(W), cr.grad(lambda W: 3 * np.sum(W @ W))(W))


def test_cotangents_of_shared_vectors_accumulate_in_the_carry() -> None:
    def total(w: Any, xs: Any) -> Any:
        return np.sum(cr.scan(lambda h, x: (np.tanh(h * w + x), None), np.ones(2), xs)[0])

    w, xs = RNG.normal(size=2), RNG.normal(size=(4, 2))
    graph = simplify(cr.trace(cr.grad(total))(w, xs))
    *_, backward = (node for node in graph.equations if node.primitive is scan)
    assert backward.params["carries"] == 2
    assert elementwise.add in [node.primitive for node in backward.params["body"].equations]
    assert cr.check_grads(total, (w, xs)) < 1e-7


def test_unused_cotangents_are_eliminated() -> None:
    W, b, xs = OPERANDS
    graph = simplify(cr.trace(cr.grad(lambda b, xs: run(W, b, xs)))(b, xs))
    forward, backward = (node for node in graph.equations if node.primitive is scan)
    assert len(forward.params["body"].outputs) == 2
    assert len(backward.params["body"].outputs) == 2
    np.testing.assert_allclose(
        cr.jit(cr.grad(lambda b: run(W, b, xs)))(b), cr.grad(lambda b: unrolled(W, b, xs))(b)
    )


def test_shared_values_of_an_empty_loop_have_gradient_zero() -> None:
    W, b, xs = OPERANDS
    for compile_it in (False, True):
        derive = cr.grad(run, (0, 1))
        for gradient in (cr.jit(derive) if compile_it else derive)(W, b, xs[:0]):
            assert (gradient == 0).all()
