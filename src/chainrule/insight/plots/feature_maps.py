"""Plot of feature maps: what the layers of a convolutional network compute of one image."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import bad_argument, checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.lookup import suggestion
from chainrule.errors import ArgumentError, DataError
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.plots.layer_outputs import LayerOutput, built_model, layer_outputs
from chainrule.insight.plots.tiles import arrange_tiles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["feature_maps"]

Array = NDArray[Any]

_NAME = "plot.feature_maps"
_COLUMNS = 8
_ROWS = 8  # layers; of more with images, the first and last


@answers_foreign_names(PLOT_ALIASES)
def feature_maps(
    net: Any,
    image: ArrayLike,
    layer: str | Sequence[str] | None = None,
    path: File = None,
    *,
    count: int = 16,
    axes: Any = None,
) -> Figure:
    """Plot what the layers of a convolutional network compute of one image.

    Parameters
    ----------
    net : Network
        A built network.
    image : array, (height, width), (height, width, channels) or (pixels,)
        One sample, or an array with one row.
    layer : str, list of str, or None
        The layers to draw; None takes all whose outputs are images, (height, width,
        channels), of the first and last four.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    count : int >= 1
        How many channels of a layer are drawn at most, from the first.
    axes : matplotlib.axes.Axes, one for the image and one for each layer, or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: the image, and below it a row of channels for each layer, each layer with a
        scale of its own, which its label gives. Channels that are 0 everywhere are crossed out.

    Raises
    ------
    DataError, ShapeError
        If `image` is not one sample of the network's.
    ArgumentError
        If the network is not built yet, has no such layer, or none with images; or `path` does
        not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> net = Network([nn.Conv2D(4, 3, activation="relu"), nn.Flatten(), nn.Dense(2)], seed=0)
    >>> images = np.random.default_rng(0).normal(size=(5, 8, 8, 1))
    >>> shape = net(images).shape  # builds the layers
    >>> figure = feature_maps(net, images[0], "conv2d", count=2)
    >>> figure.axes[1].get_title(loc="left").split(",")[0]
    'conv2d (relu): first 2 of 4 channels of 6 × 6'
    """
    count = checked_count(_NAME, "count", count)
    built_model(_NAME, net)
    inputs, outputs = layer_outputs(_NAME, net, _as_row(image, net.input_shape), samples=1)
    chosen = _chosen(inputs, outputs, layer)
    first = inputs if inputs.ndim == 4 else _first_image(inputs, outputs)
    rows = [min(each.values.shape[-1], count) for each in chosen]
    columns = min(_COLUMNS, max(rows))
    lines = [math.ceil(each / columns) for each in rows]
    width = 0.85 * _COLUMNS + 0.3
    size = (width, 1.8 + sum(0.85 * each + 0.42 for each in lines))
    heights = (1.5, *(0.85 * each for each in lines))
    with panels(axes, path, size, 1, heights, shares_x=False) as drawn:
        _draw_image(drawn[0], first)
        for panel, each in zip(drawn[1:], chosen, strict=True):
            _draw_maps(panel, each, count, columns)
        return root_figure(drawn[0])


def _as_row(image: Any, shape: Any) -> Array:
    """Return one sample as an array with one row."""
    array = np.asarray(image)
    if array.dtype.kind not in "biuf":
        raise DataError(f"{_NAME}: image holds {array.dtype}; an image is an array of numbers")
    if array.ndim == len(shape) and len(array) == 1:
        return array
    if array.ndim == len(shape) and len(array) > 1:
        raise DataError(
            f"{_NAME}: image has shape {array.shape}, which is {len(array)} samples; give one, "
            "such as X[0]"
        )
    if array.ndim == len(shape) - 2 and shape[-1] == 1:
        array = array[..., None]  # grey, without the axis of channels
    return array[None]


def _chosen(inputs: Array, outputs: list[LayerOutput], layer: Any) -> list[LayerOutput]:
    """Return the layers asked for, or all with images."""
    by_name = {each.name: each for each in outputs}
    if layer is None:
        shown = [each for each in outputs if _is_image(each) and not _is_input(each, inputs)]
        if not shown:
            raise ArgumentError(
                f"{_NAME}: no layer of the network has images, (height, width, channels); draw "
                "the weights of others, by plot.weights(net, name)"
            )
        return shown if len(shown) <= _ROWS else [*shown[: _ROWS // 2], *shown[-_ROWS // 2 :]]
    names = [layer] if isinstance(layer, str) else layer
    if not isinstance(names, Sequence) or not names:
        raise bad_argument(_NAME, "layer", layer, "the name of a layer, or a list of names")
    for name in names:
        if name not in by_name:
            hint = suggestion(str(name), list(by_name))
            raise ArgumentError(f"{_NAME}: there is no layer {name!r}; {hint}")
        if not _is_image(by_name[name]):
            shape = by_name[name].values.shape[1:]
            known = ", ".join(each.name for each in outputs if _is_image(each)) or "none"
            raise ArgumentError(
                f"{_NAME}: the output of layer {name!r} has shape {shape} for each sample, which "
                f"is no image, (height, width, channels); those with images are {known}"
            )
    return [by_name[name] for name in names]


def _is_image(output: LayerOutput) -> bool:
    return output.values.ndim == 4


def _is_input(output: LayerOutput, inputs: Array) -> bool:
    """Whether a layer only arranges the numbers of the input."""
    return np.array_equal(output.values.ravel(), inputs.ravel().astype(output.values.dtype))


def _first_image(inputs: Array, outputs: list[LayerOutput]) -> Array:
    """Return the first image of as many numbers as an input without two axes."""
    same = [each.values for each in outputs if _is_image(each) and each.values.size == inputs.size]
    return same[0] if same else inputs.reshape(1, 1, -1, 1)


def _draw_image(axes: Axes, images: Array) -> None:
    image = np.asarray(images[0], float)
    shape = " × ".join(map(str, image.shape[:2]))
    low, high = float(image.min()), float(image.max())
    scaled = (image - low) / ((high - low) or 1.0)
    if image.shape[-1] == 3:
        axes.imshow(np.clip(scaled, 0, 1))
    else:
        axes.imshow(scaled.mean(axis=-1), cmap="gray")
    axes.set_axis_off()
    axes.set_title(f"input: {shape}", fontsize=10)


def _draw_maps(axes: Axes, output: LayerOutput, count: int, columns: int) -> None:
    maps = np.moveaxis(np.asarray(output.values[0], float), -1, 0)
    shown = maps[:count]
    total, height, width = maps.shape
    low, high = float(shown.min()), float(shown.max())
    # Values around 0 have a colour for each sign, others one scale.
    limit = max(abs(low), abs(high)) or 1.0
    scale: dict[str, Any] = (
        {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
        if low < 0 < high
        else {"cmap": "viridis", "vmin": low, "vmax": high if high > low else low + 1}
    )
    axes.imshow(arrange_tiles(shown, columns), **scale)
    for place in np.flatnonzero((shown == 0).all(axis=(1, 2))):
        row, column = divmod(int(place), columns)
        x, y = column * (width + 1) - 0.5, row * (height + 1) - 0.5
        axes.plot([x, x + width], [y, y + height], color="white", lw=0.8)
        axes.plot([x, x + width], [y + height, y], color="white", lw=0.8)
    axes.set_axis_off()
    which = f"first {len(shown)} of {total}" if total > len(shown) else f"{total}"
    noun = "channel" if total == 1 else "channels"
    axes.set_title(
        f"{output.title}: {which} {noun} of {height} × {width}, {low:.3g} to {high:.3g}",
        fontsize=10, loc="left",
    )  # fmt: skip
