"""Check the arguments that draws share: keys, shapes and dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import (
    FINITE,
    Range,
    as_position,
    bad_argument,
    checked_kind,
    checked_lengths,
    shown,
)
from chainrule.errors import ArgumentError, DTypeError, ShapeError, counted
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node

__all__ = [
    "as_float",
    "as_plain_array",
    "check_integer",
    "checked_axis",
    "checked_key",
    "checked_parameter",
    "shape_and_dtype",
]

_FLOATS = ("float32", "float64", np.float32, np.float64)


def checked_key(function: str, key: Any) -> Any:
    """Return a key as an array or node of two integers."""
    if isinstance(key, tuple):  # a shape, as without a key in NumPy
        raise ArgumentError(
            f"random.{function}: key is {shown(key, 40)}; it must be a key, as from "
            f"chainrule.random.key(0), and comes first: random.{function}(key, {shown(key, 40)})"
        )
    value = key if isinstance(key, Node) else as_plain_array(key)
    is_key = value.dtype.kind in "iu" and value.shape == (2,)
    if is_key:
        return value
    if value.dtype.kind in "iu" and value.shape[1:] == (2,):
        raise ShapeError(
            f"random.{function}: key has shape {value.shape}, which is "
            f"{counted(len(value), 'key')}; give one of them, as in keys[0], or draw for each by "
            "chainrule.vmap"
        )
    what = shown(key) if value.ndim == 0 else f"{value.dtype} of shape {value.shape}"
    raise ArgumentError(
        f"random.{function}: key is {what}; it must be a key, as from chainrule.random.key(0) or "
        "chainrule.random.split(key)"
    )


def check_integer(function: str, argument: str, value: Any) -> Any:
    """Return integers, an array where they are a sequence; refuse what is none."""
    array = value if isinstance(value, Node) else as_plain_array(value)
    if array.dtype.kind not in "iu":
        raise bad_argument(f"random.{function}", argument, value, "an integer")
    return array if array.shape else value


def shape_and_dtype(
    function: str, shape: Any, dtype: Any, **parameters: Any
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Check shape and dtype of draws; what is None follows from the parameters' arrays."""
    owner = f"random.{function}"
    wanted = None if shape is None else checked_lengths(owner, "shape", shape)
    types = [
        each.array_type if isinstance(each, Node) else type_of(each, f"random.{function}: {name}")
        for name, each in parameters.items()
    ]
    shapes = [each.shape for each in types]
    try:
        common = np.broadcast_shapes(*shapes, *([] if wanted is None else [wanted]))
    except ValueError:
        common = None
    if common is None or common != (common if wanted is None else wanted):
        seen = ", ".join(
            f"{name} of shape {each}" for name, each in zip(parameters, shapes, strict=True)
        )
        raise ShapeError(
            f"random.{function}: {seen} cannot broadcast"
            + (" together" if wanted is None else f" to shape={wanted}; leave shape out")
        )
    if dtype is None:
        floats = [each.dtype for each in types if each.is_float and not each.weak]
        dtype = np.result_type(*floats) if floats else np.dtype("float64")
    if isinstance(dtype, np.dtype | str | type) and dtype not in _FLOATS:
        raise DTypeError(
            f"{owner}: dtype is {_dtype_name(dtype)}; it must be float32 or float64; "
            "convert the draws with .astype"
        )
    return common, checked_kind(owner, "dtype", dtype, ("float32", "float64"))


def checked_parameter(function: str, argument: str, value: Any, allowed: Range = FINITE) -> Any:
    """Return a parameter of a distribution; refuse known values outside its range."""
    if not isinstance(value, Node):
        array = np.asarray(value)
        ends = [array.min(), array.max()] if array.size and array.dtype.kind in "biuf" else []
        is_inside = all(np.isfinite(each) and allowed.contains(float(each)) for each in ends)
        if array.dtype.kind not in "biuf" or not is_inside:
            raise bad_argument(f"random.{function}", argument, value, allowed.rule)
    return value


def checked_axis(function: str, axis: Any, what: str, shape: tuple[int, ...]) -> int:
    """Return an axis of an array as an int."""
    position = as_position(axis)
    if position is None or not -len(shape) <= position < len(shape):
        raise bad_argument(
            f"random.{function}", "axis", axis, f"an axis of {what} of shape {shape}"
        )
    return position


def as_plain_array(value: Any) -> Any:
    """Return an array; of objects where the value is ragged."""
    try:
        return np.asanyarray(value)
    except ValueError:
        return np.empty((), object)


def _dtype_name(dtype: Any) -> Any:
    try:
        return np.dtype(dtype)
    except (TypeError, ValueError):
        return shown(dtype)


def as_float(value: Any, dtype: np.dtype[Any]) -> Any:
    """A parameter in the dtype of the draws; Python numbers adopt it anyway."""
    if isinstance(value, Node):
        return value if value.dtype == dtype else value.astype(dtype)
    is_weak = isinstance(value, int | float) and not isinstance(value, np.generic)
    return value if is_weak else np.asarray(value, dtype)
