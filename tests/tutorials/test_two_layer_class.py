"""The two-layer class: feedforward and backprop, traced as they are typed."""

import numpy as np
import pytest

import chainrule as cr
from tests.tutorials.agreement import assert_close, assert_runs_unchanged, with_values
from tests.tutorials.two_layer_class import NeuralNetwork, X, sigmoid, sigmoid_derivative, y


@pytest.fixture
def network():
    np.random.seed(1)
    return NeuralNetwork(X, y)


def squares(network, weights1, weights2):
    network = with_values(network, weights1=weights1, weights2=weights2)
    network.feedforward()
    return np.sum((network.y - network.output) ** 2)


def one_pass(network, weights1, weights2):
    """The weights after a pass, of a network that holds copies of the given ones."""
    network = with_values(network, weights1=weights1.copy(), weights2=weights2.copy())
    network.feedforward()
    network.backprop()
    return network.weights1, network.weights2


def test_the_sigmoid_and_its_derivative_run_unchanged():
    z = np.array([[-2.0, 0.0], [0.5, 3.0]])
    assert_runs_unchanged(sigmoid, z, order=2)
    assert_runs_unchanged(sigmoid_derivative, z)
    derivative = cr.grad(lambda z: np.sum(sigmoid(z)))(z)
    assert_close(sigmoid_derivative(sigmoid(z)), derivative)


def test_feedforward_runs_unchanged(network):
    def output(weights1, weights2):
        traced = with_values(network, weights1=weights1, weights2=weights2)
        traced.feedforward()
        return traced.output

    assert_runs_unchanged(output, network.weights1, network.weights2, order=2)


def test_backprop_runs_unchanged(network):
    assert_runs_unchanged(
        lambda *weights: one_pass(network, *weights), network.weights1, network.weights2
    )


def test_backprop_adds_the_derived_gradient_of_the_sum_of_squares(network):
    weights = network.weights1.copy(), network.weights2.copy()
    network.feedforward()
    network.backprop()
    moved = network.weights1 - weights[0], network.weights2 - weights[1]
    derived = cr.grad(lambda *w: squares(network, *w), (0, 1))(*weights)
    assert_close(moved, tuple(-each for each in derived))


def test_training_in_compiled_passes_is_training_in_plain_ones(network):
    compiled = cr.jit(lambda *weights: one_pass(network, *weights))
    weights = network.weights1.copy(), network.weights2.copy()
    for _ in range(500):
        weights = compiled(*weights)
        network.feedforward()
        network.backprop()
    assert_close(weights, (network.weights1, network.weights2))
    network.feedforward()
    assert np.all(np.abs(network.output - y) < 0.2)
