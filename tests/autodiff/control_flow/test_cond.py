"""``cond`` against Python's ``if``: values, derivatives of both modes, batches, refusals."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, ShapeError, TraceError

TABLE = np.array([1.0, 0.5, 2.0])


def choice(x: Any, n: Any) -> Any:
    """Each branch is invalid where the other one is chosen."""
    return cr.cond(n < 3, lambda: x * np.take(TABLE, n), lambda: np.log(x / (n - 2.0)))


def test_only_the_branch_that_is_chosen_is_executed_in_derivatives_too() -> None:
    assert [choice(2.0, n) for n in (1, 4)] == [1.0, 0.0]
    for run in (cr.jit, lambda f: f):
        assert [run(choice)(2.0, n) for n in (1, 4)] == [1.0, 0.0]
        assert [run(cr.grad(choice))(2.0, n) for n in (1, 4)] == [0.5, 0.5]
        assert [run(cr.grad(cr.grad(choice)))(2.0, n) for n in (1, 4)] == [0.0, -0.25]
        along = run(lambda x, n: cr.jvp(lambda x: choice(x, n), (x,), (1.0,))[1])
        assert [along(2.0, n) for n in (1, 4)] == [0.5, 0.5]


def test_derivatives_agree_with_differences_where_the_test_depends_on_the_input() -> None:
    def f(x: Any, y: Any) -> Any:
        return cr.cond(x > y, lambda v: x * np.sin(v), lambda v: x + y * v, y * y)

    for x in (1.0, 3.0):
        assert cr.check_grads(cr.jit(f), (x, 2.0), order=2) < 1e-7


def test_a_singular_derivative_outside_is_not_reached_from_the_other_branch() -> None:
    def f(x: Any) -> Any:
        root = np.sqrt(x)
        return cr.cond(x > 0, lambda: root, lambda: 0.0)

    for x, expected in ((4.0, 0.25), (0.0, 0.0)):
        assert cr.jit(cr.grad(f))(x) == expected


def test_each_entry_of_a_batch_runs_its_own_branch() -> None:
    xs, numbers = np.array([0.3, 2.0, 5.0]), np.array([0, 4, 2])
    for f in (choice, cr.grad(choice)):
        for run in (lambda f: f, cr.jit):
            for indices in (numbers, numbers[:1].repeat(3), numbers[1:2].repeat(3)):
                found = run(cr.vmap(f))(xs, indices)
                expected = [f(x, n) for x, n in zip(xs, indices, strict=True)]
                np.testing.assert_allclose(found, expected, rtol=1e-14)
            of_one = run(cr.vmap(f, in_axes=(0, None)))(xs, 4)
            np.testing.assert_allclose(of_one, [f(x, 4) for x in xs], rtol=1e-14)
    root = lambda x: cr.cond(x > 0, lambda: np.sqrt(x), lambda: 0.0)  # noqa: E731
    summed = cr.jit(cr.grad(lambda xs: np.sum(cr.vmap(root)(xs))))
    np.testing.assert_array_equal(summed(np.array([4.0, 0.0, -1.0])), [0.25, 0.0, 0.0])


def test_a_known_test_is_the_if_of_python() -> None:
    assert cr.cond(True, lambda: "text", lambda: 1 / 0) == "text"
    assert cr.cond(np.float64(0), lambda: 1, lambda: 2.5) == 2.5
    assert cr.grad(lambda x: cr.cond(x > 1, lambda: x * x, lambda: np.take(TABLE, 9)))(3.0) == 6.0


def test_branches_return_trees_and_a_python_number_adopts_the_dtype_of_the_other_branch() -> None:
    x = np.ones(2, np.float32)
    f = lambda x, t: cr.cond(t, lambda v: {"a": v, "b": v[0]}, lambda v: {"b": 0, "a": -v}, x)  # noqa: E731
    g = cr.jit(lambda x, t: cr.cond(t, lambda: x[0], lambda: 2.0))
    for t in (2, 0):
        found = cr.jit(f)(x, t)
        np.testing.assert_array_equal(found["a"], f(x, t)["a"])
        assert found["b"].dtype == np.float32
        assert g(x, t).dtype == np.float32


@pytest.mark.parametrize(
    ("test", "a", "b", "error", "words"),
    [
        (1.0, lambda: 1.0, lambda: (1.0, 2), ArgumentError, r"f64\[\] and .* \(f64\[\], i64\[\]\)"),
        (1.0, lambda: np.ones(3), lambda: np.ones(2), ShapeError, r"f64\[3\].*f64\[2\]"),
        (1.0, lambda: np.ones(2), lambda: np.ones(2, int), DTypeError, "astype.'float64'"),
        (np.ones(1), lambda: 1.0, lambda: 2.0, ShapeError, "np.where"),
        ((1.0,), lambda: 1.0, lambda: 2.0, ArgumentError, "got a tuple"),
        (1.0, 3.0, lambda: 2.0, ArgumentError, r"if_true must be a function.*np\.where"),
        (1.0, lambda x: x, lambda x: x, ArgumentError, r"<lambda> \(x\) must take the 0 operands"),
    ],
)
def test_an_invalid_cond_is_refused_with_the_rule_it_breaks(
    test: Any, a: Any, b: Any, error: Any, words: str
) -> None:
    with pytest.raises(error, match=words):
        cr.jit(lambda test: cr.cond(test, a, b))(test)


def test_a_store_into_an_operand_is_refused_where_it_would_be_lost() -> None:
    def f(x: Any) -> Any:
        y = np.zeros(2) + x

        def store(y: Any) -> Any:
            y[0] = 5.0
            return y

        return cr.cond(x > 0, store, lambda y: y, y)

    with pytest.raises(TraceError, match=r"store writes into its argument y.*x\.copy"):
        cr.jit(f)(1.0)
    np.testing.assert_array_equal(f(1.0), [5.0, 1.0])
