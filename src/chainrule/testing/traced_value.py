"""What a gradient check asks of values first: finite, repeatable, and the same when traced."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.derivative import vjp
from chainrule.errors import ChainruleError, GradientError

__all__ = ["check_finite", "checked_values"]

_SECOND_CALL = (
    "a second call with the same arguments gives {second}: it draws random numbers, changes its "
    "arguments in place or counts its calls; draw outside of the function, and copy what it changes"
)
_TRACED_CALL = (
    "traced, as it is for its derivative, it gives {second}: it asks type(x) or isinstance(x, "
    "float), changes an array that is read under another name, or loses a value to float(x) or to "
    "a plain array; write it with np functions of x alone"
)


def checked_values(
    function: Callable[..., Any], point: Sequence[Any], tolerance: float
) -> list[Any]:
    """Return the results of the function, which must not depend on how it is called."""
    result = function(*map(_in_double, point))
    values = tree.flatten(result)[0]
    names = tree.paths(result, "the value") if values else []
    for name, value in zip(names, values, strict=True):
        check_finite(value, name)
    _compare(result, function(*map(_in_double, point)), _SECOND_CALL, 0.0)
    _compare(result, vjp(function, *map(_in_double, point))[0], _TRACED_CALL, tolerance)
    return values


def check_finite(value: Any, name: str, error: type[ChainruleError] = GradientError) -> None:
    """Raise an error if a value has an entry that is NaN or infinite."""
    array = np.asarray(value)
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    index = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
    place = f" at index {index}" if index else ""
    raise error(
        f"check_grads: {name} is {float(array[index])}{place}, which cannot be compared; choose a "
        "point where the function is finite and smooth"
    )


def _in_double(value: Any) -> Any:
    """A copy in float64 of the same kind: Python's float, NumPy's scalar, or an array."""
    if type(value) is float:
        return value
    return np.float64(value) if isinstance(value, np.generic) else np.array(value, np.float64)


def _compare(first: Any, second: Any, reason: str, tolerance: float) -> None:
    """Raise an error where two results differ."""
    a, b = tree.flatten(first), tree.flatten(second)
    if a[1] != b[1]:
        raise GradientError(_message("the value", "other containers", reason, first))
    for name, x, y in zip(tree.paths(first, "the value"), a[0], b[0], strict=True):
        x, y = np.asarray(x), np.asarray(y)
        if x.shape != y.shape:
            raise GradientError(_message(name, f"shape {y.shape}", reason, f"shape {x.shape}"))
        difference = np.abs(np.subtract(x, y, dtype=float))
        scale = max(float(np.max(np.abs(x), initial=0.0)), float(np.max(np.abs(y), initial=0.0)))
        if not np.all(difference <= tolerance * scale):
            index = np.unravel_index(np.argmax(difference), x.shape)
            place = f" at index {tuple(int(i) for i in index)}" if index else ""
            raise GradientError(
                _message(name + place, f"{y[index]:.12g}", reason, f"{x[index]:.12g}")
            )


def _message(name: str, second: str, reason: str, first: Any) -> str:
    return f"check_grads: {name} is {first}, but {reason.format(second=second)}"
