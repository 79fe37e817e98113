"""Plots: training history, decision boundary, confusion matrix, weights.

Each function draws on a new figure, without opening a window, or on the given axes, saves the
figure if a path is given, and returns it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES, PLOT_NAMES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.arguments.rooms import open_room
from chainrule.data.byte_text import decoded
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import DataError
from chainrule.insight.confusion import confusion_matrix
from chainrule.insight.decision_regions import classify_plane
from chainrule.insight.figure import check_has, drawing, root_figure
from chainrule.insight.palette import COLOURS, confusion_colours, text_colour, tint
from chainrule.insight.plots.forecast import forecast
from chainrule.insight.weights import weights

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["Classifier", "confusion", "decision_boundary", "forecast", "history", "weights"]

File = str | os.PathLike[str] | None

_CLASSIFIER = "a network, or what has predict_class(X)"

_TITLE_WIDTH = 5.4
"""Least width in inches of a confusion figure, for its title."""


class Classifier(Protocol):
    """A classifier, as far as the plots use it."""

    def predict_class(self, X: Any) -> Any:
        """Return the class of each sample."""
        ...


@answers_foreign_names(PLOT_ALIASES)
def history(
    course: Mapping[str, Sequence[float]], path: File = None, *, axes: Axes | None = None
) -> Figure:
    """Plot training and validation loss by epoch.

    Parameters
    ----------
    course : mapping of str to list of float
        The history returned by ``fit``: ``loss``, and ``val_loss`` if present, by epoch.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DataError
        If no epoch has finished.
    ArgumentError
        If `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = history({"loss": [2.3, 0.4, 0.1], "val_loss": [2.3, 0.5, 0.3]})
    >>> figure.axes[0].get_xlabel()
    'epoch'
    """
    check_has("plot.history", "course", course, "keys", "a history, or a dict of lists")
    labels = {"loss": "training", "val_loss": "validation"}
    curves = {label: np.asarray(course[key]) for key, label in labels.items() if key in course}
    if "training" not in curves or not curves["training"].size:
        raise DataError("plot.history: there is no loss to plot; call fit for at least one epoch")
    with drawing(axes, path, (6.4, 3.8)) as axes:
        for (label, losses), colour, dashes in zip(
            curves.items(), COLOURS, ("-", "--"), strict=False
        ):
            epochs = np.arange(1, len(losses) + 1)
            marker = "o" if len(losses) <= 30 else ""
            axes.plot(epochs, losses, dashes, marker=marker, ms=4, lw=2, color=colour, label=label)
        axes.set(xlabel="epoch", ylabel="loss", title="Loss")
        axes.locator_params(axis="x", integer=True)
        _choose_scale(axes, np.concatenate(list(curves.values())))
        axes.grid(visible=True)
        if len(curves) > 1:
            axes.legend()
        return root_figure(axes)


@answers_foreign_names(PLOT_ALIASES)
def decision_boundary(
    net: Classifier, X: ArrayLike, y: ArrayLike, path: File = None, *, axes: Axes | None = None
) -> Figure:
    """Plot the predicted class over the plane of two features, with the samples.

    Parameters
    ----------
    net : Network
        A classifier of two features; boundaries are smooth if it has ``predict_proba``.
    X : array, float, (n, 2)
        The samples.
    y : array, (n,) or (n, 1)
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    DataError
        Unless `X` has two columns and `y` one class for each sample.
    ArgumentError
        If `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> class RightHalf:
    ...     def predict_class(self, X):
    ...         return (X[:, 0] > 0).astype(int)
    >>> figure = decision_boundary(RightHalf(), [[-1.0, 0.0], [1.0, 0.5]], [0, 1])
    >>> figure.axes[0].get_ylabel()
    'second feature'
    """
    check_has("plot.decision_boundary", "net", net, "predict_class", _CLASSIFIER)
    points, labels = _checked_points(X, y)
    regions = classify_plane(net, points, labels)
    with drawing(axes, path, (5.6, 4.6)) as axes:
        colours = [COLOURS[code % len(COLOURS)] for code in range(len(regions.classes))]
        tints = np.array([tint(colour) for colour in colours])
        axes.imshow(tints[regions.codes], extent=regions.extent, origin="lower", aspect="auto")
        for margin in regions.margins:
            if margin.min() < 0 < margin.max():
                axes.contour(*regions.ticks, margin, levels=[0], colors="#333333", linewidths=1.2)
        for code, label in enumerate(regions.classes):
            of_class = points[labels == label]
            marker = "osD^vP*X"[code % 8]  # distinct without colour too
            style: dict[str, Any] = {
                "s": 26,
                "edgecolor": "white",
                "linewidth": 0.6,
                "color": colours[code],
            }
            axes.scatter(*of_class.T, marker=marker, label=str(label), **style)
        axes.set(xlabel="first feature", ylabel="second feature", title="Decision boundary")
        axes.legend(title="class", frameon=True, framealpha=0.9, edgecolor="none")
        return root_figure(axes)


@answers_foreign_names(PLOT_ALIASES)
def confusion(
    net: Classifier, X: ArrayLike, y: ArrayLike, path: File = None, *, axes: Axes | None = None
) -> Figure:
    """Plot the confusion matrix: correct predictions in blue, errors in orange.

    Parameters
    ----------
    net : Network
        A classifier.
    X : array, (n, ...)
        Samples.
    y : array, (n,)
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The shade of a diagonal cell is the recall of its class; that of an error its
        count relative to the most frequent error.

    Raises
    ------
    DataError
        Unless `y` has one class for each sample.
    ArgumentError
        If `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> class Parity:
    ...     def predict_class(self, X):
    ...         return np.asarray(X)[:, 0] % 2
    >>> figure = confusion(Parity(), [[1], [2], [3]], [1, 0, 0])
    >>> figure.axes[0].get_title()
    '2 of 3 right (66.67 %)'
    """
    check_has("plot.confusion", "net", net, "predict_class", _CLASSIFIER)
    check_row_labels("plot.confusion", X=X, y=y)
    classes, counts = confusion_matrix(y, net.predict_class(X))
    side = 2.0 + 0.44 * len(classes)
    with drawing(axes, path, (max(side + 0.5, _TITLE_WIDTH), side)) as axes:
        colours = confusion_colours(counts)
        axes.imshow(colours)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = text_colour(colours[row, column])
                axes.text(column, row, f"{count}", ha="center", va="center", color=colour)
        ticks = range(len(classes))
        names = [str(each) for each in classes]
        rotation = 45 if max(map(len, names)) > 3 else 0
        axes.set_xticks(ticks, names, rotation=rotation)
        axes.set_yticks(ticks, names)
        edges = np.arange(len(classes) - 1) + 0.5
        axes.hlines(edges, -0.5, len(classes) - 0.5, colors="white")
        axes.vlines(edges, -0.5, len(classes) - 0.5, colors="white")
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        hits, total = int(np.trace(counts)), int(counts.sum())
        title = f"{hits:,} of {total:,} right ({hits / total:.2%})"
        axes.set(xlabel="predicted class", ylabel="true class", title=title.replace("%", " %"))
        return root_figure(axes)


def _choose_scale(axes: Axes, losses: NDArray[Any]) -> None:
    """Use a logarithmic scale if the losses span more than a decade; else start at 0."""
    low, high = losses.min(), losses.max()
    if low > 0 and high > 20 * low:
        axes.set_yscale("log")
        axes.set_ylabel("loss (logarithmic)")
    elif low >= 0:
        axes.set_ylim(bottom=0)


def _checked_points(X: ArrayLike, y: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    check_row_labels("plot.decision_boundary", X=X, y=y)
    points, labels = np.asarray(X), decoded(np.asarray(y), "plot.decision_boundary: y")
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if (
        points.ndim != 2
        or points.shape[1] != 2
        or labels.shape != points.shape[:1]
        or not labels.size
    ):
        raise DataError(
            f"plot.decision_boundary: X has shape {points.shape} and y {labels.shape}; a plane has "
            "two features, so X must be (n, 2) and y (n,), n at least 1"
        )
    return points, labels


if not TYPE_CHECKING:  # type checkers must still reject unknown names
    __getattr__, __dir__ = open_room(__name__, "plot", __all__, PLOT_NAMES)
