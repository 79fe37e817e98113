"""The convolution layer of the layer library: loops over channels, and its wrong bias gradient."""

import numpy as np

import chainrule as cr
from tests.tutorials.agreement import assert_close, assert_runs_unchanged, with_values
from tests.tutorials.layer_library import ConvLayer

IMAGE, DY = (np.random.default_rng(0).normal(size=shape) for shape in ((5, 6, 2), (3, 5, 3)))


def make(kind):
    np.random.seed(0)
    return kind((5, 6, 2), (3, 2), 3)


def forward(layer):
    """The layer as a function of its input, weights and bias."""
    return lambda x, w, b: with_values(layer, weights=w, bias=b).forward_propagation(x)


def test_the_convolution_layer_runs_unchanged():
    layer = make(ConvLayer)
    assert_runs_unchanged(forward(layer), IMAGE, layer.weights, layer.bias)


def test_its_backward_is_the_derived_one_but_for_the_factor_of_the_bias():
    """By hand, the bias is counted once for each filter; it is added once for each channel."""
    layer, before = make(ConvLayer), make(ConvLayer)
    layer.forward_propagation(IMAGE)
    dx = layer.backward_propagation(DY, learning_rate=1.0)
    dw, db = before.weights - layer.weights, before.bias - layer.bias

    loss = lambda *args: np.sum(DY * forward(make(ConvLayer))(*args))  # noqa: E731
    derived = cr.grad(loss, (0, 1, 2))(IMAGE, before.weights, before.bias)
    assert_close(derived, (dx, dw, db / layer.layer_depth * layer.input_depth))
