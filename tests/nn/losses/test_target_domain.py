"""The targets that losses are defined for: in fit, validation and evaluate, in any row."""

import warnings
from functools import partial

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ArgumentError, ChainruleError, ChainruleWarning, DataError
from chainrule.nn.losses import regression
from chainrule.nn.losses.loss import LOSSES, resolve_loss
from chainrule.train.network import Network

pytestmark = pytest.mark.usefixtures("numpy_backend")

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 4))
ONE_HOT = np.eye(3)[GENERATOR.integers(0, 3, 60)]
UNIT = GENERATOR.random((60, 3))


def network(loss, units=3):
    activation = {"poisson": "softplus", "kl_divergence": "softmax"}.get(loss)
    net = Network([nn.Dense(units, activation=activation)], seed=0)
    net.compile(loss=loss, optimizer="sgd", learning_rate=0.01)
    return net


def changed(y, row, value):
    return np.where(np.arange(len(y))[:, None] == row, value, y)


OUTSIDE = [
    ("cross_entropy", (UNIT > 0.5).astype(int), "several classes a sample"),
    ("cross_entropy", changed(ONE_HOT, 59, [1, 1, 0]), "row whose sum is not 1 but 2, first [1"),
    ("cross_entropy", changed(ONE_HOT, 5, 0), "sum is not 1 but 0, first [0., 0., 0.] at y[5]"),
    ("cross_entropy", changed(ONE_HOT, 5, 0).astype(bool), "give it the weight 0 by sample_weight"),
    ("cross_entropy", UNIT, "60 rows whose sum is not 1"),
    ("cross_entropy", ONE_HOT / 2, "y / y.sum(axis=-1, keepdims=True)"),
    ("cross_entropy", ONE_HOT * 0.97, "60 rows whose sum is not 1"),
    ("cross_entropy", (ONE_HOT * 0.9 + 0.1).astype("f4"), "y / y.sum(axis=-1, keepdims=True)"),
    ("cross_entropy", changed(ONE_HOT, 7, [1.5, -0.5, 0]), "2 values outside [0, 1], first 1.5"),
    ("kl_divergence", changed(ONE_HOT, 5, 0), "kl_divergence takes rows of probabilities"),
    ("kl_divergence", UNIT, "60 rows"),
    ("binary_cross_entropy", changed(UNIT, 30, 1.5), "3 values outside [0, 1], first 1.5 at"),
    ("hinge", changed(2 * ONE_HOT - 1, 3, 0), "3 values that are 0 beside -1, first 0.0 at y"),
    ("hinge", UNIT, "are not -1, 0 or 1"),
    ("poisson", changed(UNIT, 40, -1), "3 values that are negative, first -1.0 at y[40, 0]"),
]  # fmt: skip

INSIDE = [
    ("cross_entropy", ONE_HOT * 0.9 + 0.1 / 3),
    ("cross_entropy", (ONE_HOT * 0.9 + 0.1 / 3).astype("f4")),
    ("cross_entropy", (UNIT / UNIT.sum(axis=1, keepdims=True)).astype("f2")),
    *(("cross_entropy", np.round(UNIT / UNIT.sum(axis=1, keepdims=True), each)) for each in (2, 3)),
    ("cross_entropy", np.round(UNIT / UNIT.sum(axis=1, keepdims=True), 2).astype("f4")),
    ("cross_entropy", 0.3 * ONE_HOT + 0.7 * ONE_HOT[::-1]),
    ("cross_entropy", ONE_HOT.astype(bool)),
    ("cross_entropy", ONE_HOT.astype(np.uint8)),
    ("kl_divergence", UNIT / UNIT.sum(axis=1, keepdims=True)),
    ("binary_cross_entropy", UNIT),
    ("binary_cross_entropy", UNIT > 0.5),
    ("hinge", ONE_HOT),
    ("hinge", 2 * ONE_HOT - 1),
    ("poisson", UNIT),
    ("cosine", UNIT),
    ("mse", -UNIT),
]


def test_targets_outside_of_the_domain_of_a_loss_are_refused_wherever_they_come():
    for loss, y, words in OUTSIDE:
        inside = next(each for name, each in INSIDE if name == loss)
        calls = [
            (network(loss).fit, (X, y), {}),
            (network(loss).fit, (X, inside), {"validation_data": (X, y)}),
            (network(loss).evaluate, (X, y), {}),
        ]
        for call, samples, more in calls:
            with pytest.raises(DataError) as refused:
                call(*samples, **more, **({} if call.__name__ == "evaluate" else {"verbose": 0}))
            name = "validation_data[1]" if more else "y"
            assert words.replace("at y", f"at {name}") in str(refused.value), loss


def test_targets_of_the_domain_pass_without_a_word():
    for loss, y in INSIDE:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            network(loss).fit(X, y, validation_split=0.25, verbose=0)


def test_all_rows_of_a_memory_map_are_read(tmp_path):
    y = np.lib.format.open_memmap(tmp_path / "y.npy", mode="w+", dtype="f4", shape=(200_000, 10))
    y[:, 3] = 1
    y[199_998, 3] = 0
    message = LOSSES["cross_entropy"].targets.search(y, "cross_entropy")
    assert (message.count, message.index) == (1, (199_998,))


def test_a_row_outside_passes_where_it_does_not_count():
    y, weight = changed(ONE_HOT, 5, 0), np.ones(60)
    y[8] = 1
    weight[5] = 0
    with pytest.raises(DataError, match=r"1 row whose sum is not 1 but 3.* at y\[8\]"):
        network("cross_entropy").fit(X, y, sample_weight=weight, verbose=0)
    weight[8] = 0
    network("cross_entropy").fit(X, y, sample_weight=weight, verbose=0)


def test_rows_without_a_direction_are_warned_of():
    with pytest.warns(ChainruleWarning, match=r"fit: y has 1 row that is all 0, .* at y\[9\]"):
        network("cosine").fit(X, changed(UNIT, 9, 0), verbose=0)


def test_directions_of_a_single_output_are_warned_of():
    with pytest.warns(ChainruleWarning, match=r"one output has two alone; use mse"):
        network("cosine", 1).fit(X, X[:, :1], verbose=0)


def test_arguments_of_losses_out_of_range_are_refused():
    for loss, words in (
        (partial(regression.quantile, q=2), "quantile: q is 2; it must be a number in (0, 1)"),
        (partial(regression.quantile, q=0.0), "quantile: q is 0.0"),
        (partial(regression.huber, delta=-1.0), "huber: delta is -1.0"),
        (partial(regression.huber, delta=0), "huber: delta is 0"),
        (partial(regression.huber, d=1.0), "the loss huber: "),
    ):
        with pytest.raises(ArgumentError) as refused:
            network(loss).fit(X, UNIT, verbose=0)
        assert words in str(refused.value)
    levels = np.array([0.1, 0.5, 0.9])
    network(partial(regression.quantile, q=levels)).fit(X, UNIT, verbose=0)


def test_a_function_of_ones_own_has_its_own_domain_whatever_its_name():
    def hinge(y_true, y_pred):
        return np.maximum(0, y_true - y_pred).mean(axis=-1)

    network(hinge).fit(X, UNIT, verbose=0)


def test_binary_cross_entropy_takes_several_classes_a_sample():
    y = (X[:, :3] > 0).astype(int)
    with pytest.raises(ChainruleError, match='use loss="binary_cross_entropy"'):
        network("cross_entropy").fit(X, y, verbose=0)
    net = Network([nn.Dense(3)], seed=0)
    net.compile(loss="binary_cross_entropy", learning_rate=0.1, metrics=["accuracy"])
    assert net.fit(X, y, epochs=100, verbose=0)["accuracy"][-1] > 0.9
    assert np.mean(net.predict_class(X) == y) > 0.9


def test_probabilities_have_the_domain_of_logits():
    for name in ("cross_entropy", "binary_cross_entropy"):
        record = LOSSES[name]
        assert resolve_loss(record.of_probabilities().per_sample).targets is record.targets
