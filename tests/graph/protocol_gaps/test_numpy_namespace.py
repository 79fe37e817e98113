"""Lists of traced values become traced arrays; NumPy itself is unchanged outside the trace."""

from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

import numpy as np
import pytest
from numpy import array, exp
from numpy import sum as total
from scipy import special

import chainrule as cr
from chainrule.errors import ShapeError

X = np.array([0.5, 2.0, -1.5])
FUNCTIONS = {name: getattr(np, name) for name in ("array", "sum", "tanh", "c_", "add")}

PROGRAMS: dict[str, Callable[[Any], Any]] = {
    "vector": lambda x: np.array([x[1] * (x[0] - 1), x[0] * x[2], 3.0]),
    "matrix": lambda x: np.array([[np.cos(x[0]), -x[1]], [x[1], 1]]) @ np.array([1.0, 2.0]),
    "nested": lambda x: np.asarray([[[x[0]], [1.0]], [[x[1] * x[2]], [x[2]]]]) * 2,
    "rows": lambda x: np.array([x, 2 * x, np.ones(3)]).T[1],
    "of rows and lists": lambda x: np.array([x[:2], [x[2], 1.0]]),
    "c_": lambda x: np.c_[x, x * 2, np.ones(3)],
    "r_": lambda x: np.r_[x, 0.0, [x[0], 1.0], 1:3],
    "atleast": lambda x: np.atleast_2d([x[0], x[1]]) * np.atleast_3d([x[0]])[0],
    "reductions": lambda x: np.sum([x[0], x[1]]) * np.prod([x[1], x[2]]) + np.max([x[0], x[2]]),
    "elementwise": lambda x: np.tanh([x[0], x[1]]) * np.maximum([x[0], 1.0], x[:2]),
    "products": lambda x: np.dot([x[0], x[1]], [x[2], 1.0]) + np.linalg.norm([x[0], x[1]]),
    "concatenate": lambda x: np.concatenate([[x[0]], np.ones(2), [x[1] ** 2, 1.0]]),
    "methods of ufuncs": lambda x: np.add.reduce([x[0], x[1]]) * np.multiply.outer([x[0]], x),
    "max and min": lambda x: max(x[0], x[1], 0.1) * min([x[1], x[2]]),
    "max of an iterator": lambda x: max(2 * v for v in x),
    "min by a key": lambda x: min(map(abs, x), key=lambda v: -v),
    "tolist": lambda x: sum(v**2 for v in x.tolist()) + x[:1].item() * x.item(2),
    "vectorize": lambda x: np.vectorize(lambda a, b: a * a if b > 1 else a)(x, [[0], [2]]),
    "full_like": lambda x: np.full_like(np.ones(2), x[0]) * np.full((2,), x[1]),
    "ndenumerate": lambda x: sum(v * i[0] for i, v in np.ndenumerate(x)),
    "names imported from NumPy": lambda x: total(array([x[0] * 2, exp(x[1])])) + total([x[2]]),
    "SciPy with names of NumPy": lambda x: special.log1p(x**2) + special.exp2([x[0], 1, x[1]]),
    "where": lambda x: np.where(x > 1, [x[0], x[1], x[2]], 0.0),
    "list as result": lambda x: [x[0] * 2, (x[1],)],
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_lists_of_traced_values_give_what_numpy_gives(name: str) -> None:
    program = PROGRAMS[name]

    def total(x: Any) -> Any:
        leaves = program(x) if name != "list as result" else [program(x)[0], program(x)[1][0]]
        return np.sum(np.array(leaves) ** 2)

    expected = total(X)
    assert np.isclose(cr.value_and_grad(total)(X)[0], expected)
    assert np.isclose(cr.jit(total)(X), expected)
    cr.check_grads(total, (X,), order=2)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_arrays_of_traced_values_have_numpys_dtype(dtype: Any) -> None:
    x = X.astype(dtype)
    for f in (
        lambda x: np.array([x[0], x[1]]),
        lambda x: np.array([x[0], 1]),
        lambda x: np.array([x[0], 2.0]),
        lambda x: np.array([1, x[0] > 0]),
        lambda x: np.array([x[0], x[1]], dtype=np.float32),
        lambda x: np.array([x], ndmin=3),
    ):
        result, expected = cr.jit(f)(x), f(x)
        assert (result.dtype, result.shape) == (expected.dtype, expected.shape)


def test_a_list_of_rows_takes_an_equation_a_row() -> None:
    rows = np.ones((1000, 3))
    graph = cr.trace(lambda x: np.array(list(x)))(rows)
    assert len(graph.equations) <= 4001


def test_ragged_lists_are_refused() -> None:
    with pytest.raises(ShapeError, match="different shapes"):
        cr.grad(lambda x: np.sum(np.array([x, x[:2]])))(X)


def _is(value: Any, kind: type) -> bool:
    return isinstance(value, kind)


def test_types_and_branches_are_those_without_tracing() -> None:
    cases: list[tuple[Callable[[Any], Any], Any]] = [
        (lambda x: np.sum(x**2) if isinstance(x, np.ndarray) else x**3, np.array([2.0])),
        (lambda x: x**2 if isinstance(x, float) else x**3, 2.0),
        (lambda x: x**2 if isinstance(x, int | float) else x**3, 2.0),
        (lambda x: x**2 if np.isscalar(x) else x**3, 2.0),
        (lambda x: x**2 if np.isscalar(x) else x**3, np.array(2.0)),
        (lambda x: x[0] ** 2 if isinstance(x[0], np.floating) else x[0] ** 3, np.array([2.0])),
        (lambda x: x**2 if isinstance(x * 2, np.ndarray) else x**3, np.array(2.0)),
        (lambda x: x[0] ** 2 if _is(x[0].item(), np.generic) else x[0] ** 3, X),
        (lambda x: x[0] ** 2 if _is(x.tolist()[0], np.generic) else x[0] ** 3, X),
        (lambda x: x[0] * _is((x > 0)[1].item(), int), X),
        (lambda x: x[0] * _is(np.where(x[0] > 0, x[0], 0.0), np.ndarray), X),
        (lambda x: x[0] * _is(np.zeros_like(x[0]), np.ndarray), X),
        (lambda x: x[0] * _is(np.tensordot(x, x, 1), np.ndarray), X),
        (lambda x: x[0] * _is(np.copy(x[0]) * 2, np.ndarray), X),
    ]
    for f, x in cases:
        assert np.isclose(cr.value_and_grad(f)(x)[0], f(x))
        assert np.isclose(cr.jit(f)(x), f(x))


def test_numpys_functions_keep_their_documentation_during_a_trace() -> None:
    texts: list[Any] = []
    cr.grad(lambda x: texts.append((np.arange.__doc__, np.sum.__doc__)) or x)(1.0)
    assert texts == [(np.arange.__doc__, np.sum.__doc__)]


def test_other_threads_and_later_code_see_numpys_own_functions() -> None:
    barrier = Barrier(2, timeout=600)
    seen: list[Any] = []

    def other() -> None:
        barrier.wait()
        seen.append((np.array([1.0, 2.0]).tolist(), np.add.reduce([1, 2]), max(3, 4)))
        seen.append((isinstance(np.tanh, np.ufunc), {FUNCTIONS["sum"]: 1}[np.sum]))
        barrier.wait()

    def f(x: Any) -> Any:
        barrier.wait()
        barrier.wait()
        return np.sum(np.array([x[0], x[1]]))

    thread = Thread(target=other)
    thread.start()
    assert cr.grad(f)(X).tolist() == [1, 1, 0]
    thread.join()
    assert seen == [([1.0, 2.0], 3, 4), (True, 1)]
    assert all(getattr(np, name) is function for name, function in FUNCTIONS.items())


def test_numpy_is_restored_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        cr.grad(lambda x: x * (1 / 0))(1.0)
    assert all(getattr(np, name) is function for name, function in FUNCTIONS.items())


def test_replacements_by_other_code_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    cr.grad(lambda x: np.sum(x))(X)
    mine = lambda x: x  # noqa: E731
    monkeypatch.setattr(np, "tanh", mine)
    assert cr.grad(lambda x: np.sum(np.tanh(x)))(X).tolist() == [1.0, 1.0, 1.0]
    assert np.tanh is mine
    monkeypatch.undo()
    assert cr.grad(lambda x: np.tanh(x))(0.0) == 1.0


def test_extremes_of_unknown_values_compare_as_python_does() -> None:
    values = np.array([1.0, np.nan, 2.0])
    for function in (
        lambda x: max(x),
        lambda x: min(x),
        lambda x: max(x[1], x[0]),
        lambda x: min(x[0], x[1]),
    ):
        np.testing.assert_equal(cr.jit(lambda x, f=function: f(x))(values), function(values))
    assert cr.jit(cr.grad(lambda x: max(x[0], x[0] * 2 - 1.0)))(np.ones(1)).tolist() == [1.0]
