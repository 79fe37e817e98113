"""Initialisers: bounds, means and variances of their samples, with fixed seeds."""

import math
from functools import partial
from typing import Any

import numpy as np
import pytest

import chainrule.nn as nn
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.initializers.initializer import (
    INITIALIZERS,
    by_activation,
    constant,
    fans,
    generator_at,
    resolve_initializer,
)

SHAPES = [(300, 200), (5, 5, 30, 40)]
VARIANCES = {
    "normal": lambda n, m: 0.05**2,
    "uniform": lambda n, m: 0.05**2 / 3,
    "glorot_normal": lambda n, m: 2 / (n + m),
    "glorot_uniform": lambda n, m: 2 / (n + m),
    "he_normal": lambda n, m: 2 / n,
    "he_uniform": lambda n, m: 2 / n,
    "lecun_normal": lambda n, m: 1 / n,
    "lecun_uniform": lambda n, m: 1 / n,
}


def draw(name: str, shape: tuple[int, ...], dtype: str = "float64", seed: int = 0) -> Any:
    return INITIALIZERS[name](shape, generator_at(seed, (0,)), np.dtype(dtype))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", VARIANCES)
def test_mean_and_variance_equal_those_of_the_paper(name: str, shape: tuple[int, ...]) -> None:
    fan_in = math.prod(shape[:-1])
    fan_out = math.prod(shape[:-2]) * shape[-1]
    expected = VARIANCES[name](fan_in, fan_out)
    found = draw(name, shape)
    # Five standard deviations of the estimates; that of a variance is at most σ²·√(2/n).
    assert abs(found.mean()) < 5 * math.sqrt(expected / found.size)
    assert abs(found.var() - expected) < 5 * expected * math.sqrt(2 / found.size)


@pytest.mark.parametrize("name", [name for name in VARIANCES if "uniform" in name])
def test_uniform_samples_fill_their_interval(name: str) -> None:
    found = draw(name, (300, 200))
    limit = math.sqrt(3 * VARIANCES[name](300, 200))
    assert 0.999 * limit < np.abs(found).max() <= limit


@pytest.mark.parametrize("name", INITIALIZERS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_samples_are_finite_and_have_the_requested_shape_and_dtype(name: str, dtype: str) -> None:
    found = draw(name, (7, 3), dtype)
    assert (found.shape, found.dtype) == ((7, 3), np.dtype(dtype))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("name", INITIALIZERS)
def test_equal_seeds_give_equal_samples(name: str) -> None:
    np.testing.assert_array_equal(draw(name, (7, 3), seed=4), draw(name, (7, 3), seed=4))


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (2, 2, 3, 5)], ids=str)
def test_orthogonal_has_orthonormal_rows_or_columns(shape: tuple[int, ...]) -> None:
    q = draw("orthogonal", shape).reshape(-1, shape[-1])
    product = q.T @ q if q.shape[0] >= q.shape[1] else q @ q.T
    np.testing.assert_allclose(product, np.eye(len(product)), atol=1e-14)


def test_orthogonal_refuses_a_vector() -> None:
    with pytest.raises(ShapeError, match="at least two axes"):
        draw("orthogonal", (3,))


def test_a_fan_in_of_zero_does_not_divide_by_zero() -> None:
    assert draw("he_normal", (0, 3)).shape == (0, 3)
    assert fans(()) == (1, 1)


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "mish"])
def test_the_relu_family_is_initialised_by_he(name: str) -> None:
    assert by_activation(name) == "he_normal"
    assert by_activation(nn.ACTIVATIONS[name]) == "he_normal"


@pytest.mark.parametrize("name", [None, "linear", "tanh", "softmax", "selu", np.tanh])
def test_all_other_activations_are_initialised_by_glorot(name: Any) -> None:
    assert by_activation(name) == "glorot_uniform"


def test_a_layer_chooses_the_initialiser_of_its_activation() -> None:
    def weight(activation: str) -> Any:
        layer = nn.Dense(200, activation)
        layer(np.zeros((1, 300)))
        return layer.weight.value

    assert weight("relu").var() == pytest.approx(2 / 300, rel=0.05)
    assert weight("tanh").var() == pytest.approx(2 / 500, rel=0.05)


def test_any_function_can_be_an_initialiser() -> None:
    layer = nn.Dense(2, initializer=partial(constant, value=0.5))
    np.testing.assert_array_equal(layer(np.ones((1, 3))), [[1.5, 1.5]])


def test_an_initialiser_that_returns_another_shape_is_refused() -> None:
    layer = nn.Dense(2, initializer=lambda shape, generator, dtype: np.zeros(3, dtype))
    with pytest.raises(ShapeError, match=r"its initializer returned shape \(3,\), not \(3, 2\)"):
        layer(np.ones((1, 3)))


@pytest.mark.parametrize("wrong", ["he_norml", "", 3])
def test_an_unknown_initialiser_is_refused_with_the_known_names(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match=r"initializer.*glorot_normal"):
        resolve_initializer(wrong)


def test_a_misspelt_initialiser_gets_a_suggestion_before_the_layer_is_built() -> None:
    with pytest.raises(ArgumentError, match="did you mean 'he_normal'"):
        nn.Dense(3, initializer="he_norml")
