"""The layer library: fully connected, activation and flatten layers, and exclusive or."""

import numpy as np

import chainrule as cr
from tests.tutorials.agreement import assert_close, assert_runs_unchanged, with_values
from tests.tutorials.layer_library import (
    ActivationLayer,
    FCLayer,
    FlattenLayer,
    Network,
    mse,
    mse_prime,
    tanh,
    tanh_prime,
    x_train,
    y_train,
)

GENERATOR = np.random.default_rng(0)
IMAGE, ROW = GENERATOR.normal(size=(5, 6, 2)), GENERATOR.normal(size=(1, 4))


def test_activations_and_losses_run_unchanged():
    y_true, y_pred = GENERATOR.normal(size=(2, 1, 3))
    assert_runs_unchanged(tanh, ROW, order=2)
    assert_runs_unchanged(tanh_prime, ROW)
    assert_runs_unchanged(mse, y_true, y_pred, order=2)
    assert_runs_unchanged(mse_prime, y_true, y_pred)
    assert_close(mse_prime(y_true, y_pred), cr.grad(mse, 1)(y_true, y_pred))
    assert_close(tanh_prime(ROW), cr.grad(lambda x: np.sum(tanh(x)))(ROW))


def test_layers_without_weights_run_unchanged_and_go_backward_as_derived():
    for layer, x in ((ActivationLayer(tanh, tanh_prime), ROW), (FlattenLayer(), IMAGE)):
        forward = lambda x, each=layer: with_values(each).forward_propagation(x)  # noqa: E731
        assert_runs_unchanged(forward, x)
        dy = GENERATOR.normal(size=layer.forward_propagation(x).shape)
        derived = cr.grad(lambda x, f=forward, dy=dy: np.sum(dy * f(x)))(x)
        assert_close(layer.backward_propagation(dy, 0.1), derived)


def exclusive_or():
    np.random.seed(2)
    net = Network()
    net.add(FCLayer(2, 3))
    net.add(ActivationLayer(tanh, tanh_prime))
    net.add(FCLayer(3, 1))
    net.add(ActivationLayer(tanh, tanh_prime))
    net.use(mse, mse_prime)
    return net


def weights_of(net):
    layers = [layer for layer in net.layers if isinstance(layer, FCLayer)]
    return tuple(each for layer in layers for each in (layer.weights, layer.bias))


def with_weights(net, values):
    """Return a copy of a network whose layers hold copies of the given weights and biases."""
    values = iter(values)
    copied = Network()
    copied.use(net.loss, net.loss_prime)
    for layer in net.layers:
        if isinstance(layer, FCLayer):
            layer = with_values(layer, weights=next(values).copy(), bias=next(values).copy())
        copied.add(with_values(layer))
    return copied


def test_predictions_of_a_network_run_unchanged():
    net = exclusive_or()
    assert_runs_unchanged(lambda *w: with_weights(net, w).predict(x_train), *weights_of(net))


def test_forward_and_backward_propagation_of_an_epoch_run_unchanged():
    """Their derivative is that of four updates, with respect to the weights before."""
    net = exclusive_or()

    def epoch(*weights):
        fitted = with_weights(net, weights)
        for j in range(len(x_train)):
            output = x_train[j]
            for layer in fitted.layers:
                output = layer.forward_propagation(output)
            error = mse_prime(y_train[j], output)
            for layer in reversed(fitted.layers):
                error = layer.backward_propagation(error, 0.1)
        return weights_of(fitted)

    assert_runs_unchanged(epoch, *weights_of(net))
    expected = with_weights(net, weights_of(net))
    expected.fit(x_train, y_train, epochs=1, learning_rate=0.1)
    assert_close(cr.jit(epoch)(*weights_of(net)), weights_of(expected))


def test_a_step_of_fit_is_a_step_along_the_derived_gradient():
    net = exclusive_or()
    x, y = x_train[1:2], y_train[1:2]
    derived = cr.grad(lambda w: mse(y[0], with_weights(net, w).predict(x)[0]))(weights_of(net))
    fitted = with_weights(net, weights_of(net))
    fitted.fit(x, y, epochs=1, learning_rate=0.5)
    for before, after, gradient in zip(weights_of(net), weights_of(fitted), derived, strict=True):
        assert_close(before - 0.5 * gradient, after)


def test_fit_prints_its_error_and_learns_exclusive_or(capsys):
    net = exclusive_or()
    net.fit(x_train, y_train, epochs=1000, learning_rate=0.1)
    assert capsys.readouterr().out.startswith("epoch 1/1000   error=")
    assert np.all(np.abs(np.array(net.predict(x_train)) - y_train) < 0.2)


def test_the_derivative_goes_through_a_fit_that_prints(capsys):
    net = exclusive_or()

    def loss(weights):
        fitted = with_weights(net, weights)
        fitted.fit(x_train, y_train, epochs=2, learning_rate=0.1)
        return mse(y_train[1], fitted.predict(x_train)[1])

    assert cr.check_grads(loss, (weights_of(net),), order=1) < 1e-6
    assert "error=" in capsys.readouterr().out
