"""Queries about arrays: shape, dtype, nonzero indices; and ``where``, ``select``.

Shape and dtype of a traced value are static. Results whose shape depends on values (``nonzero``)
are plain arrays, computed from values that are known under ``cr.grad`` and not under ``cr.jit``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.ops.primitives import selection
from chainrule.ops.primitives.promotion import as_array, common_dtype

__all__ = [
    "argwhere", "common_type", "conjugate", "diag_indices_from", "flatnonzero", "iscomplexobj",
    "isrealobj", "ndim", "nonzero", "real", "result_type", "select", "shape", "size",
    "tril_indices_from", "triu_indices_from", "where",
]  # fmt: skip


def where(condition: Any, *branches: Any) -> Any:
    """Choose between two values elementwise; of a condition alone, return `nonzero`."""
    return selection.select(condition, *branches) if branches else nonzero(condition)


def select(conditions: Any, choices: Any, default: Any = 0) -> Any:
    """Choose, elementwise, the choice of the first condition that is true."""
    result = default
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = selection.select(condition, choice, result)
    return result


def real(x: Any) -> Any:
    """Return the real part: `x`, since traced values are real."""
    return x


def conjugate(x: Any) -> Any:
    """Return the complex conjugate: `x`, since traced values are real."""
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


def diag_indices_from(x: Any) -> Any:
    """Return the indices of the main diagonal."""
    return np.diag_indices_from(np.broadcast_to(0, as_array(x).shape))


def tril_indices_from(x: Any, k: int = 0) -> Any:
    """Return the indices of the lower triangle of a matrix."""
    rows, columns = as_array(x).shape
    return np.tril_indices(rows, k, columns)


def triu_indices_from(x: Any, k: int = 0) -> Any:
    """Return the indices of the upper triangle of a matrix."""
    rows, columns = as_array(x).shape
    return np.triu_indices(rows, k, columns)


def result_type(*operands: Any) -> Any:
    """Return the dtype to which operands are promoted."""
    examples = [x if isinstance(x, Node | int | float) else _example(x) for x in operands]
    return common_dtype(*examples)


def common_type(*operands: Any) -> Any:
    """Return the float dtype to which all operands can be cast safely."""
    return np.common_type(*(np.empty(0, as_array(x).dtype) for x in operands))


def isrealobj(x: Any) -> bool:
    """Whether `x` holds real numbers: traced values always do."""
    return as_array(x).dtype.kind != "c"


def iscomplexobj(x: Any) -> bool:
    """Whether `x` holds complex numbers: traced values never do."""
    return not isrealobj(x)


def nonzero(x: Any) -> Any:
    """Return the indices of nonzero elements, from the known value."""
    return np.nonzero(_known(x))


def flatnonzero(x: Any) -> Any:
    """Return the indices of nonzero elements of the flattened array, from the known value."""
    return np.flatnonzero(_known(x))


def argwhere(x: Any) -> Any:
    """Return the indices of nonzero elements, one index tuple a row, from the known value."""
    return np.argwhere(_known(x))


def _known(x: Any) -> Any:
    return np.asarray(x.value) if isinstance(x, Node) else np.asarray(x)


def _example(x: Any) -> Any:
    return np.empty(0, x if isinstance(x, np.dtype | type) else np.asarray(x).dtype)
