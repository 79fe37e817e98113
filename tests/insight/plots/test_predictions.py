"""The plot of a regression: what is drawn, and what is refused with a remedy that works."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

X = np.random.default_rng(0).normal(size=(40, 2))
TRUE = X @ [1.0, 2.0]


def _line(axes: Any, label: str) -> Any:
    return next(each for each in axes.lines if each.get_label() == label).get_xydata()


def test_predictions_and_residuals_are_drawn_of_models_functions_and_values() -> None:
    from sklearn.linear_model import Ridge

    net = cr.Network([cr.nn.Dense(1)], seed=0)
    for model in (Ridge(100.0).fit(X, TRUE), net, lambda X: X[:, :1], None):
        given = (model, X, TRUE) if model is not None else (TRUE + 1, TRUE)
        predicted = TRUE + 1 if model is None else getattr(model, "predict", model)(X).ravel()
        left, right = plot.predictions(*given, name="a in m").axes
        np.testing.assert_allclose(_line(left, "samples"), np.stack([TRUE, predicted], 1))
        shown = next(line.get_xydata() for line in right.lines if len(line.get_xdata()) == 40)
        np.testing.assert_allclose(shown, np.stack([predicted, predicted - TRUE], 1))
        mean = np.mean(predicted - TRUE)
        assert f"mean {mean:.3g}" in [each.get_label() for each in right.lines]
        assert left.get_xlabel() == "true a in m"


def test_outputs_of_a_table_have_its_names_and_what_is_not_finite_is_counted() -> None:
    import pandas as pd

    y = pd.DataFrame({"length in m": TRUE, "mass in kg": np.ones(40)})
    values = y.to_numpy() + 0.5
    values[:3, 0] = np.nan
    figure: Any = plot.predictions(values, y)
    assert [each.get_xlabel() for each in figure.axes] == [
        "true length in m", "predicted length in m", "true mass in kg", "predicted mass in kg",
    ]  # fmt: skip
    texts = [each.texts[0].get_text() for each in figure.axes[::2]]
    assert texts[0].startswith("MAE 0.5\nRMSE 0.5\nR² ")
    assert texts[0].endswith("3 samples not finite")
    assert texts[1] == "MAE 0.5\nRMSE 0.5"  # constants have no variance to explain


def test_classifiers_and_other_shapes_are_refused() -> None:
    net = cr.Network([cr.nn.Dense(2)], seed=0)
    net.compile(loss="cross_entropy")
    classes = (X[:, 0] > 0).astype(int)
    for error, message, given in (
        (ArgumentError, r"classifier.* plot\.confusion\(net, X, y\)", (net, X, classes)),
        (DataError, r"y has shape \(40,\) and what is predicted \(40, 2\)", (X, TRUE)),
        (DataError, "y holds <U1", (TRUE, np.full(40, "a"))),
        (DataError, "finite", (np.full(3, np.nan), np.ones(3))),
        (ArgumentError, r"y is None.*plot\.predictions\(net, X, y\)", (net, X)),
        (ArgumentError, "net is 'net'", ("net", X, TRUE)),
    ):  # fmt: skip
        with pytest.raises(error, match=message):
            plot.predictions(*given)
    plot.confusion(net, X, classes)
    with pytest.raises(DataError, match="name has 2 names, and there are 1 output"):
        plot.predictions(TRUE, TRUE, name=["a", "b"])
