"""Plot of the ROC curve, and of what each threshold costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from chainrule.arguments.aliases import PLOT_ALIASES
from chainrule.arguments.checks import NON_NEGATIVE, checked_number
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.insight.figure import File, panels, root_figure
from chainrule.insight.legend import add_legend
from chainrule.insight.palette import COLOURS, LINE_COLOURS
from chainrule.insight.plots.class_scores import place_of, scored
from chainrule.insight.plots.classifier import (
    Predictions,
    class_names,
)
from chainrule.train.metrics.roc_auc import auc

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["roc"]

Array = NDArray[Any]

_NAME = "plot.roc"

_MOST_CURVES = 7


@answers_foreign_names(PLOT_ALIASES)
def roc(
    net: Any,
    X: Any,
    y: ArrayLike | None = None,
    path: File = None,
    *,
    positive: Any = None,
    threshold: float | None = None,
    false_positive_cost: float = 1.0,
    false_negative_cost: float = 1.0,
    names: Sequence[str] | Mapping[Any, str] | None = None,
    axes: Any = None,
) -> Figure:
    """Plot the ROC curve of a classifier, and the cost of each threshold.

    The curve gives the true positive rate and the false positive rate of every threshold. The one
    that is marked has the least cost: ``false_positive_cost`` for each false positive,
    ``false_negative_cost`` for each false negative. Choose it on validation data. More than two
    classes have a curve each, against the rest.

    Of a network it is drawn by ``cr.plot.roc(net, X_test, y_test, "roc.png")``.

    Parameters
    ----------
    net : Network, estimator of scikit-learn, function, or array, (n,), (n, 1) or (n, classes)
        A classifier, or its scores: ``roc(scores, y)``.
    X : array or table, (n, ...)
        Samples; the classes, where scores are given.
    y : array, (n,), (n, 1) or one-hot rows
        Their classes.
    path : str, path or None
        File to save the figure to, .png, .svg or .pdf; None does not save.
    positive : class or None
        The class that counts as positive; None takes the second of two.
    threshold : float or None
        The score above which a sample is predicted positive; None takes that of least cost.
    false_positive_cost, false_negative_cost : float >= 0
        The cost of a false positive and of a false negative.
    names : list or dict of str, or None
        Names of the classes 0, 1, 2, ..., or of any classes by class; None shows the classes.
    axes : matplotlib.axes.Axes, two of them, or None
        Axes to draw on, two for the cost too; None creates a figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure. The area under the curve, AUC, is that of the metric ``auc``.

    Raises
    ------
    DataError
        If the classifier has no scores, or all samples are of one class.
    ArgumentError
        If `positive` is no class, a cost is negative, or `path` does not name a known format.
    ImportError
        If matplotlib, the extra ``plot``, is not installed.

    Examples
    --------
    >>> figure = roc([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1], false_negative_cost=5)
    >>> figure.axes[0].get_title()
    'ROC of class 1: AUC 0.750'
    """
    costs = (
        checked_number(_NAME, "false_positive_cost", false_positive_cost, NON_NEGATIVE),
        checked_number(_NAME, "false_negative_cost", false_negative_cost, NON_NEGATIVE),
    )
    labels, predictions = scored(_NAME, "a ROC curve", net, X, y)
    assert predictions.scores is not None
    shown = class_names(_NAME, names, predictions.classes)
    if len(predictions.classes) > 2 and positive is None:
        return _draw_each_class(predictions, labels, shown, path, axes)
    place = place_of(_NAME, positive, predictions.classes)
    curve = _Curve.of(predictions.scores[:, place], labels == predictions.classes[place], costs)
    given = None if threshold is None else checked_number(_NAME, "threshold", threshold)
    count = 2 if axes is None else min(np.size(axes), 2)
    with panels(axes, path, (9.2, 4.4) if count == 2 else (5.4, 4.6), columns=count) as drawn:
        area = auc(labels == predictions.classes[place], predictions.scores[:, place])
        _draw_curve(drawn[0], curve, given)
        drawn[0].set_title(f"ROC of class {shown[place]}: AUC {area:.3f}")
        if count == 2:
            _draw_costs(drawn[1], curve, given, 0.5 if predictions.are_probabilities else 0.0)
        return root_figure(drawn[0])


@dataclass(frozen=True)
class _Curve:
    """The rates of each threshold, from the highest, at which nothing is positive."""

    levels: Array  # the scores, from the highest
    thresholds: Array  # one above, between and below them
    true_positive_rate: Array  # share of the positive samples that are above the threshold
    false_positive_rate: Array  # share of the negative ones
    cost: Array

    @classmethod
    def of(cls, scores: Array, is_positive: Array, costs: tuple[float, float]) -> _Curve:
        values, place = np.unique(-scores, return_inverse=True)  # the highest first
        hits = np.concatenate([[0], np.cumsum(np.bincount(place, is_positive))])
        false = np.concatenate([[0], np.cumsum(np.bincount(place, ~is_positive))])
        levels = -values
        # Between two scores, so that rounding takes no sample to the other side.
        between = (levels[1:] + levels[:-1]) / 2
        step = np.ptp(levels) / 20 or 0.05
        thresholds = np.concatenate([[levels[0] + step], between, [levels[-1] - step]])
        cost = costs[0] * false + costs[1] * (hits[-1] - hits)
        return cls(levels, thresholds, hits / hits[-1], false / false[-1], cost)

    def at(self, threshold: float | None) -> int:
        """Return the place of a threshold, or of the least cost, the middle of equal ones."""
        if threshold is not None:
            return int(np.sum(self.levels > threshold))
        best = np.flatnonzero(self.cost == self.cost.min())
        return int(best[len(best) // 2])


def _draw_curve(axes: Axes, curve: _Curve, threshold: float | None) -> None:
    axes.plot([0, 1], [0, 1], color="#888888", linestyle=":", label="by chance")
    axes.plot(curve.false_positive_rate, curve.true_positive_rate, color=COLOURS[0], linewidth=2)
    place = curve.at(threshold)
    level = curve.thresholds[place] if threshold is None else threshold
    axes.plot(
        curve.false_positive_rate[place], curve.true_positive_rate[place],
        "o", ms=11, mfc="none", mec="#222222", mew=1.8,
        label=f"threshold {level:.3g}: true positives {curve.true_positive_rate[place]:.0%},\n"
        f"false positives {curve.false_positive_rate[place]:.0%}".replace("%", " %"),
    )  # fmt: skip
    _finish(axes)


def _finish(axes: Axes) -> None:
    axes.set(
        xlabel="false positive rate", ylabel="true positive rate",
        xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal",
    )  # fmt: skip
    axes.grid(visible=True)
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor="none", fontsize=9)


def _draw_costs(axes: Axes, curve: _Curve, threshold: float | None, default: float) -> None:
    axes.step(curve.thresholds, curve.cost, where="mid", color=COLOURS[4], linewidth=2)
    place, usual = curve.at(threshold), curve.at(default)
    level = curve.thresholds[place] if threshold is None else threshold
    what = "least" if threshold is None else "chosen"
    axes.plot(
        level, curve.cost[place], "o", ms=11, mfc="none", mec="#222222", mew=1.8,
        label=f"{what}: {curve.cost[place]:,.6g} at {level:.3g}",
    )  # fmt: skip
    axes.axvline(
        default, color="#888888", linestyle=":",
        label=f"default: {curve.cost[usual]:,.6g} at {default:g}",
    )  # fmt: skip
    axes.set(xlabel="threshold", ylabel="cost of all errors", title="Cost of each threshold")
    axes.set_ylim(0, 1.05 * max(curve.cost.max(), 1e-12))
    axes.grid(visible=True)
    add_legend(axes)


def _draw_each_class(
    predictions: Predictions, labels: Array, shown: list[str], path: File, axes: Any
) -> Figure:
    """Draw a curve for each class against the rest, those of the hardest in colour."""
    assert predictions.scores is not None
    scores = predictions.scores
    if not predictions.are_probabilities:
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        scores = powers / powers.sum(axis=1, keepdims=True)
    present = [place for place, each in enumerate(predictions.classes) if (labels == each).any()]
    areas = {each: auc(labels == predictions.classes[each], scores[:, each]) for each in present}
    order = sorted(present, key=lambda each: areas[each])
    with panels(axes, path, (5.6, 5.0)) as (panel,):
        panel.plot([0, 1], [0, 1], color="#888888", linestyle=":")
        for rank, place in reversed(list(enumerate(order))):
            curve = _Curve.of(scores[:, place], labels == predictions.classes[place], (1.0, 1.0))
            is_named = rank < _MOST_CURVES
            panel.plot(
                curve.false_positive_rate, curve.true_positive_rate,
                color=LINE_COLOURS[rank] if is_named else "#BBBBBB",
                linestyle=("-", "--")[rank % 2], linewidth=1.6 if is_named else 0.8,
            )  # fmt: skip
        for rank, place in enumerate(order[:_MOST_CURVES]):
            panel.plot(
                [], [], color=LINE_COLOURS[rank], linestyle=("-", "--")[rank % 2],
                label=f"{shown[place]}: AUC {areas[place]:.3f}",
            )  # fmt: skip
        _finish(panel)
        mean = float(np.mean(list(areas.values())))
        panel.set_title(f"ROC, each class against the rest: mean AUC {mean:.3f}")
        return root_figure(panel)
