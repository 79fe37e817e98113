"""Functions of each element that NumPy does not have itself: sigmoid and erf."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.promotion import elementwise, reals

__all__ = ["erf", "sigmoid"]


def _sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x)) without overflow: only exp of negative numbers is taken."""
    tail = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, tail) / (1 + tail)


sigmoid = elementwise(
    "sigmoid", _sigmoid, promotes_as=np.exp,
    vjp=lambda ct, y, x: (ct * y * (1 - y),),
    formula="σ({0})", reference=lambda x: 1 / (1 + math.exp(-x)), samples=reals(-3, 3),
)  # fmt: skip

_erf_of_objects = np.frompyfunc(math.erf, 1, 1)


def _erf(x: Any) -> Any:
    return np.asarray(_erf_of_objects(x), x.dtype)


def _erf_vjp(ct: Node, y: Node, x: Node) -> tuple[Node]:
    return (ct * (2 / math.sqrt(math.pi)) * np.exp(-x * x),)


erf = elementwise(
    "erf", _erf, promotes_as=np.exp,
    vjp=_erf_vjp,
    formula="erf({0})", reference=math.erf, samples=reals(-3, 3),
)  # fmt: skip
