"""A function of one or two variables as plots take it: on points, on a grid, its gradient."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, ChainruleError, DataError
from chainrule.insight.plots.contours import Limits

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = [
    "arguments_of",
    "draw_gradients",
    "function_of_point",
    "gradients_at",
    "name_of",
    "ranges_of",
    "real_value",
    "values_on_grid",
]

Array = NDArray[Any]

_GRID = 61  # values along an axis
_ARROWS = 11  # gradients along an axis
_MARGIN = 0.25  # around the paths, of their extent


def name_of(f: Any) -> str:
    """Return the name of a function, f of those without."""
    name = getattr(f, "__name__", "f")
    return "f" if name == "<lambda>" else name


def arguments_of(f: Any, unknown: list[str]) -> list[str]:
    """Return the names of the arguments that a function needs, or `unknown` if it has none."""
    try:
        return [
            each.name
            for each in inspect.signature(f).parameters.values()
            if each.default is each.empty and each.kind is not each.VAR_KEYWORD
        ]
    except (TypeError, ValueError):
        return unknown


def real_value(function: str, result: Any) -> float:
    """Return what a function returned as a float; refuse what is not one real number."""
    value = np.asarray(result)
    if value.size != 1 or value.dtype.kind not in "biuf":
        raise ArgumentError(
            f"{function}: f returns shape {value.shape} of {value.dtype}; it must return one real "
            "number, such as np.sum(...)"
        )
    return float(value.reshape(()))


def function_of_point(
    function: str, f: Any, features: Any
) -> tuple[Callable[[Array], Any], list[str]]:
    """Return the function of a point (2,), and the names of its variables."""
    if not callable(f):
        raise bad_argument(function, "f", f, "a function of two variables, f(x, y) or f(p)")
    names = ["x", "y"]
    arguments = arguments_of(f, ["p"])
    if len(arguments) == 2:
        names = arguments
    elif len(arguments) != 1:
        raise ArgumentError(
            f"{function}: f takes {len(arguments)} arguments; a plane has two variables: give a "
            "function f(x, y) or f(p) with p of shape (2,), such as lambda x, y: f(x, y, 1.0)"
        )
    if features is not None:
        if isinstance(features, str) or np.shape(features) != (2,):
            raise bad_argument(function, "features", features, "a list of two names")
        names = [str(each) for each in features]
    if len(arguments) == 2:
        return lambda point: f(point[0], point[1]), names
    return f, names


def ranges_of(paths: list[Array]) -> Limits:
    """Return the ranges of x and y of all paths with a margin, neither much narrower."""
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = high - low
    extent = np.maximum(extent, max(float(extent.max()) / 3, 1e-3 * float(np.abs(points).max())))
    extent = np.where(extent > 0, extent, 1.0)
    reach = (0.5 + _MARGIN) * extent
    middle = (low + high) / 2
    (left, bottom), (right, top) = (middle - reach).tolist(), (middle + reach).tolist()
    return (left, right), (bottom, top)


def values_on_grid(function: str, f: Callable[[Array], Any], ranges: Limits) -> Array:
    """Return the values of a function on a grid, (rows, columns), NaN where it has none."""
    x, y = (np.linspace(*each, _GRID) for each in ranges)
    values = np.full((_GRID, _GRID), np.nan)
    with np.errstate(all="ignore"):
        for row, column in np.ndindex(values.shape):
            point = np.array([x[column], y[row]])
            values[row, column] = real_value(function, f(point))
    values[~np.isfinite(values)] = np.nan
    if np.isnan(values).all():
        raise DataError(
            f"{function}: f is finite nowhere for {ranges[0]} and {ranges[1]}; give other limits"
        )
    return values


def draw_gradients(axes: Axes, f: Callable[[Array], Any], ranges: Limits) -> None:
    """Draw -∇f on a coarse grid, its length by the logarithm of its norm."""
    fractions = (np.arange(_ARROWS) + 0.5) / _ARROWS
    x, y = (low + (high - low) * fractions for low, high in ranges)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        arrows = -gradients_at(f, points, ranges)
    norms = np.hypot(*arrows.T)
    is_drawn = np.isfinite(norms) & (norms > 0)
    if not is_drawn.any():
        return
    scaled = np.log1p(99 * norms[is_drawn] / norms[is_drawn].max()) / np.log(100)
    # Perpendicular to contours on the page too, only if both axes have one unit.
    units = np.array([high - low for low, high in ranges])
    steps = arrows[is_drawn] / units
    steps *= (scaled / np.hypot(*steps.T))[:, None] * 0.7 / _ARROWS * units
    axes.quiver(
        *points[is_drawn].T, *steps.T, angles="xy", scale_units="xy", scale=1.0, color="white",
        edgecolor="#222222", linewidth=0.4, width=0.005, zorder=2, pivot="mid",
    )  # fmt: skip
    axes.plot([], [], ">", color="white", mec="#222222", ms=8, label="−∇f")


def gradients_at(
    f: Callable[[Array], Any], points: Array, ranges: Sequence[tuple[float, float]]
) -> Array:
    """Return the gradient at each point, (n, variables); by differences if f is not traceable."""
    gradient = grad(f)
    try:
        return np.stack([np.asarray(gradient(each), float) for each in points])
    except (ChainruleError, TypeError, ValueError):
        steps = np.diag([1e-6 * (high - low) for low, high in ranges])
        differences = [[f(each + step) - f(each - step) for step in steps] for each in points]
        return np.array(differences, float) / (2 * steps.sum(axis=0))
