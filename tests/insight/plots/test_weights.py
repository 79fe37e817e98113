"""The plot of weights: tiles, their labels and colours."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ArgumentError
from chainrule.insight import plot


def test_units_of_the_first_layer_are_plotted_as_images(bands: Any) -> None:
    axes = plot.weights(bands, "dense").axes[0]
    grid = axes.images[0].get_array()
    assert grid.shape == (3 * 9 - 1, 3 * 9 - 1)
    second = bands.params["dense.weight"][:, 1].reshape(8, 8)
    np.testing.assert_array_equal(grid[:8, 9:17], second)


def test_zero_is_the_centre_of_the_colour_map(bands: Any) -> None:
    image = plot.weights(bands, "dense.weight").axes[0].images[0]
    assert image.get_clim() == (-1.0, 1.0)


def test_weights_without_an_image_shape_are_plotted_as_a_matrix(bands: Any) -> None:
    bands.params = {"dense.weight": np.ones((5, 3)), "out.weight": np.eye(16, 2)}
    for name, shape in (("dense", (5, 3)), ("out", (16, 2)), ("out.weight", (16, 2))):
        assert plot.weights(bands, name).axes[0].images[0].get_array().shape == shape


def test_each_kernel_of_a_convolution_is_plotted(bands: Any) -> None:
    kernels = np.random.default_rng(0).normal(size=(3, 3, 2, 4))
    bands.params = {"conv2d.weight": kernels}
    axes = plot.weights(bands, "conv2d").axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array()[:3, 4:7], kernels[:, :, 1, 0])
    assert axes.get_title() == "conv2d.weight: 8 kernels, each on 3 × 3 inputs"


def test_an_unknown_layer_is_refused_with_the_known_parameters(bands: Any) -> None:
    with pytest.raises(ArgumentError, match=r"no 'dence'; the parameters are dense\.weight, "):
        plot.weights(bands, "dence")


def test_an_image_shape_that_does_not_fit_the_weights_is_refused(bands: Any) -> None:
    with pytest.raises(ArgumentError, match=r"image_shape is \(4, 4\), but .* \(64, 9\)"):
        plot.weights(bands, "dense", image_shape=(4, 4))
    with pytest.raises(ArgumentError, match=r"image_shape is 8; it must be \(height, width\)"):
        plot.weights(bands, "dense", image_shape=8)  # pyright: ignore[reportArgumentType]


def test_tiles_carry_their_unit_and_kernels_over_three_colours_are_coloured(bands: Any) -> None:
    texts = [each.get_text() for each in plot.weights(bands, "dense").axes[0].texts]
    assert texts == list("012345678")
    names = [f"class {each}" for each in range(9)]
    figure = plot.weights(bands, "dense", names=names)
    assert [each.get_text() for each in figure.axes[0].texts] == names
    kernels = np.random.default_rng(0).normal(size=(3, 3, 3, 4))
    bands.params = {"conv2d.weight": kernels, "out.weight": kernels}
    axes = plot.weights(bands, "conv2d").axes[0]
    limit = np.abs(kernels).max()
    shown = axes.images[0].get_array()
    np.testing.assert_allclose(shown[:3, 4:7], 0.5 + kernels[..., 1] / limit / 2)
    assert axes.get_title() == "conv2d.weight: 4 kernels, each on 3 × 3 inputs"
    assert plot.weights(bands, "out").axes[0].texts[4].get_text() == "1, 1"  # filter, channel
