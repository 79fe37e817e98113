"""Losses as functions equal those of ``evaluate``, and of scikit-learn where it has them."""

from functools import partial

import numpy as np
import pytest
import sklearn.metrics as reference

import chainrule as cr
from chainrule import losses, nn
from chainrule.errors import ChainruleError
from chainrule.nn.losses.loss import LOSSES

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(20, 3)), RANDOM.integers(0, 3, 20)
P = RANDOM.dirichlet(np.ones(3), 20)
NAMES = np.array(["cat", "dog", "emu"])


def test_there_is_a_function_for_each_loss():
    assert sorted(losses.__all__) == sorted(LOSSES)


def test_cross_entropies_equal_the_log_loss_of_scikit_learn():
    expected = pytest.approx(reference.log_loss(Y, P))
    for y in (Y, Y.astype(float), NAMES[Y], np.eye(3)[Y]):
        assert losses.cross_entropy(y, P) == expected
        assert losses.cross_entropy(y, np.log(P) + 5, from_logits=True) == expected
    assert losses.cross_entropy(NAMES[Y], P, labels=["cat", "dog", "emu"]) == expected
    y, p = Y > 0, P[:, 1]
    expected = pytest.approx(reference.log_loss(y, p))
    for true, predicted in [(y, p), (y * 1.0, p[:, None]), (np.where(y, "yes", "no"), p)]:
        assert losses.binary_cross_entropy(true, predicted) == expected
    assert losses.binary_cross_entropy(y, np.log(p / (1 - p)), from_logits=True) == expected


@pytest.mark.parametrize("name", ["mse", "sse", "mae", "huber", "log_cosh", "quantile", "hinge"])
def test_losses_equal_those_of_evaluate(name):
    y = (X[:, :1] > 0) * 1.0 if name == "hinge" else X[:, :1] ** 2
    net = cr.Network([nn.Dense(1)], seed=0, dtype="float64")
    results = []
    for loss in (name, getattr(losses, name)):
        net.compile(loss, "sgd")
        results.append(net.evaluate(X, y)["loss"])
    p = net.predict(X)
    assert results[0] == results[1] == pytest.approx(getattr(losses, name)(y, p))
    each = getattr(losses, name)(y[:, 0], p, reduction="none")
    assert each.shape == (20,)
    assert getattr(losses, name)(y, p, reduction="sum") == pytest.approx(each.sum())


def test_a_loss_of_ones_own_may_call_them():
    def own(y_true, y_pred):
        return losses.cross_entropy(y_true, y_pred, from_logits=True) + 0.0 * losses.mae(
            y_pred, y_pred
        )

    results = []
    for loss in ("cross_entropy", own, losses.cross_entropy):
        net = cr.Network([nn.Dense(3)], seed=0)
        net.compile(loss, "adam")
        results.append(net.fit(X, Y, epochs=3, verbose=0)["loss"])
    np.testing.assert_allclose(results[0], results[1], rtol=1e-5)
    assert results[0] == results[2]
    net.compile(lambda y, p: losses.cross_entropy(y, p), "adam")
    with pytest.raises(ChainruleError, match="give from_logits=True or False"):
        net.fit(X, Y, verbose=0)
    net.compile(partial(losses.huber, delta=2.0), "adam")
    net.fit(X, np.eye(3)[Y], verbose=0)
    assert net.loss.name == "huber"


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: losses.cross_entropy([0, 1], [[2.0, -1], [3, 4]]), "give from_logits=True"),
        (lambda: losses.cross_entropy([0, 1], [0.3, 0.4]), "binary_cross_entropy"),
        (lambda: losses.cross_entropy([0, 3], P[:2]), "labels=net.classes"),
        (lambda: losses.binary_cross_entropy([0, 1], [-3, 4]), "give from_logits=True"),
        (lambda: losses.binary_cross_entropy([0, 2], [0.3, 0.4]), r"outside \[0, 1\]"),
        (lambda: losses.kl_divergence([[0.5, 0.5]], [[2.0, 3.0]]), "no probabilities"),
        (lambda: losses.hinge([0, 1, 2], [1.0, 2, 3]), "map labels"),
        (lambda: losses.poisson([1, 2], [1, -2]), "a rate is 0 or more"),
        (lambda: losses.mse([1, 2], [1, 2, 3]), "must be equal"),
        (lambda: losses.mse([1, 2], [[1, 2], [3, 4]]), "must be equal"),
        (lambda: losses.mse([1, np.nan], [1, 2]), "holds 1 NaN"),
        (lambda: losses.mae(["a"], [1]), "text"),
        (lambda: losses.huber([1], [1], delta=0), "delta is 0"),
        (lambda: losses.mse([1], [1], reduction="average"), "reduction is 'average'"),
        (lambda: losses.categorical_crossentropy, r"here it is losses\.cross_entropy"),
    ],
)
def test_what_a_loss_is_not_defined_for_is_refused_with_a_remedy(call, words):
    with pytest.raises(ChainruleError, match=words):
        call()
