"""Methods of arrays and bit operations on traced values."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from tests.expression_arrays import CUBE, M
from tests.numpy_programs import broken, programs

SCOPE = {"np": np, "M": M}
INTEGERS = np.array([5, -3, 6, 1])


def test_a_method_means_what_it_means_in_numpy() -> None:
    table = programs(
        """
        x.compress([True, False, True], axis=0)
        x.compress([1, 0, 1])
        np.sort(x[0]).searchsorted(0.5)
        np.partition(x[0], 2)[2]
        x[0].argpartition(2)[2]
        (lambda y: (y.partition(2, 1), y[:, 2]))(x.copy())[1]
        x.mT
        x.real + x.imag
        x.nbytes * x.itemsize * x
        x.astype("f4", "C", "same_kind") * 1.0
        x.astype(dtype=float, copy=False)
        x.view()
        x.view(np.float64)
        x.view(np.ndarray)
        x.to_device("cpu")
        x.conj() + x.conjugate()
        x.std(ddof=1, keepdims=True)
        x.round(2)
        x.take([0, -1], axis=1)
        x.trace(1)
        x.swapaxes(0, 1)
        x[np.tril_indices_from(x)]
        x[np.triu_indices_from(x, 1)]
        x.__divmod__(0.65)[1]
        x.__rdivmod__(2.03)[1]
        x.__rmatmul__(np.ones((2, 3)))
        x[:, :3][np.diag_indices_from(x[:, :3])]
        np.einsum("ij,jk->ik", x, x.T, optimize=np.einsum_path("ij,jk->ik", x, x.T)[0])
        """,
        M,
        SCOPE,
    )
    assert broken(table, order=1) == {}


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint32"])
def test_bit_operations_are_those_of_numpy(dtype: str) -> None:
    table = programs(
        """
        x & 3
        x | 8
        x ^ 5
        ~x
        x & x[::-1]
        x << 2
        x >> 1
        x << np.array([0, 1, 7, 63]).astype(x.dtype)
        x >> np.array([0, 1, 7, 63]).astype(x.dtype)
        np.bitwise_or.reduce(x)
        np.bitwise_xor.accumulate(x)
        (x > 0) & (x < 4) | ~(x == 1) ^ (x > 5)
        (x > 0) << 3
        """,
        INTEGERS.astype(dtype),
        SCOPE,
    )
    wrong: dict[str, Any] = {}
    for name, (function, x) in table.items():
        expected = function(x)
        kept = cr.vjp(lambda y: (y, function(y.astype(x.dtype))), x.astype(float))[0][1]  # noqa: B023
        for got in (kept, cr.jit(function)(x)):
            if got.dtype != expected.dtype or not np.array_equal(got, expected):
                wrong[name] = got
    assert wrong == {}


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda x: x.view(np.int64), ["x.view", "int64", "astype"]),
        (lambda x: x.astype("f4", casting="safe"), ["astype", "float32", "unsafe"]),
        (lambda x: x.strides, [".strides", "memory"]),
        (lambda x: x.tobytes(), [".tobytes", "outside"]),
        (lambda x: x.resize(3), [".resize", "np.resize(x, shape)"]),
        (lambda x: x & 1, ["&", "float64", "astype(int)"]),
    ],
)
def test_what_has_no_meaning_for_a_traced_value_is_refused(program: Any, words: list[str]) -> None:
    with pytest.raises((cr.errors.ChainruleError, AttributeError)) as caught:
        cr.vjp(program, CUBE)
    assert [word for word in words if word not in str(caught.value)] == []
