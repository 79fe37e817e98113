"""Likely mistakes warn; nonfinite values are traced to their origin."""

import warnings

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ChainruleWarning
from chainrule.nn.losses.loss import LOSSES
from chainrule.train.checks import check_samples, explain_nonfinite, warn_likely_mistakes
from chainrule.train.network import Network
from tests.train.classification_data import LABELS, X

pytestmark = pytest.mark.usefixtures("numpy_backend")

LIKELY = [
    (np.array([[0, 255]] * 6, np.uint8), LABELS, "X goes from 0 to 255"),
    (np.array([[0.0, 1000.0]] * 6), LABELS, "pass (X - X.mean(axis=0)) / X.std(axis=0)"),
    (np.full((6, 2), 0.5), LABELS, "X is 0.5 everywhere"),
    (X, np.zeros(6, int), "y is 0 for every sample"),
    (X, np.array([0, 2] * 3), "y has no sample of 1 of the 3 classes (1)"),
    (np.resize(X, (200, 2)), np.array([0] * 198 + [1, 2]), "y is 0 in 99.0% of the samples"),
]


def warnings_of(X, y, **options):
    extent = check_samples("fit", X, y).extent
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        warn_likely_mistakes(X, y, extent, LOSSES["cross_entropy"], (None, 3), **options)
    assert all(each.category is ChainruleWarning for each in caught)
    return [str(each.message) for each in caught]


@pytest.mark.parametrize(("X", "y", "words"), LIKELY, ids=[words for *_, words in LIKELY])
def test_likely_mistakes_warn(X, y, words):
    (message,) = warnings_of(X, y)
    assert words in message


def test_amounts_far_from_the_first_outputs_are_told_and_the_advice_works():
    x = np.random.default_rng(0).normal(size=(200, 2))
    y = 70_000 + 20_000 * x[:, 0]
    plain = Network([nn.Dense(1)], seed=0)
    plain.compile(loss="mse", optimizer="adam", metrics=["r2"])
    with pytest.warns(
        ChainruleWarning, match=r"y goes from .* nn.Rescale\(y.std\(\), y.mean\(\)\)"
    ):
        plain.fit(x, y, epochs=1, verbose=0)
    scaled = Network([nn.Dense(1), nn.Rescale(y.std(), y.mean())], seed=0)
    scaled.compile(loss="mse", optimizer="adam", learning_rate=0.01, metrics=["r2"])
    scaled.fit(x, y, epochs=60, verbose=0)
    assert scaled.evaluate(x, y)["r2"] > 0.99


def test_good_data_do_not_warn():
    assert warnings_of(X, LABELS) == []


def test_a_network_that_rescales_its_inputs_does_not_warn_of_their_range():
    assert warnings_of(255 * X, LABELS, needs_scaling=False) == []


def test_sample_weights_silence_the_warning_of_imbalanced_classes():
    y = np.array([0] * 198 + [1, 2])
    assert warnings_of(np.resize(X, (200, 2)), y, is_weighted=True) == []


def test_the_first_nonfinite_gradient_is_named():
    message = explain_nonfinite(
        np.nan, step=3, epoch=1, learning_rate=0.1,
        parameters={"dense.weight": np.ones(2)},
        gradients={"dense.weight": np.array([1.0, np.nan])}, samples=np.array([1.0, np.nan]),
    )  # fmt: skip
    assert "step 3 of epoch 1" in message
    assert "first gradient that is not is dense.weight (1 of its 2 values)" in message
    assert "1 of 2 samples, first number 1 of the batch" in message


def test_nonfinite_parameters_are_named_before_gradients():
    message = explain_nonfinite(
        np.nan, step=0, epoch=0, learning_rate=0.1,
        parameters={"a": np.ones(2), "b": np.array([np.inf])}, gradients={"a": np.array([np.nan])},
    )  # fmt: skip
    assert "first parameter that is not finite is b (1 of its 1 value)" in message
    assert "learning_rate=0.01" in message


def test_small_parameters_suggest_a_function_outside_its_domain():
    message = explain_nonfinite(
        np.nan, step=0, epoch=0, learning_rate=0.1, parameters={"a": np.ones(2)}
    )
    assert "a log or a division of 0" in message


def test_rows_sorted_by_class_are_told_where_the_last_are_held_out():
    def fit(y, X=None, loss="cross_entropy", **options):
        X = np.random.default_rng(0).normal(size=(len(y), 2)) if X is None else X
        net = Network([nn.Dense(3 if loss == "cross_entropy" else 1)])
        net.compile(loss, "sgd")
        net.fit(X, y, verbose=0, **({"validation_split": 0.2} | options))

    y = np.repeat([0, 1, 2], 40)
    names = np.array(["ant", "bee", "cat"])
    for labels, name in ((y, "2"), (names[y], "cat")):
        with pytest.warns(ChainruleWarning, match=f"last 24 samples, .* are all of class {name}:"):
            fit(labels)
    shuffled = np.random.default_rng(0).permutation(y)
    rare = np.append([0, 1, 2], np.zeros(97, int))
    for labels in (shuffled, np.tile([0, 1, 2], 40)):
        fit(labels)
    fit(rare, class_weight="balanced")
    fit(y, validation_split=0.0)
    fit(y, validation_data=(np.ones((3, 2)), [2, 2, 2]), validation_split=0.0)
    fit(y[:, None] * 1.0, loss="mse")
