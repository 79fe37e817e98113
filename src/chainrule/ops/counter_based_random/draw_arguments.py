"""Check the arguments that draws share: keys, shapes and dtypes."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, ChainruleError, DTypeError, ShapeError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node

__all__ = ["as_float", "check_integer", "checked_key", "shape_and_dtype"]


def checked_key(function: str, key: Any) -> Any:
    """Return a key as an array or node of two integers."""
    value = key if isinstance(key, Node) else np.asarray(key)
    is_key = value.dtype.kind in "iu" and value.shape == (2,)
    if is_key:
        return value
    if value.dtype.kind in "iu" and value.shape[1:] == (2,):
        raise ShapeError(
            f"random.{function}: key has shape {value.shape}, which is {len(value)} keys; give one "
            "of them, as in keys[0]"
        )
    what = repr(key) if value.ndim == 0 else f"{value.dtype} of shape {value.shape}"
    raise ArgumentError(
        f"random.{function}: key is {what}; it must be a key, as from chainrule.random.key(0) or "
        "chainrule.random.split(key)"
    )


def check_integer(function: str, argument: str, value: Any) -> None:
    """Refuse what is no integer."""
    kind = value.dtype.kind if isinstance(value, Node) else np.asarray(value).dtype.kind
    if kind not in "iu":
        raise bad_argument(f"random.{function}", argument, value, "an integer")


def shape_and_dtype(
    function: str, shape: Any, dtype: Any, **parameters: Any
) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Check shape and dtype of draws; what is None follows from the parameters' arrays."""
    wanted = None if shape is None else _lengths(function, shape)
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
    if np.dtype(dtype) not in (np.dtype("float32"), np.dtype("float64")):
        raise DTypeError(
            f"random.{function}: dtype is {np.dtype(dtype)}; it must be float32 or float64; "
            "convert the draws with .astype"
        )
    return common, np.dtype(dtype)


def as_float(value: Any, dtype: np.dtype[Any]) -> Any:
    """A parameter in the dtype of the draws; Python numbers adopt it anyway."""
    if isinstance(value, Node):
        return value if value.dtype == dtype else value.astype(dtype)
    is_weak = isinstance(value, int | float) and not isinstance(value, np.generic)
    return value if is_weak else np.asarray(value, dtype)


def _lengths(function: str, shape: Any) -> tuple[int, ...]:
    entries = shape if isinstance(shape, Sequence | np.ndarray) else (shape,)
    try:
        lengths = tuple(operator.index(each) for each in entries)
    except ChainruleError:
        raise
    except TypeError:
        lengths = (-1,)
    if isinstance(shape, str) or any(each < 0 for each in lengths):
        raise bad_argument(f"random.{function}", "shape", shape, "an integer or a tuple of them")
    return lengths
