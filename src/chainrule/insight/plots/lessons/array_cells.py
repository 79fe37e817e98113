"""Arrays drawn as cells: the last axis to the right, the one before downwards, others as sheets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import as_position
from chainrule.errors import DataError
from chainrule.insight.palette import tint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Cells", "draw_cells", "element_names", "number_text", "operand"]

Array = NDArray[Any]

_MOST_AXES, _LONGEST = 3, 8
_GAP = 0.55  # between sheets
_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_WIDEST = 7  # characters of a text in a cell


@dataclass(frozen=True)
class Cells:
    """An array as it is drawn.

    Parameters
    ----------
    texts : array of str, at most 3 axes
        What each cell says.
    colours : array of str, of the same shape
        The colour of each.
    copies : array of bool, of the same shape
        Which cells are copies that exist in thought only: they are pale, with a dashed border.
    title : str
        What stands above.
    """

    texts: Array
    colours: Array
    copies: Array
    title: str

    @property
    def sheets(self) -> tuple[int, int, int]:
        """The numbers of sheets, rows and columns."""
        count, rows, columns = (1, 1, 1, *self.texts.shape)[-3:]
        return count, rows, columns

    @property
    def height(self) -> float:
        """The height of all sheets."""
        count, rows, _ = self.sheets
        return count * rows + (count - 1) * _GAP


def operand(function: str, argument: str, value: Any) -> tuple[tuple[int, ...], Array | None]:
    """Return the shape of what is drawn, and its values if it is an array."""
    if isinstance(value, tuple) and all(as_position(each) is not None for each in value):
        shape, values = tuple(int(each) for each in value), None
    else:
        values = np.asarray(value)
        shape = values.shape
        if values.dtype.kind not in "biufc":
            raise DataError(
                f"{function}: {argument} is {value!r:.60}; give an array of numbers, or a shape "
                "such as (3, 1)"
            )
    if len(shape) > _MOST_AXES or any(not 1 <= each <= _LONGEST for each in shape):
        raise DataError(
            f"{function}: {argument} has shape {shape}; up to {_MOST_AXES} axes of 1 to {_LONGEST} "
            "entries are drawn: give a small example, such as (3, 1)"
        )
    return shape, values


def element_names(letter: str, shape: tuple[int, ...], values: Array | None) -> Array:
    """Return what the cells of an array say: its values, or names such as a₀₁."""
    texts = np.empty(shape, object)
    for index in np.ndindex(shape):
        subscript = "".join(map(str, index)).translate(_SUBSCRIPTS)
        texts[index] = f"{letter}{subscript}" if values is None else number_text(values[index])
    return texts


def number_text(value: Any) -> str:
    """Return a number in a few characters."""
    return str(value) if isinstance(value, bool | np.bool_) else f"{value:.3g}"


def draw_cells(axes: Axes, left: float, cells: Cells, scale: float) -> float:
    """Draw an array from a place to the right, its middle at height 0; return its right end.

    Texts have `scale` times the size of those in a figure of their own.
    """
    count, rows, columns = cells.sheets
    texts = cells.texts.reshape(count, rows, columns)
    colours = np.asarray(cells.colours, object).reshape(texts.shape)
    copies = cells.copies.reshape(texts.shape)
    top = cells.height / 2
    for sheet, row, column in np.ndindex(texts.shape):
        y = top - sheet * (rows + _GAP) - row
        _draw_cell(
            axes, (left + column, y), str(texts[sheet, row, column]),
            str(colours[sheet, row, column]),
            is_copy=bool(copies[sheet, row, column]), scale=scale,
        )  # fmt: skip
    _draw_axes(axes, left, top, cells, scale)
    axes.text(
        left + columns / 2, top + 1.05, cells.title, ha="center", va="bottom",
        fontsize=11 * scale, fontweight="bold",
    )  # fmt: skip
    return left + columns


def _draw_cell(
    axes: Axes, corner: tuple[float, float], text: str, colour: str, is_copy: bool, scale: float
) -> None:
    """Draw a cell from its upper left corner."""
    from matplotlib.patches import Rectangle

    x, y = corner
    face = tint(colour, 0.14 if is_copy else 0.42)
    axes.add_patch(
        Rectangle(
            (x + 0.04, y - 0.96), 0.92, 0.92, facecolor=tuple(face),
            edgecolor=colour, lw=1.0 if is_copy else 1.6, ls=(0, (3, 2)) if is_copy else "-",
        )
    )  # fmt: skip
    size = 11.0 * scale * min(1.0, _WIDEST / max(len(text), 1))
    axes.text(
        x + 0.5, y - 0.5, text, ha="center", va="center", fontsize=size,
        color="#777777" if is_copy else "#111111",
    )  # fmt: skip


def _draw_axes(axes: Axes, left: float, top: float, cells: Cells, scale: float) -> None:
    """Draw an arrow along each axis, with its number and its length."""
    shape = cells.texts.shape
    count, rows, columns = cells.sheets
    first = len(shape) - 3  # the number of the axis of sheets
    arrows = [
        ((left, top + 0.3), (left + columns, top + 0.3), first + 2, columns),
        ((left - 0.25, top), (left - 0.25, top - rows), first + 1, rows),
        ((left - 0.75, top), (left - 0.75, top - cells.height), first, count),
    ]
    for start, end, axis, length in arrows[: len(shape)]:
        axes.annotate(
            "", end, start, arrowprops={"arrowstyle": "->", "color": "#444444", "lw": 1.2}
        )
        is_across = start[1] == end[1]
        middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
        axes.text(
            middle[0] - (0 if is_across else 0.08), middle[1] + (0.08 if is_across else 0),
            f"axis {axis}: {length}", fontsize=8.5 * scale, color="#444444",
            ha="center" if is_across else "right", va="bottom" if is_across else "center",
            rotation=0 if is_across else 90, rotation_mode="default",
        )  # fmt: skip
