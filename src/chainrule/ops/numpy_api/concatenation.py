"""Concatenate, stack and split arrays, with NumPy's names and arguments."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.shape_manipulation import (
    atleast_1d,
    atleast_2d,
    expand_dims,
    ravel,
    reshape,
)
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.axes import normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array

__all__ = [
    "append", "array_split", "column_stack", "concatenate", "dsplit", "dstack", "hsplit", "hstack",
    "split", "stack", "vsplit", "vstack",
]  # fmt: skip


def concatenate(arrays: Any, axis: int | None = 0, *, dtype: Any = None) -> Any:
    """Join along an existing axis; None joins the flattened arrays."""
    parts = _to_common_dtype("concatenate", arrays, dtype)
    if axis is None:
        parts, axis = [ravel(x) for x in parts], 0
    if not parts[0].ndim:
        raise ShapeError("concatenate: single numbers have no axis to join along; use np.stack")
    axis = normalize_axis("concatenate", axis, parts[0].ndim)
    return parts[0] if len(parts) == 1 else movement.concatenate(*parts, axis=axis)


def stack(arrays: Any, axis: int = 0, *, dtype: Any = None) -> Any:
    """Join along a new axis."""
    parts = _to_common_dtype("stack", arrays, dtype)
    if len({x.shape for x in parts}) > 1:
        shapes = ", ".join(str(x.shape) for x in parts)
        raise ShapeError(f"stack: all arrays must have one shape, got {shapes}")
    return concatenate([expand_dims(x, axis) for x in parts], axis)


def hstack(arrays: Any, *, dtype: Any = None) -> Any:
    """Join horizontally: along the second axis, or the only one."""
    parts = [atleast_1d(x) for x in _nonempty_list("hstack", arrays)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1, dtype=dtype)


def vstack(arrays: Any, *, dtype: Any = None) -> Any:
    """Join vertically: along the first axis; a vector is one row."""
    return concatenate([atleast_2d(x) for x in _nonempty_list("vstack", arrays)], 0, dtype=dtype)


def dstack(arrays: Any) -> Any:
    """Join depth-wise: along the third axis."""
    return concatenate([np.atleast_3d(as_array(x)) for x in _nonempty_list("dstack", arrays)], 2)


def column_stack(arrays: Any) -> Any:
    """Join columns: along the second axis; a vector is one column."""
    columns = [as_array(x) for x in _nonempty_list("column_stack", arrays)]
    return concatenate([x if x.ndim > 1 else reshape(x, (x.size, 1)) for x in columns], 1)


def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """Join `values` to the end of `x`; without `axis` both are flattened."""
    return concatenate((x, values), axis)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Split into a number of nearly equal sections, or before the given indices."""
    x = as_array(x)
    axis = normalize_axis("split", axis, x.ndim)
    length = x.shape[axis]
    if isinstance(indices_or_sections, int | np.integer):
        parts = int(indices_or_sections)
        if parts < 1:
            raise ShapeError(f"split: cannot split into {parts} sections; give 1 or more")
        size, longer = divmod(length, parts)
        bounds = [0, *np.cumsum([size + (i < longer) for i in range(parts)]).tolist()]
    else:
        bounds = [0, *(int(i) for i in indices_or_sections), length]
    before = (slice(None),) * axis
    return [x[(*before, slice(i, j))] for i, j in pairwise(bounds)]


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Split into a number of equal sections, or before the given indices."""
    x = as_array(x)
    if isinstance(indices_or_sections, int | np.integer):
        length = x.shape[normalize_axis("split", axis, x.ndim)]
        if indices_or_sections and length % indices_or_sections:
            raise ShapeError(
                f"split: {length} entries do not divide into {indices_or_sections} equal parts; "
                "use np.array_split for unequal ones"
            )
    return array_split(x, indices_or_sections, axis)


def hsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Split along the second axis, or the only one."""
    return split(x, indices_or_sections, 0 if as_array(x).ndim == 1 else 1)


def vsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Split along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: Any, indices_or_sections: Any) -> list[Any]:
    """Split along the third axis."""
    return split(x, indices_or_sections, 2)


def _nonempty_list(name: str, arrays: Any) -> Sequence[Any]:
    listed = list(arrays)
    if not listed:
        raise ShapeError(f"{name}: there is nothing to join; give one array or more")
    return listed


def _to_common_dtype(name: str, arrays: Any, dtype: Any) -> list[Any]:
    """Convert to `dtype`, or to the dtype to which NumPy promotes the arrays."""
    parts = [as_array(x) for x in _nonempty_list(name, arrays)]
    if dtype is None:
        dtype = np.result_type(*(x.dtype for x in parts))
    return [x if _has_dtype(x, dtype) else cast(x, dtype) for x in parts]


def _has_dtype(x: Any, dtype: Any) -> bool:
    return x.dtype == dtype and not (isinstance(x, Node) and x.array_type.weak)
