"""Random numbers while training, and the layers that use them."""

from typing import Any

import numpy as np
import pytest

import chainrule.nn as nn
from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import variable

PLACES = [{}, {"seed": 1}, {"seed": 1 << 40}, {"epoch": 1}, {"step": 1}]


def stream(**place: int) -> nn.RandomStream:
    return nn.RandomStream(**{"seed": 0, **place})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_uniform_and_normal_draws_have_their_moments(dtype: str) -> None:
    source = stream()
    even, bell = source.uniform((20000,), dtype), source.normal((20000,), dtype)
    assert (even.dtype, bell.dtype) == (np.dtype(dtype), np.dtype(dtype))
    assert 0 <= even.min() < even.max() < 1
    assert abs(even.mean() - 0.5) < 5 * np.sqrt(1 / 12 / 20000)
    assert abs(even.var() - 1 / 12) < 5 * np.sqrt(1 / 180 / 20000)
    assert abs(bell.mean()) < 5 * np.sqrt(1 / 20000)
    assert abs(bell.var() - 1) < 5 * np.sqrt(2 / 20000)


def test_a_draw_is_a_function_of_seed_number_epoch_and_step() -> None:
    draws = [stream(**place).uniform((8,)) for place in PLACES]
    again = [stream(**place).uniform((8,)) for place in PLACES]
    np.testing.assert_array_equal(draws, again)
    assert len({draw.tobytes() for draw in draws}) == len(PLACES)


def test_draws_of_a_step_are_independent() -> None:
    one, other = stream(), stream()
    first, second = one.uniform((8,)), one.uniform((8,))
    assert not np.array_equal(first, second)
    other.normal((3,))  # one draw, whatever it takes
    np.testing.assert_array_equal(other.uniform((8,)), second)


def test_epoch_and_step_may_be_nodes() -> None:
    counter = ArrayType(np.dtype("int64"), ())
    epoch, step = variable(counter, np.array(3)), variable(counter, np.array(4))
    drawn = nn.RandomStream(0, epoch, step).uniform((8,))
    np.testing.assert_array_equal(drawn.value, stream(epoch=3, step=4).uniform((8,)))


@pytest.mark.parametrize("rate", [0.0, 0.25, 0.9])
def test_dropout_retains_the_expected_fraction_and_the_mean(rate: float) -> None:
    y = nn.Dropout(rate)(np.ones((200, 100)), random=stream())
    kept = np.mean(y != 0)
    assert abs(kept - (1 - rate)) <= 5 * np.sqrt(rate * (1 - rate) / y.size)
    np.testing.assert_allclose(np.unique(y[y != 0]), [1 / (1 - rate)])


def test_the_gradient_of_dropout_is_its_mask() -> None:
    x, layer = np.ones((5, 4)), nn.Dropout(0.5)
    gradients = grad(lambda each: np.sum(layer(each, random=stream())))(x)
    np.testing.assert_array_equal(gradients, layer(x, random=stream()))


@pytest.mark.parametrize("layer", [nn.Dropout(0.5), nn.GaussianNoise(1.0)], ids=str)
def test_noise_is_drawn_in_training_only_and_differs_between_steps(layer: Any) -> None:
    x = np.ones((5, 4))
    assert layer(x) is x
    one, other = (layer(x, random=stream(step=step)) for step in (0, 1))
    assert not np.array_equal(one, other)


def test_dropout_masks_nan_only_where_it_drops() -> None:
    x = np.full((20, 20), np.nan)
    y = nn.Dropout(0.5)(x, random=stream())
    mask = nn.Dropout(0.5)(np.ones_like(x), random=stream())
    np.testing.assert_array_equal(np.isnan(y), mask != 0)


def test_spatial_dropout_drops_whole_channels() -> None:
    layer = nn.Dropout(0.5, noise_shape=(None, 1, 1, None))
    y = layer(np.ones((20, 4, 5, 8)), random=stream())
    channels = y.mean(axis=(1, 2))
    np.testing.assert_array_equal(np.unique(channels), [0.0, 2.0])
    assert 0.3 < np.mean(channels == 0) < 0.7


@pytest.mark.parametrize("noise_shape", [(None, 1), (None, 1, 2)])
def test_a_noise_shape_that_does_not_broadcast_is_refused(noise_shape: Any) -> None:
    with pytest.raises(ShapeError, match=r"does not broadcast to an input of shape \(2, 3, 4\)"):
        nn.Dropout(0.5, noise_shape)(np.ones((2, 3, 4)), random=stream())


@pytest.mark.parametrize("noise_shape", [3, (None, 0), "same"])
def test_a_noise_shape_that_is_not_a_shape_is_refused(noise_shape: Any) -> None:
    with pytest.raises(ArgumentError, match=r"noise_shape is .*; it must be"):
        nn.Dropout(0.5, noise_shape)


def test_gaussian_noise_has_its_standard_deviation() -> None:
    y = nn.GaussianNoise(0.3)(np.zeros((200, 100)), random=stream())
    assert y.std() == pytest.approx(0.3, rel=0.02)
    assert abs(y.mean()) < 0.01
