"""Plot of the decision boundary of a classifier, over the plane of two features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.console import shortened
from chainrule.data.row_labels import check_row_labels
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS, MARKERS, YELLOW, tint
from chainrule.insight.plots.classifier import (
    Classifier,
    as_rows,
    check_classifier,
    class_labels,
    class_names,
    predict_classes,
)
from chainrule.insight.plots.decision_regions import DecisionRegions, classify_plane
from chainrule.insight.plots.plane import plane_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["decision_boundary", "draw_classes", "draw_regions", "marker_area", "marker_scale"]

Array = NDArray[Any]

_NAME = "plot.decision_boundary"

_MOST_IN_LEGEND = 16
_LONGEST_NAME = 12


@answers_foreign_names(PLOT_ALIASES)
def decision_boundary(
    net: Classifier | Any,
    X: ArrayLike | Any,
    y: ArrayLike,
    path: File = None,
    *,
    columns: Sequence[Any] | None = None,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the predicted class over a plane, of two features or by projection, with the samples.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, or function
        A classifier. A function may return a class for each sample, a score of each class, or, of
        two classes, one number: a probability, or one that is positive for the second class.
    X : array, DataFrame or dict of columns, (n, 2), or more columns of which two are chosen
        The samples.
    y : array, (n,), (n, 1) or one-hot rows
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    columns : pair of int or of str, or None
        The columns that span the plane, where `X` has more than two. The others are held at their
        medians, categories at the most frequent one. None projects more than two columns of numbers
        on the first two principal components of the standardised samples.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    features : list of str or None
        A name for each column of an array; those of tables are known.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The darker a region, the more certain its class; rings mark mistakes. Classes
        of regions are those of samples in the plane; of samples before or behind it they may
        differ.

    Raises
    ------
    DataError
        Unless two columns are known, or all are numbers, and `y` has one class for each sample.
    ArgumentError
        If `net` is no classifier, `columns` are no columns of `X`, or `path` does not name a known
        format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = decision_boundary(lambda X: X[:, 0] > 0, [[-1.0, 0.0], [1.0, 0.5]], [0, 1])
    >>> figure.axes[0].get_ylabel()
    'second feature'
    """
    check_classifier(_NAME, net)
    check_row_labels(_NAME, X=X, y=y)
    plane = plane_of(_NAME, X, columns, features)
    labels = class_labels(_NAME, X, y)
    regions = classify_plane(_NAME, net, plane, labels)
    shown = class_names(_NAME, names, regions.classes)
    mistaken = predict_classes(_NAME, net, as_rows(X), labels).predicted != labels
    with drawing(axes, path, (6.2, 5.0)) as axes:
        draw_regions(axes, regions)
        draw_classes(axes, plane.points, labels, regions.classes, shown)
        if mistaken.any():
            axes.scatter(
                *plane.points[mistaken].T, s=3 * marker_area(len(labels)) + 16, marker="o",
                facecolor="none", edgecolor="#111111", linewidth=1.1,
                label=f"mistaken: {mistaken.sum():,} of {len(labels):,}",
            )  # fmt: skip
        title = "Decision boundary, by projection" if plane.is_projection else "Decision boundary"
        axes.set(xlabel=plane.names[0], ylabel=plane.names[1], title=title)
        add_legend(axes, markerscale=marker_scale(len(labels)))
        return root_figure(axes)


def draw_regions(axes: Axes, regions: DecisionRegions) -> None:
    """Shade each region in the colour of its class, the darker the more certain it is."""
    full = np.array(
        [tint(COLOURS[code % len(COLOURS)], 1.0) for code in range(len(regions.classes))]
    )
    strength = (0.12 + 0.33 * regions.certainty)[..., None]
    axes.imshow(
        1 - strength * (1 - full[regions.codes]), extent=regions.extent, origin="lower",
        aspect="auto",
    )  # fmt: skip
    for margin in regions.margins:
        if margin.min() < 0 < margin.max():
            axes.contour(*regions.ticks, margin, levels=[0], colors="#333333", linewidths=1.2)


def draw_classes(
    axes: Axes, points: Array, labels: Array, classes: Array, shown: Sequence[str]
) -> None:
    """Draw the samples of each class with a colour and a marker of its own.

    Names of many classes stand among their samples, where a legend would be as large as the axes.
    """
    has_legend = len(classes) <= _MOST_IN_LEGEND
    for code, (each, name) in enumerate(zip(classes, shown, strict=True)):
        of_class = points[labels == each]
        if not len(of_class):
            continue
        colour = COLOURS[code % len(COLOURS)]
        axes.scatter(
            *of_class.T, s=marker_area(len(points)), label=name if has_legend else None,
            color=colour,
            marker=MARKERS[(code + code // len(COLOURS)) % len(MARKERS)],
            edgecolor="#666666" if colour == YELLOW else "white",
            linewidth=0.6 if len(points) <= 2000 else 0.2,
            rasterized=len(points) > 5000,
        )  # fmt: skip
        if not has_legend:
            _write_name(axes, of_class, name)


def _write_name(axes: Axes, points: Array, name: str) -> None:
    """Write the name of a class at the sample that is nearest to the median of its samples."""
    from matplotlib.patheffects import withStroke

    distance = np.abs(points - np.median(points, axis=0)) / np.maximum(np.ptp(points, axis=0), 1e-9)
    across, up = points[np.argmin(distance.sum(axis=1))]
    axes.text(
        across, up, shortened(name, _LONGEST_NAME), ha="center", va="center", fontsize=9,
        path_effects=[withStroke(linewidth=2.5, foreground="white")], zorder=5,
    )  # fmt: skip


def marker_area(count: int) -> float:
    """Return the area of a sample's marker in square points: less of it where there are many."""
    return float(np.clip(26 * np.sqrt(400 / count), 4, 34))


def marker_scale(count: int) -> float:
    """Return how much larger markers are in the legend than on the axes."""
    return max(1.0, (26 / marker_area(count)) ** 0.5)
