"""The operation at which a loss or its gradient ceases to be finite, in words, with a remedy."""

from __future__ import annotations

import linecache
from pathlib import Path
from typing import TYPE_CHECKING

from chainrule.graph.node import Node
from chainrule.graph.source_location import Origin, line_of

if TYPE_CHECKING:
    from chainrule.autodiff.singularity import Singularity

__all__ = ["describe_overflow", "describe_singularity"]

_DERIVATIVES = {
    "sqrt": (
        "the derivative of a square root is infinite at 0",
        (
            "write np.sqrt(x + 1e-12) for np.sqrt(x) or x ** 0.5; in place of the root of a mean "
            "square, loss='mse' is least at the same parameters"
        ),
    ),
    "power": (
        "the derivative of x ** p is infinite at 0 for p below 1",
        "write (x + 1e-12) ** p",
    ),
    "divide": ("a quotient has no derivative where the divisor is 0", "divide by y + 1e-12"),
    "arctan2": ("arctan2 has no derivative at (0, 0)", "write np.arctan2(a, b + 1e-12)"),
}
_VALUES = {
    "log": ("the logarithm has no value", "write np.log(np.maximum(x, 1e-12))"),
    "log1p": ("log1p has no value", "write np.log1p(np.maximum(x, -1 + 1e-12))"),
    "sqrt": ("the square root has no value", "write np.sqrt(np.maximum(x, 0) + 1e-12)"),
    "power": ("the power is not finite", "write np.maximum(x, 1e-12) ** p"),
    "divide": ("the quotient is not finite", "divide by y + 1e-12, or np.maximum(y, 1e-12)"),
    "exp": (
        "the exponential overflows",
        "subtract the largest argument first, or pass scores to a loss that takes them",
    ),
}


def describe_singularity(singularity: Singularity) -> str:
    """Say what is not finite, of which operands and in which line, and what to write instead.

    Examples
    --------
    >>> from chainrule.autodiff.singularity import Singularity
    >>> from chainrule.graph.array_type import type_of
    >>> from chainrule.graph.node import variable
    >>> import numpy as np
    >>> root = np.sqrt(variable(type_of(0.0), np.array(0.0)))
    >>> text = describe_singularity(Singularity(root, (0.0,), is_of_derivative=True))
    >>> text.startswith("the derivative of a square root is infinite at 0")
    True
    """
    node = singularity.node
    name = "" if node.primitive is None else node.primitive.name
    table = _DERIVATIVES if singularity.is_of_derivative else _VALUES
    what = "the derivative" if singularity.is_of_derivative else "the value"
    event, remedy = table.get(name, (f"{what} of {name} is not finite", ""))
    operands = ", ".join(f"{each:g}" for each in singularity.operands)
    if operands and not (singularity.is_of_derivative and name in _DERIVATIVES):
        event += f" at {operands}"
    place = f"{_line(node.origin)}{_layer(node)}{_sample(singularity)}"
    return f"{event}{place}" + (f": {remedy}." if remedy else ".")


def describe_overflow(singularity: Singularity) -> str:
    """Say which operation is the first whose result is not finite, of which operands."""
    node = singularity.node
    name = "" if node.primitive is None else node.primitive.name
    what = "derivative" if singularity.is_of_derivative else "result"
    operands = " and ".join(f"{each:g}" for each in singularity.operands)
    of = f" of {operands}" if operands else ""
    place = _layer(node) or ", in the loss"
    return (
        f"The first {what} that is not finite is that of {name}{of}{place}{_sample(singularity)}."
    )


def _layer(node: Node) -> str:
    return f", in layer {node.layer!r}" if node.layer else ""


def _sample(singularity: Singularity) -> str:
    return "" if singularity.row is None else f", of sample X[{singularity.row}]"


def _line(origin: Origin | None) -> str:
    if origin is None:
        return ""
    file, line = line_of(origin)
    source = linecache.getline(file, line).strip()
    where = f" in line {line} of {Path(file).name}"
    return f"{where}, `{source}`" if source else where
