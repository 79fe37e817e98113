"""Plot of a descent: the path of a minimiser on the contours of a function of two variables."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, ChainruleError, DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.plots.contours import Limits, checked_limits, draw_contours, draw_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["descent"]

Array = NDArray[Any]

_NAME = "plot.descent"
_PATH = (
    "points (steps, 2), a dict of such paths by name, or a result of a minimiser with all iterates"
)
_GRID = 61  # values along an axis
_ARROWS = 11  # gradients along an axis
_MARGIN = 0.25  # around the paths, of their extent


@answers_foreign_names(PLOT_ALIASES)
def descent(
    f: Callable[..., Any],
    path: ArrayLike | Mapping[str, ArrayLike] | Any,
    file: File = None,
    *,
    gradients: bool = True,
    limits: Limits | None = None,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the path of a minimiser on the contours of a function of two variables.

    Parameters
    ----------
    f : callable
        The function ``f(x, y)``, or ``f(p)`` of an array, (2,), with a scalar result.
    path : array, (steps, 2), mapping of str to those, or result of a minimiser
        The points from the start to the end; several paths by name, such as of different
        optimisers; or what `chainrule.science.optimize.minimize` returns with the option
        ``return_all``.
    file : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    gradients : bool
        Whether arrows show -∇f, the direction of steepest descent; their length grows
        with the logarithm of its norm.
    limits : ((float, float), (float, float)) or None
        The ranges of x and y; None takes those of the path, and a quarter more.
    features : list of two str, or None
        Names of the variables; None takes those of the arguments of `f`.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. Levels of the contours are equidistant, or by equal factors above the least
        value if that shows more. A path that leaves the finite numbers ends before.

    Raises
    ------
    DataError
        If a path has another shape or no finite point, or `f` is finite nowhere in the limits.
    ArgumentError
        If `f` is no function of two variables with a scalar result, `limits` are no two ranges,
        or `file` names no known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> def bowl(x, y):
    ...     return x**2 + 4 * y**2
    >>> path = [np.array([2.0, 1.0])]
    >>> for step in range(10):
    ...     path.append(path[-1] - 0.1 * np.array([2 * path[-1][0], 8 * path[-1][1]]))
    >>> descent(bowl, path).axes[0].get_title()
    'Descent in 10 steps: bowl from 8 to 0.0461'
    """
    checked_flag(_NAME, "gradients", gradients)
    paths = _paths(path)
    of_point, names = _function_of_point(f, features)
    ranges = checked_limits(_NAME, limits) or _ranges(list(paths.values()))
    values = _values(of_point, ranges)
    title = getattr(f, "__name__", "f")
    title = "f" if title == "<lambda>" else title
    with drawing(axes, file, (6.8, 5.2)) as panel:
        draw_contours(panel, ranges, values, label=f"value of {title}")
        if gradients:
            _draw_gradients(panel, of_point, ranges)
        for place, (name, points) in enumerate(paths.items()):
            draw_path(panel, points, place, name)
        only = next(iter(paths.values())) if len(paths) == 1 else None
        panel.set(
            xlabel=names[0], ylabel=names[1], xlim=ranges[0], ylim=ranges[1],
            title=_title(title, of_point, only),
        )  # fmt: skip
        add_legend(panel)
        return root_figure(panel)


def _title(name: str, f: Callable[[Array], Any], path: Array | None) -> str:
    if path is None:
        return f"Descents on {name}"
    steps, first, last = len(path) - 1, f(path[0]), f(path[-1])
    count = f"{steps} step" if steps == 1 else f"{steps:,} steps"
    return f"Descent in {count}: {name} from {first:.3g} to {last:.3g}"


def _paths(path: Any) -> dict[str, Array]:
    """Return paths by name, each up to its last finite point."""
    if hasattr(path, "allvecs") or (hasattr(path, "x") and hasattr(path, "nit")):
        if not hasattr(path, "allvecs"):
            raise ArgumentError(
                f"{_NAME}: path is a result without its iterates; minimise with the option "
                "return_all: minimize(f, x0, method='BFGS', options={'return_all': True})"
            )
        path = path.allvecs
    if isinstance(path, Mapping):
        several = cast(Mapping[Any, Any], path)
        if not several:
            raise bad_argument(_NAME, "path", path, _PATH)
        return {str(name): next(iter(_paths(each).values())) for name, each in several.items()}
    try:
        points = np.asarray(path, float)
    except (TypeError, ValueError):
        raise bad_argument(_NAME, "path", path, _PATH) from None
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise DataError(
            f"{_NAME}: path has shape {points.shape}; it must hold the point of each step, "
            "(steps, 2)"
        )
    finite = np.isfinite(points).all(axis=1)
    count = len(points) if finite.all() else int(np.argmin(finite))
    if not count:
        raise DataError(f"{_NAME}: path starts at {points[0].tolist()}; a start is finite")
    return {"": points[:count]}


def _function_of_point(f: Any, features: Any) -> tuple[Callable[[Array], Any], list[str]]:
    """Return the function of a point (2,), and the names of its variables."""
    if not callable(f):
        raise bad_argument(_NAME, "f", f, "a function of two variables, f(x, y) or f(p)")
    names = ["x", "y"]
    try:
        arguments = [
            each.name
            for each in inspect.signature(f).parameters.values()
            if each.default is each.empty and each.kind is not each.VAR_KEYWORD
        ]
    except (TypeError, ValueError):
        arguments = ["p"]
    if len(arguments) == 2:
        names = arguments
    elif len(arguments) != 1:
        raise ArgumentError(
            f"{_NAME}: f takes {len(arguments)} arguments; a plane has two variables: give a "
            "function f(x, y) or f(p) with p of shape (2,), such as lambda x, y: f(x, y, 1.0)"
        )
    if features is not None:
        if isinstance(features, str) or np.shape(features) != (2,):
            raise bad_argument(_NAME, "features", features, "a list of two names")
        names = [str(each) for each in features]
    if len(arguments) == 2:
        return lambda point: f(point[0], point[1]), names
    return f, names


def _ranges(paths: list[Array]) -> Limits:
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


def _values(f: Callable[[Array], Any], ranges: Limits) -> Array:
    """Return the values of a function on a grid, (rows, columns), NaN where it has none."""
    x, y = (np.linspace(*each, _GRID) for each in ranges)
    values = np.full((_GRID, _GRID), np.nan)
    with np.errstate(all="ignore"):
        for row, column in np.ndindex(values.shape):
            value = np.asarray(f(np.array([x[column], y[row]])))
            if value.size != 1 or value.dtype.kind not in "biuf":
                raise ArgumentError(
                    f"{_NAME}: f returns shape {value.shape} of {value.dtype}; it must return one "
                    "real number, such as np.sum(...)"
                )
            values[row, column] = value.reshape(())
    values[~np.isfinite(values)] = np.nan
    if np.isnan(values).all():
        raise DataError(
            f"{_NAME}: f is finite nowhere for {ranges[0]} and {ranges[1]}; give other limits"
        )
    return values


def _draw_gradients(axes: Axes, f: Callable[[Array], Any], ranges: Limits) -> None:
    """Draw -∇f on a coarse grid, its length by the logarithm of its norm."""
    fractions = (np.arange(_ARROWS) + 0.5) / _ARROWS
    x, y = (low + (high - low) * fractions for low, high in ranges)
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    with np.errstate(all="ignore"):
        arrows = -_gradients(f, points, ranges)
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


def _gradients(f: Callable[[Array], Any], points: Array, ranges: Limits) -> Array:
    """Return the gradient at each point, (n, 2); by differences where f cannot be traced."""
    gradient = grad(f)
    try:
        return np.stack([np.asarray(gradient(each), float) for each in points])
    except (ChainruleError, TypeError, ValueError):
        steps = np.diag([1e-6 * (high - low) for low, high in ranges])
        differences = [[f(each + step) - f(each - step) for step in steps] for each in points]
        return np.array(differences, float) / (2 * steps.sum(axis=0))
