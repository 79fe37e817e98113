"""Figures of a sweep: the metric by setting, and decision boundaries side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from chainrule.arguments.checks import checked_count
from chainrule.console import shortened
from chainrule.insight.figure import File, drawing, panels, root_figure
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.decision_boundary import decision_boundary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["SweepTable", "draw_boundaries", "draw_sweep"]

_LOGARITHMIC = 20.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""
_MOST_NAMED = 40
_LONGEST_NAME = 28


class SweepTable(Protocol):
    """What is drawn of a `chainrule.train.sweep.result.SweepResult`."""

    metric: str

    def __getitem__(self, name: str) -> list[Any]: ...

    def rows_of_settings(self) -> Mapping[int, list[int]]:
        """Return the rows of each setting."""
        ...

    def setting(self, row: int) -> Mapping[str, Any]:
        """Return the setting of a row."""
        ...

    def best_row(self, rows: Sequence[int]) -> int:
        """Return the best one of some rows."""
        ...

    def network(self, row: int) -> Any:
        """Return the network of a row."""
        ...


def draw_sweep(sweep: SweepTable, path: File, axes: Axes | None) -> Figure:
    """Draw the metric of each network as a point, and means with standard errors."""
    rows = list(sweep.rows_of_settings().values())
    settings = [sweep.setting(each[0]) for each in rows]
    with drawing(axes, path, (6.6, 4.4)) as axes:
        places = _numeric(axes, settings)
        if places is None:
            places = _named(axes, settings)
        values = np.asarray(sweep[sweep.metric], float)
        for place, of_setting in zip(places, rows, strict=True):
            points = values[of_setting]
            axes.plot(
                [place] * len(points), points, "o", color=COLOURS[0], alpha=0.45, ms=4, mec="none"
            )
            _draw_mean(axes, place, points)
        axes.set(ylabel=sweep.metric.replace("_", " "), title="Sweep")
        axes.grid(visible=True, axis="y")
        return root_figure(axes)


def _draw_mean(axes: Axes, place: float, points: Any) -> None:
    finite = points[np.isfinite(points)]
    if not len(finite):
        axes.plot([place], [0.03], "x", color=COLOURS[3], transform=axes.get_xaxis_transform())
        return
    error = finite.std(ddof=1) / math.sqrt(len(finite)) if len(finite) > 1 else 0.0
    axes.errorbar(
        place, finite.mean(), yerr=error, fmt="D", color="#222222", ms=5, capsize=4, zorder=3
    )


def _numeric(axes: Axes, settings: Sequence[Mapping[str, Any]]) -> list[float] | None:
    """Return the values of the one setting if it is a number, and label the axis; else None."""
    names = {name for each in settings for name in each}
    if len(names) != 1:
        return None
    (name,) = names
    values = [each.get(name) for each in settings]
    if not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        return None
    numbers = [float(each) for each in values if each is not None]
    if min(numbers) > 0 and max(numbers) / min(numbers) >= _LOGARITHMIC:
        axes.set_xscale("log")
        axes.set_xticks(sorted(set(numbers)), [f"{each:g}" for each in sorted(set(numbers))])
        axes.minorticks_off()
    axes.set_xlabel(name.replace("_", " "))
    return numbers


def _named(axes: Axes, settings: Sequence[Mapping[str, Any]]) -> list[float]:
    """Return places in a row, and name the settings there."""
    if len(settings) <= _MOST_NAMED:
        texts = [", ".join(f"{n}={_text(v)}" for n, v in each.items()) for each in settings]
        names = [shortened(each, _LONGEST_NAME) for each in texts]
        axes.set_xticks(range(len(names)), names, rotation=30, ha="right", fontsize=9)
    else:
        axes.set_xlabel("number of the setting")
    return [float(place) for place in range(len(settings))]


def _text(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def draw_boundaries(sweep: SweepTable, X: Any, y: Any, path: File, columns: int) -> Figure:
    """Draw the decision boundary of the best network of each setting."""
    rows = list(sweep.rows_of_settings().values())
    columns = min(checked_count("plot_boundaries", "columns", columns), len(rows))
    lines = -(-len(rows) // columns)
    size = (3.1 * columns, 2.9 * lines)
    with panels(None, path, size, columns, [1] * lines, shares_x=False) as drawn:
        for axes, of_setting in zip(drawn, rows, strict=False):
            best = sweep.best_row(of_setting)
            decision_boundary(sweep.network(best), X, y, axes=axes)
            name = ", ".join(f"{n}={_text(v)}" for n, v in sweep.setting(best).items())
            value = sweep[sweep.metric][best]
            axes.set(xlabel="", ylabel="")
            axes.set_title(f"{shortened(name, 30)}\n{sweep.metric} {value:.3g}", fontsize=10, pad=6)
            if (legend := axes.get_legend()) is not None:
                legend.remove()
        for axes in drawn[len(rows) :]:
            axes.set_visible(False)
        return root_figure(drawn[0])
