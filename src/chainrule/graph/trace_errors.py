"""Error messages of the tracer: the operation, the rule it breaks, and what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, TraceError
from chainrule.graph.remedies import remedy_for
from chainrule.graph.source_location import Origin, line_of

__all__ = [
    "DERIVATIVE_LOST",
    "OUTER_ARRAY",
    "OUTSIDE_TRACE",
    "PICKLED",
    "RANDOM_PARAMETERS",
    "READ_ONLY",
    "SCALAR_WITHOUT_AXES",
    "UNKNOWN_INDICES",
    "UNKNOWN_ORDER",
    "ConversionError",
    "check_function",
    "conversion",
    "list_operand",
    "math_function",
    "namespace_of",
    "plain_numbers",
    "source_text",
    "store_into_argument",
    "unknown_value",
    "wrong_call",
]


class ConversionError(TraceError, RecursionError):
    """A traced value was to become a plain array, number or truth value.

    NumPy replaces the exceptions of conversions by other attempts at a conversion, except
    `RecursionError` and `MemoryError`, which it lets pass.
    """


DERIVATIVE_LOST = (
    "a traced value was turned into a plain array, which would cut its derivative: "
    "to fill an array use np.full_like, or collect its pieces in a list and use np.stack; "
    "where no derivative is required, use cr.stop_gradient(x) and its .value"
)

RANDOM_PARAMETERS = (
    "a traced value cannot be a parameter of np.random: with key = cr.random.key(0) as an "
    "argument, draw standard numbers and transform them, as in "
    "mean + scale * cr.random.normal(key, mean.shape)"
)

UNKNOWN_INDICES = (
    "traced integers were to become a plain array or an index of one, and under cr.jit and cr.vmap "
    "and in loops such as cr.scan their values are not known; use np.take(array, indices, axis=0), "
    "or pass that array in as an argument too, so that array[indices] is traced, with in_axes=None "
    "under cr.vmap (a one-hot code is also labels[:, None] == np.arange(n)); for an argument that "
    "is a size or a count, use cr.jit(f, static_argnums=...)"
)

SCALAR_WITHOUT_AXES = (
    "a traced scalar has no axes: it has no length and cannot be iterated over; for an argument "
    "that is a size, an axis or a count under cr.jit, use cr.jit(f, static_argnums=...)"
)

OUTSIDE_TRACE = (
    "x[index] = value on a traced value outside the function it belongs to; return it from the "
    "function first, which gives an array"
)

PICKLED = (
    "a traced value cannot be pickled, as it belongs to the function being traced; return it from "
    "the function first, which gives a plain array"
)

READ_ONLY = (
    "a store into a read-only view, as np.broadcast_to, np.diagonal and sliding windows return it; "
    "work on its .copy()"
)

UNKNOWN_ORDER = (
    "a store changes an array of which a reshape is used too; whether that is a view or a copy "
    "depends on the order of its elements in memory, that of transposed operands; reshape its "
    ".copy()"
)

OUTER_ARRAY = (
    "a store into an array that belongs to an outer trace, captured by the function being "
    "traced; work on x.copy() and return it"
)


def list_operand(function: str, error: str) -> str:
    """Return the message for an operator of Python given a list, which is no array."""
    return (
        f"{function}: {error}; a list is a container of arguments and no array: pass "
        "np.array([1.3]) instead of [1.3], or convert it in the function"
    )


def plain_numbers(function: str, error: str) -> str:
    """Return the message for code that fails as it takes plain numbers, and not a traced value."""
    return (
        f"{function}: {error}; a traced value (of class Node) stands where only a plain number is "
        "taken: write this with functions of NumPy, as np.mean(x) for statistics.mean(x), or hand "
        "over cr.stop_gradient(x).value where no derivative is required"
    )


def store_into_argument(function: str, name: str, is_refused: bool) -> str:
    """Return the message for a store into an argument of a traced function."""
    if is_refused:
        return (
            f"{function} writes into its argument {name}; under cr.jit and cr.vmap arguments are "
            "not changed: begin with x = x.copy() and return what is to be seen outside"
        )
    return (
        f"{function} writes into its argument {name}; its derivative is taken on a copy, and the "
        "array outside is not changed; begin with x = x.copy()"
    )


def wrong_call(function: str, error: str) -> str:
    """Return the message for arguments that do not fit the signature of a traced function."""
    return f"{error}; what is made of a function, as by grad or jit, takes the arguments of it"


def check_function(operation: str, function: Any) -> None:
    """Raise for a value that is not callable, often the result of a call: ``grad(f(x))``."""
    if not callable(function):
        raise ArgumentError(
            f"{operation}: needs a function, not a value of type {type(function).__name__}; pass "
            f"the function itself, as in {operation}(f), and not what it returns, f(x)"
        )


def source_text(origin: Origin | None) -> str:
    """Return the source location of a value as a message shows it; empty if unknown."""
    if origin is None:
        return ""
    file, line = line_of(origin)
    return f" (made at {Path(file).name}:{line})"


def unknown_value(type_: str, origin: Origin | None, remedy: str | None = None) -> str:
    """Return the message for reading the value of an abstract node."""
    asked = (
        f"the value of a traced {type_}{source_text(origin)} was asked for, but under cr.jit and "
        "cr.vmap and inside cr.scan, cr.while_loop and cr.cond values are not known while the "
        "function is traced; "
    )
    if remedy is not None:
        return f"{asked}{remedy}; for a flag or a count use cr.jit(f, static_argnums=...)"
    return asked + (
        "use np.where(condition, a, b) or cr.cond(condition, if_true, if_false) instead of if, "
        "cr.while_loop(condition, body, init) instead of while, np.max, np.sort instead of max, "
        "sorted, shapes instead of values for sizes, cr.jit(f, static_argnums=...) for an argument "
        "that is a size, an axis, a count or a flag, or leave out cr.jit and cr.vmap"
    )


def conversion(name: str) -> str:
    """Return the message for ``float(x)``, ``int(x)``, ``complex(x)`` of a traced value."""
    numpy_way = _CONVERSIONS[name]
    return (
        f"{name}(x) of a traced value gives a plain number, which would cut its derivative; "
        f"{numpy_way}, or cr.stop_gradient where no derivative is required, as in "
        f"{name}(cr.stop_gradient(x)) outside cr.jit and cr.vmap"
    )


def math_function(operations: Iterable[Any], name: str) -> str:
    """Return the message for a function of ``math``, with the NumPy function to use instead."""
    numpy_name = _NUMPY_NAMES.get(name, name)
    is_traceable = getattr(np, numpy_name, None) in operations
    return (
        f"math.{name} takes plain numbers, which would cut the derivative of a traced value; "
        + (f"use np.{numpy_name}" if is_traceable else remedy_for(f"math.{name}"))
    )


def namespace_of(ufunc: Any) -> str:
    """Return the prefix of a ufunc as it is written in code: ``np.`` or ``scipy.special.``."""
    if getattr(np, ufunc.__name__, None) == ufunc:
        return "np."
    special = sys.modules.get("scipy.special")
    is_special = getattr(special, ufunc.__name__, None) == ufunc
    return "scipy.special." if is_special else "the ufunc "


_CONVERSIONS = {
    "float": "leave float out, or use x.astype(float) and np.f(x) for a function math.f",
    "int": "use np.trunc(x), or x.astype(int) for a traced integer",
    "complex": "traced values are real: compute real and imaginary part as two arrays",
}

_NUMPY_NAMES = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "fabs": "abs",
    "fsum": "sum",
    "pow": "power",
    "sumprod": "dot",
}
