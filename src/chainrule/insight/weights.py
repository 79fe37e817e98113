"""Plot of weights: one image for each unit or convolution kernel, tiled."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.insight.figure import check_has, drawing, root_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["weights"]

_NAME = "the name of a layer or of a parameter"
_MAX_TILES = 100
_MIN_PIXELS = 16


class _HasParameters(Protocol):
    @property
    def params(self) -> Mapping[str, Any]: ...


@answers_foreign_names(PLOT_ALIASES)
def weights(
    net: _HasParameters,
    name: str,
    path: str | os.PathLike[str] | None = None,
    *,
    image_shape: tuple[int, int] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the weights of a layer, one image for each unit if its inputs are pixels.

    Parameters
    ----------
    net : Network
        A built network.
    name : str
        A layer, such as ``dense``, or a parameter, such as ``dense.weight``.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    image_shape : (int, int) or None
        Height and width of the layer's input images. None takes a square for the network's first
        layer if its number of inputs is a square of at least 16, and plots the weight matrix
        otherwise.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, of the first 100 units (of a convolution, 100 kernels). Positive weights are
        red, negative ones blue.

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
    check_has("plot.weights", "net", net, "params", "a network")
    key, values = _find_weight(net.params, checked_text("plot.weights", "name", name, _NAME))
    tiles = _cut_tiles(values, image_shape, is_first=key == next(iter(net.params)))
    limit = float(np.abs(values).max()) or 1.0
    with drawing(axes, path, (6.4, 5.4)) as axes:
        colours: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        if tiles is None:
            image = axes.imshow(values, aspect="auto", **colours)
            axes.set(xlabel="unit", ylabel="input", title=f"{key}: {_shape(values.shape)}")
        else:
            image = axes.imshow(_arrange_tiles(tiles), **colours)
            axes.set_axis_off()
            inputs = _shape(tiles.shape[1:])
            noun = "units" if values.ndim == 2 else "kernels"
            axes.set_title(f"{key}: {len(tiles)} {noun}, each on {inputs} inputs")
        root_figure(axes).colorbar(image, ax=axes, label="weight", shrink=0.85)
        return root_figure(axes)


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
    """Reshape weights to one image for each unit, (units, height, width).

    None if the inputs are not pixels.
    """
    if (
        weight.ndim == 4
    ):  # (height, width, channels, filters): one image for each filter and channel
        height, width = weight.shape[:2]
        return weight.transpose(3, 2, 0, 1).reshape(-1, height, width)[:_MAX_TILES]
    inputs = len(weight)
    if image_shape is None:
        side = math.isqrt(inputs)
        if not is_first or side * side != inputs or inputs < _MIN_PIXELS:
            return None
        image_shape = (side, side)
    if weight.ndim != 2 or math.prod(image_shape) != inputs:
        raise ArgumentError(
            f"plot.weights: image_shape is {image_shape}, but the weights have shape "
            f"{weight.shape}; height times width must be their first length"
        )
    return weight.T[:_MAX_TILES].reshape(-1, *image_shape)


def _arrange_tiles(tiles: NDArray[Any]) -> NDArray[Any]:
    """Arrange images in a near-square grid, separated by lines of NaN."""
    count, height, width = tiles.shape
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    grid = np.full((rows * columns, height + 1, width + 1), np.nan, tiles.dtype)
    grid[:count, :height, :width] = tiles
    cells = grid.reshape(rows, columns, height + 1, width + 1).swapaxes(1, 2)
    return cells.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]
