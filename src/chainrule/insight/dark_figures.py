"""Figures of a user's own with a dark background: data on white, texts around it in light colours.

The colours of the library are chosen for white: lines and texts in nearly black are part of most
plots. Figures that the library makes are white, whatever the style of the page around them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.insight.palette import DARK, luminance

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["adapt_to_dark"]

_LIGHT_TEXT = "#EEEEEE"
_GRID = "#E4E4E4"
_BORDER = "#444444"


def adapt_to_dark(drawn: Sequence[Axes], figure: Any) -> None:
    """Give axes on a dark figure a white ground, and the texts outside of it a light colour."""
    if not drawn or not _is_dark(figure.get_facecolor()):
        return
    for axes in drawn:
        _put_on_white(axes)
        _lighten_texts_around(axes)
    scales = [each for each in figure.axes if hasattr(each, "_colorbar")]
    within: list[Any] = [each for axes in drawn for each in axes.child_axes]
    for axes in (*drawn, *scales, *within):
        _lighten_labels(axes)
    if figure._suptitle is not None:
        figure._suptitle.set_color(_LIGHT_TEXT)


def _is_dark(colour: Any) -> bool:
    from matplotlib.colors import to_rgba

    *shade, opacity = to_rgba(colour)
    return opacity > 0.5 and luminance(shade) < DARK


def _put_on_white(axes: Axes) -> None:
    """Draw the ground, also of axes that are switched off, whose own is not drawn."""
    from matplotlib.patches import Rectangle

    if _is_dark(axes.get_facecolor()):
        axes.set_facecolor("white")
    if not axes.axison:
        ground = Rectangle((0, 0), 1, 1, transform=axes.transAxes, zorder=-1000)
        ground.set(facecolor="white", edgecolor="none", clip_on=False)
        axes.add_patch(ground)
    axes.tick_params(grid_color=_GRID)
    legend = axes.get_legend()
    if legend is not None:
        legend.set_frame_on(True)
        legend.get_frame().set(facecolor="white", edgecolor=_BORDER, alpha=1.0)
        for text in legend.get_texts():
            text.set_color("#222222")


def _lighten_texts_around(axes: Axes) -> None:
    """Set the colour of texts whose middle is outside of the axes, such as names above layers."""
    inside = axes.get_window_extent()
    for text in axes.texts:
        extent = text.get_window_extent()
        middle = (extent.x0 + extent.x1) / 2, (extent.y0 + extent.y1) / 2
        if text.get_bbox_patch() is None and not inside.contains(*middle):
            text.set_color(_LIGHT_TEXT)


def _lighten_labels(axes: Any) -> None:
    """Set the colour of title, labels and ticks, which stand outside of the axes."""
    for title in (axes.title, axes._left_title, axes._right_title):
        title.set_color(_LIGHT_TEXT)
    axes.xaxis.label.set_color(_LIGHT_TEXT)
    axes.yaxis.label.set_color(_LIGHT_TEXT)
    axes.tick_params(colors=_LIGHT_TEXT)
