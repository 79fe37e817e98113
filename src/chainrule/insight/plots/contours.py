"""Contours of a function on a plane, and paths on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import bad_argument
from chainrule.insight.figure import root_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Limits", "checked_limits", "draw_contours", "draw_path"]

Array = NDArray[Any]

Limits = tuple[tuple[float, float], tuple[float, float]]
"""The ranges of x and y."""

_LEVELS = 22
_SKEWED = 6.0  # (highest - least) / (median - least), from which levels have equal factors
_PATHS = ("#D55E00", "#CC79A7", "#56B4E9", "#F0E442", "#FFFFFF")
_MARKERS = "o^Dvs"
_MARKED = 60  # steps up to which each is marked


def checked_limits(function: str, limits: Any) -> Limits | None:
    """Return two ranges of finite numbers, or None for None."""
    if limits is None:
        return None
    try:
        values = np.asarray(limits, float)
    except (TypeError, ValueError):
        values = np.zeros(0)
    if (
        values.shape != (2, 2)
        or not np.isfinite(values).all()
        or (values[:, 0] >= values[:, 1]).any()
    ):
        raise bad_argument(function, "limits", limits, "((left, right), (bottom, top)), in order")
    left, right, bottom, top = map(float, values.ravel())
    return (left, right), (bottom, top)


def draw_contours(axes: Axes, ranges: Limits, values: Array, label: str) -> None:
    """Draw filled contours of values on a regular grid, (rows, columns), with their scale."""
    from matplotlib.colors import BoundaryNorm

    rows, columns = values.shape
    x, y = np.linspace(*ranges[0], columns), np.linspace(*ranges[1], rows)
    levels = _levels(values)
    known = np.ma.masked_invalid(values)
    colours = BoundaryNorm(list(levels), 256, extend="neither")
    filled = axes.contourf(x, y, known, levels, cmap="viridis", norm=colours)
    axes.contour(x, y, known, levels, colors="white", linewidths=0.4, alpha=0.5)
    axes.set_facecolor("#DDDDDD")  # where there are no values
    bar = root_figure(axes).colorbar(filled, ax=axes, label=label, pad=0.02)
    shown = levels[:: max(1, len(levels) // 7)]
    bar.set_ticks(list(shown), labels=[f"{round(each, 12):.3g}" for each in shown])


def _levels(values: Array) -> Array:
    """Return levels: equidistant, or by equal factors above the least if most values are low."""
    from matplotlib.ticker import MaxNLocator

    finite = values[np.isfinite(values)]
    least, middle, highest = np.quantile(finite, [0, 0.5, 1.0])
    if highest - least <= 1e-12 * max(abs(highest), 1e-300):
        width = abs(highest) or 1.0
        return np.array([least - 0.1 * width, highest + 0.1 * width])
    if highest - least < _SKEWED * (middle - least):
        return np.asarray(MaxNLocator(_LEVELS).tick_values(float(least), float(highest)))
    spread = highest - least
    lowest = max(float(np.quantile(finite, 0.02)) - least, 1e-6 * spread)
    return least + np.concatenate([[0.0], np.geomspace(lowest, spread * (1 + 1e-9), _LEVELS - 1)])


def draw_path(axes: Axes, points: Array, place: int, name: str) -> Callable[[int], None]:
    """Draw a path from its start, a square, to its end, a star; `place` chooses its style.

    The function that is returned draws the path up to one of its points.
    """
    from matplotlib.patheffects import Normal, Stroke

    colour = _PATHS[place % len(_PATHS)]
    marker = _MARKERS[place % len(_MARKERS)] if len(points) <= _MARKED else ""
    outline: list[Any] = [Stroke(linewidth=3.4, foreground="#111111"), Normal()]
    (line,) = axes.plot(
        *points.T, color=colour, lw=2.0, marker=marker, ms=4.5, mec="#111111", mew=0.6,
        zorder=3, label=name or "path",
    )  # fmt: skip
    line.set_path_effects(outline)
    ends = (("s", 8, points[0], "start"), ("*", 15, points[-1], "end"))
    _, (mark,) = (
        axes.plot(
            *point, shape, ms=size, mfc=colour, mec="#111111", mew=1.2, zorder=4,
            linestyle="none", label=text if not name else None,
        )
        for shape, size, point, text in ends
    )  # fmt: skip

    def show(step: int) -> None:
        line.set_data(*points[: step + 1].T)
        mark.set_data(*points[min(step, len(points) - 1)][:, None])

    return show
