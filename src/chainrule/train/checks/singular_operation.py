"""The operation at which a loss or its gradient ceases to be finite, in words, with a remedy."""

from __future__ import annotations

import linecache
from pathlib import Path

from chainrule.autodiff.singularity import Singularity
from chainrule.graph.source_location import Origin, line_of

__all__ = ["describe_singularity"]

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
    if operands and name not in _DERIVATIVES:
        event += f" at {operands}"
    place = _line(node.origin) + (f", in layer {node.layer!r}" if node.layer else "")
    return f"{event}{place}" + (f": {remedy}." if remedy else ".")


def _line(origin: Origin | None) -> str:
    if origin is None:
        return ""
    file, line = line_of(origin)
    source = linecache.getline(file, line).strip()
    where = f" in line {line} of {Path(file).name}"
    return f"{where}, `{source}`" if source else where
