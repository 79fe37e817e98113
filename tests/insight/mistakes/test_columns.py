"""Columns that are natural in codes and series are no mistakes; leaks, and shared rows, are."""

import numpy as np

import chainrule as cr
from chainrule import nn

random = np.random.default_rng(0)


def linear() -> cr.Network:
    net = cr.Network([nn.Dense(1)], seed=1)
    net.compile(loss="mse")
    return net


def test_columns_of_codes_and_series_are_no_mistakes_but_leaks_are():
    X, line = random.normal(size=(200, 3)), np.linspace(0, 1, 203)
    y, bit = X.sum(axis=1) + 0.1 * random.normal(size=200), (X[:, :1] > 0).astype(float)
    sound = {
        "one-hot columns of two classes": (np.c_[X, bit, 1 - bit], y),
        "binary numbers": (np.arange(100)[:, None] >> np.arange(8) & 1, np.arange(100)),
        "a straight series": (np.stack([line[i : i + 200] for i in range(3)], axis=1), line[3:]),
        "the one column that matters": (X, 2 * X[:, 1]),
    }
    for name, data in sound.items():
        assert not cr.check(linear(), *data, trials=False), name
    for leak in (y, 3 * y - 2, y + 0.001 * X[:, 0]):
        found = cr.check(linear(), np.c_[X, leak], y, trials=False)
        assert found.codes == ["CR035"]


def test_validation_rows_that_repeat_as_often_as_training_rows_are_no_mistake():
    X = random.integers(0, 6, (400, 4))
    y = X.sum(axis=1)
    net = linear()
    assert not cr.check(net, X[:300], y[:300], X[300:], y[300:], trials=False)
