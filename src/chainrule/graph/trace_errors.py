"""Error messages of the tracer: the operation, the rule it breaks, and what to write instead."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

import numpy as np

from chainrule.arguments.lookup import close_matches
from chainrule.errors import ArgumentError

__all__ = [
    "DERIVATIVE_LOST",
    "IN_PLACE",
    "UNKNOWN_INDICES",
    "check_function",
    "loses_derivative",
    "math_function",
    "namespace_of",
    "source_text",
    "suggestion",
    "unknown_value",
]

DERIVATIVE_LOST = (
    "a traced value was turned into a plain array, which would cut its derivative: "
    "to fill an array use np.full_like, or collect its pieces in a list and use np.stack; "
    "where no derivative is required, use cr.stop_gradient(x) and its .value"
)

UNKNOWN_INDICES = (
    "a plain array was indexed with traced integers, and under cr.jit and inside cr.scan their "
    "values are not known; pass that array in as an argument too, so that array[indices] is "
    "traced; a one-hot code is also labels[:, None] == np.arange(n)"
)

IN_PLACE = (
    "x[index] = value changes an array in place, which cannot be differentiated; "
    "write x = np.where(mask, value, x), or build the parts and use np.concatenate"
)


def check_function(operation: str, function: Any) -> None:
    """Raise for a value that is not callable, often the result of a call: ``grad(f(x))``."""
    if not callable(function):
        raise ArgumentError(
            f"{operation}: needs a function, not a value of type {type(function).__name__}; pass "
            f"the function itself, as in {operation}(f), and not what it returns, f(x)"
        )


def source_text(origin: tuple[str, int] | None) -> str:
    """Return the source location of a value as a message shows it; empty if unknown."""
    return f" (made at {Path(origin[0]).name}:{origin[1]})" if origin else ""


def unknown_value(type_: str, origin: tuple[str, int] | None) -> str:
    """Return the message for reading the value of an abstract node."""
    return (
        f"the value of a traced {type_}{source_text(origin)} was asked for, but under cr.jit and "
        "inside cr.scan values are not known while the function is traced; use "
        "np.where(condition, a, b) instead of if, shapes instead of values for sizes, or leave out "
        "cr.jit"
    )


def loses_derivative(function: BuiltinFunctionType) -> bool:
    """Whether a function of ``math`` has a derivative, which its plain float would lose."""
    return function.__module__ == "math" and function.__name__ not in _PIECEWISE_CONSTANT


def math_function(operations: Iterable[Any], name: str) -> str:
    """Return the message for a function of ``math``, with the NumPy function to use instead."""
    numpy_name = _NUMPY_NAMES.get(name, name)
    is_traceable = getattr(np, numpy_name, None) in operations
    return (
        f"math.{name} takes plain numbers, which would cut the derivative of a traced value; "
        + (f"use np.{numpy_name}" if is_traceable else suggestion(operations, numpy_name))
    )


def namespace_of(ufunc: Any) -> str:
    """Return the prefix of a ufunc as it is written in code: ``np.`` or ``scipy.special.``."""
    if getattr(np, ufunc.__name__, None) is ufunc:
        return "np."
    special = sys.modules.get("scipy.special")
    is_special = getattr(special, ufunc.__name__, None) is ufunc
    return "scipy.special." if is_special else "the ufunc "


def suggestion(operations: Iterable[Any], name: str) -> str:
    """Return what to write instead of a NumPy function that cannot be traced."""
    if name in _REPLACEMENTS:
        return _REPLACEMENTS[name]
    names = {key if isinstance(key, str) else getattr(key, "__name__", "") for key in operations}
    public = (each for each in names if each[:1] not in ("", "_"))
    if matches := close_matches(name, public, count=3, cutoff=0.75):
        return "the nearest that can: " + ", ".join(matches)
    return "write it with arithmetic, np.where, np.einsum and the reductions, or cr.custom_vjp"


_LINEAR_ALGEBRA = "compute it outside the function, or give its derivative with cr.custom_vjp"

_PIECEWISE_CONSTANT = {"ceil", "floor", "isclose", "isfinite", "isinf", "isnan", "trunc", "ulp"}

_NUMPY_NAMES = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
    "dist": "linalg.norm",
    "fabs": "abs",
    "fsum": "sum",
    "pow": "power",
    "sumprod": "dot",
}

_REPLACEMENTS = {
    "add.at": "use np.concatenate or an indexed sum",
    "apply_along_axis": "write the function for all rows at once, or use np.stack on a list",
    "block": "use np.concatenate",
    "cholesky": _LINEAR_ALGEBRA,
    "choose": "use np.select or np.take_along_axis",
    "copyto": "use np.where(mask, source, destination)",
    "det": _LINEAR_ALGEBRA,
    "eig": _LINEAR_ALGEBRA,
    "eigh": _LINEAR_ALGEBRA,
    "erf": "use chainrule.ops.erf",
    "erfc": "use 1 - chainrule.ops.erf(x)",
    "expit": "use chainrule.ops.sigmoid",
    "fft": "use np.cos and np.sin matrices with @, or cr.custom_vjp",
    "fill": "use np.full_like(x, value)",
    "inv": "solve beforehand with NumPy and pass the result in, or use np.einsum on small systems",
    "linalg.norm": "use np.linalg.norm of the difference",
    "multi_dot": "use @ between the matrices",
    "piecewise": "use np.select",
    "pinv": _LINEAR_ALGEBRA,
    "put": "use np.where(mask, value, x)",
    "put_along_axis": "use np.where(mask, value, x)",
    "solve": _LINEAR_ALGEBRA,
    "sort": "use np.sort(x), which gives a sorted copy",
    "svd": _LINEAR_ALGEBRA,
}
