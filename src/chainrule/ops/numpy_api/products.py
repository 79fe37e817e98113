"""Matrix, tensor and vector products, with NumPy's names and arguments.

All are a ``contract`` of two operands, after broadcasting is resolved and axes that only one
operand has are summed.
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from chainrule.errors import ShapeError, counted
from chainrule.ops.numpy_api.shape_manipulation import ravel, reshape, transpose
from chainrule.ops.primitives.axes import check_known, normalize_axes
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.contraction import contract
from chainrule.ops.primitives.elementwise import multiply
from chainrule.ops.primitives.promotion import as_array

__all__ = [
    "cross",
    "dot",
    "einsum_pair",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "outer",
    "sum_free_axes",
    "tensordot",
    "to_common_dtype",
    "vdot",
    "vecdot",
    "vecmat",
]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Letters that name axes: 52, as many as `numpy.einsum` has."""


def matmul(a: Any, b: Any) -> Any:
    """Multiply matrices or vectors, ``Σ_j a[..., i, j] b[..., j, k]``; leading axes broadcast."""
    a, b = to_common_dtype(a, b)
    if not a.ndim or not b.ndim:
        raise ShapeError(
            f"matmul: cannot multiply shapes {a.shape} and {b.shape}; a single number is no "
            "matrix, use * instead"
        )
    _check_summed_axes("matmul", a, b, -1, max(-2, -b.ndim))
    batch = max(a.ndim, b.ndim, 2) - 2
    names = LETTERS[:batch]
    left = names[batch - max(a.ndim - 2, 0) :] + ("xy" if a.ndim > 1 else "y")
    right = names[batch - max(b.ndim - 2, 0) :] + ("yz" if b.ndim > 1 else "y")
    result = names + "x" * (a.ndim > 1) + "z" * (b.ndim > 1)
    return einsum_pair(a, left, b, right, result, "matmul")


def dot(a: Any, b: Any) -> Any:
    """Sum products over the last axis of `a` and the last but one (or only one) of `b`."""
    a, b = to_common_dtype(a, b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return _tensordot("dot", a, b, (a.ndim - 1,), (max(b.ndim - 2, 0),))


def inner(a: Any, b: Any) -> Any:
    """Sum products over the last axes of both."""
    a, b = to_common_dtype(a, b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return _tensordot("inner", a, b, (a.ndim - 1,), (b.ndim - 1,))


def vdot(a: Any, b: Any) -> Any:
    """Sum the products of corresponding elements of two flattened arrays."""
    return dot(ravel(a), ravel(b))


def outer(a: Any, b: Any) -> Any:
    """Multiply every element of flattened `a` by every element of flattened `b`."""
    a, b = to_common_dtype(ravel(a), ravel(b))
    return contract(a, b, spec="i,j->ij")


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum products over pairs of axes: the last of `a` with the first of `b`, or those given."""
    a, b = to_common_dtype(a, b)
    check_known("tensordot", axes, "axes=")
    if isinstance(axes, list | tuple) or getattr(axes, "ndim", 0):
        a_axes, b_axes = axes  # pyright: ignore[reportUnknownVariableType]
    else:
        count = operator.index(axes)
        a_axes, b_axes = range(a.ndim - count, a.ndim), range(count)
    first = normalize_axes("tensordot", a_axes, a.ndim)
    second = normalize_axes("tensordot", b_axes, b.ndim)
    if len(first) != len(second):
        raise ShapeError(
            f"tensordot: axes {axes} pair {counted(len(first), 'axis')} with {len(second)}; give "
            "equal numbers"
        )
    return _tensordot("tensordot", a, b, first, second)


def vecdot(a: Any, b: Any, *, axis: int = -1) -> Any:
    """Sum products along one axis; the others broadcast."""
    a, b = to_common_dtype(np.moveaxis(as_array(a), axis, -1), np.moveaxis(as_array(b), axis, -1))
    _check_summed_axes("vecdot", a, b, -1, -1)
    ndim = max(a.ndim, b.ndim)
    names = LETTERS[:ndim]
    return einsum_pair(a, names[ndim - a.ndim :], b, names[ndim - b.ndim :], names[:-1], "vecdot")


def matvec(a: Any, b: Any) -> Any:
    """Multiply matrices by vectors, ``Σ_j a[..., i, j] b[..., j]``."""
    return vecdot(a, np.expand_dims(as_array(b), -2))


def vecmat(a: Any, b: Any) -> Any:
    """Multiply vectors by matrices, ``Σ_i a[..., i] b[..., i, j]``."""
    return matvec(np.swapaxes(as_array(b), -1, -2), a)


def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    """Cross product of vectors of length 3; one of length 2 has the third component 0."""
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = np.moveaxis(as_array(a), axisa, -1), np.moveaxis(as_array(b), axisb, -1)
    lengths = a.shape[-1], b.shape[-1]
    if not set(lengths) <= {2, 3}:
        raise ShapeError(
            f"cross: the vectors have lengths {lengths[0]} and {lengths[1]} along axes {axisa} and "
            f"{axisb}; both must have 3"
        )
    if lengths == (2, 2):
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = _in_space(a), _in_space(b)
    forward, backward = [1, 2, 0], [2, 0, 1]
    product = a[..., forward] * b[..., backward] - a[..., backward] * b[..., forward]
    return np.moveaxis(product, -1, axisc)


def _in_space(x: Any) -> Any:
    """Add a third component of 0 to vectors of length 2."""
    return x if x.shape[-1] == 3 else np.pad(x, [(0, 0)] * (x.ndim - 1) + [(0, 1)])


def kron(a: Any, b: Any) -> Any:
    """Kronecker product: the blocks ``a[i] * b``."""
    a, b = to_common_dtype(a, b)
    ndim = max(a.ndim, b.ndim)
    a_shape = (1,) * (ndim - a.ndim) + a.shape
    b_shape = (1,) * (ndim - b.ndim) + b.shape
    a = reshape(a, [n for length in a_shape for n in (length, 1)])
    b = reshape(b, [n for length in b_shape for n in (1, length)])
    return reshape(a * b, [n * m for n, m in zip(a_shape, b_shape, strict=True)])


def to_common_dtype(a: Any, b: Any) -> tuple[Any, Any]:
    """Convert both factors to the dtype to which NumPy promotes them."""
    a, b = as_array(a), as_array(b)
    dtype = np.result_type(a.dtype, b.dtype)
    return tuple(x if x.dtype == dtype else cast(x, dtype) for x in (a, b))  # pyright: ignore[reportReturnType]


def einsum_pair(a: Any, left: str, b: Any, right: str, result: str, name: str = "einsum") -> Any:
    """Einsum of two operands, each of whose axes has a letter of its own.

    Axes of length 1 broadcast; a letter that the result lacks is summed over.
    """
    lengths = _lengths(name, a, left, b, right)
    a, left = _drop_broadcast_axes(a, left, lengths)
    b, right = _drop_broadcast_axes(b, right, lengths)
    unit = [c for c in result if c not in left + right]
    a, left = sum_free_axes(a, left, right + result)
    b, right = sum_free_axes(b, right, left + result)
    output = "".join(c for c in result if c not in unit)
    if set(left + right) == set(output) and set(left) & set(right):
        product = multiply(_align_axes(a, left, output), _align_axes(b, right, output))
    else:
        product = contract(a, b, spec=f"{left},{right}->{output}")
    return reshape(product, tuple(1 if c in unit else lengths[c] for c in result))


def _tensordot(name: str, a: Any, b: Any, a_axes: tuple[int, ...], b_axes: tuple[int, ...]) -> Any:
    for i, j in zip(a_axes, b_axes, strict=True):
        _check_summed_axes(name, a, b, i, j)
    left, right = LETTERS[: a.ndim], list(LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(a_axes, b_axes, strict=True):
        right[j] = left[i]
    result = [c for c in left if c not in right] + [c for c in right if c not in left]
    return contract(a, b, spec=f"{left},{''.join(right)}->{''.join(result)}")


def _check_summed_axes(name: str, a: Any, b: Any, i: int, j: int) -> None:
    if a.shape[i] != b.shape[j]:
        raise ShapeError(
            f"{name}: cannot multiply shapes {a.shape} and {b.shape}; axis {i} of the first has "
            f"length {a.shape[i]}, but axis {j} of the second has {b.shape[j]}: they are summed "
            f"over together and must be equal{_transposed_factor(name, a.shape, b.shape)}"
        )


def _transposed_factor(name: str, a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """Name the matrix whose transpose would fit, if there is one."""
    if name != "matmul" or len(a) != 2 or len(b) != 2:
        return ""
    if a == b:
        return "; the transpose of either fits"
    if a[1] == b[1]:
        return f"; the transpose of the second fits, {a} times {b[::-1]}"
    if a[0] == b[0]:
        return f"; the transpose of the first fits, {a[::-1]} times {b}"
    return ""


def _lengths(name: str, a: Any, left: str, b: Any, right: str) -> dict[str, int]:
    lengths = dict(zip(left, a.shape, strict=True))
    for j, (letter, length) in enumerate(zip(right, b.shape, strict=True)):
        known = lengths.get(letter, 1)
        if known != length and 1 not in (known, length):
            raise ShapeError(
                f"{name}: cannot multiply shapes {a.shape} and {b.shape}; axis "
                f"{left.index(letter)} of the first has length {known}, but axis {j} of the second "
                f"has {length}: they are {'both ' + repr(letter) if name == 'einsum' else 'paired'}"
                " and must be equal, or 1"
            )
        lengths[letter] = length if known == 1 else known
    return lengths


def _drop_broadcast_axes(x: Any, letters: str, lengths: dict[str, int]) -> tuple[Any, str]:
    """Drop axes of length 1 that broadcast against the other operand."""
    axes = [i for i, c in enumerate(letters) if x.shape[i] == lengths[c]]
    if len(axes) == x.ndim:
        return x, letters
    return reshape(x, tuple(x.shape[i] for i in axes)), "".join(letters[i] for i in axes)


def sum_free_axes(x: Any, letters: str, needed: str) -> tuple[Any, str]:
    """Sum over the axes whose letters are not in `needed`."""
    summed = tuple(i for i, c in enumerate(letters) if c not in needed)
    if not summed:
        return x, letters
    return np.sum(x, axis=summed, dtype=x.dtype), "".join(c for c in letters if c in needed)


def _align_axes(x: Any, letters: str, result: str) -> Any:
    """Transpose to the order of `result`, with unit axes for letters that `x` lacks."""
    order = [letters.index(c) for c in result if c in letters]
    lengths = iter([x.shape[i] for i in order])
    x = transpose(x, order)
    return reshape(x, tuple(next(lengths) if c in letters else 1 for c in result))
