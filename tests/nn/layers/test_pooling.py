"""Pooling against SciPy and PyTorch; ties, padding and NaN."""

from typing import Any

import numpy as np
import pytest
from scipy import ndimage

import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, ShapeError
from chainrule.testing import check_grads
from tests.nn.layer_gradients import fixed_like, output_and_gradients

GENERATOR = np.random.default_rng(4)
MAX, AVG = {1: nn.MaxPool1D, 2: nn.MaxPool2D}, {1: nn.AvgPool1D, 2: nn.AvgPool2D}
SIZES = {1: (11,), 2: (9, 8)}


@pytest.mark.parametrize("size", [2, 3])
def test_max_pooling_equals_scipys_maximum_filter(size: int) -> None:
    x = GENERATOR.standard_normal((2, 7, 8, 3))
    inner = slice(size // 2, size // 2 + 7 - size + 1), slice(size // 2, size // 2 + 8 - size + 1)
    filtered = ndimage.maximum_filter(x, (1, size, size, 1))[:, *inner]
    np.testing.assert_array_equal(nn.MaxPool2D(size, strides=1)(x), filtered)


@pytest.mark.parametrize("size", [2, 3])
def test_average_pooling_equals_scipys_uniform_filter(size: int) -> None:
    x = GENERATOR.standard_normal((2, 7, 8, 3))
    inner = slice(size // 2, size // 2 + 7 - size + 1), slice(size // 2, size // 2 + 8 - size + 1)
    filtered = ndimage.uniform_filter(x, (0, size, size, 0))[:, *inner]
    np.testing.assert_allclose(nn.AvgPool2D(size, strides=1)(x), filtered, atol=1e-12)


def by_torch(layer: Any, x: Any, kind: str) -> tuple[Any, Any]:
    """Output and gradient of PyTorch's pooling, with the padding of the layer."""
    torch = pytest.importorskip("torch")
    functional = torch.nn.functional
    count, geometry = x.ndim - 2, layer.geometry
    inputs = torch.tensor(x, requires_grad=True)
    padding_widths = [n for pair in reversed(geometry.pad_widths(x.shape[1:-1])) for n in pair]

    def pooled(each: Any, how: str, fill: float) -> Any:
        padded = functional.pad(each.movedim(-1, 1), padding_widths, value=fill)
        pool = getattr(functional, f"{how}_pool{count}d")
        return pool(padded, geometry.sizes, geometry.strides).movedim(1, -1)

    if kind == "max":
        y = pooled(inputs, "max", -np.inf)
    else:
        y = pooled(inputs, "avg", 0.0) / pooled(torch.ones_like(inputs), "avg", 0.0)
    y.backward(torch.tensor(fixed_like(y.detach().numpy())))
    return y.detach().numpy(), inputs.grad.numpy()


@pytest.mark.parametrize("padding", ["valid", "same", 1])
@pytest.mark.parametrize(("size", "strides"), [(2, None), (3, None), (3, 2), (2, 3), (4, 1)])
@pytest.mark.parametrize("dimensions", [1, 2])
@pytest.mark.parametrize("kind", ["max", "avg"])
def test_values_and_gradients_equal_those_of_pytorch(
    kind: str, dimensions: int, size: int, strides: int | None, padding: Any
) -> None:
    x = GENERATOR.integers(-3, 3, (2, *SIZES[dimensions], 3)).astype(float)  # with many ties
    layer = (MAX if kind == "max" else AVG)[dimensions](size, strides, padding)
    y, gradient, _ = output_and_gradients(layer, x)
    for one, other in zip((y, gradient), by_torch(layer, x, kind), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_the_gradient_of_ties_goes_to_the_first_maximum() -> None:
    x = np.array([[1.0, 5.0, 5.0, 5.0], [5.0, 5.0, 2.0, 5.0]]).reshape(1, 2, 4, 1)
    gradient = grad(lambda each: np.sum(nn.MaxPool2D(2)(each)))(x)
    np.testing.assert_array_equal(gradient.reshape(2, 4), [[0, 1, 1, 0], [0, 0, 0, 0]])


def test_overlapping_windows_accumulate_gradients() -> None:
    x = np.array([0.0, 1.0, 9.0, 2.0, 3.0]).reshape(1, 5, 1)
    gradient = grad(lambda each: np.sum(nn.MaxPool1D(3, strides=1)(each)))(x)
    np.testing.assert_array_equal(gradient.ravel(), [0, 0, 3, 0, 0])


def test_padding_is_never_the_maximum_and_left_out_of_the_mean() -> None:
    x = np.full((1, 3, 3, 1), -7.0)
    np.testing.assert_array_equal(nn.MaxPool2D(2, padding="same")(x), np.full((1, 2, 2, 1), -7.0))
    np.testing.assert_array_equal(nn.AvgPool2D(2, padding="same")(x), np.full((1, 2, 2, 1), -7.0))


def test_incomplete_windows_are_left_out() -> None:
    x = np.arange(5.0).reshape(1, 5, 1)
    np.testing.assert_array_equal(nn.MaxPool1D(2)(x).ravel(), [1, 3])
    gradient = grad(lambda each: np.sum(nn.AvgPool1D(2)(each)))(x)
    np.testing.assert_array_equal(gradient.ravel(), [0.5, 0.5, 0.5, 0.5, 0])


def test_nan_is_the_maximum_of_its_window_alone() -> None:
    x = np.array([0.0, np.nan, 1.0, 2.0]).reshape(1, 4, 1)
    np.testing.assert_array_equal(nn.MaxPool1D(2)(x).ravel(), [np.nan, 2])


def test_second_derivatives_propagate_through_max_pooling() -> None:
    x = GENERATOR.standard_normal((2, 4, 4, 1))
    assert check_grads(lambda each: np.sum(nn.MaxPool2D(2)(each) ** 3), (x,), order=2) < 1e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"stride": 2}, "here it is `strides`"),
        ({"kernel_size": 2}, "here it is `pool_size`"),
        ({"pool_size": 0}, "pool_size is 0; it must be an integer, 1 or more"),
        ({"pool_size": (2, 2, 2)}, "it must be an integer or 2 of them"),
        ({"padding": "full"}, "padding is 'full'; it must be"),
    ],
)
def test_bad_arguments_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        nn.MaxPool2D(**arguments)


def test_inputs_of_the_wrong_shape_are_refused() -> None:
    with pytest.raises(ShapeError, match="a window of 3x3 does not fit into 2x5 pixels"):
        nn.MaxPool2D(3)(np.ones((1, 2, 5, 1)))
    with pytest.raises(ShapeError, match=r"pass X\[..., None\]"):
        nn.AvgPool2D(2)(np.ones((4, 28, 28)))
