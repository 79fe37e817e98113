"""The plot of the importance of columns."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

RANDOM = np.random.default_rng(0)


def importances(figure: Any) -> dict[str, float]:
    axes = figure.axes[0]
    names = [text.get_text() for text in axes.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in axes.patches], strict=True))


def test_only_the_columns_that_are_used_are_important() -> None:
    import pandas as pd
    from sklearn.linear_model import LinearRegression

    X = RANDOM.normal(size=(200, 3))
    y = 3 * X[:, 2] - X[:, 0]
    net = LinearRegression().fit(X, y)
    found = importances(plot.importance(net, X, y, features=["a", "b", "c"], seed=1))
    assert list(found) == ["c", "a", "b"]
    assert abs(found["b"]) < 1e-9 < 0.05 < found["a"] < found["c"]
    np.testing.assert_allclose(found["c"], 2 * 9 / 10, rtol=0.2)  # the share of the variance, twice
    again = importances(plot.importance(net, X, y, features=["a", "b", "c"], seed=1))
    assert again == found
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    before = frame.copy()
    net = LinearRegression().fit(frame, y)
    assert importances(plot.importance(net, frame, y, seed=1)) == pytest.approx(found)
    pd.testing.assert_frame_equal(frame, before)


def test_a_network_is_judged_by_its_loss_or_a_metric() -> None:
    from chainrule import Network, data, nn

    table = {"size": RANDOM.normal(size=90), "kind": np.array(["a", "b", "c"] * 30)}
    y = (table["kind"] == "b").astype(int)
    net = Network([data.Table(*table), nn.Dense(2)], seed=0)
    net.compile(loss="cross_entropy", optimizer="adam", learning_rate=0.1, metrics=["accuracy"])
    net.fit(table, y, epochs=20, verbose=0)
    for metric, change in (
        (None, "increase of the loss"),
        ("accuracy", "decrease of the accuracy"),
    ):
        figure = plot.importance(net, table, y, metric=metric, repeats=2, samples=60)
        assert list(importances(figure)) == ["kind", "size"]
        assert figure.axes[0].get_xlabel().startswith(change)
    with pytest.raises(
        ArgumentError, match=r"metric is 'auc'; it must be one of 'loss', 'accuracy'"
    ):
        plot.importance(net, table, y, metric="auc")


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (np.zeros((4, 8, 8, 1)), [0] * 4, "it must have columns"),
        (np.zeros((4, 2)), [0] * 3, "X has 4 rows and y 3"),
        (np.zeros((4, 1001)), [0] * 4, "choose among them"),
        ("data.csv", [0], r"data.read_csv\('data.csv'\)"),
    ],
)
def test_what_has_no_columns_has_no_importance(X: Any, y: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        plot.importance(lambda X: X[:, 0], X, y)
