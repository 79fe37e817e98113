"""Programs in plain NumPy, each with an array, and the laws that they keep when traced.

Plain value, dtype and shape = traced under ``cr.vjp`` = compiled by ``cr.jit``; the derivative, in
one direction, agrees with differences, is the same when compiled, and so does its own derivative.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import tree
from chainrule.graph.node import Node

Table = dict[str, tuple[Callable[[Any], Any], Any]]


def broken(table: Table, order: int = 2) -> dict[str, str]:
    """Return, for each program of a table that breaks a law, what it breaks."""
    faults = {name: _fault(function, x, order) for name, (function, x) in table.items()}
    return {name: fault for name, fault in faults.items() if fault}


def programs(text: str, x: Any, scope: dict[str, Any]) -> Table:
    """Return programs of `x`, one a line, each named by its code."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return {line: (eval(f"lambda x: {line}", scope), x) for line in lines}


def _fault(function: Callable[[Any], Any], x: Any, order: int) -> str:
    expected = function(x)
    is_real = any(np.asarray(each).dtype == np.float64 for each in _leaves(expected))
    loss = _weighted(function)
    try:
        fault = _difference(cr.vjp(lambda x: function(x), x)[0], expected)
        if fault:
            return f"traced: {fault}"
        # One program of both, as most of the time is that of compiling.
        value, gradient = cr.jit(lambda x: (function(x), cr.grad(loss)(x) if is_real else 0))(x)
        fault = _difference(value, expected)
        if fault:
            return f"compiled: {fault}"
        return _derivative_fault(loss, gradient, x, order) if is_real else ""
    except Exception as error:  # noqa: BLE001 (one row of a table must not hide the others)
        return f"{type(error).__name__}: {error}"


def _leaves(value: Any) -> list[Any]:
    return tree.flatten(value)[0]


def _difference(got: Any, expected: Any, rtol: float = 1e-12) -> str:
    """Describe the first leaf whose dtype, shape or value is another; empty if there is none."""
    pairs = list(zip(_leaves(got), _leaves(expected), strict=False))
    if len(_leaves(got)) != len(_leaves(expected)):
        return f"{len(_leaves(got))} results instead of {len(_leaves(expected))}"
    for one, other in pairs:
        a, b = np.asarray(one.value if isinstance(one, Node) else one), np.asarray(other)
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            return f"{a.dtype}{a.shape} instead of {b.dtype}{b.shape}"
        tolerance = max(rtol, 8 * float(np.finfo(b.dtype).eps)) if b.dtype.kind == "f" else 0
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance, equal_nan=True):
            return f"{a} instead of {b}"
    return ""


def _weighted(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Weigh all real results, so that no two have the same derivative."""

    def loss(x: Any) -> Any:
        total: Any = 0.0
        for k, leaf in enumerate(_leaves(function(x))):
            if np.result_type(leaf) == np.float64:
                weights = np.cos(np.arange(np.size(leaf)) + k + 1).reshape(np.shape(leaf))
                total = total + np.sum(weights * leaf)
        return total

    return loss


def _derivative_fault(loss: Callable[[Any], Any], compiled: Any, x: Any, order: int) -> str:
    direction = np.cos(3 * np.arange(x.size) + 1).reshape(x.shape)
    fault = _difference(compiled, cr.grad(loss)(x), 1e-9)
    if fault:
        return f"compiled derivative: {fault}"
    for _ in range(order):
        gradient = cr.grad(loss)(x)
        got, expected = np.sum(gradient * direction), _slope(loss, x, direction)
        if abs(got - expected) > 1e-6 * max(1, abs(expected)):
            return f"derivative: {got} instead of {expected}"
        loss = _directional(loss, direction)
    return ""


def _directional(loss: Callable[[Any], Any], direction: Any) -> Callable[[Any], Any]:
    return lambda at: np.sum(cr.grad(loss)(at) * direction)


def _slope(loss: Callable[[Any], Any], x: Any, direction: Any) -> float:
    """Derivative along a direction, by central differences of order four."""

    def central(step: float) -> Any:
        return (loss(x + step * direction) - loss(x - step * direction)) / (2 * step)

    return float((4 * central(5e-5) - central(1e-4)) / 3)
