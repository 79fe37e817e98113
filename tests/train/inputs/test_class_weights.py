"""Weights of classes and samples: what leaves nothing, or has no meaning, is refused."""

import numpy as np
import pytest

from chainrule import nn
from chainrule.errors import ChainruleError
from chainrule.train.network import Network

pytestmark = pytest.mark.usefixtures("numpy_backend")

X = np.random.default_rng(0).normal(size=(20, 3))
Y = np.arange(20) % 2
NAMES = np.array(["no", "yes"])[Y]
ONE_HOT = np.eye(2)[Y]
LAST = np.r_[np.zeros(15), np.ones(5)]


def network(loss="cross_entropy", units=2, dtype="float32"):
    net = Network([nn.Dense(units)], seed=0, dtype=dtype)
    net.compile(loss=loss, optimizer="sgd", learning_rate=0.1)
    return net


LEAVES_NOTHING = [
    ({"class_weight": {0: 0, 1: 0}}, "class_weight is 0 for all 20 training samples"),
    ({"y": NAMES, "class_weight": {"no": 0, "yes": 0.0}}, "class_weight is 0"),
    ({"y": ONE_HOT, "class_weight": {0: 0, 1: 0}}, "class_weight is 0"),
    ({"y": 0 * Y, "class_weight": {0: 0.0, 1: 1.0}}, "class_weight is 0"),
    ({"class_weight": {0: 0, 1: 1}, "sample_weight": 1 - Y}, "class_weight times sample_weight"),
    ({"class_weight": "balanced", "sample_weight": 0 * Y}, "sample_weight is 0"),
    ({"sample_weight": LAST, "validation_split": 0.25}, "sample_weight is 0 for all 15 training"),
    ({"sample_weight": 1 - LAST, "validation_split": 0.25}, "is 0 for all 5 validation samples"),
    ({"sample_weight": np.full(20, 1e-320)}, "scale the weights up"),
    ({"sample_weight": np.full(20, 1e-30, "f4")}, "vanishes in float32"),
    ({"class_weight": {0: 1e-300, 1: 1e-200}}, "class_weight is 0"),
    ({"validation_data": (X, Y, np.zeros(20))}, "validation_data[2] is 0 for all 20 samples"),
    ({"validation_data": (X, Y, np.full(20, 1e-40))}, "validation_data[2] is at most 1e-40"),
]  # fmt: skip

HAS_NO_MEANING = [
    ({"class_weight": {0: 2.0}}, "lacks the class 1, which occurs in y"),
    ({"class_weight": {}}, "lacks the classes 0, 1"),
    ({"y": NAMES, "class_weight": {"yes": 2.0}}, "{**class_weight, 'no': 1.0}"),
    ({"class_weight": {0: 1, 1: 1, 2: 1}}, "class_weight has the class 2"),
    ({"class_weight": {0: 1, 1: 1, -1: 1}}, "class_weight has the class -1"),
    ({"class_weight": {0: 1, 1: 1, 0.5: 1}}, "class_weight has the class 0.5"),
    ({"class_weight": {"0": 1, "1": 1}}, "class_weight has the class '0'"),
    ({"class_weight": {0: 1, 1: -1}}, "class_weight of 1 is -1"),
    ({"class_weight": {0: 1, 1: np.nan}}, "class_weight of 1 is nan"),
    ({"class_weight": {0: 1, 1: np.inf}}, "class_weight of 1 is inf"),
    ({"class_weight": {0: 1, 1: "2"}}, "class_weight of 1 is '2'"),
    ({"class_weight": [1, 2]}, 'it must be "balanced" or a mapping'),
    ({"class_weight": np.ones(2)}, 'it must be "balanced" or a mapping'),
    ({"class_weight": "auto"}, 'it must be "balanced" or a mapping'),
    ({"class_weight": {0: 1e30, 1: 1}, "sample_weight": np.full(20, 1e30)}, "than float32 can"),
    ({"y": np.where(Y[:, None] == 0, 0, ONE_HOT), "class_weight": "balanced", "loss": "mse"},
     "class_weight needs one class a sample, but y[0] is [0., 0.]"),
    ({"y": X[:, :2], "class_weight": "balanced", "loss": "mse"}, "y holds amounts such as"),
    ({"y": (X[:, :2] > 0) * 1, "class_weight": "balanced", "loss": "binary_cross_entropy"},
     "class_weight needs one class a sample"),
    ({"y": np.arange(20)[:, None], "class_weight": "balanced", "loss": "mse", "units": 1},
     "y holds amounts such as 2"),
    ({"y": np.linspace(0, 1, 20)[:, None], "class_weight": {0: 1, 1: 2}, "units": 1,
      "loss": "binary_cross_entropy"}, "y holds fractions"),
]  # fmt: skip


def test_weights_that_leave_nothing_or_mean_nothing_are_refused_before_the_first_step():
    for given, words in LEAVES_NOTHING + HAS_NO_MEANING:
        arguments = dict(given)
        net = network(arguments.pop("loss", "cross_entropy"), arguments.pop("units", 2))
        with pytest.raises(ChainruleError) as refused:
            net.fit(X, arguments.pop("y", Y), epochs=2, verbose=0, **arguments)
        assert words in str(refused.value), given
        assert not len(net.params)


def test_evaluate_refuses_weights_that_leave_nothing():
    net = network()
    for weight in (np.zeros(20), np.full(20, 1e-320)):
        with pytest.raises(ChainruleError, match=r"evaluate: sample_weight is .* none counts"):
            net.evaluate(X, Y, weight)


def test_weights_of_classes_of_any_kind_are_weights_of_samples():
    expected = network().fit(X, Y, sample_weight=1.0 + 2 * Y, epochs=3, verbose=0)["loss"]
    for y, weights in (
        (Y, {0: 1, 1: 3}),
        (Y, {np.int64(0): np.float32(1), np.float64(1): 3}),
        (Y.astype(float), {0.0: 1, 1.0: 3}),
        (Y.astype(bool), {False: 1, True: 3}),
        (NAMES, {"no": 1, "yes": 3}),
        (ONE_HOT, {0: 1, 1: 3}),
    ):
        loss = network().fit(X, y, class_weight=weights, epochs=3, verbose=0)["loss"]
        np.testing.assert_allclose(loss, expected, rtol=1e-6)
    signs = network("hinge", 1).fit(X, 2 * Y[:, None] - 1, class_weight={-1: 1, 1: 3}, verbose=0)
    binary = network("hinge", 1).fit(X, Y[:, None], class_weight={0: 1, 1: 3}, verbose=0)
    assert signs["loss"] == binary["loss"]


def test_a_class_that_does_not_occur_may_have_a_weight():
    network(units=3).fit(X, np.eye(3)[Y], class_weight={0: 1, 1: 2, 2: 5}, epochs=2, verbose=0)


def test_a_batch_without_weight_changes_nothing_and_is_finite():
    net = network()
    weight = np.r_[np.ones(4), np.zeros(16)]
    net.fit(X[:4], Y[:4], batch_size=4, shuffle=False, verbose=0)
    other = network()
    loss = other.fit(X, Y, sample_weight=weight, batch_size=4, shuffle=False, verbose=0)["loss"]
    assert np.isfinite(loss).all()
    assert np.array_equal(net.params["dense.weight"], other.params["dense.weight"])
