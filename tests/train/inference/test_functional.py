"""`net.apply` and `net.gradients`: the network as a pure function of its parameters."""

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim
from chainrule.errors import ArgumentError, ChainruleError, UnsupportedError

X = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
Y = (X[:, :2] @ np.array([[1.0], [-2.0]], np.float32)) ** 2


def regressor(*layers: nn.Layer) -> cr.Network:
    net = cr.Network([*layers, nn.Dense(1)], seed=1)
    net.compile(loss="mse", optimizer=optim.Adam(0.01))
    net(X)
    return net


def normalized() -> cr.Network:
    return regressor(nn.Dense(6, "tanh", l2=0.1), nn.BatchNorm(), nn.Dropout(0.5))


def loss(net, params, training=False, seed=None):
    error = net.apply(params, X, training=training, seed=seed) - Y
    return np.mean(error**2) + 0.05 * np.sum(params["dense.weight"] ** 2)


def test_apply_is_a_function_of_its_arguments_and_changes_nothing():
    net = normalized()
    before = net.params.copy()
    np.testing.assert_array_equal(net.apply(before, X), net(X))
    doubled = {name: (2 * each).astype(np.float64) for name, each in net.params.items()}
    other = normalized()
    other.params.update(doubled)
    np.testing.assert_allclose(net.apply(doubled, X), other.predict(X), rtol=1e-4)
    assert net.apply(doubled, X).dtype == np.float64
    one, two = (net.apply(before, X, training=True, seed=seed) for seed in (1, 2))
    assert np.any(one != two)
    for seed in (1, np.int64(1), cr.random.key(1)):
        np.testing.assert_array_equal(net.apply(before, X, training=True, seed=seed), one)
    traced = cr.jit(lambda seed: net.apply(before, X, training=True, seed=seed))(1)
    np.testing.assert_allclose(traced, one, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(net.apply(net.params, X, True, 1).mean(0), one.mean(0))
    for name, each in net.params.items():
        np.testing.assert_array_equal(each, before[name])


@pytest.mark.parametrize("training", [False, True])
def test_gradients_are_those_of_a_loss_of_apply(training):
    net = normalized()
    seed = 3 if training else None
    assert net.evaluate(X, Y)["loss"] == pytest.approx(float(loss(net, net.params)), rel=1e-5)
    found = net.gradients(X, Y, training=training, seed=seed)
    by_rule = cr.grad(lambda params: loss(net, params, training, seed))
    compiled = cr.jit(by_rule)(net.params)
    assert list(found) == list(net.params) == list(compiled)
    for name, each in by_rule(net.params).items():
        np.testing.assert_allclose(compiled[name], each, rtol=1e-4, atol=1e-5)
        expected = 0 * each if name in net.params.frozen else each
        np.testing.assert_allclose(found[name], expected, rtol=1e-4, atol=1e-5)
    assert net.params.frozen == ("batch_norm.mean", "batch_norm.variance")
    if not training:
        assert cr.check_grads(lambda params: loss(net, params), (net.params,)) < 1e-6


@pytest.mark.parametrize("optimizer", [optim.SGD(0.05), optim.Adam(0.01)], ids=str)
def test_a_loop_by_hand_trains_as_fit_does(optimizer):
    by_hand, fitted = (regressor(nn.Dense(6, "tanh", l2=0.1)) for _ in range(2))
    fitted.compile(loss="mse", optimizer=optimizer)
    fitted.fit(X, Y, epochs=5, batch_size=None, verbose=0)
    params, state = by_hand.params, optimizer.init(by_hand.params)
    update = cr.jit(optimizer.update)
    for _ in range(5):
        params, state = update(by_hand.gradients(X, Y), state, params)
        by_hand.params.update(params)
    for name, each in fitted.params.items():
        rounding = 0 if isinstance(optimizer, optim.SGD) else 1e-6
        np.testing.assert_allclose(params[name], each, rtol=rounding, atol=rounding)


def test_frozen_parameters_stay_as_they_are_even_with_weight_decay():
    net = normalized()
    net["dense"].trainable = False
    before, rule = net.params.copy(), optim.AdamW(0.1, weight_decay=0.5)
    state = rule.init(net.params)
    params, state = rule.update(net.gradients(X, Y), state, net.params)
    for name, each in before.items():
        assert np.array_equal(params[name], each) == (name in net.params.frozen), name
    assert "dense.weight" in net.params.frozen


def test_other_parameters_are_refused_before_anything_is_built():
    net, fresh = normalized(), cr.Network([nn.Dense(3)])
    params, narrow = dict(net.params), np.ones(3, np.float32)
    for call, words in [
        (lambda: net.apply({"dense.bias": narrow}, X), "lacks 'dense.weight', 'batch_norm.gain'"),
        (lambda: fresh.apply(fresh.params, X), r"params is empty, .*; call net\(X\) first"),
        (lambda: net.apply({**params, "dens.bias": narrow}, X), "did you mean 'dense.bias'"),
        (lambda: net.apply({"dense": {"weight": narrow}}, X), "names are flat, as 'dense.weight'"),
        (lambda: net.apply({**params, "dense.bias": narrow}, X), r"has shape \(3,\), .* \(6,\)"),
        (lambda: net.apply({**params, "dense.bias": np.arange(6)}, X), "must hold floats"),
        (lambda: net.apply([narrow], X), "a mapping from names to arrays"),
        (lambda: net.apply(params, X[:, :3]), "built for"),
        (lambda: net.apply(params, X, training=True), "give a seed"),
        (lambda: net.apply(params, X, training=1), "True or False"),
        (lambda: net.apply(params, X, training=True, seed=-1), "seed is -1"),
        (lambda: net.gradients(X, Y, training=True), "give a seed"),
        (lambda: net.gradients(X, Y[:3]), "24"),
        (lambda: cr.Network([nn.Dense(1)]).gradients(X, Y), "does not know its loss"),
        (lambda: fresh.apply({"dense.weight": np.ones((4, 2))}, X), "lacks 'dense.bias'"),
    ]:
        with pytest.raises(ChainruleError, match=words):
            call()
    assert fresh.input_shape is None
    assert fresh.apply({"dense.weight": np.eye(4, 3), "dense.bias": np.ones(3)}, X).shape == (24, 3)
    with pytest.raises(ArgumentError, match="did you mean `training`"):
        net.apply(params, X, train=True)


def test_the_gradients_of_one_layer_are_those_of_a_network_of_it():
    layer, dy = nn.Dense(3, "tanh"), np.ones((24, 3), np.float32)
    y = layer(X)
    with pytest.raises(UnsupportedError, match=r"vjp\(net.apply, net.params, x\)"):
        layer.backward(dy)
    net = cr.Network([layer])
    again, pullback = cr.vjp(net.apply, net.params, X)
    gradients, dx = pullback(dy)
    np.testing.assert_array_equal(again, y)
    slope = 1 - y**2
    np.testing.assert_allclose(gradients["dense.weight"], X.T @ slope, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(gradients["dense.bias"], slope.sum(0), rtol=1e-5)
    np.testing.assert_allclose(dx, slope @ layer.weight.value.T, rtol=1e-4, atol=1e-5)
