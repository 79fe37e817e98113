"""Derivatives that root finders ask for: traced at each call at first, compiled when used often.

A root is often found in fewer evaluations than compilation is worth, and a function traced at a
known point may branch on values. A function that is evaluated more often is compiled, once.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.autodiff.transformations import jvp
from chainrule.compiler.jit import jit
from chainrule.errors import warn

__all__ = [
    "Derivative",
    "UntraceableError",
    "derivative",
    "notice",
    "slope",
    "slope_and_curvature",
]

_CALLS_BEFORE_COMPILATION = 8

Transformation = Callable[[Callable[..., Any]], Callable[..., Any]]


class UntraceableError(Exception):
    """A function has no derivatives that can be derived by tracing it."""


class Derivative:
    """``transformation(function)``, evaluated by NumPy at first, by a compiled program later."""

    def __init__(self, transformation: Transformation, function: Callable[..., Any]) -> None:
        self._eager = transformation(function)
        self._program: Callable[..., Any] | None = None
        self._calls = 0

    def __call__(self, *arguments: Any) -> Any:
        """Return what the transformed function returns.

        Raises UntraceableError for whatever goes wrong: the function has been called with the same
        arguments before, so that it is tracing that fails.
        """
        self._calls += 1
        with np.errstate(all="ignore"):  # the function itself has warned
            if self._calls == _CALLS_BEFORE_COMPILATION:
                self._program = jit(self._eager)
            if self._program is not None:
                try:
                    return self._program(*arguments)
                except Exception:  # noqa: BLE001 - it branches on values, or is not to be compiled
                    self._program = None
            try:
                return self._eager(*arguments)
            except Exception as error:
                raise UntraceableError(str(error)) from error


@lru_cache(maxsize=256)
def _kept(transformation: Transformation, function: Callable[..., Any]) -> Derivative:
    return Derivative(transformation, function)


def derivative(transformation: Transformation, function: Callable[..., Any]) -> Derivative:
    """Return a derivative of a function, the one of before if it was derived before."""
    try:
        return _kept(transformation, function)
    except TypeError:  # a callable that cannot be hashed
        return Derivative(transformation, function)


def slope(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return x, *args -> f, f' for a number, or for each element of an array on its own."""

    def both(x: Any, *args: Any) -> Any:
        return jvp(lambda x: function(x, *args), (x,), (np.ones_like(x),))

    return both


def slope_and_curvature(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return x, *args -> f, f', f''."""
    first = slope(function)

    def all_three(x: Any, *args: Any) -> Any:
        (value, df), (_, d2f) = jvp(lambda x: first(x, *args), (x,), (np.ones_like(x),))
        return value, df, d2f

    return all_three


@lru_cache(maxsize=256)
def _notice(operation: str, function: Callable[..., Any], instead: str, reason: str) -> None:
    name = getattr(function, "__name__", repr(function))
    warn(f"{operation}: {name} cannot be traced, so {instead}: {reason}")


def notice(operation: str, function: Callable[..., Any], instead: str, error: Exception) -> None:
    """Say once for each function that it has no exact derivatives, and what is used instead."""
    try:
        _notice(operation, function, instead, str(error))
    except TypeError:
        _notice.__wrapped__(operation, function, instead, str(error))
