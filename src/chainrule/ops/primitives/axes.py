"""Normalise axis and shape arguments, as NumPy's ``normalize_axis_tuple`` does."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from chainrule.errors import ShapeError

__all__ = ["as_shape", "keepdims_shape", "normalize_axes", "normalize_axis"]


def normalize_axis(name: str, axis: Any, ndim: int) -> int:
    """Return `axis` counted from the front."""
    index = operator.index(axis)
    if not -ndim <= index < ndim:
        raise ShapeError(
            f"{name}: axis {index} does not exist in an array of {ndim} axes; "
            + (f"choose one from {-ndim} to {ndim - 1}" if ndim else "a single number has no axes")
        )
    return index % ndim


def normalize_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front: all for None, one for an int, those of a sequence."""
    if axis is None:
        return tuple(range(ndim))
    several: Iterable[Any] = axis if isinstance(axis, Iterable) else (axis,)  # pyright: ignore[reportUnknownVariableType]
    axes = tuple(normalize_axis(name, each, ndim) for each in several)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name}: axis {axis} names an axis twice; name each once")
    return axes


def keepdims_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a reduction along `axes` with ``keepdims=True``."""
    return tuple(1 if i in axes else length for i, length in enumerate(shape))


def as_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape, an int or a sequence of ints, as a tuple."""
    several: Iterable[Any] = shape if isinstance(shape, Iterable) else (shape,)  # pyright: ignore[reportUnknownVariableType]
    return tuple(operator.index(length) for length in several)
