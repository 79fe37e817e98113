"""Concatenate, stack and split arrays, with NumPy's names and arguments."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.shape_manipulation import (
    atleast_1d,
    atleast_2d,
    expand_dims,
    ravel,
    reshape,
)
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.axes import check_known, normalize_axis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import identity

__all__ = [
    "append", "array_split", "block", "column_stack", "concatenate", "dsplit", "dstack", "hsplit",
    "hstack", "split", "stack", "vsplit", "vstack",
]  # fmt: skip


def concatenate(
    arrays: Any, axis: int | None = 0, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Join along an existing axis; None joins the flattened arrays."""
    parts = _to_common_dtype("concatenate", arrays, dtype, casting)
    if axis is None:
        parts, axis = [ravel(x) for x in parts], 0
    if not parts[0].ndim:
        raise ShapeError("concatenate: single numbers have no axis to join along; use np.stack")
    axis = normalize_axis("concatenate", axis, parts[0].ndim)
    return parts[0] if len(parts) == 1 else movement.concatenate(*parts, axis=axis)


def stack(arrays: Any, axis: int = 0, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along a new axis."""
    parts = _to_common_dtype("stack", arrays, dtype, casting)
    if len({x.shape for x in parts}) > 1:
        shapes = ", ".join(str(x.shape) for x in parts)
        raise ShapeError(f"stack: all arrays must have one shape, got {shapes}")
    return concatenate([expand_dims(x, axis) for x in parts], axis)


def hstack(arrays: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join horizontally: along the second axis, or the only one."""
    parts = [atleast_1d(x) for x in _nonempty_list("hstack", arrays)]
    return concatenate(parts, 0 if parts[0].ndim == 1 else 1, dtype=dtype, casting=casting)


def vstack(arrays: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join vertically: along the first axis; a vector is one row."""
    rows = [atleast_2d(x) for x in _nonempty_list("vstack", arrays)]
    return concatenate(rows, 0, dtype=dtype, casting=casting)


def dstack(arrays: Any) -> Any:
    """Join depth-wise: along the third axis."""
    return concatenate([np.atleast_3d(as_array(x)) for x in _nonempty_list("dstack", arrays)], 2)


def column_stack(arrays: Any) -> Any:
    """Join columns: along the second axis; a vector is one column."""
    columns = [as_array(x) for x in _nonempty_list("column_stack", arrays)]
    return concatenate([x if x.ndim > 1 else reshape(x, (x.size, 1)) for x in columns], 1)


def block(arrays: Any) -> Any:
    """Join nested lists of blocks: the innermost along the last axis, the outer before it."""
    depth = _list_depth(arrays)
    ndim = max(depth, _widest(arrays))
    joined = _join_blocks(arrays, depth, ndim)
    return joined if isinstance(arrays, list) else identity(as_array(joined))


def _list_depth(arrays: Any) -> int:
    return 1 + max(map(_list_depth, arrays), default=0) if isinstance(arrays, list) else 0  # pyright: ignore[reportUnknownArgumentType]


def _widest(arrays: Any) -> int:
    if isinstance(arrays, list):
        return max(map(_widest, arrays), default=0)  # pyright: ignore[reportUnknownArgumentType]
    return as_array(arrays).ndim


def _join_blocks(arrays: Any, depth: int, ndim: int) -> Any:
    if isinstance(arrays, list):
        return concatenate([_join_blocks(each, depth - 1, ndim) for each in arrays], -depth)  # pyright: ignore[reportUnknownVariableType]
    x = as_array(arrays)
    return reshape(x, (1,) * (ndim - x.ndim) + x.shape)


def append(x: Any, values: Any, axis: int | None = None) -> Any:
    """Join `values` to the end of `x`; without `axis` both are flattened."""
    return concatenate((x, values), axis)


def array_split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Split into a number of nearly equal sections, or before the given indices."""
    x = as_array(x)
    check_known("split", indices_or_sections, "the number or the bounds of the parts")
    axis = normalize_axis("split", axis, x.ndim)
    length = x.shape[axis]
    if _is_single(indices_or_sections):
        parts = operator.index(indices_or_sections)
        if parts < 1:
            raise ShapeError(f"split: cannot split into {parts} sections; give 1 or more")
        size, longer = divmod(length, parts)
        bounds = [0, *np.cumsum([size + (i < longer) for i in range(parts)]).tolist()]
    else:
        bounds = [0, *(operator.index(i) for i in indices_or_sections), length]
    before = (slice(None),) * axis
    return [x[(*before, slice(i, j))] for i, j in pairwise(bounds)]


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Split into a number of equal sections, or before the given indices."""
    x = as_array(x)
    check_known("split", indices_or_sections, "the number or the bounds of the parts")
    if _is_single(indices_or_sections):
        indices_or_sections = operator.index(indices_or_sections)
        length = x.shape[normalize_axis("split", axis, x.ndim)]
        if indices_or_sections and length % indices_or_sections:
            raise ShapeError(
                f"split: {counted(length, 'entry')} do not divide into {indices_or_sections} "
                "equal parts; use np.array_split for unequal ones"
            )
    return array_split(x, indices_or_sections, axis)


def _is_single(sections: Any) -> bool:
    """Whether a number of sections is given, not the bounds of them."""
    return isinstance(sections, int) or getattr(sections, "ndim", 1) == 0


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


def _to_common_dtype(name: str, arrays: Any, dtype: Any, casting: Any) -> list[Any]:
    """Convert to `dtype`, or to the dtype to which NumPy promotes the arrays."""
    parts = [as_array(x) for x in _nonempty_list(name, arrays)]
    if dtype is None:
        dtype = np.result_type(*(x.dtype for x in parts))
    for x in parts:
        if not np.can_cast(x.dtype, dtype, casting):
            raise DTypeError(
                f"{name}: cannot convert {x.dtype} to {np.dtype(dtype)} with casting={casting!r}; "
                "use x.astype(dtype) first, or casting='unsafe'"
            )
    return [x if _has_dtype(x, dtype) else cast(x, dtype) for x in parts]


def _has_dtype(x: Any, dtype: Any) -> bool:
    return x.dtype == dtype and not (isinstance(x, Node) and x.array_type.weak)
