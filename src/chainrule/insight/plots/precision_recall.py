"""Plot of precision against recall, and of predicted probabilities against frequencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import checked_count
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import DataError
from chainrule.insight.figure import File, drawing, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS, LINE_COLOURS
from chainrule.insight.plots.class_scores import place_of, scored
from chainrule.insight.plots.classifier import class_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["calibration", "precision_recall"]

Array = NDArray[Any]

_MOST = 7  # curves


@answers_foreign_names(PLOT_ALIASES)
def precision_recall(
    net: Any,
    X: Any,
    y: ArrayLike | None = None,
    path: File = None,
    *,
    positive: Any = None,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    axes: Axes | None = None,
) -> Figure:
    """Plot precision against recall for every threshold of a classifier's scores.

    Precision is the share of those predicted positive that are, recall the share of the positive
    that are found. The average precision is the sum over thresholds of precision times the gain in
    recall. Of a network it is drawn by ``cr.plot.precision_recall(net, X_test, y_test)``.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, function, or array, (n,), (n, 1) or (n, classes)
        A classifier, or its scores: ``precision_recall(scores, y)``.
    X : array or table, (n, ...)
        Samples; the classes, where scores are given.
    y : array, (n,), (n, 1) or one-hot rows
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    positive : class or None
        The class that counts as positive; None takes the second of two, and each of more against
        the rest, of which the seven with the least average precision are drawn.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    axes : matplotlib.axes.Axes or None
        Axes to draw on; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure; dotted is the precision by chance, which is the share of the positive.

    Raises
    ------
    DataError
        If the classifier has no scores, or all samples are of one class.
    ArgumentError
        If `positive` is no class, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = precision_recall([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1])
    >>> figure.axes[0].get_title()
    'Precision and recall of class 1: average 0.833'
    """
    name = "plot.precision_recall"
    labels, predictions = scored(name, "a precision-recall curve", net, X, y)
    assert predictions.scores is not None
    shown = class_names(name, names, predictions.classes)
    is_one = positive is not None or len(predictions.classes) == 2
    places = [place_of(name, positive, predictions.classes)] if is_one else range(len(shown))
    curves = dict[int, tuple[Array, Array, float, float]]()
    for place in places:
        is_positive = labels == predictions.classes[place]
        if is_positive.any():
            curves[place] = _curve(predictions.scores[:, place], is_positive)
    if not curves:
        raise DataError(f"{name}: no sample is of class {positive!r}; choose one that is in y")
    worst = sorted(curves, key=lambda place: curves[place][2])[:_MOST]
    with drawing(axes, path, (6.2, 4.8)) as panel:
        for rank, place in enumerate(worst):
            recall, precision, average, share = curves[place]
            panel.step(
                recall, precision, where="post", color=LINE_COLOURS[rank], lw=2,
                linestyle=("-", "--")[rank % 2],
                label=None if is_one else f"{shown[place]}: average {average:.3f}",
            )  # fmt: skip
            if is_one:
                panel.axhline(
                    share, color="#888888", linestyle=":", label=f"by chance: {share:.3g}"
                )
        first = worst[0]
        mean = float(np.mean([each[2] for each in curves.values()]))
        panel.set(
            xlabel="recall", ylabel="precision", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02),
            title=f"Precision and recall of class {shown[first]}: average {curves[first][2]:.3f}"
            if is_one else f"Precision and recall: mean average {mean:.3f}",
        )  # fmt: skip
        panel.grid(visible=True)
        panel.legend(loc="lower left", frameon=True, framealpha=0.9, edgecolor="none", fontsize=9)
        return root_figure(panel)


def _curve(scores: Array, is_positive: Array) -> tuple[Array, Array, float, float]:
    """Return recall and precision of each threshold, their average, and that by chance."""
    values, place = np.unique(-scores, return_inverse=True)  # the highest first
    hits = np.cumsum(np.bincount(place, is_positive, len(values)))
    found = np.cumsum(np.bincount(place, minlength=len(values)))
    precision, recall = hits / found, hits / hits[-1]
    average = float(np.sum(np.diff(recall, prepend=0) * precision))
    # Between two thresholds the precision of the next one holds.
    return (
        np.concatenate([[0.0], recall]),
        np.concatenate([precision, precision[-1:]]),
        average,
        float(is_positive.mean()),
    )


@answers_foreign_names(PLOT_ALIASES)
def calibration(
    net: Any,
    X: Any,
    y: ArrayLike | None = None,
    path: File = None,
    *,
    positive: Any = None,
    bins: int = 10,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    axes: Any = None,
) -> Figure:
    """Plot how often a class occurs against the probability predicted for it.

    Of a calibrated classifier the points lie on the diagonal: of samples with a probability of
    0.7, 70 % are of the class. Below are the numbers of samples.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, function, or array, (n,), (n, 1) or (n, classes)
        A classifier with probabilities, or those: ``calibration(probabilities, y)``.
    X : array or table, (n, ...)
        Samples; the classes, where probabilities are given.
    y : array, (n,), (n, 1) or one-hot rows
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    positive : class or None
        The class; None takes the second of two, and of more the predicted one of each sample.
    bins : int >= 2
        Number of equal ranges of probability.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    axes : matplotlib.axes.Axes, two of them, or None
        Axes to draw on, for frequencies and for numbers; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The expected calibration error is the mean distance from the diagonal, weighted
        by the numbers of samples.

    Raises
    ------
    DataError
        If the classifier has no probabilities, or all samples are of one class.
    ArgumentError
        If `positive` is no class, `bins` less than 2, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    References
    ----------
    Guo, Pleiss, Sun & Weinberger (2017), "On calibration of modern neural networks", equation 3.

    Examples
    --------
    >>> figure = calibration([0.1, 0.3, 0.8, 0.9], [0, 0, 1, 1], bins=2)
    >>> figure.axes[0].get_title()
    'Calibration of class 1: expected error 17.5 %'
    """
    name = "plot.calibration"
    bins = checked_count(name, "bins", bins, least=2)
    labels, predictions = scored(name, "a calibration curve", net, X, y)
    assert predictions.scores is not None
    if not predictions.are_probabilities:
        raise DataError(
            f"{name}: the classifier gives scores that are no probabilities; give those, such as "
            "the sigmoid of the scores"
        )
    shown = class_names(name, names, predictions.classes)
    if positive is None and len(shown) > 2:
        what = "predicted classes"
        probabilities = predictions.scores.max(axis=1)
        is_class = predictions.predicted == labels
    else:
        place = place_of(name, positive, predictions.classes)
        what = f"class {shown[place]}"
        probabilities, is_class = predictions.scores[:, place], labels == predictions.classes[place]
    edges = np.linspace(0, 1, bins + 1)
    group = np.clip((probabilities * bins).astype(int), 0, bins - 1)
    counts = np.bincount(group, minlength=bins)
    known = counts > 0
    predicted = np.bincount(group, probabilities, bins)[known] / counts[known]
    frequency = np.bincount(group, is_class, bins)[known] / counts[known]
    error = float(np.sum(counts[known] * np.abs(predicted - frequency)) / counts.sum())
    with panels(axes, path, (6.4, 5.6), heights=(3, 1)) as (upper, lower):
        upper.plot([0, 1], [0, 1], ":", color="#888888", label="calibrated")
        upper.plot(predicted, frequency, "o-", color=COLOURS[0], lw=2, label="classifier")
        upper.set(
            ylabel="frequency", xlim=(-0.02, 1.02), ylim=(-0.02, 1.02),
            title=f"Calibration of {what}: expected error {100 * error:.3g} %",
        )  # fmt: skip
        upper.grid(visible=True)
        add_legend(upper)
        lower.stairs(counts, edges, fill=True, color=COLOURS[0])
        lower.set(xlabel="predicted probability", ylabel="samples")
        return root_figure(upper)
