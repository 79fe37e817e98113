"""What tracing says when it cannot follow: the value asked for, the rule, and what to write."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable
from pathlib import Path
from types import BuiltinFunctionType
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError

__all__ = [
    "DERIVATIVE_LOST",
    "IN_PLACE",
    "POSITIONS",
    "check_function",
    "cuts",
    "namespace_of",
    "plain_number",
    "source_text",
    "suggestion",
    "unknown_value",
]

DERIVATIVE_LOST = (
    "a traced value was turned into a plain array, which would cut its derivative: "
    "to fill an array use np.full_like, or collect its pieces in a list and use np.stack; "
    "where no derivative is wanted, use cr.stop_gradient(x) and its .value"
)

POSITIONS = (
    "traced positions met a plain array, and under cr.jit and inside cr.scan their values are not "
    "known; pass that array in as an argument too, so that array[positions] is traced; a one-hot "
    "code is also labels[:, None] == np.arange(n)"
)

IN_PLACE = (
    "x[index] = value changes an array in place, which cannot be differentiated; "
    "write x = np.where(mask, value, x), or build the parts and use np.concatenate"
)


def check_function(operation: str, function: Any) -> None:
    """Refuse what cannot be called; often it is the result of a call, as in ``grad(f(x))``."""
    if not callable(function):
        raise ArgumentError(
            f"{operation}: needs a function, not a value of type {type(function).__name__}; pass "
            f"the function itself, as in {operation}(f), and not what it returns, f(x)"
        )


def source_text(origin: tuple[str, int] | None) -> str:
    """Say where a value was made, where that is known."""
    return f" (made at {Path(origin[0]).name}:{origin[1]})" if origin else ""


def unknown_value(kind: str, origin: tuple[str, int] | None) -> str:
    """Say that a value does not exist while its function is traced."""
    return (
        f"the value of a traced {kind}{source_text(origin)} was asked for, but under cr.jit and "
        "inside cr.scan values are not known while the function is traced; use "
        "np.where(condition, a, b) instead of if, shapes instead of values for sizes, or leave out "
        "cr.jit"
    )


def cuts(function: BuiltinFunctionType) -> bool:
    """Whether it is a function of ``math`` with a derivative, which plain numbers cannot carry."""
    return function.__module__ == "math" and function.__name__ not in _FLAT


def plain_number(operations: Iterable[Any], name: str) -> str:
    """Say what to write instead of a function of ``math``."""
    ours = _NUMPY_NAMES.get(name, name)
    is_known = getattr(np, ours, None) in operations
    return (
        f"math.{name} takes plain numbers, which would cut the derivative of a traced value; "
        + (f"use np.{ours}" if is_known else suggestion(operations, ours))
    )


def namespace_of(ufunc: Any) -> str:
    """Say where a function of NumPy's kind is from, as people write it."""
    if getattr(np, ufunc.__name__, None) is ufunc:
        return "np."
    special = sys.modules.get("scipy.special")
    is_special = getattr(special, ufunc.__name__, None) is ufunc
    return "scipy.special." if is_special else "the ufunc "


def suggestion(operations: Iterable[Any], name: str) -> str:
    """Name what comes nearest to a NumPy function that cannot be traced."""
    if name in _NEAREST:
        return _NEAREST[name]
    names = {key if isinstance(key, str) else getattr(key, "__name__", "") for key in operations}
    close = difflib.get_close_matches(
        name, sorted(n for n in names if n[:1] not in ("", "_")), 3, 0.75
    )
    if close:
        return "the nearest that can: " + ", ".join(close)
    return "write it with arithmetic, np.where, np.einsum and the reductions, or cr.custom_vjp"


_SLIDE = "use np.lib.stride_tricks.sliding_window_view and np.einsum"
_OUTSIDE = "its shape depends on values; compute it before, outside the function"
_CONSTANT = "it has no derivative; compute it before, outside the function"
_SYSTEM = "compute it outside the function, or give its derivative with cr.custom_vjp"
_ENTRIES = "use np.sort(x) and take the entries"
_TOLERANCE = "compare with np.abs(a - b) < tolerance"
_COVARIANCE = "use d = x - x.mean(axis=1, keepdims=True) and d @ d.T / (n - 1)"

_FLAT = {"ceil", "floor", "isclose", "isfinite", "isinf", "isnan", "trunc", "ulp"}

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

_NEAREST = {
    "add.at": "use np.concatenate or an indexed sum",
    "allclose": _TOLERANCE,
    "apply_along_axis": "write the function for all rows at once, or use np.stack on a list",
    "bincount": _CONSTANT,
    "block": "use np.concatenate",
    "cbrt": "use np.sign(x) * np.abs(x) ** (1 / 3)",
    "cholesky": _SYSTEM,
    "choose": "use np.select or np.take_along_axis",
    "convolve": _SLIDE,
    "copyto": "use np.where(mask, source, destination)",
    "corrcoef": _COVARIANCE,
    "correlate": _SLIDE,
    "cov": _COVARIANCE,
    "delete": "use x[positions to keep]",
    "det": _SYSTEM,
    "digitize": _CONSTANT,
    "eig": _SYSTEM,
    "eigh": _SYSTEM,
    "erf": "use chainrule.ops.erf",
    "erfc": "use 1 - chainrule.ops.erf(x)",
    "expit": "use chainrule.ops.sigmoid",
    "fft": "use np.cos and np.sin matrices with @, or cr.custom_vjp",
    "fill": "use np.full_like(x, value)",
    "gradient": "use differences of slices, (x[2:] - x[:-2]) / 2",
    "histogram": _CONSTANT,
    "insert": "use np.concatenate",
    "interp": "write it with np.where and indexing",
    "inv": "solve beforehand with NumPy and pass the result in, or use np.einsum on small systems",
    "isclose": _TOLERANCE,
    "linalg.norm": "use np.linalg.norm of the difference",
    "linspace": "use start + (stop - start) * np.linspace(0, 1, n)",
    "multi_dot": "use @ between the matrices",
    "nanstd": "use np.nanmean of squared deviations",
    "nanvar": "use np.nanmean of squared deviations",
    "partition": "use np.sort(x)",
    "percentile": _ENTRIES,
    "piecewise": "use np.select",
    "pinv": _SYSTEM,
    "put": "use np.where(mask, value, x)",
    "put_along_axis": "use np.where(mask, value, x)",
    "quantile": _ENTRIES,
    "solve": _SYSTEM,
    "sort": "use np.sort(x), which gives a sorted copy",
    "svd": _SYSTEM,
    "unique": _OUTSIDE,
    "vander": "use x[:, None] ** np.arange(n)",
}
