"""jit: trace and compile once for each signature, then run without the Python function."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DTypeError, TraceError


def counting() -> tuple[Any, list[int]]:
    calls: list[int] = []

    def f(x: Any, y: Any) -> Any:
        calls.append(1)
        return x * y + 1

    return cr.jit(f), calls


def test_the_function_is_traced_once_for_each_signature() -> None:
    f, calls = counting()
    for _ in range(3):
        assert f(2.0, 3.0) == 7.0
    assert len(calls) == 1
    f(np.ones(3), 2.0)
    f(np.zeros(3), 5.0)
    assert len(calls) == 2
    f(np.ones(3, np.float32), 2.0)
    assert len(calls) == 3


def test_results_equal_those_of_plain_numpy_in_value_dtype_and_nesting() -> None:
    def f(p: Any, n: int) -> Any:
        return {"sum": p["a"] + n, "pair": (p["b"] * 2, [p["a"] / 3])}

    p = {"a": np.ones(2, np.float32), "b": np.arange(3)}
    result, expected = cr.jit(f)(p, 4), f(p, 4)
    assert result["sum"].dtype == expected["sum"].dtype == np.float32
    assert result["pair"][0].dtype == expected["pair"][0].dtype
    assert np.array_equal(result["pair"][1][0], expected["pair"][1][0])


def test_a_large_result_is_not_overwritten_while_it_or_a_view_is_referenced() -> None:
    f, x = cr.jit(lambda x: (x + 1, x[:, ::2] * 3)), np.zeros((600, 400))
    (first, _), views = f(x), [f(x)[0][5:]]
    views += [f(x + i)[1].T for i in range(1, 4)]
    for i in range(4, 8):
        f(x + i)
    assert (first == 1).all()
    assert (views[0] == 1).all()
    assert [each.mean() for each in views[1:]] == [3, 6, 9]


def test_results_never_share_memory_with_arguments_or_the_program() -> None:
    constant = np.ones(3)
    f = cr.jit(lambda x: (x, x.T, constant + 0 * x, x))
    x = np.ones(3)
    for result in (results := f(x)):
        result += 1
    assert np.array_equal(x, np.ones(3))
    assert all(np.array_equal(result, [2, 2, 2]) for result in results)
    assert np.array_equal(f(x)[2], np.ones(3))


def test_a_condition_on_a_value_raises_with_a_suggestion() -> None:
    def f(x: Any) -> Any:
        return x if x > 0 else -x

    with pytest.raises(TraceError, match=r"made at test_jit\.py:\d+.*np\.where"):
        cr.jit(f)(1.0)


def test_static_arguments_are_part_of_the_program() -> None:
    f = cr.jit(lambda x, n: sum(x**i for i in range(n)), static_argnums=1)
    assert f(2.0, 3) == 7.0
    assert f(2.0, 4) == 15.0
    g = cr.jit(lambda x, mode: x if mode == "same" else -x)
    assert g(1.0, "same") == 1.0
    assert g(1.0, mode="other") == -1.0
    with pytest.raises(ArgumentError, match="hashable"):
        cr.jit(lambda x, n: x, static_argnums=1)(1.0, [1])


def test_python_scalars_take_the_dtype_of_arrays() -> None:
    f = cr.jit(lambda x, rate: x - rate * x)
    assert f(np.ones(2, np.float32), 0.1).dtype == np.float32


def test_each_kind_of_number_keeps_its_dtype_in_every_call() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y

    numbers = [7.3, 7, -7, True, *(np.dtype(code).type(1) for code in "?bhilqBHILQefd")]
    pairs = [(x, y) for x in (np.ones(2, np.float32), np.float32(2), 3) for y in numbers]
    jitted = cr.jit(f)
    for _ in range(3):
        for x, y in pairs:
            found, expected = jitted(x, y), f(x, y)
            assert np.asarray(found).dtype == np.asarray(expected).dtype, (x, y)
            np.testing.assert_array_equal(found, expected)
    with pytest.raises(DTypeError, match="does not fit into int64"):
        jitted(3, 2**63)


def test_jit_and_grad_compose_in_both_orders() -> None:
    f = cr.jit(lambda x: np.sum(np.sin(x) * x))
    x = np.array([0.3, -1.0])
    expected = np.cos(x) * x + np.sin(x)
    np.testing.assert_allclose(cr.grad(f)(x), expected, rtol=1e-15)
    np.testing.assert_allclose(cr.jit(cr.grad(f))(x), expected, rtol=1e-15)
    assert cr.check_grads(cr.jit(cr.grad(f)), (x,), order=1) < 1e-7


def test_a_node_of_another_trace_raises_with_its_name() -> None:
    kept: list[Any] = []
    cr.trace(lambda x: kept.append(x) or x)(2.0)
    with pytest.raises(TraceError, match=r"traced value x.*outside the function"):
        cr.jit(lambda y: y + kept[0])(1.0)


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4"])
def test_arrays_of_foreign_byte_order_are_converted(dtype: str) -> None:
    x = np.arange(3).astype(dtype)
    result = cr.jit(lambda x: x * 2)(x)
    assert np.array_equal(result, [0, 2, 4])
    assert result.dtype.isnative


def test_strided_and_transposed_arrays_are_accepted() -> None:
    base = np.arange(24.0).reshape(4, 6)
    f = cr.jit(lambda x: x @ x.T + x[:, :1])
    for x in (base[::2], base[:, ::-1], base.T[:4], np.asfortranarray(base)):
        np.testing.assert_allclose(f(x), x @ x.T + x[:, :1])


def test_the_cache_of_programs_is_bounded(numpy_backend: None) -> None:
    f, calls = counting()
    for n in range(200):
        f(np.ones(n), 1.0)
    f(np.ones(199), 1.0)
    assert len(calls) == 200
    f(np.ones(0), 1.0)
    assert len(calls) == 201
