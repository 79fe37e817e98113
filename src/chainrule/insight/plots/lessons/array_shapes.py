"""Plots of arrays as cells: broadcasting, and the reduction of an axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import as_position, bad_argument, checked_flag
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError, ShapeError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.palette import COLOURS
from chainrule.insight.plots.lessons.array_cells import (
    Cells,
    draw_cells,
    element_names,
    number_text,
    operand,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["broadcasting", "reduction"]

Array = NDArray[Any]

_BLUE, _ORANGE, _GREEN = COLOURS[:3]
_SIGNS = {"add": "+", "subtract": "−", "multiply": "×", "divide": "÷", "power": "^"}
_BETWEEN = 1.9  # arrays, with the arrows and labels of their axes
_INCH = 0.62  # the side of a cell


@answers_foreign_names(PLOT_ALIASES)
def broadcasting(
    first: Any,
    second: Any,
    path: File = None,
    *,
    function: Callable[..., Any] = np.add,
    axes: Axes | None = None,
) -> Figure:
    """Plot how two arrays of different shapes are broadcast, cell by cell.

    Shapes are aligned at their last axes; an axis of length 1, or one that is missing, is repeated.
    Nothing is copied: the pale cells exist in thought only. In the backward pass their gradients
    are summed.

    Parameters
    ----------
    first, second : array, or tuple of int
        Arrays, or shapes: cells then have names such as a₀₁. At most 3 axes of 8 entries.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    function : callable
        A function of two arrays, such as ``np.multiply``.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: both arrays in the shape of the result, and the result.

    Raises
    ------
    ShapeError
        If the shapes cannot be broadcast.
    DataError
        For too many axes or entries, or what is neither an array nor a shape.
    ArgumentError
        If `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    References
    ----------
    Harris et al. (2020), "Array programming with NumPy", figure 1: broadcasting.

    Examples
    --------
    >>> broadcasting((3, 1), (4,)).axes[0].get_title()
    'Broadcasting: (3, 1) + (4,) → (3, 4)'
    """
    name = "plot.broadcasting"
    if not callable(function):
        raise bad_argument(name, "function", function, "a function of two arrays, as np.add")
    (own, numbers), (others, more) = (
        operand(name, argument, each) for argument, each in (("first", first), ("second", second))
    )
    shape = _broadcast(name, own, others)
    sign = _SIGNS.get(getattr(function, "__name__", ""), "")
    parts = [
        _stretched("a", own, numbers, shape, _BLUE),
        _stretched("b", others, more, shape, _ORANGE),
    ]
    texts = _results(name, function, [numbers, more], [each.texts for each in parts], shape, sign)
    title = f"result {shape}"
    parts.append(Cells(texts, np.full(shape, _GREEN, object), np.zeros(shape, bool), title))
    caption = f"Broadcasting: {own} {sign or 'with'} {others} → {shape}"
    between = [sign or ",", "="]
    return _draw(parts, between, caption, path, axes)


def _broadcast(name: str, first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return tuple(np.broadcast_shapes(first, second))
    except ValueError:
        pairs = list(zip(first[::-1], second[::-1], strict=False))
        axis = next(place for place, (a, b) in enumerate(pairs) if a != b and 1 not in (a, b))
        lengths = pairs[axis]
    raise ShapeError(
        f"{name}: shapes {first} and {second} cannot be broadcast: axis {-axis - 1} has "
        f"{lengths[0]} and {lengths[1]} entries, and lengths must be equal or 1; a new axis of "
        f"length 1 is made by a[..., None], as of shape {(*first, 1)}"
    )


def _stretched(
    letter: str, own: tuple[int, ...], values: Array | None, shape: tuple[int, ...], colour: str
) -> Cells:
    """Return an operand in the shape of the result, repeated entries as copies."""
    texts = np.broadcast_to(element_names(letter, own, values), shape)
    padded = (1,) * (len(shape) - len(own)) + own
    copies = np.zeros(shape, bool)
    for axis, (mine, full) in enumerate(zip(padded, shape, strict=True)):
        if mine < full:
            index: list[Any] = [slice(None)] * len(shape)
            index[axis] = slice(1, None)
            copies[tuple(index)] = True
    title = f"{letter} {own}" if own == shape else f"{letter} {own} → {shape}"
    return Cells(texts, np.full(shape, colour, object), copies, title)


def _results(
    name: str,
    function: Callable[..., Any],
    values: Sequence[Array | None],
    texts: Sequence[Array],
    shape: tuple[int, ...],
    sign: str,
) -> Array:
    """Return what the cells of the result say: values, or terms of the names."""
    drawn = np.empty(shape, object)
    if any(each is None for each in values):
        called = getattr(function, "__name__", "f")
        for index in np.ndindex(shape):
            first, second = texts[0][index], texts[1][index]
            drawn[index] = f"{first}{sign}{second}" if sign else f"{called}({first}, {second})"
        return drawn
    with np.errstate(all="ignore"):
        result = np.asarray(function(*values))
    if result.shape != shape:
        raise ArgumentError(
            f"{name}: function returns shape {result.shape} of arrays that broadcast to {shape}; "
            "give a function of each pair of entries, such as np.add"
        )
    for index in np.ndindex(shape):
        drawn[index] = number_text(result[index])
    return drawn


@answers_foreign_names(PLOT_ALIASES)
def reduction(
    array: Any,
    axis: int | tuple[int, ...] | None = 0,
    path: File = None,
    *,
    function: Callable[..., Any] = np.sum,
    keepdims: bool = False,
    axes: Axes | None = None,
) -> Figure:
    """Plot which entries of an array a sum over an axis, or another reduction, brings together.

    Parameters
    ----------
    array : array, or tuple of int
        An array, or a shape: cells then have names such as a₀₁. At most 3 axes of 8 entries.
    axis : int, tuple of int, or None
        The axes that disappear; None reduces all.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    function : callable
        A function with the arguments ``axis`` and ``keepdims``, such as ``np.mean``.
    keepdims : bool
        Whether reduced axes stay, with length 1.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: entries of one colour become the entry of that colour in the result.

    Raises
    ------
    ArgumentError
        If the array has no such axis, or `path` does not name a known format.
    DataError
        For too many axes or entries, or what is neither an array nor a shape.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> reduction((2, 3), axis=0).axes[0].get_title()
    'sum over axis 0: (2, 3) → (3,)'
    """
    name = "plot.reduction"
    checked_flag(name, "keepdims", keepdims)
    if not callable(function):
        raise bad_argument(name, "function", function, "a function of an array, as np.sum")
    shape, values = operand(name, "array", array)
    reduced = _axes_of(name, axis, len(shape))
    numbers = np.arange(int(np.prod(shape))).reshape(shape)
    kept = np.min(numbers, axis=reduced, keepdims=True)
    groups = np.broadcast_to(np.unique(kept, return_inverse=True)[1].reshape(kept.shape), shape)
    result_shape = np.min(numbers, axis=reduced, keepdims=keepdims).shape
    names = element_names("a", shape, values)
    texts = np.empty(int(np.max(groups)) + 1, object)
    if values is None:
        for group in range(len(texts)):
            of_group = names[groups == group]
            texts[group] = of_group[0] if len(of_group) == 1 else f"{of_group[0]}…{of_group[-1]}"
    else:
        texts[:] = _reduced(name, function, values, axis, result_shape, keepdims)
    palette = np.array(COLOURS, object)
    called = getattr(function, "__name__", "f")
    parts = [
        Cells(names, palette[groups % len(COLOURS)], np.zeros(shape, bool), f"a {shape}"),
        Cells(
            texts.reshape(result_shape),
            palette[np.arange(len(texts)).reshape(result_shape) % len(COLOURS)],
            np.zeros(result_shape, bool),
            f"result {result_shape}",
        ),
    ]
    over = "all axes" if axis is None else f"axis {axis}" if len(reduced) == 1 else f"axes {axis}"
    caption = f"{called} over {over}: {shape} → {result_shape}"
    return _draw(parts, ["→"], caption, path, axes)


def _reduced(
    name: str,
    function: Callable[..., Any],
    values: Array,
    axis: Any,
    shape: tuple[int, ...],
    keepdims: bool,
) -> list[str]:
    """Return what the cells of a reduction say."""
    try:
        with np.errstate(all="ignore"):
            result = np.asarray(function(values, axis=axis, keepdims=keepdims))
        returned = f"returns shape {result.shape}"
    except TypeError as error:
        result, returned = None, f"raises a TypeError, {error!s:.60}"
    if result is None or result.shape != shape:
        raise ArgumentError(
            f"{name}: function {returned}, and a reduction of {values.shape} over axis {axis} has "
            f"{shape}; give one with the arguments axis and keepdims, such as np.mean"
        )
    return [number_text(each) for each in result.ravel()]


def _axes_of(name: str, axis: Any, count: int) -> tuple[int, ...]:
    """Return the reduced axes, from 0."""
    given = range(count) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    places = [as_position(each) for each in given]
    valid = [each % count for each in places if each is not None and -count <= each < count]
    if len(valid) != len(places) or len(set(valid)) != len(valid):
        allowed = f"from {-count} to {count - 1}" if count else "none, as the array is a number"
        raise bad_argument(name, "axis", axis, f"an axis, {allowed}, a tuple of those, or None")
    return tuple(valid)


def _draw(
    parts: Sequence[Cells], between: Sequence[str], caption: str, path: File, axes: Axes | None
) -> Figure:
    """Draw arrays from left to right with signs between."""
    height = max(each.height for each in parts)
    width = sum(each.sheets[2] + _BETWEEN for each in parts)
    size = (max(_INCH * (width + 0.6), 5.5), _INCH * (height + 2.6) + 0.4)
    with drawing(axes, path, size) as panel:
        scale = 1.0 if axes is None else _scale(panel, width, height)
        right = 0.0
        for place, each in enumerate(parts):
            left = right + _BETWEEN if place else 1.2
            if place:
                panel.text(
                    right + 0.5, 0, between[place - 1], ha="center", va="center",
                    fontsize=20 * scale,
                )  # fmt: skip
            right = draw_cells(panel, left, each, scale)
        panel.set(
            xlim=(0, right + 0.3), ylim=(-height / 2 - 0.2, height / 2 + 1.7), aspect="equal",
            title=caption,
        )  # fmt: skip
        panel.set_axis_off()
        return root_figure(panel)


def _scale(axes: Axes, width: float, height: float) -> float:
    """Return the size of cells on given axes, as a part of that in a figure of their own."""
    extent = axes.get_window_extent()
    inch = float(root_figure(axes).dpi) * _INCH
    return min(1.0, extent.width / inch / (width + 0.6), extent.height / inch / (height + 1.9))
