"""Axes and shapes as NumPy's functions take them, checked and made plain."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from chainrule.errors import ShapeError

__all__ = ["as_shape", "axes_in", "axis_in", "kept_shape"]


def axis_in(name: str, axis: Any, ndim: int) -> int:
    """Return `axis` counted from the front."""
    position = operator.index(axis)
    if not -ndim <= position < ndim:
        raise ShapeError(
            f"{name}: axis {position} does not exist in an array of {ndim} axes; "
            + (f"choose one from {-ndim} to {ndim - 1}" if ndim else "a single number has no axes")
        )
    return position % ndim


def axes_in(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes that `axis` means: all for None, one for an int, several for a sequence."""
    if axis is None:
        return tuple(range(ndim))
    several: Iterable[Any] = axis if isinstance(axis, Iterable) else (axis,)  # pyright: ignore[reportUnknownVariableType]
    axes = tuple(axis_in(name, each, ndim) for each in several)
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name}: axis {axis} names an axis twice; name each once")
    return axes


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return `shape` with length 1 along `axes`."""
    return tuple(1 if i in axes else length for i, length in enumerate(shape))


def as_shape(shape: Any) -> tuple[int, ...]:
    """Return a shape given as one int or a sequence of them as a tuple of ints."""
    several: Iterable[Any] = shape if isinstance(shape, Iterable) else (shape,)  # pyright: ignore[reportUnknownVariableType]
    return tuple(operator.index(length) for length in several)
