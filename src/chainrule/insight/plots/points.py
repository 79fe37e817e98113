"""Plot of samples of two features, by class or by number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.row_labels import check_row_labels
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.plots.classifier import class_labels, class_names
from chainrule.insight.plots.decision_boundary import draw_classes, marker_area, marker_scale
from chainrule.insight.plots.plane import plane_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["points"]

_NAME = "plot.points"

_MOST_CLASSES = 30


@answers_foreign_names(PLOT_ALIASES)
def points(
    X: ArrayLike | Any,
    y: ArrayLike | None = None,
    path: File = None,
    *,
    columns: Sequence[Any] | None = None,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot samples of two features, in the colours of their classes or numbers.

    Parameters
    ----------
    X : array, DataFrame or dict of columns, (n, 2), or more columns of which two are chosen
        The samples.
    y : array, (n,), (n, 1) or one-hot rows, or None
        Their classes; without `names`, fractions and more than 30 integers are numbers.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    columns : pair of int or of str, or None
        The columns that are drawn, where `X` has more than two; None projects columns of numbers
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
        The figure.

    Raises
    ------
    DataError
        Unless two columns are known, or all are numbers, and `y` has one entry for each sample.
    ArgumentError
        If `columns` are no columns of `X`, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = points([[0.0, 1.0], [1.0, 2.0]], ["left", "right"])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['left', 'right']
    """
    check_row_labels(_NAME, X=X, y=y)
    plane = plane_of(_NAME, X, columns, features)
    labels = None if y is None else class_labels(_NAME, X, y)
    with drawing(axes, path, (6.2, 5.0)) as axes:
        if labels is None:
            axes.scatter(*plane.points.T, s=marker_area(len(plane.points)), color="#0072B2")
        elif names is None and _are_numbers(labels):
            dots = axes.scatter(
                *plane.points.T, s=marker_area(len(labels)), c=labels, cmap="viridis",
                rasterized=len(labels) > 5000,
            )  # fmt: skip
            root_figure(axes).colorbar(dots, ax=axes, label="y")
        else:
            classes = np.unique(labels)
            draw_classes(axes, plane.points, labels, classes, class_names(_NAME, names, classes))
        count = f"{len(plane.points):,} sample{'s' * (len(plane.points) > 1)}"
        axes.set(xlabel=plane.names[0], ylabel=plane.names[1], title=count)
        axes.grid(visible=True)
        add_legend(axes, markerscale=marker_scale(len(plane.points)))
        return root_figure(axes)


def _are_numbers(labels: Any) -> bool:
    if labels.dtype.kind not in "iuf":
        return False
    return len(np.unique(labels)) > _MOST_CLASSES or bool(np.any(labels != np.round(labels)))
