"""Predictions of any number of rows by programs for a few numbers of rows."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.train.inference.padded_rows import padded_count
from chainrule.train.inference.predict_function import PredictFunction

RANDOM = np.random.default_rng(3)
X = RANDOM.standard_normal((1100, 6, 4)).astype("float32")


@pytest.fixture
def compiled(monkeypatch):
    """The numbers of rows for which a program is compiled."""
    counts = []
    make = PredictFunction.__init__

    def counted(self, stack, X, activation=""):
        counts.append(X.shape[0])
        make(self, stack, X, activation)

    monkeypatch.setattr(PredictFunction, "__init__", counted)
    return counts


def test_a_number_of_rows_has_a_program_for_at_most_a_quarter_more():
    for count in range(1, 2000):
        padded = padded_count(count)
        assert count <= padded <= max(count, 5 * count // 4), count
        assert padded_count(padded) == padded
    assert len({padded_count(count) for count in range(1, 1025)}) == 36


def test_rows_are_predicted_as_one_by_one_by_few_programs(compiled):
    net = cr.Network([nn.LSTM(5), nn.Dense(3), nn.Softmax()], seed=0)
    whole = net.predict(X, batch_size=None)
    del compiled[:]
    for count in (1, 37, 38, 39, 97, 100, 107, 612, 1030, 1100):
        outputs = net.predict(X[:count])
        assert outputs.shape == (count, 3)
        assert outputs.flags.owndata
        assert outputs.flags.writeable
        np.testing.assert_allclose(outputs, whole[:count], atol=1e-6)
        # The quick way of a second call.
        np.testing.assert_array_equal(net.predict(X[:count]), outputs)
    assert compiled == [1, 40, 112, 640, 1024, 6, 80]


def test_any_batch_size_and_number_of_rows_may_follow_another():
    net = cr.Network([nn.Flatten(), nn.Dense(2)], seed=0)
    whole = net.predict(X, batch_size=None)
    for count, size in ((1090, 100), (190, 100), (93, 100), (90, 1000), (160, 96), (64, 30)):
        outputs = net.predict(X[:count], batch_size=size)
        np.testing.assert_allclose(outputs, whole[:count], atol=1e-6)


@pytest.mark.parametrize(
    "layers",
    [
        [nn.Lambda(lambda x: x - x.mean(axis=0)), nn.Flatten()],
        [nn.Flatten(), nn.Dense(4, activation=lambda x: x / np.sum(x))],
        [nn.Flatten(), nn.ODE(lambda t, y: -y * np.arange(24.0, dtype="float32"), rtol=1e-3)],
    ],
)
def test_rows_that_may_depend_on_others_are_not_padded(compiled, layers):
    net = cr.Network(layers, seed=0)
    net.predict(X[:37])
    assert compiled == [37]
