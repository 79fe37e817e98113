"""A network as a block diagram: a box for each layer, with its output shape."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from chainrule.insight.palette import tint
from chainrule.train.model.model import Model
from chainrule.train.model.summary import activation_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_blocks", "figure_size"]

_IN_ROW = 5
_MOST = 40  # boxes; of more layers, the first and the last are drawn
_WIDTH, _HEIGHT = 0.78, 0.72  # of a box, of the distance from one to the next
_INCHES = 1.45  # from one box to the next, at which texts have full size
_CHARACTERS = 17  # in a box at full size


def figure_size(layers: int) -> tuple[float, float]:
    """Return the size of a figure, in inches."""
    count = min(layers, _MOST) + 1
    rows = math.ceil(count / _IN_ROW)
    return (1.9 * min(count, _IN_ROW) + 0.3, 1.35 * rows + 0.5)


def draw_blocks(axes: Axes, model: Model) -> None:
    """Draw the layers of a built network in rows, from the upper left."""
    boxes = _boxes(model)
    columns = min(len(boxes), _IN_ROW)
    rows = math.ceil(len(boxes) / _IN_ROW)
    axes.set_axis_off()
    axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.45, -0.5))
    total = sum(each.size for each in model.stack.parameters().values())
    axes.set_title(f"Network of {len(model.layers)} layers, {total:,} parameters")
    inches = axes.get_window_extent().width / axes.figure.dpi / columns
    scale = min(1.0, inches / _INCHES)  # on small axes of the user's
    for place, (lines, colour) in enumerate(boxes):
        row, column = divmod(place, _IN_ROW)
        _draw_box(axes, column, row, lines, colour, scale)
        if place:
            _draw_arrow(axes, column, row)


def _boxes(model: Model) -> list[tuple[list[str], str]]:
    """Return the lines and the colour of each box: blue with parameters, grey without."""
    boxes = [(["input", "", _shape(model.input_shape)], "#E69F00")]
    for name, layer, shape in zip(model.names, model.layers, model.output_shapes, strict=True):
        count = sum(each.size for each in layer.parameters().values())
        activation = activation_name(layer.activation)
        kind = type(layer).__name__
        if activation not in ("", "linear"):
            kind = f"{kind}, {activation}"
        counted = f"{count:,} parameters" if count else ""
        boxes.append(([name, kind, counted, _shape(shape)], "#0072B2" if count else "#888888"))
    if len(boxes) > _MOST:
        rest = len(boxes) - _MOST + 1
        half = _MOST // 2
        boxes[half : half + rest] = [(["⋯", f"{rest} more layers"], "#888888")]
    return boxes


def _shape(shape: Any) -> str:
    return " × ".join("any" if each is None else f"{each:,}" for each in shape[1:]) or "1"


def _draw_box(
    axes: Axes, column: float, row: float, lines: list[str], colour: str, scale: float
) -> None:
    from matplotlib.patches import FancyBboxPatch

    axes.add_patch(
        FancyBboxPatch(
            (column - _WIDTH / 2, row - _HEIGHT / 2), _WIDTH, _HEIGHT,
            boxstyle="round,pad=0,rounding_size=0.06", edgecolor=colour, linewidth=1.4,
            facecolor=tuple(tint(colour, 0.16)),
        )
    )  # fmt: skip
    shown = [each for each in lines if each]
    for place, line in enumerate(shown):
        y = row + (place - (len(shown) - 1) / 2) * 0.17
        is_name, is_shape = place == 0, place == len(shown) - 1
        size = scale * (10.5 if is_name else 9.0) * min(1.0, _CHARACTERS / max(len(line), 1))
        axes.text(
            column, y, line, ha="center", va="center", fontsize=size, color="#222222",
            fontweight="bold" if is_name else "normal",
            fontstyle="italic" if is_shape and not is_name else "normal",
        )  # fmt: skip


def _draw_arrow(axes: Axes, column: int, row: int) -> None:
    """Draw the arrow to a box: from its left, or from the end of the row above."""
    style: dict[str, Any] = {"color": "#444444", "lw": 1.3, "shrinkA": 0, "shrinkB": 0}
    end = (column - _WIDTH / 2, row)
    if column:
        start = (column - 1 + _WIDTH / 2, row)
        axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", **style})
        return
    last, between = _IN_ROW - 1, row - 0.5
    down = row - 1 + _HEIGHT / 2
    axes.plot([last, last, 0], [down, between, between], color="#444444", lw=1.3)
    axes.annotate(
        "", (0, row - _HEIGHT / 2), (0, between), arrowprops={"arrowstyle": "-|>", **style}
    )
