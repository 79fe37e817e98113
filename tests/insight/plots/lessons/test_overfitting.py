"""Networks of several sizes: their errors, and what they make of a plane or a line."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

X = np.random.default_rng(0).normal(size=(30, 2))
Y = (X[:, 0] > 0).astype(int)


def _errors(figure: Any, label: str) -> Any:
    axes = next(each for each in figure.axes if each.get_title() == "Errors")
    return next(each for each in axes.lines if each.get_label() == label).get_ydata()


def test_errors_are_the_shares_of_mistaken_samples_on_both_parts() -> None:
    nets = {each: lambda rows, each=each: rows[:, 0] > each for each in (-1.0, 0.0, 5.0)}
    figure: Any = plot.overfitting(nets, (X[:20], Y[:20]), (X[20:], Y[20:]), name="threshold")
    for rows, label in ((slice(0, 20), "training"), (slice(20, 30), "test")):
        exact = [100 * np.mean((X[rows, 0] > each) != Y[rows]) for each in nets]
        np.testing.assert_allclose(_errors(figure, label), exact)
    titles = [each.get_title() for each in figure.axes]
    assert titles == ["threshold: -1", "threshold: 0", "threshold: 5", "Errors"]
    dots = [each for each in figure.axes[0].collections if type(each).__name__ == "PathCollection"]
    assert sum(len(np.asarray(each.get_offsets())) for each in dots) == 30


def test_regressions_of_one_feature_have_a_curve_and_others_errors_alone() -> None:
    x, y = X[:, :1], X[:, :1] ** 2
    net = cr.Network([nn.Dense(1)], seed=0)
    net.compile(loss="mse")
    nets: dict[str, Any] = {"line": net, "square": lambda rows: np.ravel(rows) ** 2}
    net(x)
    figure: Any = plot.overfitting(nets, (x[:20], y[:20]), (x[20:], y[20:]))
    np.testing.assert_allclose(_errors(figure, "test")[1], 0, atol=1e-7)
    assert len(figure.axes) == 3
    images = np.zeros((4, 3, 3, 1))
    classes = np.array([0, 1, 0, 1])
    figure = plot.overfitting({1: lambda rows: classes}, (images, classes), (images, classes))
    assert [each.get_title() for each in figure.axes] == ["Errors"]


def test_tables_and_many_features_are_projected() -> None:
    import pandas as pd

    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "c": X[:, 0] - X[:, 1]})
    nets = {1: lambda rows: rows["a"].to_numpy() > 0}
    figure: Any = plot.overfitting(nets, (table[:20], Y[:20] > 0), (table[20:], Y[20:] > 0))
    assert list(_errors(figure, "training")) == [0.0]


def test_what_are_no_networks_or_pairs_is_refused() -> None:
    call: Any = plot.overfitting
    part = (X, Y)
    for error, message, given in (
        (ArgumentError, r"nets is \[\]; it must be a dict", ([], part, part)),
        (ArgumentError, r"nets\[1\] is 3", ({1: 3}, part, part)),
        (ArgumentError, r"test is .* a pair \(X, y\)", ({1: np.sign}, part, X)),
        (DataError, "X has 30 rows and y 2 classes", ({1: np.sign}, (X, Y[:2]), part)),
    ):
        with pytest.raises(error, match=message):
            call(*given)
