"""Plot of images in a grid, each with its class."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.console import shortened
from chainrule.errors import DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.plots.classifier import (
    check_classifier,
    class_labels,
    class_names,
    predict_classes,
)
from chainrule.insight.plots.image_arrays import as_images, brightness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["draw_images", "grid_size", "images", "label_texts"]

Array = NDArray[Any]

_NAME = "plot.images"
_MOST = 400
_RIGHT, _WRONG = "#222222", "#C44E00"


@answers_foreign_names(PLOT_ALIASES)
def images(
    X: ArrayLike,
    y: ArrayLike | None = None,
    path: File = None,
    *,
    predicted: Any = None,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    count: int = 25,
    image_shape: tuple[int, int] | tuple[int, int, int] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the first images, each with its class.

    Parameters
    ----------
    X : array, (n, height, width), (n, height, width, 1), (n, height, width, 3) or (n, pixels)
        Images, grey or in colour, of any numbers: the smallest is black, the largest white.
    y : array, (n,), (n, 1) or one-hot rows, or None
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    predicted : array, (n,), a classifier, or None
        The predicted classes, or a network that predicts them: mistakes are orange, with the true
        class in parentheses.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    count : int in [1, 400]
        How many are drawn at most. Others are drawn by indexing: ``images(X[100:], y[100:])``.
    image_shape : (int, int), (int, int, 3) or None
        Of images given as rows of pixels; None takes a square.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DataError
        If `X` has no images, or the classes are not one for each image.
    ArgumentError
        If an argument is out of range, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = images(np.eye(9).reshape(1, 9, 9), ["diagonal"])
    >>> figure.axes[0].get_title()
    '1 image of 9 × 9 pixels'
    """
    shown = as_images(_NAME, X, image_shape)
    total, count = len(shown), min(checked_count(_NAME, "count", count, most=_MOST), len(shown))
    labels = None if y is None else class_labels(_NAME, X, y)[:count]
    guessed = _predicted(X, predicted, labels, count)
    texts, is_wrong = label_texts(_NAME, labels, guessed, names, count)
    height, width = shown.shape[1:3]
    title = f"{total:,} image{'s' * (total > 1)} of {height} × {width} pixels"
    title = title if count == total else f"The first {count} of {title}"
    if labels is not None and guessed is not None:
        title = f"{sum(is_wrong)} of {count} mistaken: predicted (true)"
    with drawing(axes, path, grid_size(shown[:count])) as axes:
        draw_images(axes, shown[:count], texts, is_wrong)
        axes.set_title(title)
        return root_figure(axes)


def _predicted(X: Any, predicted: Any, labels: Array | None, count: int) -> Array | None:
    """Return the predicted classes of the images that are drawn."""
    if predicted is None:
        return None
    asks = hasattr(predicted, "predict") or hasattr(predicted, "predict_class")
    if asks or callable(predicted):
        check_classifier(_NAME, predicted)
        known = np.zeros(0, int) if labels is None else labels
        return predict_classes(_NAME, predicted, np.asarray(X)[:count], known).predicted
    return class_labels(f"{_NAME}, predicted", X, predicted)[:count]


def label_texts(
    function: str, true: Array | None, predicted: Array | None, names: Any, count: int
) -> tuple[list[str], list[bool]]:
    """Return the label of each image, and whether its predicted class is wrong."""
    known = [each for each in (true, predicted) if each is not None]
    if not known:
        return [""] * count, [False] * count
    if len({each.dtype.kind in "USO" for each in known}) > 1:
        raise DataError(
            f"{function}: y holds classes such as {known[0].tolist()[0]!r}, and predicted are "
            f"classes such as {known[1].tolist()[0]!r}; give both in one form"
        )
    classes = np.unique(np.concatenate(known))
    by_class = dict(zip(classes.tolist(), class_names(function, names, classes), strict=True))
    first = [by_class[each] for each in known[0].tolist()]
    if len(known) == 1:
        return first, [False] * count
    second = [by_class[each] for each in known[1].tolist()]
    is_wrong = (known[0] != known[1]).tolist()
    texts = [
        f"{guess} ({name})" if wrong else guess
        for name, guess, wrong in zip(first, second, is_wrong, strict=True)
    ]
    return texts, is_wrong


# ------------------------------------------------------------------------------------- drawing


def grid_size(shown: Array) -> tuple[float, float]:
    """Return the width and height in inches of a figure of images with labels."""
    columns, rows = _grid(len(shown))
    tile = 6.4 / max(columns, 4)
    height, width = shown.shape[1:3]
    label = 1.6 * _font_size(columns) / 72
    return max(columns * tile, 4.0), rows * (tile * height / (1.06 * width) + label) + 0.4


def draw_images(axes: Axes, shown: Array, texts: list[str], is_wrong: list[bool]) -> None:
    """Draw images side by side, each with its label above; those of wrong ones are orange."""
    columns, rows = _grid(len(shown))
    size = _font_size(columns)
    figure: Any = root_figure(axes)
    tile = figure.get_figwidth() * (1.0 if len(figure.axes) == 1 else axes.get_position().width)
    tile /= columns  # inches
    height, width = shown.shape[1:3]
    gap = 0.06 * width
    label = 1.6 * size / 72 / tile * (width + gap) if any(texts) else gap
    most = max(int(tile * 72 / (0.58 * size)), 3)
    scale = brightness(shown)
    texts = [shortened(text, most) for text in texts]
    for place, (image, text, wrong) in enumerate(zip(shown, texts, is_wrong, strict=True)):
        row, column = divmod(place, columns)
        left, top = column * (width + gap), row * (height + label) + label
        axes.imshow(image, extent=(left, left + width, top + height, top), **scale)
        axes.text(
            left + width / 2, top - 0.12 * label, text,
            ha="center", va="bottom", fontsize=size, color=_WRONG if wrong else _RIGHT,
            fontweight="bold" if wrong else "normal",
        )  # fmt: skip
    axes.set_xlim(-gap, columns * (width + gap))
    axes.set_ylim(rows * (height + label) + gap, 0)
    axes.set_axis_off()


def _grid(count: int) -> tuple[int, int]:
    columns = count if count <= 5 else math.ceil(math.sqrt(count))
    return columns, math.ceil(count / columns)


def _font_size(columns: int) -> float:
    return 11.0 if columns <= 5 else 9.0 if columns <= 7 else 8.0 if columns <= 10 else 6.0
