"""Gradient check: directional derivatives against extrapolated central differences.

Along a random unit direction v, ∇f · v is compared with d/dt f(x + t v) at 0.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.aliases import CORE_ALIASES
from chainrule.arguments.array_classes import refuse_other_arithmetic
from chainrule.arguments.checks import (
    POSITIVE,
    bad_argument,
    checked_count,
    checked_number,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, GradientError
from chainrule.graph.trace_errors import check_function
from chainrule.testing.traced_value import check_finite, checked_values

__all__ = ["check_grads", "numerical_derivative"]

_MAX_ORDER, _MAX_DIRECTIONS = 10, 10_000
"""Each order doubles the time of a check."""

Arrays = list[Any]


@answers_foreign_names(CORE_ALIASES)
def check_grads(
    function: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    tolerance: float = 1e-6,
    directions: int = 2,
    seed: int = 0,
) -> float:
    """Compare the derivatives of a function with finite differences in random directions.

    Parameters
    ----------
    function : callable
        Plain NumPy code; returns nested containers of float arrays.
    args : sequence
        The point. Float leaves are differentiated (as float64); all others are constants.
    order : int >= 1
        Highest order of the derivatives that are checked.
    tolerance : float
        Largest relative error allowed.
    directions : int >= 1
        Number of random directions for each order.
    seed : int
        Seed of the directions.

    Returns
    -------
    float
        The worst relative error found.

    Raises
    ------
    GradientError
        If the error exceeds `tolerance`; the message has both values. If a value or derivative is
        NaN or infinite, as it cannot be compared. If a second call, or one that is traced as the
        derivative is, gives another value.
    ArgumentError
        If `order` or `directions` is not an integer of at least 1, if no leaf is a float, or if one
        is NaN or infinite.

    References
    ----------
    Ridders (1982), "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering
    Software 4(2).

    Examples
    --------
    >>> check_grads(lambda x: np.tanh(x) * x, (np.array([0.5, -1.0]),), order=2) < 1e-8
    True
    """
    check_function("check_grads", function)
    if not isinstance(args, tuple | list):  # pyright: ignore[reportUnnecessaryIsInstance]
        rule = "a tuple of the arguments, as in check_grads(f, (x,))"
        raise bad_argument("check_grads", "args", args, rule)
    checked_count("check_grads", "order", order, 1, most=_MAX_ORDER)
    checked_count("check_grads", "directions", directions, 1, most=_MAX_DIRECTIONS)
    tolerance = checked_number("check_grads", "tolerance", tolerance, POSITIVE)
    seed = checked_seed("check_grads", seed)
    leaves, structure = tree.flatten(tuple(args))
    varied = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]
    if not varied:
        raise ArgumentError("check_grads: no argument holds floats to differentiate")
    generator = np.random.default_rng(seed)
    for i in varied:
        refuse_other_arithmetic(leaves[i], "check_grads: an argument")
    point = [np.array(leaves[i], np.float64) for i in varied]
    for i, x in zip(varied, point, strict=True):
        where = [path for k, each in enumerate(args) for path in tree.paths(each, f"argument {k}")]
        check_finite(x, where[i], ArgumentError)

    @wraps(function)
    def at(*values: Any) -> Any:
        arguments = leaves.copy()
        for i, value in zip(varied, values, strict=True):
            arguments[i] = value
        return function(*tree.unflatten(structure, arguments))

    results = checked_values(at, [leaves[i] for i in varied], tolerance)
    weights = [generator.standard_normal(np.shape(result)) for result in results]

    @wraps(function)
    def scalar(*values: Any) -> Any:
        # A random linear combination of all outputs: its gradient tests the whole Jacobian.
        outputs, _ = tree.flatten(at(*values))
        return sum(np.sum(w * out) for w, out in zip(weights, outputs, strict=True))

    return _worst_error(scalar, point, order, 1, tolerance, directions, generator)


@answers_foreign_names(CORE_ALIASES)
def numerical_derivative(
    function: Callable[[float], float], step: float = 0.1
) -> tuple[float, float]:
    """Differentiate a scalar function at 0 by Richardson-extrapolated central differences.

    ::

        D₀(h) = (f(h) - f(-h)) / 2h,  D_k(h) = (c²ᵏ D_{k-1}(h) - D_{k-1}(c h)) / (c²ᵏ - 1),  c = 1.6

    Parameters
    ----------
    function : callable
        Smooth on [-`step`, `step`].
    step : float > 0
        First and largest step h.

    Returns
    -------
    derivative : float
        The extrapolated value of least estimated error, about ten correct digits for well-scaled
        functions.
    error : float
        The estimate of its absolute error.

    References
    ----------
    Ridders (1982), "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering
    Software 4(2).

    Examples
    --------
    >>> derivative, error = numerical_derivative(lambda t: np.exp(2 * t))
    >>> round(derivative, 9), error < 1e-9
    (2.0, True)
    """
    check_function("numerical_derivative", function)
    step = checked_number("numerical_derivative", "step", step, POSITIVE)
    best, error = np.nan, np.inf
    previous: list[float] = []
    for row in range(12):
        h = step / 1.6**row
        current = [(function(h) - function(-h)) / (2 * h)]
        for column, coarser in enumerate(previous, 1):
            factor = 1.6 ** (2 * column)
            current.append((factor * current[-1] - coarser) / (factor - 1))
            spread = max(abs(current[-1] - current[-2]), abs(current[-1] - coarser))
            if spread < error:
                best, error = current[-1], spread
        if previous and abs(current[-1] - previous[-1]) >= 2 * error:
            break  # from here on rounding errors grow (Ridders' criterion)
        previous = current
    return float(best), float(error)


def _worst_error(
    function: Callable[..., Any],
    point: Arrays,
    order: int,
    level: int,
    tolerance: float,
    directions: int,
    generator: np.random.Generator,
) -> float:
    worst = 0.0
    for _ in range(directions):
        direction = _direction(point, generator)
        worst = max(worst, _error(function, point, direction, level, tolerance))
    if order > 1:
        derivative = _directional_derivative(function, _direction(point, generator))
        higher = _worst_error(
            derivative, point, order - 1, level + 1, tolerance, directions, generator
        )
        worst = max(worst, higher)
    return worst


def _direction(point: Arrays, generator: np.random.Generator) -> Arrays:
    """A random direction of unit length."""
    direction = [generator.standard_normal(x.shape) for x in point]
    length = np.sqrt(sum(float(np.sum(v * v)) for v in direction)) or 1.0
    return [v / length for v in direction]


def _directional_derivative(function: Callable[..., Any], direction: Arrays) -> Callable[..., Any]:
    """The directional derivative ∇f · v, as a function of the point."""

    def derivative(*point: Any) -> Any:
        gradients = grad(function, tuple(range(len(point))))(*point)
        return sum(np.sum(v * g) for v, g in zip(direction, gradients, strict=True))

    return derivative


def _error(
    function: Callable[..., Any], point: Arrays, direction: Arrays, level: int, tolerance: float
) -> float:
    gradients = grad(function, tuple(range(len(point))))(*point)
    for i, gradient in enumerate(gradients):
        check_finite(gradient, f"the derivative of order {level} by float argument {i}")
    derived = sum(float(np.sum(v * g)) for v, g in zip(direction, gradients, strict=True))
    norm = np.sqrt(sum(float(np.sum(np.square(g))) for g in gradients))

    def along(t: float) -> float:
        return float(function(*(x + t * v for x, v in zip(point, direction, strict=True))))

    trials: list[tuple[float, float, float]] = []
    for step in (0.1, 0.01, 0.001):
        measured, uncertainty = numerical_derivative(along, step)
        trials.append((uncertainty, measured, step))
        if abs(derived - measured) <= tolerance * abs(measured) >= 1e3 * uncertainty:
            break  # agreement beyond doubt: smaller steps could only round more
    _, measured, step = min(trials)
    # Values are rounded: beside them, derivatives as small as their last digits are zero.
    rounding = 1e-8 * max(abs(along(step)), abs(along(-step))) / step
    scale = max(abs(derived), abs(measured), 1e-2 * float(norm), rounding)
    if np.isnan(measured):
        raise GradientError(
            f"check_grads: of order {level}, the function is NaN or infinite at all points near "
            "this one, and finite differences do not exist; choose a point inside its domain"
        )
    error = abs(derived - measured) / scale if scale > 0 else 0.0
    if not error <= tolerance:
        raise GradientError(
            f"check_grads: derivative of order {level} is {derived:.12g} by the chain rule and "
            f"{measured:.12g} by finite differences (relative error {error:.1e}, allowed "
            f"{tolerance:.0e}); is the function smooth here, and is every custom backward right?"
        )
    return error


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, float) or (hasattr(leaf, "dtype") and leaf.dtype.kind == "f")
