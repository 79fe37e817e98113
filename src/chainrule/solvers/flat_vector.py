"""Trees of arrays as one vector, in which solvers compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import DTypeError
from chainrule.ops.primitives.promotion import as_array, common_dtype, is_python_number

__all__ = ["ravel"]


def ravel(values: Any, name: str) -> tuple[Any, Callable[[Any], Any]]:
    """Concatenate the leaves of a tree to a vector; return it and the function that undoes it.

    A list of numbers is an array, as in SciPy. Integers become floats; the vector has the dtype to
    which the leaves promote. What undoes it keeps axes before the last one.
    """
    if isinstance(values, list | tuple) and all(is_python_number(each) for each in values):
        values = np.asarray(values, np.float64)
    leaves, structure = tree.flatten(values)
    arrays = [as_array(each) for each in leaves]
    dtype = common_dtype(*[each if each.dtype.kind == "f" else 1.0 for each in arrays])
    for each in arrays:
        if each.dtype.kind not in "fiu":
            raise DTypeError(f"{name} holds {each.dtype}; give real numbers, as x.astype(float)")
    shapes = [each.shape for each in arrays]
    ends = np.cumsum([each.size for each in arrays])[:-1].tolist()

    def unravel(vector: Any) -> Any:
        parts = np.split(vector, ends, axis=-1) if len(shapes) > 1 else [vector]
        before = vector.shape[:-1]
        restored = [np.reshape(x, before + shape) for x, shape in zip(parts, shapes, strict=True)]
        return tree.unflatten(structure, restored)

    flat = [np.reshape(each, (-1,)).astype(dtype) for each in arrays]
    return (np.concatenate(flat) if len(flat) > 1 else flat[0]), unravel
