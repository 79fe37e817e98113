"""``scan`` against an unrolled Python loop: values, first and second derivatives."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.control_flow import scan_primitive
from chainrule.autodiff.control_flow.scan_primitive import scan
from chainrule.compiler.graph_passes.simplify import simplify
from chainrule.errors import ArgumentError, DTypeError, ShapeError, TraceError

RNG = np.random.default_rng(0)
W, XS, H0 = RNG.normal(size=(3, 3)), RNG.normal(size=(6, 3)), RNG.normal(size=3)


def step(W: Any, h: Any, x: Any) -> Any:
    h = np.tanh(h * W[0] + x @ W + W[2] * np.sin(h))
    return h, h * x


def scanned(W: Any, xs: Any, h0: Any, reverse: bool = False) -> Any:
    h, ys = cr.scan(lambda h, x: step(W, h, x), h0, xs, reverse=reverse)
    return np.sum(h * h) + np.sum(ys * ys)


def unrolled(W: Any, xs: Any, h0: Any, reverse: bool = False) -> Any:
    h, total = h0, 0.0
    for i in range(len(xs))[:: -1 if reverse else 1]:
        h, y = step(W, h, xs[i])
        total = total + np.sum(y * y)
    return np.sum(h * h) + total


@pytest.mark.parametrize("reverse", [False, True])
def test_values_and_derivatives_equal_those_of_an_unrolled_loop(reverse: bool) -> None:
    expected = cr.value_and_grad(lambda *a: unrolled(*a, reverse), (0, 1, 2))(W, XS, H0)
    found = cr.value_and_grad(lambda *a: scanned(*a, reverse), (0, 1, 2))(W, XS, H0)
    assert found[0] == pytest.approx(expected[0], rel=1e-13)
    for a, b in zip(found[1], expected[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_second_derivatives_agree_with_differences() -> None:
    assert cr.check_grads(lambda W: scanned(W, XS, H0), (W,), order=2) < 1e-7


def test_the_forward_scan_and_its_rerun_for_residuals_are_merged() -> None:
    graph = simplify(cr.trace(cr.value_and_grad(scanned))(W, XS, H0))
    assert sum(node.primitive is scan for node in graph.equations) == 2
    value, gradient = cr.jit(cr.value_and_grad(scanned))(W, XS, H0)
    assert value == pytest.approx(unrolled(W, XS, H0), rel=1e-13)
    np.testing.assert_allclose(gradient, cr.grad(unrolled)(W, XS, H0), rtol=1e-12)


def test_carry_and_sequences_may_be_nested_and_of_several_dtypes() -> None:
    def count(carry: Any, x: Any) -> Any:
        return {"n": carry["n"] + 1, "sum": carry["sum"] + x["a"] * x["b"]}, carry["n"]

    init = {"n": np.int64(0), "sum": np.float32(0)}
    xs = {"a": np.arange(4, dtype=np.float32), "b": np.ones(4, np.float32)}
    carry, ys = cr.scan(count, init, xs)
    assert carry["n"] == 4
    assert carry["sum"] == 6
    assert carry["sum"].dtype == np.float32
    assert ys.tolist() == [0, 1, 2, 3]


def test_derivatives_flow_past_integer_carries() -> None:
    def power(carry: Any, _: Any) -> Any:
        i, y = carry
        return (i + 1, y * (i + 1)), None

    gradient = cr.grad(lambda y: cr.scan(power, (np.int64(0), y), length=4)[0][1])(2.0)
    assert gradient == 24.0


def test_a_python_scalar_as_carry_adopts_the_dtype_of_the_sequence() -> None:
    total, _ = cr.scan(lambda s, x: (s + x, None), 0.0, np.ones(3, np.float32))
    assert total.dtype == np.float32


def test_an_empty_sequence_returns_the_initial_carry() -> None:
    carry, ys = cr.scan(lambda s, x: (s + x, s), 2.0, np.ones(0))
    assert carry == 2.0
    assert ys.shape == (0,)
    assert cr.grad(lambda s: cr.scan(lambda c, x: (c * x, None), s, np.ones(0))[0])(2.0) == 1.0


def test_nested_scans() -> None:
    def outer(total: Any, row: Any) -> Any:
        inner, _ = cr.scan(lambda p, x: (p * x, None), 1.0, row)
        return total + inner, inner

    rows = np.arange(1.0, 7.0).reshape(2, 3)
    f = lambda rows: cr.scan(outer, 0.0, rows)[0]  # noqa: E731
    assert f(rows) == 1 * 2 * 3 + 4 * 5 * 6
    assert cr.check_grads(f, (rows,), order=2) < 1e-7


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: cr.scan(lambda c, x: c, 0.0, np.ones(3)), ArgumentError, "pair"),
        (lambda: cr.scan(lambda c, x: (c, x), 0.0), ShapeError, "no sequence and no length"),
        (lambda: cr.scan(lambda c, x: (c, x), 0.0, (np.ones(3), np.ones(2))), ShapeError, "2, 3"),
        (lambda: cr.scan(lambda c, x: (c + x, x), np.ones(2), np.ones((3, 1, 2))), ShapeError,
         "comes out as"),
        (lambda: cr.scan(lambda c, x: (c + x, x), np.float32(0), np.ones(3)), DTypeError, "astype"),
        (lambda: cr.scan(lambda c, x: ((c, c), x), 0.0, np.ones(3)), ArgumentError, "carry"),
        (lambda: cr.scan(lambda c, x: (c if x > 0 else -c, x), 1.0, np.ones(3)), TraceError,
         r"np\.where"),
        (lambda: cr.scan(lambda c, x: (c, x), 0.0, 1.0), ShapeError, "first axis"),
    ],
)  # fmt: skip
def test_an_invalid_scan_is_refused_with_the_rule_it_breaks(
    call: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def test_index_maps_of_an_outer_value_are_shared_by_every_step_under_jit_of_grad() -> None:
    def loss(part: Any, p: Any, xs: Any) -> Any:
        outer = part(p)

        def step(c: Any, x: Any) -> Any:
            c = np.tanh(c * outer + x * p[1, 0] + part(p))
            return c, c * outer

        last, ys = cr.scan(step, np.zeros(2), xs)
        return np.sum(ys * ys) + np.sum(last)

    parts: list[Any] = [
        lambda p: p[0],
        lambda p: p.T[1],
        lambda p: p.reshape(4)[:2],
        lambda p: np.broadcast_to(p[0, 1], (2,)),
        lambda p: p @ p[0],
        lambda p: p[0, 0] * p[1],
    ]
    p, xs = np.array([[0.5, 0.2], [0.3, -0.4]]), np.linspace(-1, 1, 8).reshape(4, 2)
    for part in parts:
        expected = cr.grad(loss, 1)(part, p, xs)
        _, found = cr.jit(cr.value_and_grad(loss, 1))(part, p, xs)
        np.testing.assert_allclose(found, expected, rtol=1e-12)
        np.testing.assert_allclose(cr.grad(cr.jit(loss), 1)(part, p, xs), expected, rtol=1e-12)


def test_a_batch_of_scans_equals_a_loop_over_the_batch() -> None:
    def f(W: Any, xs: Any, h0: Any, reverse: bool) -> Any:
        return cr.scan(lambda h, x: step(W, h, x), h0, xs, reverse=reverse)

    many = [np.stack([each, -each, 2 * each]) for each in (W, XS, H0)]
    for axes in ((0, 0, 0), (None, 0, None), (None, None, 0), (0, None, None)):
        for reverse in (False, True):
            args = [b if axis == 0 else b[0] for b, axis in zip(many, axes, strict=True)]
            found = cr.vmap(lambda *a, r=reverse: f(*a, r), in_axes=axes)(*args)
            for i in range(3):
                row = [b[i] if axis == 0 else b[0] for b, axis in zip(many, axes, strict=True)]
                for a, b in zip(found, f(*row, reverse), strict=True):
                    np.testing.assert_allclose(a[i], b, rtol=1e-13)


def test_the_gradient_by_a_constant_of_an_outer_trace_reaches_the_steps():
    def last(w):
        return np.sum(cr.scan(lambda carry, x: (carry * w + x, carry), np.ones(2), xs)[0])

    xs = np.arange(4.0)
    expected = cr.grad(last)(np.full(2, 0.5))
    found = cr.jit(lambda x: cr.grad(last)(np.full_like(x, 0.5)) + x)(np.zeros(2))
    np.testing.assert_allclose(found, expected)


def test_results_of_a_scan_alias_neither_its_arguments_nor_one_another():
    x, captured = np.ones((2, 2)), np.ones(2)
    for rows in (x, x[:0]):
        carry, ys = cr.scan(lambda c, _: ((c[0], c[0], captured), captured), (x, x, captured), rows)
        for each in (*carry, ys):
            each[...] = 7.0
    np.testing.assert_array_equal(x, 1)
    np.testing.assert_array_equal(captured, 1)
    separate, _ = cr.scan(lambda c, _: ((c[0], c[0]), None), (x, x), x)
    separate[0][...] = 7.0
    np.testing.assert_array_equal(separate[1], 1)
    assert type(cr.scan(lambda c, x: (c + x, None), 0.0, captured)[0]) is np.float64


def test_a_tape_of_inner_loops_is_kept_or_made_again_with_the_same_derivatives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Loops of 0 to 3 steps in the rows of a scan; broadcast values are shared by all steps."""
    weights = np.random.default_rng(0).normal(size=(3, 3)) / 2
    bias, rows = np.array([0.1, -0.2, 0.3]), np.array([0.0, 3.0, 1.0, 0.0, 2.0])

    def total(weights: Any, bias: Any) -> Any:
        def step(y: Any, count: Any) -> Any:
            def body(c: Any) -> Any:
                return c[0] + 1, np.tanh(c[1] @ weights + bias) + c[1] / 2

            y = cr.while_loop(lambda c: c[0] < count, body, (0.0, y), max_steps=4)[1]
            return y, y * y

        return np.sum(cr.scan(step, np.ones((2, 3)), rows)[1])

    def gradients() -> list[Any]:
        by_all: Any = cr.grad(total, (0, 1))

        def product(w: Any) -> Any:
            return np.sum(by_all(w, bias)[0] * weights)

        def of_scaled(scale: Any) -> Any:
            return by_all(scale * weights, bias)

        batch: Any = cr.vmap(of_scaled)
        both = [*by_all(weights, bias), cr.grad(product)(weights), *batch(np.array([1.0, 0.5]))]
        return [*both, *cr.jit(by_all)(weights, bias), *cr.jit(batch)(np.array([1.0, 0.5]))]

    kept = gradients()
    monkeypatch.setattr(scan_primitive, "MAX_TAPE_BYTES", 0)
    for a, b in zip(kept, gradients(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    zero = np.zeros(3)
    forward = cr.jvp(total, (weights, bias), (weights**2, zero))[1]
    for number in (0, 5):
        np.testing.assert_allclose(np.sum(kept[number] * weights**2), forward, rtol=1e-12)
