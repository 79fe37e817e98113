"""Transposed and depthwise convolutions against PyTorch and their definitions."""

from typing import Any

import numpy as np
import pytest

import chainrule.nn as nn
from chainrule.autodiff.derivative import vjp
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.layers.convolution import convolve
from tests.nn.layer_gradients import fixed_like, output_and_gradients

GENERATOR = np.random.default_rng(5)


def started(layer: Any, x: Any) -> Any:
    layer(x)
    layer.bias.value[...] = np.arange(layer.bias.size)
    return layer


@pytest.mark.parametrize("padding", ["valid", "same", 1, (1, 0)])
@pytest.mark.parametrize("strides", [1, 2, (1, 3)])
@pytest.mark.parametrize("dilation_rate", [1, 2])
@pytest.mark.parametrize("kernel_size", [2, 3, (4, 3)])
def test_it_is_the_transpose_of_the_convolution_with_the_same_arguments(
    kernel_size: Any, strides: Any, dilation_rate: int, padding: Any
) -> None:
    x = GENERATOR.standard_normal((2, 4, 3, 5))
    layer = nn.ConvTranspose2D(2, kernel_size, strides, padding, dilation_rate, use_bias=False)
    y = layer(x)
    kernel = np.swapaxes(layer.weight.value, -1, -2)
    seen, pull = vjp(lambda each: convolve(each, kernel, layer.geometry), y)
    assert seen.shape == x.shape
    np.testing.assert_allclose(pull(x)[0], y, atol=1e-12)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize(("strides", "dilation_rate"), [(1, 1), (2, 1), (3, 2)])
def test_values_and_gradients_equal_those_of_pytorch(
    strides: int, dilation_rate: int, padding: int
) -> None:
    torch = pytest.importorskip("torch")
    x = GENERATOR.standard_normal((2, 4, 5, 3))
    layer = started(nn.ConvTranspose2D(4, (3, 2), strides, padding, dilation_rate), x)
    y, gradient, gradients = output_and_gradients(layer, x)
    inputs = torch.tensor(x, requires_grad=True)
    kernel = torch.tensor(layer.weight.value, requires_grad=True)
    bias = torch.tensor(layer.bias.value, requires_grad=True)
    theirs = torch.nn.functional.conv_transpose2d(
        inputs.movedim(-1, 1), kernel.permute(2, 3, 0, 1), bias, strides, padding,
        dilation=dilation_rate,
    ).movedim(1, -1)  # fmt: skip
    theirs.backward(torch.tensor(fixed_like(y)))
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-10)
    computed = (gradient, gradients["weight"], gradients["bias"])
    for ours, other in zip(computed, (inputs, kernel, bias), strict=True):
        np.testing.assert_allclose(ours, other.grad.numpy(), atol=1e-10)


@pytest.mark.parametrize(
    ("size", "strides", "padding", "length"),
    [
        (3, 2, "same", 10), (3, 2, "valid", 11), (2, 3, "valid", 15), (2, 3, "same", 15),
        (4, 1, "valid", 8), (4, 1, "same", 5), (3, 2, 1, 9),
    ],
)  # fmt: skip
def test_output_lengths_equal_those_of_keras_and_for_integers_of_pytorch(
    size: int, strides: int, padding: Any, length: int
) -> None:
    layer = nn.ConvTranspose2D(1, (size, 1), (strides, 1), padding=padding if padding != 1
                               else (1, 0))  # fmt: skip
    assert layer(np.ones((1, 5, 2, 1))).shape == (1, length, 2, 1)


def test_output_lengths_invert_those_of_a_convolution() -> None:
    x = np.ones((1, 14, 14, 2))
    small = nn.Conv2D(4, 3, 2, "same")(x)
    assert nn.ConvTranspose2D(2, 3, 2, "same")(small).shape == x.shape


def test_padding_that_crops_the_whole_output_is_refused() -> None:
    with pytest.raises(ShapeError, match="crops the whole output: for 1x1 pixels it would be"):
        nn.ConvTranspose2D(1, 2, padding=1)(np.ones((1, 1, 1, 1)))


def test_depthwise_equals_one_convolution_for_each_channel() -> None:
    x = GENERATOR.standard_normal((2, 6, 7, 3))
    layer = nn.DepthwiseConv2D(3, 2, "same", depth_multiplier=2)
    y = layer(x)
    for channel in range(3):
        kernel = layer.weight.value[..., 2 * channel : 2 * channel + 2]
        alone = convolve(x[..., channel : channel + 1], kernel, layer.geometry)
        np.testing.assert_allclose(y[..., 2 * channel : 2 * channel + 2], alone, atol=1e-12)


@pytest.mark.parametrize(("strides", "dilation_rate"), [(1, 1), (2, 1), (1, 2)])
def test_depthwise_values_and_gradients_equal_those_of_pytorch(
    strides: int, dilation_rate: int
) -> None:
    torch = pytest.importorskip("torch")
    x = GENERATOR.standard_normal((2, 7, 6, 3))
    layer = started(nn.DepthwiseConv2D((3, 2), strides, 1, 2, dilation_rate), x)
    y, gradient, gradients = output_and_gradients(layer, x)
    inputs = torch.tensor(x, requires_grad=True)
    kernel = torch.tensor(layer.weight.value, requires_grad=True)
    theirs = torch.nn.functional.conv2d(
        inputs.movedim(-1, 1), kernel.permute(3, 2, 0, 1), torch.tensor(layer.bias.value),
        strides, 1, dilation_rate, groups=3,
    ).movedim(1, -1)  # fmt: skip
    theirs.backward(torch.tensor(fixed_like(y)))
    np.testing.assert_allclose(y, theirs.detach().numpy(), atol=1e-10)
    np.testing.assert_allclose(gradient, inputs.grad.numpy(), atol=1e-10)
    np.testing.assert_allclose(gradients["weight"], kernel.grad.numpy(), atol=1e-10)


def test_argument_names_of_other_libraries_are_refused_with_ours() -> None:
    with pytest.raises(ArgumentError, match="here it is `strides`"):
        nn.ConvTranspose2D(1, 2, stride=2)
    with pytest.raises(ArgumentError, match="here it is `dilation_rate`"):
        nn.DepthwiseConv2D(3, dilation=2)
