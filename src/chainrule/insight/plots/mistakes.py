"""Plot of the samples that a classifier takes for another class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data.columns import is_table
from chainrule.data.file_argument import is_path
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import DataError
from chainrule.insight.figure import File, drawing, root_figure
from chainrule.insight.plots.classifier import as_rows, class_labels, predict_classes
from chainrule.insight.plots.image_arrays import as_images, is_square
from chainrule.insight.plots.images import draw_images, grid_size, label_texts
from chainrule.insight.plots.row_table import cells_of_rows, draw_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["mistakes"]

Array = NDArray[Any]

_NAME = "plot.mistakes"


@answers_foreign_names(PLOT_ALIASES)
def mistakes(
    net: Any,
    X: Any,
    y: ArrayLike,
    path: File = None,
    *,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    count: int = 16,
    image_shape: tuple[int, int] | tuple[int, int, int] | None = None,
    features: Sequence[str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot the samples that are taken for another class, the most certain mistakes first.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, or function
        A classifier.
    X : array or table, (n, ...)
        Samples. Images are drawn; of tables the rows are listed. Rows of 49, 64, 81, ... numbers
        are taken for images, unless `features` names their columns.
    y : array, (n,), (n, 1) or one-hot rows
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    count : int in [1, 100]
        How many are shown at most.
    image_shape : (int, int), (int, int, 3) or None
        Of images given as rows of pixels; None takes a square.
    features : list of str or None
        A name for each column of an array; those of tables are known.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure: of images the predicted class with the true one in parentheses.

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
    >>> figure = mistakes(lambda X: X[:, 0] > 0, np.array([[1.0, 2.0], [3.0, 4.0]]), [1, 0])
    >>> figure.axes[0].get_title()
    '1 of 2 mistaken'
    """
    _check_samples(X, y)
    count = checked_count(_NAME, "count", count, most=100)
    labels = class_labels(_NAME, X, y)
    predictions = predict_classes(_NAME, net, as_rows(X), labels)
    wrong = np.flatnonzero(predictions.predicted != labels)
    certainty = predictions.certainty[wrong]
    first = wrong[np.argsort(-certainty, kind="stable")][:count]
    title = f"{len(wrong):,} of {len(labels):,} mistaken"
    title += f", the {len(first)} most certain" if len(first) < len(wrong) else ""
    texts, _ = label_texts(_NAME, labels[first], predictions.predicted[first], names, len(first))
    if not len(first):
        return _draw_none(f"none of {len(labels):,} mistaken", path, axes)
    if not is_table(X) and _are_images(np.asarray(X), image_shape, features):
        shown = as_images(_NAME, np.asarray(X)[first], image_shape)
        with drawing(axes, path, grid_size(shown)) as axes:
            draw_images(axes, shown, texts, [True] * len(first))
            axes.set_title(_within(axes, f"{title}: predicted (true)"))
            return root_figure(axes)
    header, cells = cells_of_rows(_NAME, X, first, features)
    lines = [[str(row), text, *each] for row, text, each in zip(first, texts, cells, strict=True)]
    header = ["row", "predicted (true)", *header]
    if predictions.scores is not None and predictions.are_probabilities:
        header.insert(2, "probability")
        for line, scores in zip(lines, predictions.scores[first], strict=True):
            line.insert(2, f"{scores.max():.2f}")
    return draw_rows(title, header, lines, path, axes)


def _check_samples(X: Any, y: Any) -> None:
    check_row_labels(_NAME, X=X, y=y)
    if is_path(X):
        raise DataError(
            f"{_NAME}: X is a path; give the columns, as from data.read_csv({str(X)!r})"
        )


def _within(axes: Axes, title: str) -> str:
    """Return a title in two lines where axes among others are too narrow for it."""
    figure: Any = root_figure(axes)
    is_wide = axes.get_position().width * figure.get_figwidth() > 0.11 * len(title)
    return title if is_wide or len(figure.axes) == 1 else title.replace(", ", ",\n", 1)


def _are_images(X: Array, image_shape: Any, features: Any) -> bool:
    if image_shape is not None:
        return True
    return X.ndim in (3, 4) or (X.ndim == 2 and features is None and is_square(X.shape[1]))


def _draw_none(text: str, path: File, axes: Axes | None) -> Figure:
    with drawing(axes, path, (4.0, 1.2)) as axes:
        axes.set_axis_off()
        axes.set_title(text)
        return root_figure(axes)
