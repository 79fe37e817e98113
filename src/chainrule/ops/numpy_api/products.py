"""Products summed over axes: dot, matmul, einsum, norms, with NumPy's names and arguments.

All of them are contractions (``contract``), after axes that only one operand has are summed away,
diagonals are taken, and axes of length 1 are dropped.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.ops.numpy_api.shape_manipulation import ravel, reshape, transpose
from chainrule.ops.primitives.axes import axes_in
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.contraction import contract
from chainrule.ops.primitives.elementwise import multiply
from chainrule.ops.primitives.promotion import as_array

__all__ = [
    "cross",
    "dot",
    "inner",
    "kron",
    "matmul",
    "matvec",
    "multiply_summed",
    "of_one_kind",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Names for axes; NumPy has at most 64 of them, einsum 52."""


def matmul(a: Any, b: Any) -> Any:
    """Multiply matrices, ``Σ_j a[..., i, j] b[..., j, k]``; leading axes broadcast, vectors fit."""
    a, b = of_one_kind(a, b)
    if not a.ndim or not b.ndim:
        raise ShapeError(
            f"matmul: cannot multiply shapes {a.shape} and {b.shape}; a single number is no "
            "matrix, use * instead"
        )
    _check_inner("matmul", a, b, -1, max(-2, -b.ndim))
    batch = max(a.ndim, b.ndim, 2) - 2
    names = LETTERS[:batch]
    left = names[batch - max(a.ndim - 2, 0) :] + ("xy" if a.ndim > 1 else "y")
    right = names[batch - max(b.ndim - 2, 0) :] + ("yz" if b.ndim > 1 else "y")
    result = names + "x" * (a.ndim > 1) + "z" * (b.ndim > 1)
    return multiply_summed(a, left, b, right, result)


def dot(a: Any, b: Any) -> Any:
    """Sum products over the last axis of `a` and the last but one (or only one) of `b`."""
    a, b = of_one_kind(a, b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return _tensordot("dot", a, b, (a.ndim - 1,), (max(b.ndim - 2, 0),))


def inner(a: Any, b: Any) -> Any:
    """Sum products over the last axes of both."""
    a, b = of_one_kind(a, b)
    if not a.ndim or not b.ndim:
        return multiply(a, b)
    return _tensordot("inner", a, b, (a.ndim - 1,), (b.ndim - 1,))


def vdot(a: Any, b: Any) -> Any:
    """Sum the products of corresponding elements of two flattened arrays."""
    return dot(ravel(a), ravel(b))


def outer(a: Any, b: Any) -> Any:
    """Multiply every element of flattened `a` by every element of flattened `b`."""
    a, b = of_one_kind(ravel(a), ravel(b))
    return contract(a, b, spec="i,j->ij")


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum products over several axes: the last of `a` with the first of `b`, or pairs given."""
    a, b = of_one_kind(a, b)
    if isinstance(axes, int | np.integer):
        of_a, of_b = range(a.ndim - int(axes), a.ndim), range(int(axes))
    else:
        of_a, of_b = axes
    first, second = axes_in("tensordot", of_a, a.ndim), axes_in("tensordot", of_b, b.ndim)
    if len(first) != len(second):
        raise ShapeError(
            f"tensordot: axes {axes} pair {len(first)} axes with {len(second)}; give equal numbers"
        )
    return _tensordot("tensordot", a, b, first, second)


def vecdot(a: Any, b: Any, *, axis: int = -1) -> Any:
    """Sum products along one axis, for every place on the others."""
    a, b = of_one_kind(np.moveaxis(as_array(a), axis, -1), np.moveaxis(as_array(b), axis, -1))
    _check_inner("vecdot", a, b, -1, -1)
    shared = max(a.ndim, b.ndim)
    names = LETTERS[:shared]
    return multiply_summed(a, names[shared - a.ndim :], b, names[shared - b.ndim :], names[:-1])


def matvec(a: Any, b: Any) -> Any:
    """Multiply matrices by vectors, ``Σ_j a[..., i, j] b[..., j]``."""
    return vecdot(a, np.expand_dims(as_array(b), -2))


def vecmat(a: Any, b: Any) -> Any:
    """Multiply vectors by matrices, ``Σ_i a[..., i] b[..., i, j]``."""
    return matvec(np.swapaxes(as_array(b), -1, -2), a)


def cross(a: Any, b: Any, *, axis: int = -1) -> Any:
    """Vector product of vectors of three numbers along an axis."""
    a, b = np.moveaxis(as_array(a), axis, -1), np.moveaxis(as_array(b), axis, -1)
    if a.shape[-1] != 3 or b.shape[-1] != 3:
        raise ShapeError(
            f"cross: the vectors have lengths {a.shape[-1]} and {b.shape[-1]} along axis {axis}; "
            "both must have 3"
        )
    forward, backward = [1, 2, 0], [2, 0, 1]
    product = a[..., forward] * b[..., backward] - a[..., backward] * b[..., forward]
    return np.moveaxis(product, -1, axis)


def kron(a: Any, b: Any) -> Any:
    """Put ``a[i] * b`` in the place of every element of `a`."""
    a, b = of_one_kind(a, b)
    ndim = max(a.ndim, b.ndim)
    of_a = (1,) * (ndim - a.ndim) + a.shape
    of_b = (1,) * (ndim - b.ndim) + b.shape
    a = reshape(a, [n for length in of_a for n in (length, 1)])
    b = reshape(b, [n for length in of_b for n in (1, length)])
    return reshape(a * b, [n * m for n, m in zip(of_a, of_b, strict=True)])


def of_one_kind(a: Any, b: Any) -> tuple[Any, Any]:
    """Convert both factors to the kind of number in which they meet."""
    a, b = as_array(a), as_array(b)
    dtype = np.result_type(a.dtype, b.dtype)
    return tuple(x if x.dtype == dtype else cast(x, dtype) for x in (a, b))  # pyright: ignore[reportReturnType]


def multiply_summed(a: Any, left: str, b: Any, right: str, result: str) -> Any:
    """Contract two operands whose axes are named by distinct letters.

    Lengths of 1 stretch as everywhere in NumPy; each letter of an operand that the result lacks
    must stand in the other operand.
    """
    lengths = _lengths(a.shape, left, b.shape, right)
    a, left = _without_stretched(a, left, lengths)
    b, right = _without_stretched(b, right, lengths)
    missing = [c for c in result if c not in left + right]
    a, left = _summed(a, left, right + result)
    b, right = _summed(b, right, left + result)
    kept = "".join(c for c in result if c not in missing)
    if set(left + right) == set(kept) and set(left) & set(right):
        product = multiply(_arranged(a, left, kept), _arranged(b, right, kept))
    else:
        product = contract(a, b, spec=f"{left},{right}->{kept}")
    return reshape(product, tuple(1 if c in missing else lengths[c] for c in result))


def _tensordot(name: str, a: Any, b: Any, of_a: tuple[int, ...], of_b: tuple[int, ...]) -> Any:
    for i, j in zip(of_a, of_b, strict=True):
        _check_inner(name, a, b, i, j)
    left, right = LETTERS[: a.ndim], list(LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(of_a, of_b, strict=True):
        right[j] = left[i]
    result = [c for c in left if c not in right] + [c for c in right if c not in left]
    return contract(a, b, spec=f"{left},{''.join(right)}->{''.join(result)}")


def _check_inner(name: str, a: Any, b: Any, i: int, j: int) -> None:
    if a.shape[i] != b.shape[j]:
        raise ShapeError(
            f"{name}: cannot multiply shapes {a.shape} and {b.shape}; axis {i} of the first has "
            f"length {a.shape[i]}, but axis {j} of the second has {b.shape[j]}: they are summed "
            "over together and must be equal"
        )


def _lengths(a: tuple[int, ...], left: str, b: tuple[int, ...], right: str) -> dict[str, int]:
    lengths = dict(zip(left, a, strict=True))
    for letter, length in zip(right, b, strict=True):
        known = lengths.get(letter, 1)
        if known != length and 1 not in (known, length):
            raise ShapeError(
                f"the shapes {a} and {b} cannot be multiplied: axis {letter!r} has length {known} "
                f"in the first and {length} in the second"
            )
        lengths[letter] = length if known == 1 else known
    return lengths


def _without_stretched(x: Any, letters: str, lengths: dict[str, int]) -> tuple[Any, str]:
    """Drop axes of length 1 that would be stretched: the other operand has the letter."""
    kept = [i for i, c in enumerate(letters) if x.shape[i] == lengths[c]]
    if len(kept) == x.ndim:
        return x, letters
    return reshape(x, tuple(x.shape[i] for i in kept)), "".join(letters[i] for i in kept)


def _summed(x: Any, letters: str, needed: str) -> tuple[Any, str]:
    """Sum over the axes that nobody else has."""
    alone = tuple(i for i, c in enumerate(letters) if c not in needed)
    if not alone:
        return x, letters
    return np.sum(x, axis=alone, dtype=x.dtype), "".join(c for c in letters if c in needed)


def _arranged(x: Any, letters: str, result: str) -> Any:
    """Bring axes into the order of `result`, with length 1 for letters that are not there."""
    order = [letters.index(c) for c in result if c in letters]
    lengths = iter([x.shape[i] for i in order])
    x = transpose(x, order)
    return reshape(x, tuple(next(lengths) if c in letters else 1 for c in result))
