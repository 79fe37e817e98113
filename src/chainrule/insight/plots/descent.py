"""Plot of a descent: the path of a minimiser on a curve, or on contours in the plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.animation import is_animation, save_animation
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.plots.contours import Limits, checked_limits, draw_contours, draw_path
from chainrule.insight.plots.curve import check_function, draw_curve, interval, values_at
from chainrule.insight.plots.plotted_function import (
    draw_gradients,
    function_of_point,
    name_of,
    ranges_of,
    values_on_grid,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["descent"]

Array = NDArray[Any]

_NAME = "plot.descent"
_PATH = (
    "points (steps, 2), numbers (steps,), a dict of such paths by name, or a result of a minimiser "
    "with all iterates"
)


@answers_foreign_names(PLOT_ALIASES)
def descent(
    f: Callable[..., Any],
    path: ArrayLike | Mapping[str, ArrayLike] | Any = None,
    file: File = None,
    *,
    gradients: bool = True,
    limits: Limits | tuple[float, float] | None = None,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the path of a minimiser on the contours of a function, or on a curve.

    Parameters
    ----------
    f : callable
        The function ``f(x, y)``, or ``f(p)`` of an array, (2,), or ``f(x)`` of a number, with a
        scalar result.
    path : array, (steps, 2) or (steps,), mapping of str to those, result of a minimiser, or None
        The points from the start to the end, of a function of one variable numbers; several paths
        by name, such as of different optimisers; or what `chainrule.science.optimize.minimize`
        returns with the option ``return_all``. None draws the function alone, in the `limits`.
    file : str, path or None
        File to save the figure to, .png, .svg or .pdf, or .gif for an animation in which the point
        moves; None does not save.
    gradients : bool
        Whether arrows show -∇f, the direction of steepest descent; their length grows
        with the logarithm of its norm. On a curve these are its tangents at the points.
    limits : ((float, float), (float, float)), (float, float) of a curve, or None
        The ranges of x and y; None takes those of the path, and a quarter more.
    features : list of two str, of one for a curve, or None
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
        If `f` is no function of one or two variables with a scalar result, `limits` are no ranges
        or left out without a path, or `file` names no known format.
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
    >>> descent(lambda w: w**2, [2.0, 1.0, 0.5, 0.25]).axes[0].get_xlabel()
    'w'
    """
    checked_flag(_NAME, "gradients", gradients)
    paths = {} if path is None else _paths(path)
    is_curve = np.shape(cast(Any, limits)) == (2,) if path is None else _dimension(paths) == 1
    draw = _on_curve if is_curve else _on_contours
    with drawing(axes, file, (6.8, 5.2), may_move=True) as panel:
        shows = draw(panel, f, paths, limits, features, gradients)
        add_legend(panel)
        if is_animation(file):
            if not paths:
                raise ArgumentError(
                    f"{_NAME}: a .gif shows a path, and there is none; give the path, or a file "
                    "ending in .png"
                )
            steps = max(map(len, paths.values())) - 1
            save_animation(root_figure(panel), file, steps, shows)
        return root_figure(panel)


def _on_contours(
    axes: Axes, f: Any, paths: Mapping[str, Array], limits: Any, features: Any, gradients: bool
) -> list[Callable[[int], None]]:
    """Draw paths on contours; return what draws each up to a step."""
    of_point, names = function_of_point(_NAME, f, features)
    if not paths and limits is None:
        raise ArgumentError(
            f"{_NAME}: there is no path, whose range is drawn; give limits=((left, right), "
            "(bottom, top)), or (left, right) of a function of one variable"
        )
    ranges = checked_limits(_NAME, limits) or ranges_of(list(paths.values()))
    title = name_of(f)
    draw_contours(axes, ranges, values_on_grid(_NAME, of_point, ranges), label=f"value of {title}")
    if gradients:
        draw_gradients(axes, of_point, ranges)
    shows = [
        draw_path(axes, points, place, name) for place, (name, points) in enumerate(paths.items())
    ]
    axes.set(
        xlabel=names[0], ylabel=names[1], xlim=ranges[0], ylim=ranges[1],
        title=_title(title, of_point, paths),
    )  # fmt: skip
    return shows


def _on_curve(
    axes: Axes, f: Any, paths: Mapping[str, Array], limits: Any, features: Any, gradients: bool
) -> list[Callable[[int], None]]:
    """Draw paths on the curve of a function of a number."""
    name = check_function(_NAME, f, features)
    ends = interval(_NAME, limits, list(paths.values()))
    columns = {key: points[:, 0] for key, points in paths.items()}
    shows = draw_curve(_NAME, axes, f, columns, ends, gradients)
    title = name_of(f)
    axes.set(
        xlabel=name, ylabel=f"{title}({name})",
        title=_title(title, lambda point: values_at(_NAME, f, point)[0], paths),
    )  # fmt: skip
    return shows


def _title(name: str, f: Callable[[Array], Any], paths: Mapping[str, Array]) -> str:
    if not paths:
        return f"Gradients of {name}"
    if len(paths) > 1:
        return f"Descents on {name}"
    path = next(iter(paths.values()))
    steps, first, last = len(path) - 1, float(f(path[0])), float(f(path[-1]))
    count = f"{steps} step" if steps == 1 else f"{steps:,} steps"
    return f"Descent in {count}: {name} from {first:.3g} to {last:.3g}"


def _dimension(paths: Mapping[str, Array]) -> int:
    """Return how many variables the points of paths have."""
    found = {points.shape[1] for points in paths.values()}
    if len(found) > 1:
        raise DataError(f"{_NAME}: paths of one and of two variables are drawn in two figures")
    return found.pop()


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
    if points.ndim == 1:
        points = points[:, None]
    if points.ndim != 2 or points.shape[1] not in (1, 2) or not len(points):
        raise DataError(
            f"{_NAME}: path has shape {points.shape}; it must hold the point of each step, "
            "(steps, 2), or of a function of one variable (steps,)"
        )
    finite = np.isfinite(points).all(axis=1)
    count = len(points) if finite.all() else int(np.argmin(finite))
    if not count:
        raise DataError(f"{_NAME}: path starts at {points[0].tolist()}; a start is finite")
    return {"": points[:count]}
