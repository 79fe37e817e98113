"""The plots of precision against recall, and of calibration."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(0, 2, 200)
SCORES = np.clip((0.3 * LABELS + RANDOM.uniform(0, 0.7, 200)).round(2), 0, 1)


def test_precision_recall_and_its_average_are_those_of_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    axes: Any = plot.precision_recall(SCORES, LABELS).axes[0]
    average = metrics.average_precision_score(LABELS, SCORES)
    assert axes.get_title() == f"Precision and recall of class 1: average {average:.3f}"
    precision, recall, _ = metrics.precision_recall_curve(LABELS, SCORES)
    drawn = axes.lines[0]
    np.testing.assert_allclose(drawn.get_xdata(), recall[::-1])
    np.testing.assert_allclose(drawn.get_ydata()[:-1], precision[::-1][1:])


def test_the_points_of_a_calibration_are_the_frequencies_in_each_range() -> None:
    figure: Any = plot.calibration(SCORES, LABELS, bins=4)
    x, y = figure.axes[0].lines[1].get_data()
    chosen = [np.minimum(np.floor(4 * SCORES), 3) == each for each in range(4)]
    np.testing.assert_allclose(x, [SCORES[each].mean() for each in chosen])
    np.testing.assert_allclose(y, [LABELS[each].mean() for each in chosen])
    counts = figure.axes[1].patches[0].get_data().values
    assert counts.tolist() == [each.sum() for each in chosen]


def test_several_classes_have_a_curve_each_and_the_calibration_of_those_predicted() -> None:
    scores = np.eye(3)[[0, 1, 2, 0]] * 0.7 + 0.1
    axes: Any = plot.precision_recall(scores, [0, 1, 2, 1], names=["a", "b", "c"]).axes[0]
    assert [each.get_text().split(":")[0] for each in axes.get_legend().get_texts()] == [
        "a", "b", "c"
    ]  # fmt: skip
    axes = plot.calibration(scores, [0, 1, 2, 1]).axes[0]
    assert axes.get_title() == "Calibration of predicted classes: expected error 5 %"


def test_scores_that_are_no_probabilities_and_unknown_classes_are_refused() -> None:
    with pytest.raises(DataError, match="no probabilities; give those, such as the sigmoid"):
        plot.calibration(10 * SCORES - 5, LABELS)
    for call in (plot.calibration, plot.precision_recall):
        with pytest.raises(ArgumentError, match="positive is 7"):
            call(SCORES, LABELS, positive=7)
        with pytest.raises(DataError, match="needs samples of two classes"):
            call(SCORES, np.ones(200, int))
