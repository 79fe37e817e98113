"""Plot of the confusion matrix of a classifier."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.console import shortened, width_of
from chainrule.data.row_labels import check_row_labels
from chainrule.insight.confusion import confusion_matrix
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.palette import confusion_colours, confusion_scale, text_colour
from chainrule.insight.plots.classifier import (
    Classifier,
    as_rows,
    check_classifier,
    class_labels,
    class_names,
    predict_classes,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["confusion"]

_NAME = "plot.confusion"

_TITLE_WIDTH = 5.4
"""Least width in inches of a confusion figure, for its title."""

_WITH_SHARES = 12
"""Classes up to which a cell has room for its share."""

_WITH_COUNTS = 80
"""Classes up to which cells have room for a count, and each has its name."""
_SIDE, _NAMES = 12.0, 40
"""Of more classes the inches of the matrix, and how many are named."""
_LONGEST_NAME = 22


@answers_foreign_names(PLOT_ALIASES)
def confusion(
    net: Classifier | Any,
    X: ArrayLike | Any,
    y: ArrayLike,
    path: File = None,
    *,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the confusion matrix: correct predictions in blue, errors in orange.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, or function
        A classifier.
    X : array or table, (n, ...)
        Samples.
    y : array, (n,), (n, 1) or one-hot rows
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The shade of a cell is its share of the samples of the true class, on the scale
        beside the matrix.

    Raises
    ------
    DataError
        Unless `y` has one class for each sample.
    ArgumentError
        If `net` is no classifier, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = confusion(lambda X: X[:, 0] % 2, np.array([[1], [2], [3]]), [1, 0, 0])
    >>> figure.axes[0].get_title()
    '2 of 3 right (66.67 %)'
    """
    check_classifier(_NAME, net)
    check_row_labels(_NAME, X=X, y=y)
    labels = class_labels(_NAME, X, y)
    classes, counts = confusion_matrix(
        labels, predict_classes(_NAME, net, as_rows(X), labels).predicted
    )
    shown = [shortened(each, _LONGEST_NAME) for each in class_names(_NAME, names, classes)]
    with drawing(axes, path, _size(shown)) as axes:
        colours = confusion_colours(counts)
        axes.imshow(colours)
        _write_counts(axes, counts, colours)
        _label_classes(axes, shown)
        hits, total = int(np.trace(counts)), int(counts.sum())
        _add_scale(axes, is_mistaken=hits < total)
        title = f"{hits:,} of {total:,} right ({hits / total:.2%})"
        axes.set(xlabel="predicted class", ylabel="true class", title=title.replace("%", " %"))
        # Many classes make a large figure, which is read at the size of a small one.
        larger = float(np.clip(_size(shown)[0] / 7.5, 1.0, 1.5))
        for text in (axes.title, axes.xaxis.label, axes.yaxis.label):
            text.set_fontsize(larger * float(text.get_fontsize()))
        return root_figure(axes)


def _size(shown: Sequence[str]) -> tuple[float, float]:
    """Return width and height in inches: those of the cells, and what the names take."""
    count, longest = len(shown), max(map(width_of, shown))
    side = 1.05 if count <= 4 else 0.56 if count <= _WITH_SHARES else 0.36
    cells = max(count * side, 3.2) if count <= _WITH_COUNTS else _SIDE
    beside, below = 0.09 * longest, 0.065 * longest if longest > 3 else 0.0
    return max(cells + beside + 1.9, _TITLE_WIDTH), cells + below + 1.2


def _write_counts(axes: Axes, counts: NDArray[np.int64], colours: NDArray[Any]) -> None:
    """Write the count of each cell, and its share of the true class where there is room."""
    if len(counts) > _WITH_COUNTS:
        return
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    with_shares = len(counts) <= _WITH_SHARES
    digits = len(str(counts.max()))
    size = min(11.0 if len(counts) <= 4 else 9.5 if with_shares else 8.0, 36 / digits)
    cell = axes.get_position().width * root_figure(axes).get_figwidth() * 72 / len(counts)
    size = min(size, cell / 3.2) if with_shares else size  # 100 % is as wide as three letters
    for (row, column), count in np.ndenumerate(counts):
        if not count:
            continue
        share = shares[row, column]
        percent = "100 %" if share == 1 else "<1 %" if share < 0.01 else f"{min(share, 0.99):.0%}"
        text = (
            f"{count}\n{percent.replace('%', ' %').replace('  ', ' ')}"
            if with_shares
            else f"{count}"
        )
        axes.text(
            column, row, text, ha="center", va="center", fontsize=size, linespacing=1.15,
            color=text_colour(colours[row, column]),
        )  # fmt: skip


def _label_classes(axes: Axes, shown: Sequence[str]) -> None:
    count = len(shown)
    step = 1 if count <= _WITH_COUNTS else -(-count // _NAMES)
    ticks = range(0, count, step)
    shown = [shown[each] for each in ticks]
    if count <= 4:
        shown = [textwrap.fill(each, 12) for each in shown]
    longest = max(width_of(line) for each in shown for line in each.splitlines() or [""])
    is_long = longest > (3 if count > 4 else 12)
    turned: dict[str, Any] = {"rotation": 45, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(ticks, shown, **(turned if is_long else {}))
    axes.set_yticks(ticks, shown)
    if count <= _WITH_COUNTS:
        edges = np.arange(count - 1) + 0.5
        axes.hlines(edges, -0.5, count - 0.5, colors="white", linewidth=1.0)
        axes.vlines(edges, -0.5, count - 0.5, colors="white", linewidth=1.0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _add_scale(axes: Axes, is_mistaken: bool) -> None:
    """Draw the scale of shades at the right: of errors and of correct predictions."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    figure: Any = root_figure(axes)
    bar = figure.colorbar(ScalarMappable(Normalize(0, 100)), ax=axes, aspect=14, pad=0.03)
    shades = confusion_scale(is_mistaken)
    bar.ax.imshow(shades, extent=(0, 1, 0, 100), origin="lower", aspect="auto", zorder=3)
    bar.outline.set_visible(False)
    bar.set_ticks([0, 25, 50, 75, 100])
    bar.ax.tick_params(length=0, labelsize=8)
    what = ": wrong, right" if is_mistaken else ""
    bar.set_label(f"% of the true class{what}", fontsize=9)
