"""Convolutions against SciPy and PyTorch; padding; shape errors."""

import itertools
from typing import Any

import numpy as np
import pytest
from scipy import signal

import chainrule as cr
import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError
from tests.nn.layer_gradients import fixed_like, output_and_gradients

GENERATOR = np.random.default_rng(3)
LAYERS = {1: nn.Conv1D, 2: nn.Conv2D, 3: nn.Conv3D}
SIZES = {1: (11,), 2: (9, 8), 3: (5, 6, 4)}


def built(layer: nn.Layer, x: Any) -> nn.Layer:
    """Build a layer with random weights and biases."""
    layer(x)
    for each in layer.parameters().values():
        each.value[...] = np.random.default_rng(each.size).standard_normal(each.shape)
    return layer


# ----------------------------------------------------------------------------- against SciPy


@pytest.mark.parametrize("dimensions", [1, 2, 3])
@pytest.mark.parametrize("padding", ["valid", "same"])
def test_one_channel_equals_scipys_correlation(dimensions: int, padding: str) -> None:
    x = GENERATOR.standard_normal((2, *SIZES[dimensions], 1))
    layer = built(LAYERS[dimensions](1, 3, padding=padding), x)
    kernel = layer.weight.value[..., 0, 0]
    expected = [signal.correlate(each[..., 0], kernel, padding, method="direct") for each in x]
    np.testing.assert_allclose(layer(x)[..., 0], np.stack(expected) + layer.bias.value, atol=1e-12)


def test_channels_are_summed_for_each_filter() -> None:
    x = GENERATOR.standard_normal((2, 7, 6, 3))
    layer = nn.Conv2D(4, (3, 2), use_bias=False)
    y = layer(x)
    for sample, filter_ in itertools.product(range(2), range(4)):
        parts = [
            signal.correlate2d(x[sample, ..., c], layer.weight[..., c, filter_], "valid")
            for c in range(3)
        ]
        np.testing.assert_allclose(y[sample, ..., filter_], sum(parts), atol=1e-12)


# --------------------------------------------------------------------------- against PyTorch


def by_torch(layer: Any, x: Any, groups: int) -> tuple[Any, Any, Any, Any]:
    """Output and gradients of PyTorch's convolution, which pads all axes by itself only evenly."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    count = x.ndim - 2
    geometry = layer.geometry
    inputs = torch.tensor(x, requires_grad=True)
    kernel = torch.tensor(layer.weight.value, requires_grad=True)
    bias = torch.tensor(layer.bias.value, requires_grad=True)
    padding_widths = [n for pair in reversed(geometry.pad_widths(x.shape[1:-1])) for n in pair]
    padded = functional.pad(inputs.movedim(-1, 1), padding_widths)
    convolve = getattr(functional, f"conv{count}d")
    weight = kernel.permute(-1, -2, *range(count))
    y = convolve(padded, weight, bias, geometry.strides, 0, geometry.dilations, groups).movedim(
        1, -1
    )
    y.backward(torch.tensor(fixed_like(y.detach().numpy())))
    return y.detach().numpy(), *(each.grad.numpy() for each in (inputs, kernel, bias))


@pytest.mark.parametrize("padding", ["valid", "same", 2, "uneven"])
@pytest.mark.parametrize(("strides", "dilation_rate"), [(1, 1), (2, 1), (3, 1), (1, 2), (2, 2)])
@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_values_and_gradients_equal_those_of_pytorch(
    dimensions: int, groups: int, strides: int, dilation_rate: int, padding: Any
) -> None:
    if padding == "uneven":
        padding = [(2, 0), (0, 1), (1, 1)][:dimensions]
    x = GENERATOR.standard_normal((2, *SIZES[dimensions], 4))
    kernel_size = (3, 2, 1)[:dimensions]
    layer = LAYERS[dimensions](8, kernel_size, strides, padding, dilation_rate, groups)
    built(layer, x)
    y, gradient, gradients = output_and_gradients(layer, x)
    ours = (y, gradient, gradients["weight"], gradients["bias"])
    for one, other in zip(ours, by_torch(layer, x, groups), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-10, rtol=1e-10)


# ------------------------------------------------------------------------------------ padding


@pytest.mark.parametrize("length", range(5, 12))
@pytest.mark.parametrize("strides", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_same_padding_gives_one_output_a_stride_and_pads_more_at_the_end(
    length: int, strides: int, size: int
) -> None:
    layer = nn.Conv1D(1, size, strides, "same", initializer="ones")
    ((before, after),) = layer.geometry.pad_widths((length,))
    assert after - before in (0, 1)
    assert layer(np.ones((1, length, 1))).shape == (1, -(-length // strides), 1)


def test_causal_padding_hides_later_steps() -> None:
    x = GENERATOR.standard_normal((1, 10, 2))
    layer = nn.Conv1D(3, 4, padding=[(3, 0)])
    y = layer(x)
    later = x.copy()
    later[:, 6:] += 1.0
    assert y.shape == (1, 10, 3)
    np.testing.assert_array_equal(layer(later)[:, :6], y[:, :6])
    assert not np.array_equal(layer(later)[:, 6], y[:, 6])


def test_integers_are_convolved_as_floats() -> None:
    x = GENERATOR.integers(0, 255, (1, 5, 5, 1), dtype=np.uint8)
    layer = nn.Conv2D(2, 3)
    assert layer(x).dtype == np.float32
    np.testing.assert_allclose(layer(x), layer(x.astype("float32")))


def test_height_and_width_may_vary_but_channels_may_not() -> None:
    layer = nn.Conv2D(2, 3)
    assert layer(np.ones((1, 5, 5, 3))).shape == (1, 3, 3, 2)
    assert layer(np.ones((1, 9, 7, 3))).shape == (1, 7, 5, 2)
    with pytest.raises(ShapeError, match="it was built for 3 on axis -1"):
        layer(np.ones((1, 5, 5, 2)))


# ------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("make", "shape", "message"),
    [
        (lambda: nn.Conv2D(1, 5), (4, 4, 4, 1), (r"kernel of 5x5 does not fit into 4x4 pixels: "
         r"along axis 1 there would be \(4 - 5\) // 1 \+ 1 = 0 positions")),
        (lambda: nn.Conv2D(1, 3, 2, 1, 3), (4, 9, 4, 1), (r"dilation_rate=3, effective size 7x7"
         r"\) does not fit into 9x4 pixels: along axis 2 there would be \(\(4 \+ 2\) - 7\) // 2")),
        (lambda: nn.Conv1D(1, 5), (4, 3, 1), "does not fit into 3 steps"),
        (lambda: nn.Conv2D(1, 5), (4, 3, 32, 32), r"pass np.moveaxis\(X, 1, -1\)"),
        (lambda: nn.Conv2D(1, 3), (4, 28, 28), (r"has shape \(batch, 28, 28\), but it needs "
         r"\(batch, height, width, channels\); greyscale images have 1 channel: pass X"
         r"\[..., None\], or put nn.Reshape\(\(28, 28, 1\)\) before it")),
        (lambda: nn.Conv2D(1, 3), (4, 64), r"put nn.Reshape\(\(8, 8, 1\)\) before it"),
        (lambda: nn.Conv2D(1, 3), (4, 65), "put nn.Reshape before it"),
        (lambda: nn.Conv1D(1, 3), (4, 65), r"pass X\[..., None\], or put nn.Reshape\(\(65, 1\)\)"),
        (lambda: nn.Conv1D(1, 3), (4, 6, 5, 1), r"put nn.Reshape\(\(6, 5\)\) before"),
        (lambda: nn.Conv2D(4, 3, groups=2), (4, 6, 5, 3), "3 channels, which is not divisible by"),
    ],
)  # fmt: skip
def test_inputs_too_small_for_the_kernel_are_refused_with_the_arithmetic(
    make: Any, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        make()(np.ones(shape))


def test_a_built_layer_checks_its_input_again() -> None:
    layer = nn.Conv2D(1, 3, name="eyes")
    layer(np.ones((1, 5, 5, 3)))
    with pytest.raises(ShapeError, match=r"layer 'eyes' \(Conv2D\): a kernel of 3x3 does not fit"):
        layer(np.ones((1, 5, 2, 3)))
    with pytest.raises(ShapeError, match=r"layer 'eyes' \(Conv2D\): its input has shape"):
        layer(np.ones((1, 5, 3)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stride": 2}, "there is no argument `stride`; here it is `strides`"),
        ({"pad": 1}, "here it is `padding`"),
        ({"dilation": 2}, "here it is `dilation_rate`"),
        ({"in_channels": 3}, "sizes are inferred"),
        ({"kernel_initializer": "zeros"}, "here it is `initializer`"),
        ({"kernel_regularizer": 0.1}, "here it is `l2`"),
        ({"padding": "causal"}, r"a causal one is \(\(kernel_size - 1, 0\),\)"),
        ({"padding": "full"}, "it must be 'valid', 'same', an integer"),
        ({"padding": -1}, "padding is -1; it must be"),
        ({"padding": (1, 2, 3)}, "one for each of 2 axes"),
        ({"strides": 0}, "strides is 0; it must be an integer, 1 or more"),
        ({"strides": (1, 2, 3)}, r"strides is \(1, 2, 3\); it must be an integer or 2"),
        ({"dilation_rate": 1.5}, "dilation_rate is 1.5; it must be an integer"),
        ({"groups": 2}, "filters=3 is not divisible by groups=2"),
        ({"activation": "rleu"}, "did you mean 'relu'"),
        ({"l2": -1}, "l2 is -1; it must be"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        nn.Conv2D(3, 3, **arguments)


def test_gathered_batch_rows_of_one_vector_register_are_convolved_natively() -> None:
    x = GENERATOR.standard_normal((48, 6, 16)).astype("float32")
    net = cr.Network([nn.Conv1D(16, 3, padding="same"), nn.Flatten(), nn.Dense(1)])
    net.compile("mse", "sgd", learning_rate=0.01)
    losses = net.fit(x, x[:, 0, :1], epochs=5, batch_size=20, verbose=0)["loss"]
    assert losses[-1] < losses[0]
