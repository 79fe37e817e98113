"""Who computes a filter: a compiled program, the graph of a trace, or SciPy.

::

    array of at least SMALLEST entries       a program, compiled once for shape, dtypes and settings
    traced array                             operations of its graph, differentiable
    anything else, and all misuse            SciPy's own function, its results and its errors

A filter's *plan* says what to compute for an array and the dtype of the result; None, or an error,
where it is SciPy's task.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import Any

import numpy as np

from chainrule.compiler.jit import jit
from chainrule.errors import UnsupportedError
from chainrule.graph.environment import current_environment
from chainrule.graph.node import Node

__all__ = ["SMALLEST", "Plan", "apply", "compiled"]

SMALLEST = 4096
"""Entries from which a compiled filter is faster than SciPy's, its compilation left aside."""

_KINDS = ("b1", "u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8")
_MISUSE = (TypeError, ValueError, RuntimeError, LookupError, OverflowError, AttributeError)

Plan = Callable[[Any, np.dtype[Any]], tuple[Callable[..., Any], tuple[Any, ...]] | None]
"""Takes an array and the dtype of the result; returns a function of the array and its settings."""


def apply(own: partial[Any], plan: Plan, array: Any, output: Any) -> Any:
    """Filter an array as SciPy's function `own`, whose arguments are bound but for these two."""
    if isinstance(array, Node):
        return _traced(own, plan, array, output)
    x = np.asarray(array)
    dtype = _output_dtype(output, x)
    # SciPy casts floats to booleans by way of bytes, which only its own code repeats.
    if dtype is None or dtype.kind == "b" or not _is_plain(x) or x.size < SMALLEST:
        return own(array, output=output)
    try:
        planned = plan(x, dtype)
    except _MISUSE:  # SciPy says what is wrong
        planned = None
    if planned is None:
        return own(array, output=output)
    result = compiled(planned[0], x, *planned[1])
    if not isinstance(output, np.ndarray):
        return result
    output[...] = result
    return output  # pyright: ignore[reportUnknownVariableType]


def compiled(
    function: Callable[..., Any], x: Any, *settings: Any, values: tuple[Any, ...] = ()
) -> Any:
    """Call ``function(x, *values, *settings)``: compiled, unless the array is traced or small.

    Another of the settings is another program; `values`, which are numbers, are its inputs.
    """
    if isinstance(x, Node) or current_environment() is not None:
        return function(x, *values, *settings)
    if x.size < SMALLEST:
        with np.errstate(all="ignore"):
            return function(x, *values, *settings)
    return _program(function, settings)(x, *values)


@lru_cache(maxsize=512)
def _program(function: Callable[..., Any], settings: tuple[Any, ...]) -> Callable[..., Any]:
    return jit(lambda *arrays: function(*arrays, *settings))


def _traced(own: partial[Any], plan: Plan, x: Any, output: Any) -> Any:
    name = own.func.__name__
    if isinstance(output, np.ndarray):
        raise UnsupportedError(
            f"ndimage.{name}: an array as output cannot hold traced values; use the result, or "
            "give a dtype as output"
        )
    small = np.zeros(tuple(min(n, 3) for n in x.shape))
    own(small, output=output)  # raises SciPy's errors
    dtype = x.dtype if output is None else np.dtype(output)
    planned = None
    with _unsupported(name):
        planned = None if dtype.kind == "b" else plan(x, dtype)
    if planned is None:
        raise UnsupportedError(
            f"ndimage.{name}: these arguments are SciPy's own in a traced function, which has no "
            "derivative; filter the array before it is traced"
        )
    return planned[0](x, *planned[1])


@contextmanager
def _unsupported(name: str) -> Generator[None]:
    try:
        yield
    except _MISUSE as error:
        raise UnsupportedError(f"ndimage.{name}: cannot be traced: {error}") from error


def _output_dtype(output: Any, x: np.ndarray[Any, Any]) -> np.dtype[Any] | None:
    """The dtype of the result; None where SciPy decides or refuses."""
    if output is None:
        return x.dtype
    if isinstance(output, np.ndarray):
        is_plain = output.shape == x.shape and output.flags.writeable and _is_plain(output)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
        return output.dtype if is_plain and not np.may_share_memory(x, output) else None  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]
    try:
        dtype = np.dtype(output)
    except TypeError:
        return None
    return dtype if dtype.str[1:] in _KINDS and dtype.isnative else None


def _is_plain(x: np.ndarray[Any, Any]) -> bool:
    return type(x) is np.ndarray and x.dtype.str[1:] in _KINDS and x.dtype.isnative
