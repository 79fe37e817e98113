"""Invalid input at every entry point: refused by a message that names it, without side effects.

Each row is a mistake: the call, the exception, a part of its message.
"""

import warnings
from functools import cache

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, tree
from chainrule.errors import (
    ChainruleError,
)
from tests.bad_inputs import (
    DATA,
    FITS,
    FUNCTIONS,
    LAYERS,
    NETWORKS,
    ON_A_NETWORK,
    OPTIMIZERS,
    OTHER_FITS,
    X,
    y,
)

pytestmark = pytest.mark.usefixtures("numpy_backend")


def classifier():
    net = cr.Network([nn.Dense(4, activation="relu"), nn.Dense(3)], seed=1)
    net.compile(loss="cross_entropy", optimizer="adam", metrics=["accuracy"])
    net.fit(X, y, verbose=0)
    return net


def assert_refused(call, error, words):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(error) as caught:
            call()
    if issubclass(error, ChainruleError):
        assert type(caught.value) is error
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("call", "error", "words"), [*FUNCTIONS, *LAYERS, *OPTIMIZERS, *DATA, *NETWORKS]
)
def test_invalid_input_is_refused_by_a_message_that_names_it(
    call, error, words, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert_refused(call, error, words)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("call", "error", "words"), ON_A_NETWORK)
def test_a_refused_call_leaves_the_network_unchanged(call, error, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    net = classifier()
    assert_refused(lambda: call(net), error, words)
    assert_trains_as_if_untouched(net)


@pytest.mark.parametrize(("data", "options", "error", "words"), FITS)
def test_a_refused_fit_leaves_the_network_and_its_input_unchanged(data, options, error, words):
    net = classifier()
    inputs = [each for each in tree.flatten((data, options))[0] if isinstance(each, np.ndarray)]
    before = [each.copy() for each in inputs]
    assert_refused(lambda: net.fit(*data, **{"verbose": 0, **options}), error, words)
    for array, copy in zip(inputs, before, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert_trains_as_if_untouched(net)


@pytest.mark.parametrize(("loss", "targets", "error", "words"), OTHER_FITS)
def test_targets_invalid_for_the_loss_change_no_weight(loss, targets, error, words):
    net = cr.Network([nn.Dense(1)], seed=1)
    net(X)
    before = net.params["dense.weight"].copy()
    net.compile(loss)
    assert_refused(lambda: net.fit(X, targets, verbose=0), error, words)
    np.testing.assert_array_equal(net.params["dense.weight"], before)


@cache
def untouched():
    """Return the weights of a network that no call has touched, and the losses of further fits."""
    net = classifier()
    return [
        ({name: array.copy() for name, array in net.params.items()}, net.fit(X, y, verbose=0))
        for _ in range(2)
    ]


def assert_trains_as_if_untouched(net):
    """Weights, optimizer state and step counters are equal: so are further losses."""
    for weights, history in untouched():
        assert net.params.keys() == weights.keys()
        for name, array in net.params.items():
            np.testing.assert_array_equal(array, weights[name])
        assert net.fit(X, y, verbose=0)["loss"] == history["loss"]


def test_the_tables_cover_many_mistakes():
    tables = FUNCTIONS, LAYERS, OPTIMIZERS, DATA, NETWORKS, ON_A_NETWORK, FITS, OTHER_FITS
    assert sum(map(len, tables)) > 150
