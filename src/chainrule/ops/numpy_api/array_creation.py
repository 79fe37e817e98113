"""Arrays made of traced values: ``np.array([a, b])``, ``np.asarray``, ``np.c_``, ``np.r_``.

A nested list of nodes and numbers becomes one concatenation of its leaves, reshaped: as many
equations as the list has leaves, whatever their shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np

from chainrule.errors import ArgumentError, ShapeError, UnsupportedError
from chainrule.graph.node import Node, as_node
from chainrule.graph.trace_errors import ConversionError
from chainrule.ops.numpy_api import concatenation
from chainrule.ops.numpy_api.shape_manipulation import astype, reshape
from chainrule.ops.numpy_api.vectorize import call_vectorized
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.broadcasting import cast as cast_to
from chainrule.ops.primitives.elementwise import less
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import identity, select

__all__ = [
    "array",
    "asanyarray",
    "asarray",
    "asarray_chkfinite",
    "ascontiguousarray",
    "asfortranarray",
    "call_again",
    "greatest",
    "join",
    "least",
    "require",
]


_ROWS, _COLUMNS = np.r_, np.c_


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> Any:
    """Make an array of traced values, nested lists of them, or a copy of one."""
    copy = getattr(copy, "value", copy) is True  # NumPy has an enumeration too
    own = isinstance(object, Node)
    result = object if own else _assembled(object)
    if dtype is not None and np.dtype(dtype) != result.dtype:
        result = astype(result, dtype)
    if own and result is object and copy:
        result = identity(as_node(result))
    if not result.shape:
        result = result if not own or copy else identity(as_node(result))
        result.python_type = np.ndarray
    if result.ndim < ndmin:
        result = reshape(result, (1,) * (ndmin - result.ndim) + result.shape)
    return result


def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """Return a traced array itself, or an array of nested lists of traced values."""
    return array(a, dtype, copy=copy)


def asanyarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None,
    like: Any = None,
) -> Any:  # fmt: skip
    """Return a traced array itself, or an array of nested lists of traced values."""
    return array(a, dtype, copy=copy)


def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Return an array of one axis or more."""
    return array(a, dtype, copy=False, ndmin=1)


def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Return an array; the order of its elements in memory is not observable while tracing."""
    return array(a, dtype, copy=False)


def asarray_chkfinite(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """Return an array, after a check that known values are finite."""
    result = array(a, dtype, copy=False)
    if result.is_known and not np.all(np.isfinite(result.value)):
        raise ValueError("array must not contain infs or NaNs")
    return result


def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Any:
    """Return an array; its layout in memory is not observable while tracing."""
    return array(a, dtype, copy=False)


def _assembled(nested: Any) -> Node:
    """Join the items of a list along a new first axis, after the items of its inner lists."""
    if not isinstance(nested, list | tuple):
        return as_node(as_array(nested))
    items = cast("Sequence[Any]", nested)
    parts = [_assembled(each) if _holds_nodes(each) else as_node(as_array(each)) for each in items]
    if len({part.shape for part in parts}) > 1:
        shapes = ", ".join(str(part.shape) for part in parts)
        raise ShapeError(
            "np.array: the parts have different shapes, which do not form an array; give all "
            f"parts one shape, got {shapes}"
        )
    dtype = np.result_type(*(part.dtype for part in parts))
    rows = [
        movement.reshape(cast_to(part, dtype), shape=(1, *part.shape)) for part in parts
    ]  # fmt: skip
    return movement.concatenate(*rows, axis=0) if len(rows) > 1 else rows[0]


def _holds_nodes(value: Any) -> bool:
    """Whether nested lists and tuples hold a node."""
    if isinstance(value, list | tuple):
        return any(map(_holds_nodes, cast("Sequence[Any]", value)))
    return isinstance(value, Node)


# ------------------------------------------------------- calls that NumPy's protocols do not see


def call_again(
    function: Any,
    args: Any,
    kwargs: dict[str, Any],
    error: Exception | None,
    operations: Any,
) -> Any:
    """Call a function again whose arguments NumPy could not convert, lists of nodes as arrays."""
    if function is np.vectorize:
        return call_vectorized(args[0], args[1:], kwargs)
    if function is _ROWS or function is _COLUMNS:
        return join(function, args if isinstance(args, tuple) else (args,))
    operation = operations.get(_key(function))
    given = [_argument(each) for each in args]
    named = {name: _argument(each) for name, each in kwargs.items()}
    values = [*given, *named.values()]
    is_untried = isinstance(error, ConversionError | None) or any(
        isinstance(each, list | tuple) and _holds_nodes(each) for each in (*args, *kwargs.values())
    )
    if operation is None or not is_untried or not any(map(_holds_nodes, values)):
        assert error is not None
        raise error
    return operation(*given, **named)


def _key(function: Any) -> Any:
    """The key in the dispatch table: ufunc and name of a method, the name of SciPy's functions."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return owner, function.__name__
    if isinstance(function, np.ufunc) and vars(np).get(function.__name__) != function:
        return f"scipy.special.{function.__name__}"
    module = getattr(function, "__module__", None) or ""
    if module.startswith("scipy."):
        return f"{'.'.join(module.split('.')[:2])}.{function.__name__}"
    return function


def _argument(value: Any) -> Any:
    """Make an array of a list that holds nodes; of its items where they differ in shape."""
    if not isinstance(value, list | tuple) or not _holds_nodes(value):
        return value
    try:
        return _assembled(value)
    except ShapeError:
        items = cast("Sequence[Any]", value)
        return type(value)(map(_argument, items))  # pyright: ignore[reportCallIssue]


def join(function: Any, parts: tuple[Any, ...]) -> Any:
    """Concatenate as ``np.r_`` and ``np.c_`` do, without their strings and complex steps."""
    if any(isinstance(each, str) for each in parts):
        raise UnsupportedError("np.r_: a string cannot be traced; use np.concatenate and np.stack")
    is_column = function is _COLUMNS
    arrays = [function[each] if isinstance(each, slice) else _argument(each) for each in parts]
    arrays = [as_array(each) for each in arrays]
    ndim = max(*(each.ndim for each in arrays), 2 if is_column else 1, 1)
    if is_column:
        arrays = [
            reshape(each, (*each.shape, *(1,) * (ndim - each.ndim))) if each.ndim
            else reshape(each, (1,) * ndim)
            for each in arrays
        ]  # fmt: skip
    else:
        arrays = [reshape(each, (1,) * (ndim - each.ndim) + each.shape) for each in arrays]
    return concatenation.concatenate(arrays, axis=-1 if is_column else 0)


def greatest(*args: Any, key: Any = None, default: Any = None) -> Any:
    """Return the greatest item as ``max`` does, of values that are not known."""
    return _extreme("max", lambda a, b: less(b, a), args, key)


def least(*args: Any, key: Any = None, default: Any = None) -> Any:
    """Return the least item as ``min`` does, of values that are not known."""
    return _extreme("min", less, args, key)


def _extreme(
    name: str, is_better: Callable[[Any, Any], Any], args: tuple[Any, ...], key: Any
) -> Any:
    """Compare each item with the best so far: of equal ones the first, a NaN only as the first."""
    items = list(args[0]) if len(args) == 1 else list(args)
    keys = items if key is None else [key(each) for each in items]
    if any(np.shape(each) for each in (*items, *keys)):
        raise ArgumentError(f"{name}: its items are arrays; use np.{name}")
    best, best_key = items[0], keys[0]
    for item, item_key in zip(items[1:], keys[1:], strict=True):
        replaces = is_better(item_key, best_key)
        best = select(replaces, item, best)
        best_key = best if key is None else select(replaces, item_key, best_key)
    return best
