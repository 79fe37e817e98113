"""A function of one number, or of each element of an array, with its exact derivatives."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.science.optimize.roots.derivative import (
    Derivative,
    NoStepError,
    UntraceableError,
    first_and_second_derivative,
    first_derivative,
)

__all__ = ["ScalarFunction"]

_RTOL, _ATOL = 1e-3, 1e-6  # far above rounding errors, and below a change of the function
_CHANGES = "the function returns another value when it is called again"


class ScalarFunction:
    """``f(x, *args)`` as SciPy calls it, and ``f'``, ``f''`` at the point of the last call.

    Parameters
    ----------
    function : callable
        ``function(x, *args)``, plain NumPy code. Its values are its own, not those of a compiled
        program, so that it is called when SciPy would call it; a function of one number takes less
        time than the call of a program.
    order : int
        1 for f', 2 for f' and f''.
    is_strict : bool
        Whether a derivative of zero or infinity, of which no step can be made, raises
        NoStepError where the function is not zero.
    """

    def __init__(self, function: Callable[..., Any], order: int, is_strict: bool = False) -> None:
        self._function, self._order, self._is_strict = function, order, is_strict
        self._derivative = Derivative(
            first_derivative if order == 1 else first_and_second_derivative, function
        )
        self._at: tuple[Any, Any] | None = None  # the point and the value of the last call
        self._derived: tuple[Any, tuple[Any, ...]] | None = None  # the point and its derivatives

    def value(self, x: Any, *args: Any) -> Any:
        """Return f(x), from the function itself."""
        value = self._function(x, *args)
        self._at = _kept(x), value
        return value

    def first(self, x: Any, *args: Any) -> Any:
        """Return f'(x)."""
        return self._derivatives(x, args)[0]

    def second(self, x: Any, *args: Any) -> Any:
        """Return f''(x)."""
        return self._derivatives(x, args)[1]

    def _derivatives(self, x: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        if self._derived is not None and _is_same_point(self._derived[0], x):
            return self._derived[1]
        value, *derivatives = self._derivative(_as_float(x), args)
        derivatives = tuple(_as_real(each, np.shape(value)) for each in derivatives)
        if self._at is not None and _is_same_point(self._at[0], x):
            self._check(value, self._at[1], derivatives[0])
        self._derived = _kept(x), derivatives
        return derivatives

    def _check(self, traced: Any, value: Any, first: Any) -> None:
        """Refuse the derivative of another function: one that draws, or reads what has changed."""
        if not isinstance(value, float | int):
            self._check_array(np.asarray(traced), np.asarray(value), first)
        elif np.ndim(traced) or abs(traced - value) > _ATOL + _RTOL * abs(value):
            raise UntraceableError(_CHANGES)
        elif self._is_strict and value != 0 and (first == 0 or not math.isfinite(first)):
            raise NoStepError

    def _check_array(self, traced: NDArray[Any], value: NDArray[Any], first: Any) -> None:
        if value.dtype.kind not in "fiu" or traced.shape != value.shape:
            raise UntraceableError(
                f"the function returns {value.dtype}, shape {value.shape}; exact derivatives are "
                "those of real functions"
            )
        if np.any(np.abs(traced - value) > _ATOL + _RTOL * np.abs(value)):
            raise UntraceableError(_CHANGES)
        if self._is_strict and np.any((value != 0) & ~(np.isfinite(first) & (first != 0))):
            raise NoStepError


def _kept(x: Any) -> Any:
    return x.copy() if isinstance(x, np.ndarray) else x


def _is_same_point(at: Any, x: Any) -> bool:
    if isinstance(x, np.ndarray) or isinstance(at, np.ndarray):
        return np.array_equal(at, x)
    return at == x


def _as_float(x: Any) -> Any:
    """Return a point as a float or an array of floats."""
    if isinstance(x, float):
        return x
    x = np.asarray(x)[()]
    if x.dtype.kind in "iu":
        x = x.astype(np.float64)
    if x.dtype.kind != "f":
        raise UntraceableError(
            f"x has dtype {x.dtype}; exact derivatives are those of real functions"
        )
    return x


def _as_real(derivative: Any, shape: tuple[int, ...]) -> Any:
    """Return a derivative as a float array; that of a constant, of an integer say, is zero."""
    if isinstance(derivative, float):
        return derivative
    derivative = np.asarray(derivative)
    if derivative.dtype.kind != "f" or derivative.shape != shape:
        derivative = np.broadcast_to(np.asarray(derivative, np.float64), shape)
    return derivative[()]
