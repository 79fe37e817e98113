"""An initial value problem on vectors, its arguments checked."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from chainrule import tree
from chainrule.arguments.checks import NON_NEGATIVE, POSITIVE, bad_argument, checked_number
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.graph.trace_errors import check_function
from chainrule.ops.primitives.promotion import as_array
from chainrule.solvers.flat_vector import ravel

__all__ = ["Derivative", "Problem"]

Derivative = Callable[[Any, Any], Any]
"""A function of (t, y) on vectors."""


class Problem:
    """An initial value problem on vectors, its arguments checked."""

    def __init__(
        self, owner: str, function: Callable[..., Any], y0: Any, t: Any, args: Any
    ) -> None:
        check_function(owner, function)
        self.owner = owner
        self.function = function
        self.args = args if isinstance(args, tuple) else (args,)
        self.y0, self.unravel = ravel(y0, f"{owner}: y0")
        self.times = _checked_times(owner, t).astype(self.y0.dtype)

    def derivative(self, t: Any, y: Any) -> Any:
        """Evaluate f(t, y) as a vector."""
        state = self.unravel(y)
        value = self.function(t, state, *self.args)
        if not isinstance(state, np.ndarray | Node):
            value = _in_order(self.owner, value, state)
        rates, _ = ravel(value, f"{self.owner}: dy/dt")
        if rates.shape != y.shape:
            raise ShapeError(
                f"{self.owner}: dy/dt has {counted(rates.size, 'component')} and y {y.size}; the "
                "function, called as function(t, y, *args), must return an array of the shape of y"
            )
        found, expected = ([np.shape(x) for x in tree.flatten(x)[0]] for x in (value, state))
        if len(found) == len(expected) and any(map(_differ, found, expected)):
            raise ShapeError(
                f"{self.owner}: the arrays of dy/dt have the shapes {found}, and those of y "
                f"{expected}; the function must return arrays of the same shapes, in the same order"
            )
        return rates.astype(y.dtype)

    def jacobian(self, function: Callable[..., Any] | None) -> Derivative | None:
        """Return ∂f/∂y as a function of vectors, or None if it is to be derived."""
        if function is None:
            return None
        check_function(f"{self.owner}: jacobian", function)

        def matrix(t: Any, y: Any) -> Any:
            value, n = as_array(function(t, self.unravel(y), *self.args)), y.size
            if value.shape != (n, n):
                raise ShapeError(
                    f"{self.owner}: jacobian has shape {value.shape}, and y "
                    f"{counted(n, 'component')}; it must return a matrix of shape ({n}, {n})"
                )
            return value.astype(y.dtype)

        return matrix

    def tolerance(self, name: str, value: Any) -> Any:
        """Return a tolerance as a float, or as a vector for the components of y."""
        leaves, _ = tree.flatten(value)
        if len(leaves) == 1 and np.ndim(leaves[0]) == 0 and type(leaves[0]) is not Node:
            return checked_number(self.owner, name, leaves[0], NON_NEGATIVE)
        vector, _ = ravel(value, f"{self.owner}: {name}")
        if vector.size not in (1, self.y0.size):
            raise ShapeError(
                f"{self.owner}: {name} has {counted(vector.size, 'component')} and y "
                f"{self.y0.size}; give one number, or one for each component"
            )
        if type(vector) is not Node and not np.all(vector >= 0):
            raise bad_argument(self.owner, name, value, "numbers, 0 or more")
        return vector.astype(self.y0.dtype)

    def length(self, name: str, value: Any) -> Any:
        """Return the length of a step as a float; a traced one is not checked."""
        if value is None or type(value) is Node:
            return value
        return checked_number(self.owner, name, value, POSITIVE)


def _in_order(owner: str, value: Any, like: Any) -> Any:
    """Return a tree with the entries of its dictionaries in the order of those of another one."""
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        rates, state = cast(Mapping[Any, Any], value), cast(Mapping[Any, Any], like)
        if rates.keys() != state.keys():
            raise ShapeError(
                f"{owner}: dy/dt has the entries {list(rates)}, and y {list(state)}; the function "
                "must return a dictionary with the keys of y"
            )
        return {key: _in_order(owner, rates[key], each) for key, each in state.items()}
    if isinstance(value, list | tuple) and isinstance(like, list | tuple):
        rows, states = cast(Sequence[Any], value), cast(Sequence[Any], like)
        if len(rows) == len(states):
            return [_in_order(owner, *each) for each in zip(rows, states, strict=True)]
    return value


def _differ(shape: tuple[int, ...], expected: tuple[int, ...]) -> bool:
    """Whether two shapes differ; those of one element are alike."""
    return shape != expected and (math.prod(shape), math.prod(expected)) != (1, 1)


def _checked_times(owner: str, t: Any) -> Any:
    times = as_array(t)
    if times.ndim != 1 or not times.size:
        raise ShapeError(f"{owner}: t must be an array of output times, got shape {times.shape}")
    if type(times) is not Node:
        steps = np.diff(times)
        if not (np.all(steps >= 0) or np.all(steps <= 0)):
            raise ArgumentError(f"{owner}: the times t must increase or decrease; sort them")
    return times
