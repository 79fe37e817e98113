"""Metrics of classes on amounts and the reverse, wherever targets come."""

import warnings
from functools import partial

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleError, ChainruleWarning
from chainrule.train import metrics
from chainrule.train.metrics import METRICS, Metric
from chainrule.train.network import Network

pytestmark = pytest.mark.usefixtures("numpy_backend")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(40, 3))
PRICES = 200 + 30 * X[:, :2]
SHARES = 1 / (1 + np.exp(-X))
YES = 1.0 * (X[:, :1] > 0)
LABELS = GENERATOR.integers(0, 3, 40)
ONE_HOT = np.eye(3)[LABELS]
OF_CLASSES = ["accuracy", "precision", "recall", "f1", "auc"]


def network(loss, metric, units, activation=None):
    net = Network([nn.Dense(units, activation=activation)], seed=0)
    net.compile(loss=loss, metrics=metric)
    return net


def own_cross_entropy(y, p):
    log_p = p - np.log(np.sum(np.exp(p), axis=1, keepdims=True))
    return -np.mean(log_p[np.arange(len(y)), y])


def own_distance(y, p):
    return np.mean((y - p) ** 2, axis=1)


def test_metrics_of_classes_on_amounts_are_refused_wherever_they_come():
    ours = (metrics.f1, partial(metrics.accuracy, threshold=0.3), METRICS["recall"])
    for metric in (*OF_CLASSES, *ours):
        for y in (PRICES, PRICES[:, :1], -SHARES, np.rint(PRICES).astype(int), LABELS[:, None]):
            net, units = network("mse", [metric], y.shape[1]), y.shape[1]
            legitimate = np.eye(units)[LABELS % units]
            for words, call in (
                ("fit: the metric", partial(net.fit, X, y, verbose=0)),
                ("amounts such as", partial(net.evaluate, X, y)),
                (
                    "validation_data",
                    partial(net.fit, X, legitimate, validation_data=(X, y), verbose=0),
                ),
            ):
                with pytest.raises(ChainruleError, match="counts classes") as refused:
                    call()
                assert words in str(refused.value)


@pytest.mark.filterwarnings("ignore:fit. the metric top_k is always 1")
def test_metrics_of_classes_on_fractions_are_warned_of():
    for metric in (*OF_CLASSES, "top_k"):
        for y in (SHARES, SHARES[:, :1]):
            with pytest.warns(ChainruleWarning, match=f"{metric} .* holds fractions such as 0"):
                network("mse", [metric], y.shape[1]).fit(X, y, verbose=0)


LEGITIMATE = [
    ("mse", OF_CLASSES, YES, 1),
    ("mse", OF_CLASSES, 0.9 * YES + 0.05, 1),
    ("mse", OF_CLASSES, ONE_HOT, 3),
    ("mse", [partial(metrics.accuracy, threshold=0.5)], 1 * (X > 0), 3),
    ("mse", OF_CLASSES, 0.5 * ONE_HOT + 0.5 * ONE_HOT[::-1], 3),
    ("huber", OF_CLASSES, 2 * ONE_HOT - 1, 3),
    ("mse", ["auc", partial(metrics.accuracy, threshold=0.0)], 2 * YES - 1, 1),
    ("hinge", OF_CLASSES, 2 * YES - 1, 1),
    ("binary_cross_entropy", OF_CLASSES, YES[:, 0], 1),
    ("binary_cross_entropy", OF_CLASSES, SHARES, 3),
    ("binary_cross_entropy", [*OF_CLASSES, "mse"], 1 * (X > 0), 3),
    ("cross_entropy", [*OF_CLASSES, "top_2"], LABELS, 3),
    ("cross_entropy", OF_CLASSES, np.array(["a", "b", "c"])[LABELS], 3),
    ("cross_entropy", [*OF_CLASSES, "mse", "r2"], ONE_HOT * 0.9 + 0.1 / 3, 3),
    (own_cross_entropy, OF_CLASSES, LABELS, 3),
    ("mae", ["mse", "r2"], PRICES / 100, 2),
    ("mae", [lambda y, p: np.max(p)], PRICES / 100, 2),
]


def test_metrics_of_the_right_kind_pass_without_a_word():
    for loss, metric, y, units in LEGITIMATE:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            network(loss, metric, units).fit(X, y, validation_split=0.25, verbose=0)


def test_likely_mistakes_are_warned_of():
    for loss, metric, y, units, words in (
        ("mse", "accuracy", 1 * (X > 0), 3, "several, first .*binary_cross_entropy"),
        (own_distance, "f1", 2.0 * (X > 0) - 1, 3, "several, first .*metrics.accuracy, threshold"),
        ("binary_cross_entropy", "top_2", 1 * (X > 0), 3, "top_2 takes the largest of a row"),
        ("mse", "accuracy", 2 * YES - 1, 1, "use the loss hinge, or map -1 to 0"),
        ("cross_entropy", "top_k", LABELS, 3, "top_k is always 1: .* there are 3; use top_2"),
        ("binary_cross_entropy", "top_k", YES, 1, "there are 1; use accuracy"),
    ):
        with pytest.warns(ChainruleWarning, match=words):
            network(loss, [metric], units).fit(X, y, verbose=0)


def test_metrics_that_cannot_compare_the_shapes_are_refused_before_the_first_step():
    for loss, metric, y in (
        ("cross_entropy", "r2", LABELS),
        (own_cross_entropy, "mse", LABELS),
        (lambda y, p: np.mean(p) - np.mean(y), "f1", PRICES),
        (lambda y, p: np.mean(p) - np.mean(y), "r2", PRICES),
    ):
        net = network(loss, [metric], 3)
        with pytest.raises(ChainruleError, match=f"{metric}.*shape"):
            net.fit(X, y, verbose=0)
        assert not len(net.params)


class Called:
    """A metric that is an object."""

    def __call__(self, y_true, y_pred):
        return np.mean(y_true)


def seconds(y_true, y_pred):
    return 1.0


def val_loss(y_true, y_pred):
    return 1.0


def test_what_is_no_metric_is_refused_by_compile():
    for given, words in (
        ([None], "metrics holds None"),
        (["accuracy", None], "pass metrics=None"),
        (["acc"], "here it is 'accuracy'"),
        (["accuracy", metrics.accuracy], "'accuracy' would be reported twice"),
        ([Called], r"Called is a class; give an object of it, Called\(...\)"),
        ([Metric], "is a class"),
        ([lambda p: 1.0], r"called with \(y_true, y_pred\)"),
        ([lambda y, p, weight: 1.0], "missing a required argument: 'weight'"),
        ([seconds], "'seconds' would be reported twice"),
        ([val_loss], "'val_loss' would be reported twice"),
        ([["accuracy"]], "there is no metric"),
        ({"accuracy"}, "there is no metric"),
    ):
        with pytest.raises(ArgumentError, match=words):
            network("cross_entropy", given, 3)
    for given in (None, [], "accuracy", [Called()], [Metric("own", seconds)]):
        network("cross_entropy", given, 3)


def test_what_is_no_loss_is_refused_by_compile():
    for given, words in (
        (Called, "the loss Called is a class"),
        (lambda p: 1.0, r"called with \(y_true, y_pred\)"),
        (None, "expected a name or a function"),
    ):
        with pytest.raises(ArgumentError, match=words):
            network(given, [], 3)
