"""Derivatives of a function compared with extrapolated differences, in random directions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.checks import checked_count
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, GradientError

__all__ = ["check_grads", "numerical_derivative"]

Arrays = list[Any]


def check_grads(
    function: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    tolerance: float = 1e-6,
    directions: int = 2,
    seed: int = 0,
) -> float:
    """Compare the derivatives of a function with differences.

    Parameters
    ----------
    function : callable
        Plain NumPy code; returns nested containers of float arrays.
    args : sequence
        Where to differentiate. Float leaves are varied (as float64), all others stay as they are.
    order : int >= 1
        1 checks first derivatives, 2 second ones as well, and so on.
    tolerance : float
        Largest relative error allowed.
    directions : int >= 1
        How many random directions are tried for each order.
    seed : int
        Seed of the directions.

    Returns
    -------
    float
        The worst relative error found.

    Raises
    ------
    GradientError
        If the error is beyond `tolerance`; the message has both numbers.
    ArgumentError
        If `order` or `directions` is no whole number of at least 1, or nothing is a float.

    References
    ----------
    Ridders (1982), Advances in Engineering Software 4(2); extrapolated central differences.

    Examples
    --------
    >>> check_grads(lambda x: np.tanh(x) * x, (np.array([0.5, -1.0]),), order=2) < 1e-8
    True
    """
    checked_count("check_grads", "order", order, 1)
    checked_count("check_grads", "directions", directions, 1)
    leaves, structure = tree.flatten(tuple(args))
    moving = [i for i, leaf in enumerate(leaves) if _is_float(leaf)]
    if not moving:
        raise ArgumentError("check_grads: no argument holds floats to differentiate by")
    generator = np.random.default_rng(seed)
    results, _ = tree.flatten(function(*args))
    weights = [generator.standard_normal(np.shape(result)) for result in results]

    def scalar(*values: Any) -> Any:
        """The results, weighted at random and summed: one number whose slope tests them all."""
        given = leaves.copy()
        for i, value in zip(moving, values, strict=True):
            given[i] = value
        outputs, _ = tree.flatten(function(*tree.unflatten(structure, given)))
        return sum(np.sum(w * out) for w, out in zip(weights, outputs, strict=True))

    point = [np.asarray(leaves[i], np.float64) for i in moving]
    return _worst_error(scalar, point, order, 1, tolerance, directions, generator)


def numerical_derivative(
    function: Callable[[float], float], step: float = 0.1
) -> tuple[float, float]:
    """Differentiate a function of one number at 0 by extrapolated central differences.

    Parameters
    ----------
    function : callable
        Smooth between -`step` and `step`.
    step : float
        First and largest distance.

    Returns
    -------
    derivative : float
        About ten digits are right for well-scaled functions.
    error : float
        An estimate of its error.

    Examples
    --------
    >>> derivative, error = numerical_derivative(lambda t: np.exp(2 * t))
    >>> round(derivative, 9), error < 1e-9
    (2.0, True)
    """
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
        slope = _slope_along(function, _direction(point, generator))
        deeper = _worst_error(slope, point, order - 1, level + 1, tolerance, directions, generator)
        worst = max(worst, deeper)
    return worst


def _direction(point: Arrays, generator: np.random.Generator) -> Arrays:
    """A random direction of length 1."""
    direction = [generator.standard_normal(x.shape) for x in point]
    length = np.sqrt(sum(float(np.sum(v * v)) for v in direction)) or 1.0
    return [v / length for v in direction]


def _slope_along(function: Callable[..., Any], direction: Arrays) -> Callable[..., Any]:
    """The derivative of `function` in a direction, as a function of the point."""

    def slope(*point: Any) -> Any:
        gradients = grad(function, tuple(range(len(point))))(*point)
        return sum(np.sum(v * g) for v, g in zip(direction, gradients, strict=True))

    return slope


def _error(
    function: Callable[..., Any], point: Arrays, direction: Arrays, level: int, tolerance: float
) -> float:
    gradients = grad(function, tuple(range(len(point))))(*point)
    derived = sum(float(np.sum(v * g)) for v, g in zip(direction, gradients, strict=True))
    size = np.sqrt(sum(float(np.sum(np.square(g))) for g in gradients))

    def along(t: float) -> float:
        return float(function(*(x + t * v for x, v in zip(point, direction, strict=True))))

    trials = (numerical_derivative(along, step) for step in (0.1, 0.01, 0.001))
    measured, _ = min(trials, key=lambda trial: trial[1])
    scale = max(abs(derived), abs(measured), 1e-2 * float(size))
    error = abs(derived - measured) / scale if scale > 0 else 0.0
    if not error <= tolerance:
        raise GradientError(
            f"check_grads: derivative of order {level} is {derived:.12g} by the chain rule and "
            f"{measured:.12g} by differences (relative error {error:.1e}, allowed {tolerance:.0e})"
            "; is the function smooth here, and is every custom backward right?"
        )
    return error


def _is_float(leaf: Any) -> bool:
    return isinstance(leaf, float) or (hasattr(leaf, "dtype") and leaf.dtype.kind == "f")
