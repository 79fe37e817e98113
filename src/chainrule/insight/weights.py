"""Weights as pictures: those of each unit as the picture it sees, side by side."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.insight.figure import drawing, whole_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["weights"]

_MOST_TILES = 100
_SMALLEST_SQUARE = 16


class _HasParameters(Protocol):
    @property
    def params(self) -> Mapping[str, Any]: ...


def weights(
    net: _HasParameters,
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    image_shape: tuple[int, int] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Draw the weights of a layer: as one picture a unit where its inputs are pixels.

    Parameters
    ----------
    net : Network
        Built, so that it has parameters.
    name : str
        A layer, such as ``dense``, or a parameter, such as ``dense.weight``.
    path : str, path or None
        Where to save the picture: a name that ends in .png, .svg or .pdf.
    image_shape : (int, int) or None
        Height and width of the pictures that the layer sees. None takes a square where the
        network's first layer has a square number of inputs, at least 16, and a plain table of the
        weights otherwise.
    axes : matplotlib.axes.Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The picture, of the first 100 units (of a convolution: the first 100 kernels). Positive
        weights are red, negative ones blue.

    Raises
    ------
    ArgumentError
        If there is no such layer or parameter, `image_shape` does not fit it, or `path` does not
        name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> class Trained:
    ...     params = {"dense.weight": np.eye(64, 9), "dense.bias": np.zeros(9)}
    >>> figure = weights(Trained(), "dense")
    >>> figure.axes[0].get_title()
    'dense.weight: 9 units, each on 8 × 8 inputs'
    """
    key, values = _find_weight(net.params, name)
    tiles = _cut_tiles(values, image_shape, is_first=key == next(iter(net.params)))
    limit = float(np.abs(values).max()) or 1.0
    with drawing(axes, path, (6.4, 5.4)) as axes:
        colours: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        if tiles is None:
            shown = axes.imshow(values, aspect="auto", **colours)
            axes.set(xlabel="unit", ylabel="input", title=f"{key}: {_shape(values.shape)}")
        else:
            shown = axes.imshow(_arrange_tiles(tiles), **colours)
            axes.set_axis_off()
            seen = _shape(tiles.shape[1:])
            kind = "units" if values.ndim == 2 else "kernels"
            axes.set_title(f"{key}: {len(tiles)} {kind}, each on {seen} inputs")
        whole_figure(axes).colorbar(shown, ax=axes, label="weight", shrink=0.85)
        return whole_figure(axes)


def _find_weight(params: Mapping[str, Any], name: str) -> tuple[str, NDArray[Any]]:
    key = name if name in params else f"{name}.weight"
    if key not in params:
        known = ", ".join(params) or "none: it is not built yet, call fit or net(X) first"
        raise ArgumentError(f"plot.weights: there is no {name!r}; the parameters are {known}")
    values = np.asarray(params[key])
    is_table = values.ndim in (2, 4)
    return key, values if is_table else values.reshape(-1, values.shape[-1])


def _shape(lengths: Sequence[int]) -> str:
    return " × ".join(map(str, lengths))


def _cut_tiles(
    weight: NDArray[Any], image_shape: tuple[int, int] | None, is_first: bool
) -> NDArray[Any] | None:
    """Give the weights of each unit the shape of the picture it sees, (units, height, width).

    None where the inputs are no pixels.
    """
    if weight.ndim == 4:  # kernels, (height, width, inputs, units): one for each unit and input
        height, width = weight.shape[:2]
        return weight.transpose(3, 2, 0, 1).reshape(-1, height, width)[:_MOST_TILES]
    inputs = len(weight)
    if image_shape is None:
        side = math.isqrt(inputs)
        if not is_first or side * side != inputs or inputs < _SMALLEST_SQUARE:
            return None
        image_shape = (side, side)
    if weight.ndim != 2 or math.prod(image_shape) != inputs:
        raise ArgumentError(
            f"plot.weights: image_shape is {image_shape}, but the weights have shape "
            f"{weight.shape}; height times width must be their first length"
        )
    return weight.T[:_MOST_TILES].reshape(-1, *image_shape)


def _arrange_tiles(tiles: NDArray[Any]) -> NDArray[Any]:
    """Lay pictures out on one sheet, about as many across as down, a line of NaN between them."""
    count, height, width = tiles.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    sheet = np.full((rows * columns, height + 1, width + 1), np.nan, tiles.dtype)
    sheet[:count, :height, :width] = tiles
    cells = sheet.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return cells.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]
