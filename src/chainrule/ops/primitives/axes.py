"""Static arguments: axes and shapes as NumPy normalises them, sizes and counts as plain integers.

They decide the shape of a result, and so must be known while a function is traced.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

from chainrule.arguments.checks import shown
from chainrule.errors import DTypeError, ShapeError, TraceError, counted
from chainrule.graph.node import Node

__all__ = [
    "as_shape", "check_known", "keepdims_shape", "normalize_axes", "normalize_axis",
    "reduction_axes", "static_bool", "static_int",
]  # fmt: skip


def check_known(name: str, value: Any, what: str) -> None:
    """Raise for a traced argument of unknown value, or a list with one, that decides a shape."""
    several: Iterable[Any] = value if isinstance(value, list | tuple) else (value,)  # pyright: ignore[reportUnknownVariableType]
    for each in several:
        if isinstance(each, list | tuple):
            check_known(name, each, what)
        elif isinstance(each, Node) and not each.is_known:
            raise TraceError(
                f"{name}: {what} is traced, so its value is not known, but it must be known while "
                "the function is traced; name that argument of the function in "
                "static_argnums, as in cr.jit(f, static_argnums=1), or take a size from x.shape"
            )


def static_int(name: str, value: Any, what: str) -> int:
    """Return an axis, a size or a count as a plain integer."""
    if type(value) is int:
        return value
    check_known(name, value, what)
    return _as_integer(name, value, what)


def static_bool(name: str, value: Any, what: str) -> bool:
    """Return a switch, such as keepdims=, as a plain boolean."""
    check_known(name, value, what)
    return bool(value)


def normalize_axis(name: str, axis: Any, ndim: int) -> int:
    """Return `axis` counted from the front."""
    index = static_int(name, axis, "the axis")
    if not -ndim <= index < ndim:
        raise ShapeError(
            f"{name}: axis {index} does not exist in an array of {counted(ndim, 'axis')}; "
            + (f"choose one from {-ndim} to {ndim - 1}" if ndim else "a single number has no axes")
        )
    return index % ndim


def normalize_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return axes counted from the front: all for None, one for an int, those of a sequence."""
    if axis is None:
        return tuple(range(ndim))
    axes = tuple(normalize_axis(name, each, ndim) for each in _listed(axis))
    if len(set(axes)) != len(axes):
        raise ShapeError(f"{name}: axis {axis} names an axis twice; name each once")
    return axes


def reduction_axes(name: str, axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes of a reduction; of a single number, NumPy allows axis 0 and -1."""
    is_single = not ndim and axis is not None and _listed(axis) is not axis
    if is_single and static_int(name, axis, "the axis") in (0, -1):
        return ()
    return normalize_axes(name, axis, ndim)


def keepdims_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a reduction along `axes` with ``keepdims=True``."""
    return tuple(1 if i in axes else length for i, length in enumerate(shape))


def as_shape(shape: Any, name: str = "shape", what: str = "a length") -> tuple[int, ...]:
    """Return a shape, an int or a sequence of ints, as a tuple."""
    check_known(name, shape, what)
    return tuple(_as_integer(name, length, what) for length in _listed(shape))


def _as_integer(name: str, value: Any, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise DTypeError(
            f"{name}: {what} is {shown(value)}; it must be an integer, as int(...) returns"
        ) from None


def _listed(value: Any) -> Any:
    """Return a sequence as it is, one axis or length in a tuple."""
    is_several = isinstance(value, Iterable) and getattr(value, "ndim", 1)
    return value if is_several else (value,)  # pyright: ignore[reportUnknownVariableType]
