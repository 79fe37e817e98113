"""The plot of ROC curves, against scikit-learn."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

RANDOM = np.random.default_rng(0)
LABELS = RANDOM.integers(2, size=80)
SCORES = np.round(np.clip(RANDOM.normal(0.4 + 0.2 * LABELS, 0.2), 0, 1), 2)  # with ties


def test_the_curve_and_its_area_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import roc_auc_score, roc_curve

    axes = plot.roc(SCORES, LABELS).axes[0]
    alarms, found, _ = roc_curve(LABELS, SCORES, drop_intermediate=False)
    np.testing.assert_allclose(axes.lines[1].get_xydata(), np.stack([alarms, found], axis=1))
    assert axes.get_title() == f"ROC of class 1: AUC {roc_auc_score(LABELS, SCORES):.3f}"


@pytest.mark.parametrize("costs", [(1, 1), (1, 5), (3, 0.5), (0, 1)])
def test_the_threshold_that_is_marked_costs_least(costs: Any) -> None:
    figure = plot.roc(SCORES, LABELS, false_positive_cost=costs[0], false_negative_cost=costs[1])
    level, cost = figure.axes[1].lines[1].get_xydata()[0]

    def cost_of(threshold: float) -> float:
        taken = threshold < SCORES
        return costs[0] * np.sum(taken & (LABELS == 0)) + costs[1] * np.sum(~taken & (LABELS == 1))

    assert cost == cost_of(level) == min(map(cost_of, np.linspace(-1, 2, 601)))
    chosen = plot.roc(SCORES, LABELS, threshold=0.33, false_negative_cost=2).axes[1].lines[1]
    taken = SCORES > 0.33
    expected = np.sum(taken & (LABELS == 0)) + 2 * np.sum(~taken & (LABELS == 1))
    assert chosen.get_xydata().tolist() == [[0.33, expected]]


def test_estimators_and_every_form_of_scores_give_one_curve() -> None:
    from sklearn.linear_model import LogisticRegression

    X = RANDOM.normal(size=(80, 2)) + LABELS[:, None]
    net = LogisticRegression().fit(X, LABELS)
    share = net.predict_proba(X)
    titles = {
        plot.roc(classifier, X, y).axes[0].get_title()
        for classifier, y in (
            (net, LABELS),
            (net.predict_proba, LABELS),
            (net.decision_function, LABELS[:, None]),
            (lambda _: share[:, 1:], np.eye(2)[LABELS]),
        )
    }
    titles |= {plot.roc(each, LABELS).axes[0].get_title() for each in (share, share[:, 1])}
    assert len(titles) == 1
    names = plot.roc(share, np.array(["no", "yes"])[LABELS], positive="no").axes[0].get_title()
    assert names.startswith("ROC of class no: AUC")


def test_several_classes_have_a_curve_each_whose_mean_area_is_the_metric() -> None:
    from chainrule.train.metrics import auc

    logits = RANDOM.normal(size=(90, 3)) + 2 * np.eye(3)[np.arange(90) % 3]
    axes = plot.roc(logits, np.arange(90) % 3, names=["a", "b", "c"]).axes[0]
    assert axes.get_title().endswith(f"mean AUC {auc(np.arange(90) % 3, logits):.3f}")
    labels = [text.get_text()[:2] for text in axes.get_legend().get_texts()]
    assert sorted(labels) == ["a:", "b:", "c:"]


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ((SCORES, np.zeros(80, int)), DataError, "all samples are of class 0"),
        ((SCORES, LABELS[:9]), DataError, "X has 80 rows and y 9"),
        ((np.where(SCORES > 0.6, np.nan, SCORES), LABELS), DataError, "scores of row .* nan"),
        ((lambda X: X > 0.5, SCORES, LABELS), DataError, r"as in roc\(probabilities, y\)"),
        ((lambda X: X, SCORES), ArgumentError, r"y is None; .*roc\(net, X, y\)"),
        ((["a"], [1]), ArgumentError, "net is"),
    ],
)
def test_without_scores_or_with_one_class_there_is_no_curve(
    given: Any, error: Any, message: str
) -> None:
    with pytest.raises(error, match=message):
        plot.roc(*given)
    with pytest.raises(ArgumentError, match="positive is 7; it must be a class, one of 0, 1"):
        plot.roc(SCORES, LABELS, positive=7)
    with pytest.raises(ArgumentError, match="false_positive_cost is -1"):
        plot.roc(SCORES, LABELS, false_positive_cost=-1)
