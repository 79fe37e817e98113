"""Unsupported NumPy calls raise typed errors that name the operation and a replacement."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import chainrule as cr
from chainrule.graph.array_type import type_of
from chainrule.graph.node import OPERATIONS, variable
from chainrule.ops.numpy_api import (
    arithmetic,
    array_queries,
    concatenation,
    einsum,
    indexing,
    padding,
    polynomial,
    products,
    reductions,
    shape_manipulation,
    sorting,
    tiling,
    trigonometry,
)
from chainrule.ops.primitives import elementwise

M = np.array([[0.7, -1.2, 2.3, 0.4], [1.9, 0.35, -0.8, -2.1], [-1.45, 2.7, 1.1, 0.9]])
MASK = M > 0


def traced(function: Callable[..., Any]) -> Any:
    """Apply to a node of known value."""
    return function(variable(type_of(M), M))


REFUSED: dict[str, tuple[Callable[..., Any], type[Exception], list[str]]] = {
    "out": (lambda x: np.exp(x, out=np.empty_like(M)), cr.errors.UnsupportedError, ["out="]),
    "in place": (lambda x: M.__iadd__(x), cr.errors.UnsupportedError, ["np.add", "np.zeros(n)"]),
    "sum out": (
        lambda x: np.sum(x, out=np.empty(())),
        cr.errors.UnsupportedError,
        ["sum", "out=", "plain array"],
    ),
    "ufunc where=": (lambda x: np.exp(x, where=MASK), cr.errors.ArgumentError, ["where=", "out="]),
    "dtype=": (lambda x: np.add(x, 1, dtype=int), cr.errors.DTypeError, ["add", "astype"]),
    "order=": (
        lambda x: x.reshape(-1, order="A"),
        cr.errors.UnsupportedError,
        ["order='A'", "'C'"],
    ),
    "pad mode": (lambda x: np.pad(x, 1, mode=max), cr.errors.UnsupportedError, ["mode=", "edge"]),
    "norm": (lambda x: np.linalg.norm(x, 3), cr.errors.ArgumentError, ["ord=3", "fro"]),
    "inv": (lambda x: np.linalg.inv(x), cr.errors.ShapeError, ["inv", "(3, 4)", "square"]),
    "eig": (
        lambda x: np.linalg.eig(x),
        cr.errors.UnsupportedError,
        ["np.linalg.eig", "np.linalg.eigh", "outside the function"],
    ),
    "add.at": (lambda x: np.add.at(M, [0], x[0]), cr.errors.TraceError, ["add.at", "np.zeros(n)"]),
    "full": (lambda x: np.full((2, 2), x[0, 0]), cr.errors.TraceError, ["full_like"]),
    "roots": (
        lambda x: np.roots(x[0]),
        cr.errors.UnsupportedError,
        ["np.roots", "cr.custom_vjp"],
    ),
    "bits": (lambda x: x & 3, cr.errors.DTypeError, ["&", "logical_and", "astype(int)"]),
    "complex": (lambda x: x.astype(complex), cr.errors.UnsupportedError, ["complex128"]),
    "times i": (lambda x: x * 1j, cr.errors.DTypeError, ["complex"]),
    "minus of booleans": (
        lambda x: (x > 0) - (x > 1),
        cr.errors.DTypeError,
        ["subtract", "astype"],
    ),
    "shapes": (lambda x: x + np.ones(3), cr.errors.ShapeError, ["add", "3 and 4", "x[:, None]"]),
    "matmul": (lambda x: x @ x, cr.errors.ShapeError, ["matmul", "(3, 4)", "length 4"]),
    "matmul by number": (lambda x: np.matmul(x, 2.0), cr.errors.ShapeError, ["use * instead"]),
    "reshape size": (lambda x: x.reshape(5, -1), cr.errors.ShapeError, ["12 elements", "(5, -1)"]),
    "two unknown lengths": (lambda x: x.reshape(-1, -1), cr.errors.ShapeError, ["only one"]),
    "axis": (lambda x: x.sum(axis=2), cr.errors.ShapeError, ["sum", "axis 2", "2 axes"]),
    "axis twice": (lambda x: x.sum(axis=(0, -2)), cr.errors.ShapeError, ["twice"]),
    "squeeze": (lambda x: np.squeeze(x, 0), cr.errors.ShapeError, ["squeeze", "length 1"]),
    "index": (lambda x: x[3], cr.errors.ShapeError, ["index 3", "axis 0", "length 3"]),
    "index array": (lambda x: x[:, [4]], cr.errors.ShapeError, ["index 4", "axis 1"]),
    "too many": (lambda x: x[0, 0, 0], cr.errors.ShapeError, ["3 indices", "2 axes"]),
    "two ellipses": (lambda x: x[..., ...], cr.errors.ShapeError, ["..."]),
    "real index": (lambda x: x[x], cr.errors.DTypeError, ["float64", "astype(int)"]),
    "mask shape": (lambda x: x[np.ones(2, bool)], cr.errors.ShapeError, ["mask", "(2,)", "(3,)"]),
    "split": (lambda x: np.split(x, 3, axis=1), cr.errors.ShapeError, ["3 equal", "array_split"]),
    "stack": (lambda x: np.stack([x, x[0]]), cr.errors.ShapeError, ["stack", "(4,)"]),
    "concatenate": (lambda x: np.concatenate([x, x.T]), cr.errors.ShapeError, ["concatenate"]),
    "max of nothing": (lambda x: x[:0].max(), cr.errors.ShapeError, ["max", "empty"]),
    "einsum lengths": (lambda x: np.einsum("ij,ij->", x, x.T), cr.errors.ShapeError, ["'i'"]),
    "einsum axes": (lambda x: np.einsum("ijk->", x), cr.errors.ShapeError, ["einsum", "ijk", "2"]),
    "einsum operands": (lambda x: np.einsum("ij,jk", x), cr.errors.ArgumentError, ["2 operands"]),
    "einsum result": (lambda x: np.einsum("ij->ik", x), cr.errors.ArgumentError, ["'ij->ik'"]),
    "window": (lambda x: sliding_window_view(x, 9, axis=0), cr.errors.ShapeError, ["9", "axis 0"]),
    "assignment": (lambda x: x.__setitem__(0, 1), cr.errors.TraceError, ["outside"]),
    "np.array of traced": (lambda x: np.array([x[0], x[1]]), cr.errors.TraceError, ["np.stack"]),
}


@pytest.mark.parametrize(("function", "error", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_an_untraceable_call_is_refused_with_the_alternative(
    function: Callable[..., Any], error: type[Exception], words: list[str]
) -> None:
    with pytest.raises(error) as caught:
        traced(function)
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_mask_of_unknown_value_is_refused_under_jit() -> None:
    with pytest.raises(cr.errors.TraceError, match=r"np\.where"):
        cr.jit(lambda x: x[x > 0])(M)


# Functions that common tutorials use.

NAMES = (
    "add subtract multiply divide power negative dot matmul einsum tensordot inner outer vdot exp "
    "log tanh maximum minimum where clip sum mean max min var std prod argmax argmin reshape "
    "transpose swapaxes moveaxis concatenate stack split pad flip roll squeeze expand_dims "
    "broadcast_to repeat tile take take_along_axis linalg.norm sqrt abs sign logaddexp cumsum "
    "cumprod sort argsort logical_and logical_or logical_not greater less equal "
    "lib.stride_tricks.sliding_window_view"
)


@pytest.mark.parametrize("name", NAMES.split())
def test_functions_of_common_tutorials_are_traceable(name: str) -> None:
    function: Any = np
    for part in name.split("."):
        function = getattr(function, part)
    assert function in OPERATIONS


OWN_NAMES = {
    "divide_by_count",
    "reduces_in_single",
    "Index",
    "advanced",
    "along_axis",
    "normalize",
    "as_float",
    "in_single",
    "log_sum_exp",
    "get_item",
    "einsum_pair",
    "to_common_dtype",
    "fftshift",
    "ifftshift",
    "safe_sqrt",
    "sum_free_axes",
}


def test_modules_of_the_numpy_api_export_numpy_names() -> None:
    modules = [
        arithmetic,
        polynomial,
        einsum,
        elementwise,
        concatenation,
        sorting,
        indexing,
        products,
    ]
    modules += [padding, tiling, shape_manipulation, reductions, trigonometry, array_queries]
    names = {name for module in modules for name in module.__all__}
    newer = {"matvec", "vecmat", "cumulative_sum", "cumulative_prod", "trapezoid", "vecdot"}
    assert {name for name in names - newer if not hasattr(np, name)} == OWN_NAMES


def test_unknown_keywords_are_refused() -> None:
    x = variable(type_of(M), M)
    for name in ("sum", "exp", "reshape", "pad", "concatenate", "norm"):
        function = getattr(np, name, np.linalg.norm)
        operation = OPERATIONS[function]
        with pytest.raises(cr.errors.UnsupportedError, match="colour='red'"):
            operation(x, colour="red")
