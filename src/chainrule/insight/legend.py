"""Legends beside the axes, where they hide nothing."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from chainrule.console import width_of
from chainrule.insight.figure import root_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

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
        axes.set_title(axes.get_title(), pad=7 + 17 * rows if axes.get_title() else None)
        axes.legend(
            loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=math.ceil(len(labels) / rows),
            columnspacing=1.2, **style,
        )  # fmt: skip
    else:
        axes.legend(
            loc="upper left", bbox_to_anchor=(1.0, 1.0), title=title,
            ncols=math.ceil(len(labels) / _MOST_IN_COLUMN), **style,
        )  # fmt: skip
