"""Legends beside the axes, where they hide nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from chainrule.console import width_of
from chainrule.insight.figure import root_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.transforms import Bbox

__all__ = ["add_legend"]

_CHARACTERS_PER_INCH = 12.0
_MOST_IN_COLUMN = 16


def add_legend(axes: Axes, title: str | None = None, **options: Any) -> None:
    """Add the legend in a row or two above the axes; to their right if it would be too wide.

    Figures that a user made without a layout have it in the emptiest place of the axes.
    """
    labels = axes.get_legend_handles_labels()[1]
    if not labels:
        return
    figure: Any = root_figure(axes)
    grid = axes.get_subplotspec()
    columns = grid.get_gridspec().ncols if grid is not None else 1
    width = figure.get_figwidth() / columns * _CHARACTERS_PER_INCH
    rows = math.ceil((sum(width_of(each) + 6 for each in labels) + 1) / width)
    style: dict[str, Any] = {"fontsize": 10, "borderaxespad": 0.3, "handletextpad": 0.5, **options}
    if figure.get_layout_engine() is None:  # nothing would make room for it
        style |= {"frameon": True, "framealpha": 0.9, "fontsize": 9, "borderaxespad": 0.5}
        axes.legend(title=title, **style)
    elif rows <= 2 and title is None:
        legend = axes.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=math.ceil(len(labels) / rows),
            columnspacing=1.2, **style,
        )  # fmt: skip
        _keep_titles_above(axes, legend)
    else:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.0), title=title,
            ncols=math.ceil(len(labels) / _MOST_IN_COLUMN), **style,
        )  # fmt: skip


def _keep_titles_above(axes: Axes, legend: Legend) -> None:
    """Have the title, also one that is set later, drawn above the legend.

    Matplotlib draws titles above axes within axes, of which an empty one is put behind the legend.
    """
    behind = axes.inset_axes((0.0, 1.0, 1.0, 0.01), zorder=-1)
    behind.set_axis_off()
    behind.set_navigate(False)
    behind.set_axes_locator(_PlaceOf(legend))


class _PlaceOf:
    """Where a legend is, as matplotlib asks for the place of axes."""

    def __init__(self, legend: Legend) -> None:
        self._legend = legend

    def __call__(self, axes: Any, renderer: Any) -> Bbox:
        """Return the legend's box as parts of the figure."""
        figure: Any = axes.figure
        box = self._legend.get_window_extent(renderer)
        return box.transformed(figure.transSubfigure.inverted())
