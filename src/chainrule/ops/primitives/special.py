"""Elementwise primitives that NumPy lacks: the logistic sigmoid and the error function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.primitives.promotion import elementwise, reals

__all__ = ["FAR", "MIDDLE", "erf", "sigmoid"]


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)) without overflow: exp is taken of -|x| only."""
    if np.asarray(x).dtype == np.float16:
        return np.asarray(_sigmoid(np.asarray(x, np.float32)), np.float16)
    tail = np.exp(-np.abs(x))
    value: Any = np.where(x >= 0, 1, tail) / (1 + tail)
    return value


sigmoid = elementwise(
    "sigmoid", _sigmoid, promotes_as=np.exp,
    vjp=lambda ct, y, x: (ct * y * (1 - y),),
    formula="σ({0})", reference=lambda x: 1 / (1 + math.exp(-x)), samples=reals(-3, 3),
)  # fmt: skip


def _erf_vjp(ct: Node, y: Node, x: Node) -> tuple[Node]:
    return (ct * (2 / math.sqrt(math.pi) * np.exp(-x * x)),)


def _erf(x: Any) -> Any:
    """Rational Chebyshev approximations on three ranges in float64, as in Cody's CALERF."""
    wide = np.asarray(x, np.float64)
    size = np.minimum(np.abs(wide), 6)  # erf(6) is 1 to the last bit
    squared = size * size
    near = size * _ratio(squared, _NEAR)
    tail = np.exp(-squared)
    middle = 1 - tail * _ratio(np.maximum(size, 0.46875), MIDDLE)
    inverse = 1 / np.maximum(squared, 16)
    correction = inverse * _ratio(inverse, FAR)
    far = 1 - tail * (1 / math.sqrt(math.pi) - correction) / np.maximum(size, 4)
    value: Any = np.where(size <= 0.46875, near, np.where(size <= 4, middle, far))
    return np.copysign(value, wide).astype(np.asarray(x).dtype)


def _ratio(x: Any, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Any:
    """Quotient of two polynomials, highest powers first."""
    above, below = coefficients
    return np.polyval(np.array(above), x) / np.polyval(np.array(below), x)


# W. J. Cody (1969), Rational Chebyshev approximations for the error function, tables I to III.
_NEAR = (
    (1.85777706184603153e-1, 3.16112374387056560e0, 1.13864154151050156e2, 3.77485237685302021e2,
     3.20937758913846947e3),
    (1.0, 2.36012909523441209e1, 2.44024637934444173e2, 1.28261652607737228e3,
     2.84423683343917062e3),
)  # fmt: skip
MIDDLE = (
    (2.15311535474403846e-8, 5.64188496988670089e-1, 8.88314979438837594e0, 6.61191906371416295e1,
     2.98635138197400131e2, 8.81952221241769090e2, 1.71204761263407058e3, 2.05107837782607147e3,
     1.23033935479799725e3),
    (1.0, 1.57449261107098347e1, 1.17693950891312499e2, 5.37181101862009858e2,
     1.62138957456669019e3, 3.29079923573345963e3, 4.36261909014324716e3, 3.43936767414372164e3,
     1.23033935480374942e3),
)  # fmt: skip
FAR = (
    (1.63153871373020978e-2, 3.05326634961232344e-1, 3.60344899949804439e-1,
     1.25781726111229246e-1, 1.60837851487422766e-2, 6.58749161529837803e-4),
    (1.0, 2.56852019228982242e0, 1.87295284992346725e0, 5.27905102951428412e-1,
     6.05183413124413191e-2, 2.33520497626869185e-3),
)  # fmt: skip

erf = elementwise(
    "erf", _erf, promotes_as=np.exp,
    vjp=_erf_vjp,
    formula="erf({0})", reference=math.erf, samples=reals(-3, 3),
)  # fmt: skip
