"""The curve of a function of one variable, and a point that moves on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.palette import COLOURS, MARKERS
from chainrule.insight.plots.plotted_function import arguments_of, gradients_at, real_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["check_function", "draw_curve", "interval", "values_at"]

Array = NDArray[Any]

_PATHS = tuple(COLOURS[place] for place in (4, 0, 2, 3, 1, 5))
_POINTS = 401  # of the curve
_MARGIN = 0.25  # around the paths, of their extent
_TANGENTS = 8  # of the first points
_REACH = 0.06  # half of the length of a tangent, of the figure's width
_NUMBERED, _SPACING = 24, 0.045  # steps up to which points are numbered, and how far apart


def check_function(function: str, f: Any, features: Any) -> str:
    """Refuse what is no function of a number; return the name of its variable."""
    if not callable(f):
        raise bad_argument(function, "f", f, "a function of one variable, f(x)")
    arguments = arguments_of(f, ["x"])
    if len(arguments) != 1:
        raise ArgumentError(
            f"{function}: f takes {len(arguments)} arguments, and the path has one number a step; "
            "give a function of one, such as lambda x: f(x, 1.0)"
        )
    if features is not None and (isinstance(features, str) or np.shape(features) != (1,)):
        raise bad_argument(function, "features", features, "a list of one name")
    return arguments[0] if features is None else str(features[0])


def values_at(function: str, f: Callable[[Any], Any], points: Array) -> Array:
    """Return the values of a function of a number, NaN where it has none."""
    values = np.empty(len(points))
    with np.errstate(all="ignore"):
        for place, each in enumerate(points):
            values[place] = real_value(function, f(each))
    values[~np.isfinite(values)] = np.nan
    return values


def interval(function: str, limits: Any, paths: list[Array]) -> tuple[float, float]:
    """Return the range that is drawn: as given, or that of paths with a margin."""
    if limits is not None:
        try:
            ends = np.asarray(limits, float)
        except (TypeError, ValueError):
            ends = np.zeros(0)
        if ends.shape != (2,) or not np.isfinite(ends).all() or ends[0] >= ends[1]:
            raise bad_argument(function, "limits", limits, "(left, right), in order")
        return float(ends[0]), float(ends[1])
    points = np.concatenate(paths)
    low, high = float(points.min()), float(points.max())
    extent = high - low or max(abs(high), 1.0)
    return low - _MARGIN * extent, high + _MARGIN * extent


def draw_curve(
    function: str,
    axes: Axes,
    f: Callable[[Any], Any],
    paths: Mapping[str, Array],
    ends: tuple[float, float],
    tangents: bool,
) -> list[Callable[[int], None]]:
    """Draw a function and paths on it; return for each path what draws it up to a step."""
    x = np.linspace(*ends, _POINTS)
    y = values_at(function, f, x)
    if np.isnan(y).all():
        raise DataError(f"{function}: f is finite nowhere for {ends}; give other limits")
    axes.plot(x, y, color="#555555", lw=2.0, label="function")
    axes.set_xlim(*ends)
    axes.grid(visible=True)
    low, high = float(np.nanmin(y)), float(np.nanmax(y))
    height = high - low or max(abs(high), 1.0)
    axes.set_ylim(low - 0.08 * height, high + 0.08 * height)

    def slopes(points: Array) -> Array:
        if not tangents:
            return np.zeros(0)
        with np.errstate(all="ignore"):
            return gradients_at(lambda p: f(p[0]), points[:_TANGENTS, None], [ends])[:, 0]

    return [
        _draw_points(axes, (points, values_at(function, f, points)), place, name, slopes(points))
        for place, (name, points) in enumerate(paths.items())
    ]


def _draw_points(
    axes: Axes, path: tuple[Array, Array], place: int, name: str, slopes: Array
) -> Callable[[int], None]:
    """Draw the points of a path, lines from each to the next, and tangents at the first."""
    points, values = path
    colour = _PATHS[place % len(_PATHS)]
    many = len(points) > _NUMBERED
    (line,) = axes.plot(
        points, values, "--", color=colour, lw=1.2, ms=4 if many else 7,
        marker=MARKERS[place % len(MARKERS)],
        mec="#111111", mew=0.6, zorder=3, label=name or "path",
    )  # fmt: skip
    (mark,) = axes.plot(
        points[-1:], values[-1:], "*", ms=16, color=colour, mec="#111111", mew=1.0, zorder=4,
        linestyle="none", label=None if name else "end",
    )  # fmt: skip
    parts = list[tuple[int, Any]]()
    for step, slope in enumerate(slopes):
        across = points[step] + _tangent(axes, slope)
        (segment,) = axes.plot(
            across, values[step] + slope * (across - points[step]), color=COLOURS[0], lw=2.0,
            zorder=2, label="tangent" if step == place == 0 else None,
        )  # fmt: skip
        parts.append((step, segment))
    if len(points) <= _NUMBERED and not name:
        parts += [
            (step, _number(axes, step, (points[step], values[step])))
            for step in _spaced(axes, points, values)
        ]

    def show(step: int) -> None:
        line.set_data(points[: step + 1], values[: step + 1])
        latest = min(step, len(points) - 1)
        mark.set_data(points[latest : latest + 1], values[latest : latest + 1])
        for number, each in parts:
            each.set_visible(number <= step)

    return show


def _tangent(axes: Axes, slope: float) -> Array:
    """Return the ends of a tangent beside its point, as long on the page whatever its slope."""
    width, height = float(np.ptp(axes.get_xlim())), float(np.ptp(axes.get_ylim()))
    steepness = slope * width / height if np.isfinite(slope) else 0.0
    return np.array([-1, 1]) * _REACH * width / np.hypot(1, steepness)


def _spaced(axes: Axes, points: Array, values: Array) -> list[int]:
    """Return the steps whose points are far enough from the one numbered before."""
    extent = np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())])
    places = np.stack([points, values], axis=1) / extent
    steps = [0]
    for step in range(1, len(points)):
        if np.hypot(*(places[step] - places[steps[-1]])) > _SPACING:
            steps.append(step)
    return steps


def _number(axes: Axes, step: int, point: tuple[float, float]) -> Any:
    return axes.annotate(
        str(step), point, (6, 7), textcoords="offset points", fontsize=9, color="#222222", zorder=5
    )
