"""Plot of weights: one image for each unit or convolution kernel, tiled."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_text
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.insight.figure import check_has, drawing, root_figure
from chainrule.insight.plots.classifier import class_names
from chainrule.insight.plots.tiles import arrange_tiles, label_corners

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
    image_shape: tuple[int, int] | tuple[int, int, int] | None = None,
    names: Sequence[str] | Mapping[Any, str] | None = None,
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
    image_shape : (int, int), (int, int, 3) or None
        Height and width of the layer's input images, and 3 if they are coloured. None takes a
        square for the network's first layer if its number of inputs is a square of at least 16,
        and plots the weight matrix otherwise.
    names : list or dict of str, or None
        What each unit stands for, such as the classes of an output layer; None takes the classes
        of the network where there are as many, and numbers otherwise.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, of the first 100 units (of a convolution, 100 kernels). Positive weights are
        red, negative ones blue. Kernels over three colours are shown in colour: grey is 0.

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
    is_first = key == next(iter(net.params))
    tiles = _cut_tiles(values, image_shape, is_first)
    units = _unit_names(names, getattr(net, "classes", None), values.shape[-1])
    limit = float(np.abs(values).max()) or 1.0
    with drawing(axes, path, (6.4, 5.6)) as axes:
        if tiles is None:
            _draw_matrix(axes, key, values, limit, units)
        else:
            labels = _tile_labels(values, tiles, units)
            _draw_tiles(axes, tiles, limit, labels)
            noun = "units" if values.ndim == 2 else "kernels"
            inputs = _shape(tiles.shape[1:3])
            title = f"{key}: {_count(values, tiles)} {noun}, each on {inputs} inputs"
            axes.set_title(title, x=0.56, fontsize=11)  # centred above the tiles and their scale
        return root_figure(axes)


def _draw_matrix(
    axes: Axes, key: str, values: NDArray[Any], limit: float, units: list[str] | None
) -> None:
    colours: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
    image = axes.imshow(values, aspect="auto", **colours)
    axes.set(xlabel="unit", ylabel="input", title=f"{key}: {_shape(values.shape)}")
    axes.locator_params(integer=True, min_n_ticks=1)
    if units is not None and len(units) <= 30:
        turned = max(map(len, units)) > 3
        axes.set_xticks(range(len(units)), units, rotation=90 if turned else 0)
    root_figure(axes).colorbar(image, ax=axes, label="weight", shrink=0.85)


def _draw_tiles(axes: Axes, tiles: NDArray[Any], limit: float, labels: list[str]) -> None:
    grid = arrange_tiles(tiles)
    axes.set_axis_off()
    if tiles.ndim == 4:
        shades = np.nan_to_num(0.5 + 0.5 * grid / limit, nan=1.0)
        axes.imshow(np.clip(shades, 0, 1))
        axes.text(
            0.5, -0.02, f"each colour from {-limit:.3g} to {limit:.3g}; grey is 0", ha="center",
            va="top", fontsize=9, transform=axes.transAxes,
        )  # fmt: skip
    else:
        image = axes.imshow(grid, cmap="RdBu_r", vmin=-limit, vmax=limit)
        root_figure(axes).colorbar(image, ax=axes, label="weight", shrink=0.85)
    size = 9.0 if len(tiles) <= 16 else 7.0 if len(tiles) <= 49 else 5.5
    label_corners(axes, labels, tiles.shape[1], tiles.shape[2], size)


def _unit_names(names: Any, classes: Any, count: int) -> list[str] | None:
    if names is not None:
        return class_names("plot.weights", names, np.arange(count))
    return list(map(str, classes)) if classes is not None and len(classes) == count else None


def _tile_labels(values: NDArray[Any], tiles: NDArray[Any], units: list[str] | None) -> list[str]:
    """Return the unit of each tile; of kernels over many channels, filter and channel."""
    channels = 1 if values.ndim == 2 or tiles.ndim == 4 else values.shape[2]
    numbered = [str(each) for each in range(values.shape[-1])] if units is None else units
    if channels == 1:
        return numbered[: len(tiles)]
    return [f"{unit}, {channel}" for unit in numbered for channel in range(channels)][: len(tiles)]


def _count(values: NDArray[Any], tiles: NDArray[Any]) -> str:
    channels = 1 if values.ndim == 2 or tiles.ndim == 4 else values.shape[2]
    total = values.shape[-1] * channels
    return f"{total}" if total == len(tiles) else f"the first {len(tiles)} of {total:,}"


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


def _cut_tiles(weight: NDArray[Any], image_shape: Any, is_first: bool) -> NDArray[Any] | None:
    """Reshape weights to one image for each unit, (units, height, width), or in three colours.

    None if the inputs are not pixels.
    """
    if weight.ndim == 4:  # (height, width, channels, filters)
        height, width, channels = weight.shape[:3]
        if channels == 3 and is_first:
            return weight.transpose(3, 0, 1, 2)[:_MAX_TILES]
        # One image for each filter and channel.
        return weight.transpose(3, 2, 0, 1).reshape(-1, height, width)[:_MAX_TILES]
    inputs = len(weight)
    if image_shape is None:
        side = math.isqrt(inputs)
        if not is_first or side * side != inputs or inputs < _MIN_PIXELS:
            return None
        image_shape = (side, side)
    if not isinstance(image_shape, tuple | list):
        rule = "(height, width) or (height, width, 3)"
        raise bad_argument("plot.weights", "image_shape", image_shape, rule)
    shape = tuple(image_shape)
    if weight.ndim != 2 or math.prod(shape) != inputs or not _is_image(shape):
        raise ArgumentError(
            f"plot.weights: image_shape is {shape}, but the weights have shape {weight.shape}; "
            "height times width must be their first length, (height, width) or (height, width, 3)"
        )
    return weight.T[:_MAX_TILES].reshape(-1, *shape)


def _is_image(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 or shape[2:] == (3,)
