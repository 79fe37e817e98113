"""Keywords of NumPy's functions and ufuncs, and the methods of ufuncs, on traced values."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from tests.expression_arrays import MASK, POSITIVE, VECTOR, M
from tests.numpy_programs import Table, broken, programs

ROW_MASK = np.array([True, False, True, True])
NUMBER = np.array(3.0)
SCOPE = {"np": np, "M": M, "MASK": MASK, "ROW_MASK": ROW_MASK, "VECTOR": VECTOR}

REDUCTIONS = programs(
    """
    np.sum(x, initial=2.0)
    np.sum(x, axis=0, initial=x[0, 0])
    np.prod(x, axis=1, initial=2)
    np.max(x, initial=1)
    np.max(x, axis=0, initial=x[0, 0] * x[0, 1])
    np.min(x, axis=(0, 1), initial=-1, keepdims=True)
    np.sum(x, where=MASK)
    np.sum(x, axis=0, where=ROW_MASK)
    np.sum(x, where=x > 0)
    np.prod(x, axis=-1, where=MASK)
    np.max(x, where=MASK, initial=-9)
    np.min(x, axis=1, where=x > 0, initial=np.inf, keepdims=True)
    np.mean(x, axis=0, where=MASK)
    np.mean(x, where=x > 0)
    np.std(x, where=MASK)
    np.var(x, axis=1, where=MASK, ddof=1, keepdims=True)
    np.var(x, axis=1, where=x < 1)
    np.any(x > 1, axis=1, where=MASK)
    np.all(x > 0, where=x > 0)
    np.std(x, axis=0, correction=1)
    np.var(x, axis=0, mean=np.mean(x, axis=0, keepdims=True))
    np.sum(x, 0, None, None, True)
    np.max(x, 1, None, True)
    np.sum(a=x, axis=1)
    np.expand_dims(a=x, axis=0)
    np.mean(x, dtype="f4") * 1.0
    x.sum(where=MASK, initial=3)
    x.max(axis=0, initial=0)
    x.mean(0, where=MASK)
    np.sum(x, axis=())
    np.max(x, axis=())
    np.prod(x, axis=())
    """,
    M,
    SCOPE,
)

OF_A_NUMBER = programs(
    """
    np.sum(x, axis=0)
    np.sum(x, axis=-1, keepdims=True)
    np.prod(x, axis=0)
    np.max(x, axis=0)
    np.min(x, axis=-1)
    np.ptp(x, axis=0)
    np.any(x, axis=0)
    np.all(x, axis=-1)
    np.argmax(x, axis=0)
    np.count_nonzero(x, axis=0)
    np.add.reduce(x)
    np.maximum.reduce(x, axis=0)
    np.cumsum(x, axis=0)
    """,
    NUMBER,
    SCOPE,
)

UFUNCS = programs(
    """
    np.add(x, 1, dtype=float)
    np.add(x, 1, dtype="f4")
    np.multiply(x, 2, dtype=np.float32, casting="same_kind")
    np.exp(x, dtype="f4")
    np.add(x, 1, casting="unsafe")
    np.add(x.astype(int), 1, dtype=float)
    np.exp(x, order="C", subok=False)
    np.exp(x, out=None)
    np.matmul(x, x, axes=[(1, 0), (0, 1), (1, 0)])
    np.matmul(x, x.T, dtype="f4")
    np.vecdot(x, x, axis=0)
    np.vecdot(x, x, keepdims=True)
    """,
    M,
    SCOPE,
)

FUNCTIONS = programs(
    """
    np.cross(x[:, :3].T, x[:, 1:].T, axis=0)
    np.cross(x[:, :3], x[:, 1:])
    np.cross(x[:, :3].T, x[:, 1:], axisa=0)
    np.cross(x[:, :3], x[:, 1:], axisc=0)
    np.linalg.cross(x[:, :3], M[:, 1:])
    np.diff(x, prepend=0)
    np.diff(x, append=x[:, :1])
    np.diff(x, n=2, axis=0, prepend=np.zeros((1, 4)), append=1.5)
    np.diff(x, n=0)
    np.diff(x, n=5)
    np.cumulative_sum(x, axis=1, include_initial=True)
    np.cumulative_prod(x, axis=0, include_initial=True)
    np.average(x, axis=0, weights=[1, 2, 3], returned=True)
    np.average(x, returned=True)
    np.average(M, axis=1, weights=x[0] ** 2)
    np.median(x, axis=(0, 1), keepdims=True)
    np.trace(x, offset=1, dtype="f4") * 1.0
    np.reshape(x, (4, 3), order="F")
    x.reshape(2, -1, order="F")
    x.ravel("F")
    x.flatten("F")
    np.copy(x, order="F")
    np.reshape(x, -1, copy=True)
    np.block([[x, np.ones((3, 1))], [np.zeros((1, 5))]])
    np.block([x[0], 2.0])
    np.block(x)
    np.concatenate([x, x], axis=None, dtype=int, casting="unsafe")
    np.roll(x, (1, 2), axis=(0, 1))
    np.roll(x, 2, axis=(0, 1))
    np.roll(x, -3)
    np.repeat(x, [1, 0, 2], axis=0)
    np.tensordot(x, x, axes=([1], [1]))
    np.triu(x[0], 1)
    np.tril(x, -1)
    np.take(x, [0, 9, -3], mode="clip")
    np.take(x, [0, 9, -3], axis=1, mode="wrap")
    np.rot90(x, -1)
    np.expand_dims(x, (0, -1))
    np.clip(x, min=0, max=x.mean() + 0.01)
    np.nan_to_num(x, nan=x[0, 0])
    """,
    M,
    SCOPE,
)

MODES = (
    "constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "mean", "minimum",
    "median",
)  # fmt: skip
PADDING = programs(
    "\n".join(
        f"np.pad(x, {width}, mode={mode!r})"
        for mode in MODES
        for width in ("((1, 2), (0, 3))", "5")
    )
    + """
    np.pad(x, ((1, 1), (2, 2)), constant_values=((1, 2), (3, 4)))
    np.pad(x, 1, constant_values=x[0, 0])
    np.pad(x, 2, mode="linear_ramp", end_values=((1, 2), (3, 4)))
    np.pad(x, 2, mode="mean", stat_length=2)
    np.pad(x, 2, mode="maximum", stat_length=((1, 2), (2, 3)))
    np.pad(x, 7, mode="reflect", reflect_type="odd")
    np.pad(x, 9, mode="symmetric", reflect_type="odd")
    np.pad(x[:1], 2, mode="reflect", reflect_type="odd")
    np.pad(x, {-1: (1, 2)})
    """,
    M,
    SCOPE,
)

METHODS = programs(
    """
    np.add.reduce(x)
    np.add.reduce(x, axis=1, keepdims=True)
    np.add.reduce(x, where=MASK, initial=1)
    np.multiply.reduce(x, axis=None)
    np.multiply.reduce(x, where=MASK, axis=1)
    np.maximum.reduce(x, initial=0)
    np.maximum.reduce(x, axis=None)
    np.subtract.reduce(x)
    np.subtract.reduce(x, axis=1, initial=5)
    np.divide.reduce(x, keepdims=True)
    np.logaddexp.reduce(x, axis=1, initial=0.5)
    np.logaddexp.reduce(x, axis=None, where=MASK)
    np.logaddexp2.reduce(x)
    np.hypot.reduce(x, axis=(0, 1))
    np.fmax.reduce(x)
    np.arctan2.reduce(x)
    np.logical_xor.reduce(x > 0)
    np.logical_and.reduce(x)
    np.add.accumulate(x, axis=1)
    np.maximum.accumulate(x)
    np.minimum.accumulate(x, axis=1)
    np.logaddexp.accumulate(x, axis=1)
    np.subtract.accumulate(x)
    np.divide.accumulate(x, axis=1)
    np.hypot.accumulate(x)
    np.logical_or.accumulate(x > 0)
    np.add.reduceat(x, [0, 2], axis=1)
    np.add.reduceat(x, [0, 2, 1, 3], axis=1)
    np.multiply.reduceat(x, [0, 1])
    np.maximum.reduceat(x, [0, 2], axis=1)
    np.multiply.outer(x, VECTOR)
    np.subtract.outer(VECTOR, x)
    np.maximum.outer(x, VECTOR)
    np.less.outer(x, VECTOR)
    np.hypot.outer(x, VECTOR, dtype=float)
    """,
    M,
    SCOPE,
) | programs("np.power.reduce(x)\nnp.power.accumulate(x, axis=1)", POSITIVE, SCOPE)


OUT = programs(
    """
    np.exp(x, out=np.zeros_like(x))
    (lambda y: np.exp(y, out=y))(x.copy())
    np.exp(x, where=MASK, out=x * 1)
    np.exp(x, where=MASK, out=np.zeros_like(x))
    np.add(x, 1, where=x > 0, out=np.copy(x))
    np.log(x, where=x > 0, out=np.zeros_like(x))
    np.divide(1.0, x.astype(int), where=x.astype(int) != 0, out=np.zeros_like(x))
    np.add(x, 1, x * 0)
    np.sum(x, axis=0, out=x[0] * 0)
    np.cumsum(x, axis=1, out=np.zeros_like(x))
    (lambda y: np.clip(y, 0, 1, out=y))(x.copy())
    np.matmul(x, x.T, out=np.zeros_like(x, shape=(3, 3)))
    np.concatenate([x, x], out=np.zeros_like(x, shape=(6, 4)))
    np.maximum.accumulate(x, out=np.zeros_like(x))
    np.add.reduce(x, out=np.zeros_like(x[0]))
    np.modf(x, out=(np.zeros_like(x), np.zeros_like(x)))[1]
    x.sum(axis=0, out=np.zeros_like(x[0]))
    x.dot(x.T, out=np.zeros_like(x, shape=(3, 3)))
    x.take([0, 2], axis=1, out=np.zeros_like(x, shape=(3, 2)))
    np.take(x, [0, 2], axis=1, out=np.zeros((3, 2)))
    """,
    M,
    SCOPE,
)


@pytest.mark.parametrize(
    "table", [REDUCTIONS, OF_A_NUMBER, UFUNCS, OUT, FUNCTIONS, PADDING, METHODS]
)
def test_a_keyword_means_what_it_means_in_numpy(table: Table) -> None:
    assert broken(table) == {}


def test_the_elements_that_where_leaves_out_have_no_derivative() -> None:
    gradient = cr.grad(lambda x: np.sum(np.log(x), where=MASK))(POSITIVE)
    np.testing.assert_allclose(gradient, np.where(MASK, 1 / POSITIVE, 0))


def test_a_result_written_into_an_array_is_read_from_it() -> None:
    def loss(x: Any) -> Any:
        y = np.zeros_like(x)
        view = y[1:]
        result = np.multiply(x, x, out=y)
        np.add(view, 1, out=view)
        assert result is y
        return np.sum(y * x)

    np.testing.assert_allclose(cr.grad(loss)(M), 3 * M**2 + [[0], [1], [1]])
    np.testing.assert_allclose(cr.jit(cr.grad(loss))(M), cr.grad(loss)(M))


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (lambda x: np.exp(x, where=MASK), ["where=", "out=", "np.zeros_like(x)"]),
        (lambda x: np.exp(x, out=M.copy()), ["out=", "plain array", "np.zeros(n)"]),
        (lambda x: np.exp(x, out=np.zeros_like(x, dtype=int)), ["exp", "int64", "astype"]),
        (lambda x: np.max(x, where=MASK), ["max", "initial="]),
        (lambda x: np.subtract.reduce(x, axis=None), ["subtract", "one axis"]),
        (lambda x: np.add(x, 1, dtype=int), ["add", "astype"]),
        (lambda x: np.sum(x, axis=2), ["sum", "axis 2"]),
        (lambda x: np.ravel(x, order="K"), ["order='K'", "order='C'"]),
        (lambda x: np.pad(x, 1, mode="edge", constant_values=1), ["pad", "constant_values="]),
        (lambda x: np.pad(x[:0], 1, mode="edge"), ["pad", "axis 0", "(0, 4)"]),
        (lambda x: np.roll(x, (1, 2, 3), axis=(0, 1)), ["roll", "3 shifts"]),
        (lambda x: np.cumulative_sum(x), ["cumulative_sum", "axis="]),
        (lambda x: np.diff(x, n=-1), ["diff", "-1"]),
        (lambda x: np.concatenate([x, x], dtype=int), ["concatenate", "int64", "unsafe"]),
    ],
)
def test_a_keyword_without_meaning_is_refused(
    program: Callable[[Any], Any], words: list[str]
) -> None:
    with pytest.raises(cr.errors.ChainruleError) as caught:
        cr.vjp(program, M)
    assert [word for word in words if word not in str(caught.value)] == []
