"""Stores into traced arrays and their views give what NumPy gives, under ``grad`` and ``jit``."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleWarning, DTypeError, TraceError

X = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.5]])
Program = Callable[[Any], Any]


def alias(x: Any) -> Any:
    x = x * 1.0
    y = x
    y += 1
    return x * y


def slice_of_a_slice(x: Any) -> Any:
    x = x * 1.0
    r = x[:, 1:][1]
    r *= 10
    r[0] = 7
    return x * x


def rows_of_a_loop(x: Any) -> Any:
    x = x * 1.0
    for row in x:
        row -= row.mean()
    return x * x


def transposed_and_reshaped(x: Any) -> Any:
    x = x * 1.0
    x.T[0] = x[0, 1]
    flat = x.reshape(-1)
    flat[4] *= 3
    np.ravel(x)[5] = flat[0] * 2
    return x * flat.reshape(2, 3)


def reshape_of_scattered_elements_is_a_copy(x: Any) -> Any:
    x = x * 1.0
    copy = x.T.reshape(-1)
    copy[0] = 100
    other = x[:, ::2].ravel()
    other += 1
    return x * np.sum(copy) + np.sum(other)


def arrays_in_another_memory_order_are_copies(x: Any) -> Any:
    x = x * 1.0
    arrays = [np.ascontiguousarray(x.T), np.ascontiguousarray(x[:, 1]), np.asfortranarray(x)]
    same = [np.ascontiguousarray(x), np.ascontiguousarray(x[1]), np.asfortranarray(x.T)]
    for array in (*arrays, *same):
        array *= 3
    return x + sum(np.sum(array) for array in (*arrays, *same))


def copies_are_arrays_of_their_own(x: Any) -> Any:
    x = x * 1.0
    copies = [x.copy(), np.array(x), +x, x.astype(float), x[[0, 1]], x[x == x], np.copy(x), abs(x)]
    for copy in copies:
        copy += 1
    same = np.asarray(x)
    same *= 2
    return x + sum(np.sum(copy) for copy in copies)


def every_index(x: Any) -> Any:
    y = np.zeros_like(x, shape=(4, 5))
    y[0] = 1
    y[1:3, ::2] = x
    y[[3, 0], [1, 1]] = x[0, :2]
    y[:, [4, 3]] += x[1, :2]
    y[..., None][2] -= 1
    y[-1, -1] = x[1, 1]
    y[np.arange(4) > 2, 0] = x[0, 0]
    return y * y


def the_last_of_repeated_indices_wins(x: Any) -> Any:
    y = x * 1.0
    y[0, [0, 0, 1]] = x[1]
    y[1, [2, 2]] += 1
    np.add.at(y, ([0, 0], [2, 2]), x[1, 0])
    np.subtract.at(y, ([1, 1], [0, 0]), 2.0)
    np.multiply.at(y, ([0, 1], slice(1, 3)), x[0, 1:])
    return y * y


def masks(x: Any) -> Any:
    y = x * 1.0
    y[y < 0] = 0
    y[x > 3.5] = x[0, 0]
    return y * x


def functions_that_store(x: Any) -> Any:
    y = np.empty_like(x, shape=(3, 3))
    y.fill(x[0, 0])
    np.fill_diagonal(y, x[1])
    np.copyto(y[0], x[0], where=np.array([True, False, True]))
    np.put(y, [3, 4], x[1, :2])
    np.place(y, np.eye(3) > 2, 1.0)
    np.putmask(y, y > 3.5, x[0, 1])
    np.putmask(y, np.eye(3) > 0, x[0, :2])
    np.put_along_axis(y, np.array([[2], [0], [1]]), x[0, 2] * 2, axis=1)
    y.flat[7] = x[1, 2]
    y.flat[[1, 2]] = 5.0
    y[2].sort()
    np.multiply(y, 2, out=y, where=y > 0)
    np.add(y[0], 1, out=y[1])
    return y * y


def scalars_are_replaced(x: Any) -> Any:
    s = x[0, 0]
    t = s
    s += 1
    total = 0.0
    for row in x:
        total += np.sum(row)
    array = np.array(s)
    same = array
    array *= 3
    return s * t + total * same


def read_only_views_are_read_again(x: Any) -> Any:
    y = x * 1.0
    diagonal, windows = np.diagonal(y), np.lib.stride_tricks.sliding_window_view(y, 2, axis=1)
    y[0, 0] = 9
    return np.sum(diagonal * 2) + windows * windows


def contents_are_not_shared(x: Any) -> Any:
    y, z = x * 1.0, x * 2.0
    y[:] = z
    z += 5
    y[0], y[1] = y[1].copy(), y[0].copy()
    return y * z


def integers(x: Any) -> Any:
    counts = (x * 0).astype(int)
    counts[1] = 7
    counts += 1
    return x * counts


PROGRAMS: list[Program] = [
    alias, slice_of_a_slice, rows_of_a_loop, transposed_and_reshaped,
    reshape_of_scattered_elements_is_a_copy, arrays_in_another_memory_order_are_copies,
    copies_are_arrays_of_their_own, every_index,
    the_last_of_repeated_indices_wins, functions_that_store, scalars_are_replaced,
    read_only_views_are_read_again, contents_are_not_shared, integers, masks,
]  # fmt: skip


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_stores_give_what_numpy_gives(program: Program) -> None:
    expected = program(X.copy())
    np.testing.assert_allclose(cr.vjp(program, X)[0], expected)
    if program is not copies_are_arrays_of_their_own:  # x[x == x] has no static shape
        np.testing.assert_allclose(cr.jit(program)(X), expected)
    cr.check_grads(lambda x: np.sum(program(x)), (X,), order=2)


def test_a_thousand_stores_are_a_thousand_equations() -> None:
    def fill(x: Any) -> Any:
        out = np.zeros_like(x)
        for i in range(1000):
            out[i] = x[i] * x[i - 1]
        return out

    graph = cr.trace(fill)(np.arange(1000.0))
    assert len(graph.equations) <= 7001


def test_a_store_of_floats_into_integers_warns() -> None:
    def truncating(x: Any) -> Any:
        counts = np.zeros_like(x, dtype=int)
        counts[0] = x[0]
        return x * counts

    with pytest.warns(ChainruleWarning, match="truncates"):
        assert cr.grad(lambda x: np.sum(truncating(x)))(np.array([1.5, 2.0])).tolist() == [1, 0]

    def augmented(x: Any) -> Any:
        counts = np.zeros_like(x, dtype=int)
        counts += x
        return counts

    def copying(x: Any) -> Any:
        counts = np.zeros_like(x, dtype=int)
        np.copyto(counts, x)
        return counts

    for program in (augmented, copying):
        with pytest.raises(DTypeError, match="astype"):
            cr.jit(program)(X)


def test_a_store_into_an_argument_is_refused_or_into_a_copy() -> None:
    def f(x: Any) -> Any:
        x[0] = 5.0
        return np.sum(x * x)

    x = np.array([1.0, 2.0])
    with pytest.warns(ChainruleWarning, match="on a copy"):
        assert cr.grad(f)(x).tolist() == [0.0, 4.0]
    assert x.tolist() == [1.0, 2.0]
    with pytest.raises(TraceError, match=r"x = x.copy\(\)"):
        cr.jit(f)(x)


def test_a_store_into_an_array_of_an_outer_trace_is_refused() -> None:
    def outer(x: Any) -> Any:
        y = x * 2

        def inner(w: Any) -> Any:
            y[0] = w
            return np.sum(y)

        return cr.grad(inner)(x[0])

    with pytest.raises(TraceError, match="outer trace"):
        cr.grad(outer)(np.ones(2))


def test_a_store_into_a_read_only_view_is_refused() -> None:
    def f(x: Any) -> Any:
        np.broadcast_to(x, (2, 2))[0] = 1
        return x

    with pytest.raises(TraceError, match="read-only"):
        cr.jit(f)(np.ones(2))


ZEROS = np.zeros((2, 2))


def one_entry(x: Any) -> None:
    out = ZEROS.copy()
    out[0, 1] = x[0, 0]


def a_row(x: Any) -> None:
    out = ZEROS.copy()
    out[0] = x[0]


def all_of_it(x: Any) -> None:
    out = ZEROS.copy()
    out[:] = x


def by_a_mask(x: Any) -> None:
    out = ZEROS.copy()
    out[out == 0] = x.ravel()


def augmented(x: Any) -> None:
    out = ZEROS.copy()
    out += x


def an_augmented_row(x: Any) -> None:
    out = ZEROS.copy()
    for i in range(2):
        out[i, :] += x[i]


def one_value_for_all(x: Any) -> None:
    out = ZEROS.copy()
    out.fill(x[0, 0])


def flat(x: Any) -> None:
    out = ZEROS.copy()
    out.flat[1] = x[0, 0]


@pytest.mark.parametrize(
    "store",
    [
        one_entry,
        a_row,
        all_of_it,
        by_a_mask,
        augmented,
        an_augmented_row,
        one_value_for_all,
        flat,
    ],
)
def test_a_store_into_a_plain_array_names_the_array_and_its_line(store: Any) -> None:
    line = store.__code__.co_firstlineno + 1
    for call in (cr.grad(store), cr.jit(store)):
        with pytest.raises(
            cr.errors.ChainruleError, match=rf"^out is a plain array made in line {line}.*np.array"
        ):
            call(np.ones((2, 2)))


def test_a_store_is_refused_where_memory_order_decides_between_view_and_copy() -> None:
    def store_into_base(x: Any) -> Any:
        y = x.T * 2
        flat = y.reshape(-1)
        y[0, 0] = 5
        return np.sum(flat)

    def store_into_reshape(x: Any) -> Any:
        y = np.exp(x.T) + 1
        y.ravel()[0] = 5
        return np.sum(y)

    for f in (store_into_base, store_into_reshape):
        with pytest.raises(TraceError, match=r"memory.*\.copy\(\)"):
            cr.grad(f)(X)
    assert cr.grad(lambda x: np.sum((x.T * 2).reshape(-1)))(X).tolist() == [[2, 2, 2], [2, 2, 2]]


def test_a_mask_under_jit_takes_one_value_for_all_its_elements() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[x > 0] = x[x > 0]
        return y

    with pytest.raises(TraceError, match=r"np\.where"):
        cr.jit(f)(X)


def test_a_scan_carries_an_array_that_its_step_writes_to() -> None:
    def step(carry: Any, x: Any) -> Any:
        carry[0] += x
        carry[1:] *= x
        return carry, carry.copy()

    last, rows = cr.scan(step, np.ones(3), np.array([2.0, 3.0]))
    assert last.tolist() == [6.0, 6.0, 6.0]
    assert rows.tolist() == [[3.0, 2.0, 2.0], [6.0, 6.0, 6.0]]
