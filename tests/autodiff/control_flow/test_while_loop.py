"""``while_loop`` against a Python loop: values, derivatives of both modes, batches, refusals."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff.control_flow.while_loop_primitive import while_loop
from chainrule.errors import ArgumentError, DTypeError, ShapeError, UnsupportedError

TABLE = np.array([1.0, 0.5, 2.0, 3.0, 1.5, 0.2, 4.0])


def loop(x: Any, n: Any) -> Any:
    """A loop with an integer carry that is an index, and values shared by its steps."""
    return cr.while_loop(
        lambda c: c[0] < n,
        lambda c: (c[0] + 1, np.sin(c[1]) * np.take(TABLE, c[0]) + x / (1.0 + c[1] * c[1])),
        (0, x),
        max_steps=8,
    )[1]


def unrolled(x: Any, n: Any) -> Any:
    y = x
    for i in range(n):
        y = np.sin(y) * TABLE[i] + x / (1.0 + y * y)
    return y


def nested(x: Any, n: Any) -> Any:
    """A loop, a branch and a scan within a loop."""

    def body(c: Any) -> Any:
        i, s = c
        grown = cr.while_loop(lambda d: d < 10 + i, lambda d: d * 2 + 0.1, s, max_steps=20)
        summed = cr.scan(lambda t, y: (t + x * y, None), 0.0, TABLE)[0]
        return i + 1, cr.cond(i % 2 == 0, lambda: grown / 3, lambda: np.sqrt(grown) + summed)

    return cr.while_loop(lambda c: c[0] < n, body, (0, x), max_steps=10)[1]


def test_values_and_derivatives_equal_those_of_an_unrolled_loop() -> None:
    for n in (0, 1, 5):
        assert loop(0.7, n) == unrolled(0.7, n)
        expected = cr.grad(unrolled)(0.7, n)
        assert cr.grad(loop)(0.7, n) == pytest.approx(expected, rel=1e-13)
        tangent = cr.jvp(lambda x, n=n: loop(x, n), (0.7,), (1.0,))[1]
        assert tangent == pytest.approx(expected, rel=1e-13)
        assert cr.jit(cr.grad(loop))(0.7, n) == pytest.approx(expected, rel=1e-13)


def test_second_derivatives_agree_with_differences_in_nested_loops_too() -> None:
    for function in (loop, nested):
        first, second = cr.jit(cr.grad(function)), cr.grad(cr.grad(function))
        difference = (first(0.7 + 1e-6, 3) - first(0.7 - 1e-6, 3)) / 2e-6
        assert second(0.7, 3) == pytest.approx(difference, rel=1e-7)
        assert cr.jit(second)(0.7, 3) == pytest.approx(second(0.7, 3), rel=1e-12)
        forward = cr.jvp(lambda x, f=function: cr.grad(f)(x, 3), (0.7,), (1.0,))[1]
        assert forward == pytest.approx(second(0.7, 3), rel=1e-12)


def test_max_steps_ends_the_loop() -> None:
    for most, expected in ((0, 1.0), (3, 8.0), (99, 16.0)):
        double = lambda x, n=most: cr.while_loop(lambda c: c < 10, lambda c: 2 * c, x, max_steps=n)  # noqa: E731
        assert double(1.0) == cr.jit(double)(1.0) == cr.grad(double)(1.0) == expected


def test_reverse_mode_requires_max_steps_and_forward_mode_does_not() -> None:
    double = lambda x: cr.while_loop(lambda c: c < 10, lambda c: 2 * c, x)  # noqa: E731
    with pytest.raises(UnsupportedError, match=r"max_steps=1000\), or use forward mode: cr.jvp"):
        cr.grad(double)(1.0)
    vector = lambda x: np.sum(cr.while_loop(lambda c: c[0] < 10, lambda c: x * c, x))  # noqa: E731
    np.testing.assert_array_equal(cr.jacobian(vector)(np.array([4.0, 2.0])), [8.0, 4.0])
    np.testing.assert_array_equal(cr.hessian(vector)(np.array([4.0, 2.0])), 2 * np.eye(2))
    assert cr.jvp(double, (1.0,), (1.0,)) == (16.0, 16.0)


def test_a_carry_that_only_the_condition_reads_takes_no_part_in_the_derivative() -> None:
    """Its own derivative is infinite at the solution, where Newton's steps end."""

    def root(a: Any) -> Any:
        def newton(c: Any) -> Any:
            new = (c[0] + a / c[0]) / 2
            return new, np.sqrt((new - c[0]) ** 2)

        return cr.while_loop(lambda c: c[1] > 0, newton, (a, 1.0), max_steps=50)[0]

    assert root(4.0) == 2.0
    assert cr.grad(root)(4.0) == pytest.approx(0.25, rel=1e-12)


def test_the_carry_is_a_tree_of_several_dtypes_and_python_numbers_adopt_the_dtype_of_a_step() -> (
    None
):
    halves = {"n": 0, "x": np.ones(3, np.float32), "sum": 0.0}

    def body(c: Any) -> Any:
        return {"n": c["n"] + 1, "x": c["x"] / 2, "sum": c["sum"] + np.sum(c["x"])}

    for run in (cr.while_loop, cr.jit(cr.while_loop, static_argnums=(0, 1))):
        last = run(lambda c: c["n"] < 2, body, halves)
        assert last["n"] == 2
        assert last["sum"] == 4.5
        assert last["sum"].dtype == last["x"].dtype == np.float32


def test_each_entry_of_a_batch_runs_its_own_number_of_steps() -> None:
    """An entry that has ended must not read beyond the end of the table, nor divide by zero."""

    def bounded(x: Any, n: Any) -> Any:
        """A loop that is defined only for the steps that each entry runs."""

        def body(c: Any) -> Any:
            return c[0] + 1, c[1] * np.take(TABLE, c[0]) + np.sqrt(x) / (n - c[0])

        return cr.while_loop(lambda c: c[0] < n, body, (0, x), max_steps=9)[1]

    xs, counts = np.array([0.3, 2.0, 5.0]), np.array([0, 7, 2])
    derivative = cr.grad(bounded)
    for f in (bounded, derivative, cr.grad(lambda x, n: derivative(x, n) * x)):
        expected = [f(x, n) for x, n in zip(xs, counts, strict=True)]
        for run in (lambda f: f, cr.jit):
            np.testing.assert_allclose(run(cr.vmap(f))(xs, counts), expected, rtol=1e-13)
            shared = run(cr.vmap(f, in_axes=(0, None)))(xs, 7)
            np.testing.assert_allclose(shared, [f(x, 7) for x in xs], rtol=1e-13)
    summed = cr.grad(lambda xs: np.sum(cr.vmap(bounded)(xs, counts)))
    expected = [derivative(x, n) for x, n in zip(xs, counts, strict=True)]
    np.testing.assert_allclose(summed(xs), expected, rtol=1e-13)
    assert cr.vmap(bounded)(xs[:0], counts[:0]).shape == (0,)


def test_stores_and_random_keys_in_the_carry() -> None:
    def fill(x: Any) -> Any:
        def body(c: Any) -> Any:
            i, key, out = c
            key, own = cr.random.split(key)
            out[i] = x * cr.random.uniform(own)
            return i + 1, key, out

        init = (0, cr.random.key(1), np.zeros(4))
        return cr.while_loop(lambda c: c[0] < 4, body, init, max_steps=4)[2]

    drawn = fill(1.0)
    assert len(set(drawn)) == 4
    np.testing.assert_array_equal(cr.jit(fill)(1.0), drawn)
    assert cr.grad(lambda x: np.sum(fill(x)))(3.0) == pytest.approx(np.sum(drawn), rel=1e-14)


def test_singular_derivatives_that_are_not_selected_contribute_nothing_in_any_order() -> None:
    """The square root is infinitely steep at 0, where all of these functions are constant."""

    def roots(x: Any) -> Any:
        body = lambda c: (c[0] + 1, np.sqrt(c[1]))  # noqa: E731
        return cr.while_loop(lambda c: c[0] < 3, body, (0, x), max_steps=5)[1]

    def steps(n: int, step: Any, x: Any) -> Any:
        root = np.sqrt(x)
        body = lambda c: (c[0] + 1, step(c[1], root, x))  # noqa: E731
        return cr.while_loop(lambda c: c[0] < n, body, (0, root if n else 1.0), max_steps=5)[1]

    def sums(x: Any) -> Any:
        total = cr.scan(lambda c, t: (c + np.sqrt(x) * t, None), 0.0, np.arange(3.0))[0]
        return cr.cond(x > 0, lambda: total, lambda: 0.0 * x)

    functions: list[Any] = [
        lambda x: np.where(x > 0, roots(x), 0.0),
        lambda x: np.where(x > 0, cr.scan(lambda c, _: (np.sqrt(c), c), x, length=3)[0], 0.0),
        lambda x: cr.cond(x > 0, lambda: roots(x), lambda: 0.0),
        lambda x: steps(0, lambda c, root, x: c * root, x),
        lambda x: steps(3, lambda c, root, x: 0.0 * x, x),
        sums,
    ]
    for number, f in enumerate(functions):
        for derivative in (cr.grad(f), cr.grad(cr.grad(f))):
            with np.errstate(divide="ignore", invalid="ignore"):
                assert derivative(0.0) == 0.0, number
            assert cr.jit(derivative)(0.0) == 0.0, number


def test_the_derivative_stores_only_what_it_reads() -> None:
    linear = lambda x: cr.while_loop(lambda c: c < 10, lambda c: 2 * c, x, max_steps=50)  # noqa: E731
    graph = cr.trace(cr.grad(linear))(1.0)
    shapes = [t.shape for n in graph.equations if n.primitive is while_loop for t in n.type]  # pyright: ignore[reportGeneralTypeIssues]
    assert (50,) not in shapes


@pytest.mark.parametrize(
    ("condition", "body", "init", "error", "words"),
    [
        (lambda x: x, lambda x: x, 3.0, ShapeError, r"one boolean, bool\[\], got f64\[\]"),
        (lambda x: x > 0, lambda x: x, np.ones(1), ShapeError, r"got bool\[1\]"),
        (lambda x: (x > 0,), lambda x: x, 3.0, ArgumentError, "got a tuple"),
        (lambda x: x > 0, lambda x: (x, x), 3.0, ArgumentError, "the carry"),
        (lambda x: x[0] > 0, lambda x: x[:2], np.ones(3), ShapeError, "comes out as"),
        (lambda x: x[0] > 0, lambda x: x * 1.0, np.ones(3, int), DTypeError, "astype"),
        (lambda x: x > 0, 3.0, 3.0, ArgumentError, "needs a function"),
        (lambda x: x > 0, lambda i, x: x, (0, 3.0), ArgumentError, "i, x = carry"),
    ],
)
def test_an_invalid_loop_is_refused_with_the_rule_it_breaks(
    condition: Any, body: Any, init: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        cr.while_loop(condition, body, init)


def test_python_numbers_in_a_carry_adopt_the_dtype_that_reaches_them() -> None:
    factor = np.float32(0.8)
    for run in (
        lambda f: f(factor),
        lambda f: cr.jit(f)(factor),
        lambda f: cr.jit(cr.grad(f))(factor),
    ):

        def fixed_point(a: Any) -> Any:
            return cr.while_loop(
                lambda s: np.abs(s[0] - s[1]) > 1e-6,
                lambda s: (np.cos(a * s[0]), s[0]),
                (0.5, 1.0),
                max_steps=50,
            )[0]

        assert run(fixed_point).dtype == np.float32
    (last, *_), rows = cr.scan(
        lambda s, _: ((factor * s[2], s[0], s[1]), s[1]), (1.0, 2.0, 3), None, length=4
    )
    assert last.dtype == rows.dtype == np.float32
    np.testing.assert_allclose(rows, [2, 1, 2.4, 1.6], 1e-6)
    swapped, _ = cr.scan(lambda s, _: ((s[1], s[0]), None), (0, 1.5), None, length=3)
    assert swapped == (1.5, 0.0)
