"""Derivatives that root finders ask for: traced at each call at first, compiled when used often.

A root is often found in fewer evaluations than compilation is worth, and a function traced at a
known point may branch on values. A function that is evaluated more often is compiled, once.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.autodiff.transformations import jvp
from chainrule.compiler.jit import jit_without_stores
from chainrule.graph.left_behind import Snapshot
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.science.discarded_output import discarded_output
from chainrule.science.effects import may_have_effects, may_keep_results
from chainrule.science.notice import say_once

__all__ = [
    "Derivative",
    "NoStepError",
    "UntraceableError",
    "attempt",
    "derivative",
    "first_and_second_derivative",
    "first_derivative",
]

_CALLS_BEFORE_COMPILATION = 8

Transformation = Callable[[Callable[..., Any]], Callable[..., Any]]


class UntraceableError(Exception):
    """A function has no derivatives that can be derived by tracing it."""


class NoStepError(Exception):
    """A derivative is zero or infinite, so that no step can be made of it."""


class Derivative:
    """``transformation(function)``, evaluated by NumPy at first, by a compiled program later.

    What the function does besides, such as counting its calls, is undone: it is called for its
    values as well.
    """

    def __init__(self, transformation: Transformation, function: Callable[..., Any]) -> None:
        self._function, self._eager = function, transformation(_without_output(function))
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
                self._program = jit_without_stores(self._eager)
            if self._program is not None:
                try:
                    return self._program(*arguments)
                except Exception:  # noqa: BLE001 - it branches on values, or is not to be compiled
                    self._program = None
            try:
                with _undone(self._function, arguments):
                    return self._eager(*arguments)
            except Exception as error:
                raise UntraceableError(str(error)) from error


def _without_output(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose traced calls print nothing."""

    def call(*arguments: Any) -> Any:
        with discarded_output():
            return function(*arguments)

    return call


@contextmanager
def _undone(function: Callable[..., Any], arguments: Any) -> Generator[None]:
    """Undo what a call of a function changes outside."""
    state = find_reachable_state(function, arguments)
    if not (may_have_effects(state) or may_keep_results(state)):
        yield
        return
    before = Snapshot.of(state)
    try:
        yield
    finally:
        before.restore(find_reachable_state(function, arguments))


@lru_cache(maxsize=256)
def _kept(transformation: Transformation, function: Callable[..., Any]) -> Derivative:
    return Derivative(transformation, function)


def derivative(transformation: Transformation, function: Callable[..., Any]) -> Derivative:
    """Return a derivative of a function, the one of before if it was derived before."""
    try:
        return _kept(transformation, function)
    except TypeError:  # a callable that cannot be hashed
        return Derivative(transformation, function)


def first_derivative(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return x, *args -> f, f' for a number, or for each element of an array on its own."""

    def both(x: Any, *args: Any) -> Any:
        return jvp(lambda x: function(x, *args), (x,), (np.ones_like(x),))

    return both


def first_and_second_derivative(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return x, *args -> f, f', f''."""
    first = first_derivative(function)

    def all_three(x: Any, *args: Any) -> Any:
        (value, df), (_, d2f) = jvp(lambda x: first(x, *args), (x,), (np.ones_like(x),))
        return value, df, d2f

    return all_three


def attempt(
    operation: str,
    function: Callable[..., Any],
    instead: str,
    solve: Callable[[], Any],
    failures: type[Exception] | tuple[type[Exception], ...] = NoStepError,
) -> Any:
    """Return what a method with exact derivatives finds, None if it fails: SciPy's call follows.

    It fails with one of `failures`. Where the function cannot be traced, this is said once for each
    function, with what is done `instead`.
    """
    try:
        return solve()
    except UntraceableError as error:
        say_once(operation, function, instead, str(error))
    except failures:
        pass
    return None
