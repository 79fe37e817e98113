"""Derivatives that root finders ask for: traced at each call at first, compiled when used often.

A root is often found in fewer evaluations than compilation is worth, and a function traced at a
known point may branch on values. A function that is evaluated more often is compiled, once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from chainrule.autodiff.transformations import jvp
from chainrule.compiler.jit import jit
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.science.discarded_output import discarded_output
from chainrule.science.effects import may_have_effects, may_keep_results
from chainrule.science.function_cache import user_function
from chainrule.science.imported_names import imported_names_replaced
from chainrule.science.kept_call import KeptCalls
from chainrule.science.notice import say_once
from chainrule.science.undone import undone

__all__ = [
    "Derivative",
    "NoStepError",
    "UntraceableError",
    "attempt",
    "first_and_second_derivative",
    "first_derivative",
]

_CALLS_BEFORE_COMPILATION, _NEVER = 8, -(10**18)

Transformation = Callable[[Callable[..., Any]], Callable[..., Any]]


class UntraceableError(Exception):
    """A function has no derivatives that can be derived by tracing it."""


class NoStepError(Exception):
    """A derivative is zero or infinite, so that no step can be made of it."""


class Derivative:
    """``transformation(function)(x, *args, *further)``, by NumPy at first, compiled later.

    What the function does besides, such as counting its calls, is undone: it is called for its
    values as well. `transformation` is a function of a module: programs are kept by it.
    """

    def __init__(self, transformation: Transformation, function: Callable[..., Any]) -> None:
        self._transformation, self._function = transformation, function
        self._traced = _without_output(function)
        self._calls: KeptCalls | None = None
        self._args: tuple[Any, ...] = ()

    def __call__(self, x: Any, args: tuple[Any, ...], *further: Any) -> Any:
        """Return what the transformed function returns.

        Raises UntraceableError for whatever goes wrong: the function has been called with the same
        arguments before, so that it is tracing that fails.
        """
        with np.errstate(all="ignore"):  # the function itself has warned
            if _is_called_often(self._function):
                try:
                    return self._compiled(x, args, further)
                except Exception:  # noqa: BLE001 - it branches on values, or is not to be compiled
                    _counts[_code(self._function)] = _NEVER
            try:
                with _undone(self._function, args):
                    return self._transformation(self._traced)(x, *args, *further)
            except Exception as error:
                raise UntraceableError(str(error)) from error

    def _compiled(self, x: Any, args: tuple[Any, ...], further: tuple[Any, ...]) -> Any:
        if self._calls is None or not _are_same(self._args, args):
            key = "of a root finder"
            self._calls = KeptCalls(self._function, args, self._traced, key)
            self._args = args
        call, inputs = self._calls.current(x)
        if call.effect and not call.depends_on_first:
            raise UntraceableError("it returned what it had kept")
        program = call.graph.program(
            self._transformation, lambda graph: jit(self._transformation(graph))
        )
        return program(x, *inputs, *further)


_counts: WeakKeyDictionary[Any, int] = WeakKeyDictionary()
"""How often derivatives of functions were computed by NumPy, by their code."""


def _is_called_often(function: Callable[..., Any]) -> bool:
    """Whether a function of this code was differentiated so often that it is to be compiled."""
    code = _code(function)
    count = _counts[code] = _counts.get(code, 0) + 1
    return count >= _CALLS_BEFORE_COMPILATION


def _code(function: Callable[..., Any]) -> Any:
    """What functions share that are made anew: the code of a function or method, else the class."""
    root, _ = user_function(function)
    root = getattr(root, "__func__", root)
    return getattr(root, "__code__", type(root))


def _are_same(some: tuple[Any, ...], others: tuple[Any, ...]) -> bool:
    return len(some) == len(others) and all(map(operator.is_, some, others))


def _without_output(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function whose traced calls print nothing."""

    def call(*arguments: Any) -> Any:
        with discarded_output():
            return function(*arguments)

    return call


@contextmanager
def _undone(function: Callable[..., Any], arguments: Any) -> Generator[None]:
    """Undo what a traced call of a function changes outside, if its code may change anything."""
    state = find_reachable_state(function, arguments)
    with imported_names_replaced(state):
        if not (may_have_effects(state) or may_keep_results(state)):
            yield
            return
        with undone(function, arguments, state=state):
            yield


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
