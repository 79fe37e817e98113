"""Prediction for longer series and larger images than in training."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.errors import ShapeError

GENERATOR = np.random.default_rng(0)


def trained(layers: list[nn.Layer], X: Any, y: Any, loss: str = "mse") -> cr.Network:
    net = cr.Network(layers, seed=0)
    net.compile(loss, "adam")
    net.fit(X, y, epochs=1, verbose=0)
    return net


def test_a_convolution_accepts_larger_images() -> None:
    x = GENERATOR.normal(size=(8, 9, 9, 2)).astype("float32")
    net = trained([nn.Conv2D(3, 3), nn.GlobalMaxPool2D(), nn.Dense(1)], x, x[:, 0, 0, :1])
    larger = GENERATOR.normal(size=(8, 12, 10, 2)).astype("float32")
    assert net.predict(larger).shape == (8, 1)
    np.testing.assert_allclose(net.predict(larger), net(larger), rtol=1e-4, atol=1e-6)
    net.fit(x, x[:, 0, 0, :1], epochs=1, verbose=0)  # training goes on with the old lengths


def test_a_causal_network_predicts_a_prefix_as_within_the_whole_series() -> None:
    words = GENERATOR.integers(0, 7, (8, 12))
    block = nn.Residual([nn.LayerNorm(), nn.MultiHeadAttention(2, causal=True)])
    layers = [nn.Embedding(7, 8), nn.PositionEmbedding(), block, nn.Dense(7)]
    net = trained(layers, words, words, "cross_entropy")
    whole, start = net.predict(words), net.predict(words[:, :5])
    np.testing.assert_allclose(start, whole[:, :5], rtol=1e-4, atol=1e-5)


def test_a_recurrent_layer_accepts_longer_series() -> None:
    x = GENERATOR.normal(size=(8, 5, 2)).astype("float32")
    net = trained([nn.LSTM(4), nn.Dense(1)], x, x[:, 0, :1])
    assert net.predict(np.concatenate([x, x], axis=1)).shape == (8, 1)


@pytest.mark.parametrize("shape", [(8, 6, 2), (8, 5, 3), (8, 5), (5, 2)])
def test_a_misfit_is_reported_with_the_shape_the_network_was_built_for(
    shape: tuple[int, ...],
) -> None:
    x = GENERATOR.normal(size=(8, 5, 2)).astype("float32")
    net = trained([nn.Flatten(), nn.Dense(1)], x, x[:, 0, :1])
    with pytest.raises(ShapeError, match=r"the network was built for \(batch, 5, 2\)"):
        net.predict(np.zeros(shape))
