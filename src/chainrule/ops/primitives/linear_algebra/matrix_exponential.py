"""The exponential of a square matrix, by scaling, a Padé approximant and squaring (Higham 2005).

Its derivative along E is a block of the exponential of a matrix of twice the order, and the
cotangent is the derivative at Aᵀ along that of the result (Al-Mohy & Higham 2009, equation 1.4)::

    exp [A E] = [exp A  L(A, E)]        Ā = L(Aᵀ, X̄)
        [0 A]   [  0     exp A ]
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.linear_algebra.matrices import (
    check_square,
    columns,
    on_one_thread,
    random_matrix,
    rows,
    side_by_side,
    stacked_rows,
    transposed,
    zeros,
)

__all__ = ["matrix_exponential"]

# Higham (2005), The scaling and squaring method for the matrix exponential revisited, (3.4), (2.2).
_LARGEST_NORM = {"float64": 5.371920351148152, "float32": 3.925724783138660}
_PADE_13 = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0,
    129060195264000.0, 10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0,
    960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip
_PADE_7 = (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0)


def _type(a: ArrayType) -> ArrayType:
    check_square("expm", a)
    return a


@on_one_thread
def _evaluate(a: Any) -> Any:
    result = np.zeros_like(a)
    for index in np.ndindex(*a.shape[:-2]):
        if a.size:
            result[index] = _exponential(a[index])
    return result


def _exponential(a: Any) -> Any:
    norm = float(np.abs(a).sum(axis=0).max())
    if not np.isfinite(norm):
        return np.full_like(a, np.nan)
    ratio = norm / _LARGEST_NORM[a.dtype.name]
    squarings = max(0, int(np.ceil(np.log2(ratio)))) if ratio > 0 else 0
    power = _pade(a * a.dtype.type(2.0**-squarings))
    for _ in range(squarings):
        power = power @ power
    return power


def _pade(a: Any) -> Any:
    """The diagonal Padé approximant, of degree 13 in float64 and 7 in float32."""
    b = [a.dtype.type(each) for each in (_PADE_13 if a.dtype == np.float64 else _PADE_7)]
    one = np.eye(len(a), dtype=a.dtype)
    a2 = a @ a
    a4 = a2 @ a2
    a6 = a4 @ a2
    odd = b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * one
    even = b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * one
    if len(b) > 8:
        odd += a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2)
        even += a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2)
    odd = a @ odd
    return np.linalg.solve(even - odd, even + odd)


def _along(a: Any, direction: Any) -> Any:
    """L(A, E), the Fréchet derivative."""
    n = a.shape[-1]
    above, below = side_by_side(a, direction), side_by_side(zeros(a), a)
    return columns(rows(matrix_exponential(stacked_rows(above, below)), 0, n), n, 2 * n)


def _vjp(ct: Node, y: Node, a: Node) -> tuple[Any]:
    return (_along(transposed(a), ct),)


def _reference(a: Any) -> Any:
    """Taylor's series of A / 2¹⁰, then squared."""
    total = term = np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape).copy()
    for n in range(1, 20):
        term = term @ a / (n * 4)
        total = total + term
    return total @ total @ total @ total


matrix_exponential = Primitive(
    "matrix_exponential",
    infer=_type,
    evaluate=_evaluate,
    vjp=_vjp,
    jvp=lambda tangents, y, a: _along(a, tangents[0]),
    batch=lambda size, is_batched, a: matrix_exponential(a),
    formula="exp({0})",
    reference=_reference,
    samples=lambda: [
        Sample((random_matrix(3, 3) - 2 * np.eye(3),)),
        Sample((random_matrix(2, 2, 2) / 4,)),
        Sample((np.array([[0.5]]),)),
        Sample((np.ones((0, 0)),)),
    ],
    invalid=lambda: [Sample((np.ones((2, 3)),)), Sample((np.ones(3),))],
)
"""``matrix_exponential(a)``: ``Σ Aⁿ / n!`` of each matrix of a stack."""
