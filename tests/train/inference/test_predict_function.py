"""Cached predictions return the values, and raise the errors, of the first call."""

import threading

import numpy as np
import pytest

from chainrule import Network, nn
from chainrule.errors import DataError, ShapeError
from chainrule.train.checks import is_clearly_finite

X = np.random.default_rng(0).normal(size=(5, 4))
DTYPES = ["float32", "float64", "int32", "uint8", "bool", ">f4"]


@pytest.fixture(params=["llvm", "numpy"])
def net(request, monkeypatch):
    monkeypatch.setenv("CHAINRULE_BACKEND", request.param)
    net = Network([nn.Dense(6, activation="relu"), nn.Dense(3)], seed=3)
    net.compile("cross_entropy")
    net(X)
    return net


def by_hand(net, inputs):
    weight_1, bias_1, weight_2, bias_2 = net.params.values()
    return np.maximum(inputs.astype("f4") @ weight_1 + bias_1, 0) @ weight_2 + bias_2


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_call_returns_the_networks_output(net, dtype):
    for _ in range(3):
        inputs = (3 * np.random.default_rng(1).normal(size=(5, 4))).astype(dtype)
        for array in (inputs, inputs[::-1], np.asfortranarray(inputs), inputs.tolist()):
            np.testing.assert_allclose(
                net.predict(array), by_hand(net, np.asarray(array)), rtol=1e-5, atol=1e-6
            )


@pytest.mark.parametrize("method", ["predict", "predict_proba", "predict_class"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nonfinite_values_are_refused_by_cached_predictions(net, method, dtype, bad):
    call, inputs = getattr(net, method), X.astype(dtype)
    before = call(inputs)
    inputs[3, 2] = bad
    for _ in range(2):
        with pytest.raises(DataError, match=r"first -?(nan|inf) at X\[3, 2\]"):
            call(inputs)
    assert np.array_equal(call(X.astype(dtype)), before)


def test_values_beyond_float32_are_refused_by_cached_predictions(net):
    net.predict(X)
    with pytest.raises(DataError, match="which float32 cannot hold"):
        net.predict(np.where(X > 1, 1e39, X))
    large = np.full((5, 4), 1e30)
    assert np.isfinite(net.predict(large)).all()


def test_other_shapes_are_refused_by_cached_predictions(net):
    net.predict(X)
    for wrong in (X[:, :3], X[0], X[None]):
        with pytest.raises(ShapeError, match="the network was built for"):
            net.predict(wrong)


def test_parameters_written_into_or_replaced_take_effect_at_once(net):
    net.predict(X)
    net.params["dense.bias"][:] = 1
    np.testing.assert_allclose(net.predict(X), by_hand(net, X), rtol=1e-5, atol=1e-6)
    weight = net.layers[0].weight
    for other in (weight.value * 2, np.asfortranarray(weight.value * 3)):
        weight.value = other
        np.testing.assert_allclose(net.predict(X), by_hand(net, X), rtol=1e-5, atol=1e-6)


def test_results_of_earlier_calls_are_not_overwritten(net):
    first = net.predict(X)
    copy = first.copy()
    net.predict(-X)[:] = 7
    assert np.array_equal(first, copy)
    assert np.array_equal(net.predict(X), copy)


def test_threads_may_predict_concurrently(net):
    inputs = [X * (i + 1) for i in range(4)]
    expected = [net.predict(each) for each in inputs]
    wrong: list[int] = []

    def predict(number):
        answers = (net.predict(inputs[number]) for _ in range(200))
        wrong.append(sum(not np.array_equal(each, expected[number]) for each in answers))

    threads = [threading.Thread(target=predict, args=(i,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == [0] * 4


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("size", [1, 3, 64, 4096, 5000])
def test_the_quick_check_finds_every_nonfinite_value(dtype, size):
    for index in {0, size // 2, size - 1}:
        for bad in (np.nan, np.inf, -np.inf):
            array = np.ones((1, size), dtype)
            array[0, index] = bad
            assert not is_clearly_finite(array)
            assert not is_clearly_finite(array[:, ::-1])
