"""What is asked of an array rather than computed with it: its shape, its kind, where it is not 0.

Shapes and kinds of traced values are always known. Positions that depend on values are found from
the values, which are known under ``cr.grad`` and are not under ``cr.jit``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.primitives import selection
from chainrule.ops.primitives.promotion import as_array, result_types

__all__ = [
    "argwhere", "array_equal", "common_type", "conjugate", "flatnonzero", "iscomplexobj",
    "isrealobj", "ndim", "nonzero", "real", "result_type", "select", "shape", "size", "where",
]  # fmt: skip


def where(condition: Any, *branches: Any) -> Any:
    """Choose between two values element by element; of a condition alone, say where it holds."""
    return selection.select(condition, *branches) if branches else nonzero(condition)


def select(conditions: Any, choices: Any, default: Any = 0) -> Any:
    """Choose, element by element, what stands beside the first condition that holds."""
    result = default
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = selection.select(condition, choice, result)
    return result


def real(x: Any) -> Any:
    """Return the real part, which is all there is of a traced value."""
    return x


def conjugate(x: Any) -> Any:
    """Return the complex conjugate, which of real numbers are the numbers themselves."""
    return x


def shape(x: Any) -> tuple[int, ...]:
    """Return the length of each axis."""
    return as_array(x).shape


def ndim(x: Any) -> int:
    """Return the number of axes."""
    return as_array(x).ndim


def size(x: Any, axis: int | None = None) -> int:
    """Return the number of elements, or the length of an axis."""
    return as_array(x).size if axis is None else as_array(x).shape[axis]


def result_type(*operands: Any) -> Any:
    """Return the kind of number in which operands meet."""
    kinds = [x if isinstance(x, Node | int | float) else _example(x) for x in operands]
    return result_types(*kinds)


def common_type(*operands: Any) -> Any:
    """Return the float type that can hold all operands."""
    return np.common_type(*(np.empty(0, as_array(x).dtype) for x in operands))


def isrealobj(x: Any) -> bool:
    """Whether `x` holds real numbers: traced values always do."""
    return as_array(x).dtype.kind != "c"


def iscomplexobj(x: Any) -> bool:
    """Whether `x` holds complex numbers: traced values never do."""
    return not isrealobj(x)


def nonzero(x: Any) -> Any:
    """Find where elements are not 0, from the known value."""
    return np.nonzero(_known(x))


def flatnonzero(x: Any) -> Any:
    """Find where elements of the flattened array are not 0, from the known value."""
    return np.flatnonzero(_known(x))


def argwhere(x: Any) -> Any:
    """Find where elements are not 0, one position a row, from the known value."""
    return np.argwhere(_known(x))


def array_equal(a: Any, b: Any) -> bool:
    """Whether two arrays have one shape and the same known values."""
    return np.array_equal(_known(a), _known(b))


def _known(x: Any) -> Any:
    return np.asarray(x.value) if isinstance(x, Node) else np.asarray(x)


def _example(x: Any) -> Any:
    return np.empty(0, x if isinstance(x, np.dtype | type) else np.asarray(x).dtype)
