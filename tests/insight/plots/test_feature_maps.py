"""The plot of what layers compute of one image."""

from typing import Any

import numpy as np
import pytest

from chainrule import Network, nn
from chainrule.errors import ArgumentError, DataError
from chainrule.insight import plot

IMAGES = np.random.default_rng(0).normal(size=(3, 36)).astype(np.float32)


def _net() -> Any:
    convolutions = [nn.Conv2D(10, 3, activation="relu"), nn.MaxPool2D(2)]
    net = Network([nn.Reshape((6, 6, 1)), *convolutions, nn.Flatten(), nn.Dense(2)], seed=0)
    net(IMAGES)
    return net


def test_each_channel_of_each_layer_with_images_is_a_tile() -> None:
    net = _net()
    figure: Any = plot.feature_maps(net, IMAGES[1])
    titles = [each.get_title() + each.get_title(loc="left") for each in figure.axes]
    assert titles[0] == "input: 6 × 6"
    assert [each.split(",")[0] for each in titles[1:]] == [
        "conv2d (relu): 10 channels of 4 × 4", "max_pool2d: 10 channels of 2 × 2"
    ]  # fmt: skip
    maps = np.asarray(net[:2](IMAGES[1:2]))[0]
    grid = figure.axes[1].images[0].get_array()
    assert grid.shape == (2 * 5 - 1, 8 * 5 - 1)
    np.testing.assert_array_equal(grid[:4, 5:9], maps[..., 1])
    np.testing.assert_array_equal(grid[5:9, :4], maps[..., 8])


def test_channels_that_are_0_are_crossed_out_and_count_limits_them() -> None:
    net = _net()
    net.params["conv2d.bias"][:] = -100
    axes: Any = plot.feature_maps(net, IMAGES[:1], "conv2d", count=3).axes[1]
    assert len(axes.lines) == 2 * 3
    assert axes.get_title(loc="left") == "conv2d (relu): first 3 of 10 channels of 4 × 4, 0 to 0"


def test_what_is_no_image_or_layer_is_refused() -> None:
    net: Any = _net()
    with pytest.raises(DataError, match=r"3 samples; give one, such as X\[0\]"):
        plot.feature_maps(net, IMAGES)
    with pytest.raises(ArgumentError, match=r"there is no layer 'conv'; did you mean"):
        plot.feature_maps(net, IMAGES[0], "conv")
    with pytest.raises(ArgumentError, match=r"'dense' has shape \(2,\) .* reshape, conv2d"):
        plot.feature_maps(net, IMAGES[0], ["conv2d", "dense"])
    dense = Network([nn.Dense(2)])
    dense(IMAGES)
    with pytest.raises(ArgumentError, match=r"no layer of the network has images"):
        plot.feature_maps(dense, IMAGES[0])
