"""Activations: values against high-precision formulas, limits, derivatives at kinks."""

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest

from chainrule.autodiff.derivative import grad
from chainrule.errors import ArgumentError
from chainrule.nn.activations.activation import ACTIVATIONS, resolve_activation
from chainrule.testing import check_grads

ALPHA, SCALE = 1.6732632423543772, 1.0507009873554805

FORMULAS: dict[str, Callable[[Any], Any]] = {
    "linear": lambda x: x,
    "sigmoid": lambda x: 1 / (1 + mpmath.exp(-x)),
    "tanh": mpmath.tanh,
    "relu": lambda x: max(x, mpmath.mpf(0)),
    "leaky_relu": lambda x: x if x > 0 else x * mpmath.mpf(0.01),
    "elu": lambda x: x if x > 0 else mpmath.expm1(x),
    "selu": lambda x: SCALE * (x if x > 0 else ALPHA * mpmath.expm1(x)),
    "gelu": lambda x: x * mpmath.ncdf(x),
    "silu": lambda x: x / (1 + mpmath.exp(-x)),
    "softplus": lambda x: mpmath.log1p(mpmath.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "hard_sigmoid": lambda x: min(max(x / 6 + 0.5, mpmath.mpf(0)), mpmath.mpf(1)),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))),
}
LIMITS = {  # at minus and plus infinity
    "linear": (-np.inf, np.inf),
    "sigmoid": (0, 1),
    "tanh": (-1, 1),
    "relu": (0, np.inf),
    "leaky_relu": (-np.inf, np.inf),
    "elu": (-1, np.inf),
    "selu": (-SCALE * ALPHA, np.inf),
    "gelu": (0, np.inf),
    "silu": (0, np.inf),
    "softplus": (0, np.inf),
    "softsign": (-1, 1),
    "hard_sigmoid": (0, 1),
    "mish": (0, np.inf),
}
KINKS = [
    ("relu", 0.0, 0.0),
    ("leaky_relu", 0.0, 0.01),
    ("elu", 0.0, 1.0),
    ("selu", 0.0, SCALE * ALPHA),
    ("hard_sigmoid", -3.0, 0.0),
    ("hard_sigmoid", 3.0, 0.0),
    ("softsign", 0.0, 1.0),
    ("silu", 0.0, 0.5),
    ("gelu", 0.0, 0.5),
    ("mish", 0.0, 0.6),
    ("softplus", 0.0, 0.5),
]
ROWS = {"softmax", "log_softmax"}

each_number = pytest.mark.parametrize("name", FORMULAS)
each_activation = pytest.mark.parametrize("name", ACTIVATIONS)


def derivative_at(name: str, x: float) -> float:
    return float(grad(ACTIVATIONS[name])(np.float64(x)))


def test_every_activation_has_a_formula_to_compare_with() -> None:
    assert set(FORMULAS) | ROWS == set(ACTIVATIONS)


@each_number
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-14), ("float32", 1e-6)])
def test_values_equal_the_formula(name: str, dtype: str, tolerance: float) -> None:
    x = np.concatenate([np.linspace(-5, 5, 41), [-2e-5, 1e-5, -0.0]]).astype(dtype)
    with mpmath.workdps(30):
        expected = [float(FORMULAS[name](mpmath.mpf(float(each)))) for each in x]
    y = ACTIVATIONS[name](x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=20 * tolerance, atol=tolerance)


@each_number
def test_the_limits_at_infinity_are_reached(name: str) -> None:
    y = ACTIVATIONS[name](np.array([-np.inf, np.inf]))
    np.testing.assert_allclose(y, LIMITS[name], rtol=1e-15)


@each_number
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_large_inputs_neither_overflow_nor_warn(name: str, dtype: str) -> None:
    x = np.array([-1e30, -1000, -90, 90, 1000, 1e30], dtype)
    y = ACTIVATIONS[name](x)
    assert np.isfinite(y).all()
    assert np.all(np.abs(y) <= 1.1 * np.abs(x))
    gradients = grad(lambda each: np.sum(ACTIVATIONS[name](each)))(x)
    assert np.isfinite(gradients).all()


@each_activation
def test_nan_is_propagated(name: str) -> None:
    with np.errstate(invalid="ignore"):
        assert np.isnan(ACTIVATIONS[name](np.array([np.nan, 1.0]))[0])


@each_activation
def test_derivatives_agree_with_finite_differences_to_second_order(name: str) -> None:
    x = np.random.default_rng(3).normal(size=(4, 3))
    assert check_grads(ACTIVATIONS[name], (x,), order=2) < 1e-6


@pytest.mark.parametrize(("name", "x", "derivative"), KINKS)
def test_the_derivative_at_a_kink_is_the_documented_one(
    name: str, x: float, derivative: float
) -> None:
    assert derivative_at(name, x) == pytest.approx(derivative, rel=1e-15)


@pytest.mark.parametrize("shift", [0.0, 1e3, -1e8])
def test_shifting_logits_leaves_the_softmax_unchanged(shift: float) -> None:
    x = np.array([[1.0, 2.0, 4.0], [0.0, -1.0, 0.0]])
    powers = np.exp(x)
    expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ACTIVATIONS["softmax"](x + shift), expected, rtol=1e-7)
    y = ACTIVATIONS["log_softmax"](x + shift)
    np.testing.assert_allclose(y, np.log(expected), rtol=1e-7)


def test_a_logit_of_minus_infinity_has_probability_zero() -> None:
    x = np.array([[0.0, -np.inf, 0.0]])
    np.testing.assert_array_equal(ACTIVATIONS["softmax"](x), [[0.5, 0.0, 0.5]])


@pytest.mark.parametrize("name", sorted(ROWS))
def test_extreme_logits_have_finite_softmax_and_gradients(name: str) -> None:
    x = np.array([[1000.0, -1000.0, 0.0]])
    assert np.isfinite(ACTIVATIONS[name](x)).all()
    gradients = grad(lambda each: np.sum(ACTIVATIONS[name](each)[:, 0]))(x)
    assert np.isfinite(gradients).all()


def test_a_parameter_of_an_activation_is_set_by_partial() -> None:
    leaky = resolve_activation(partial(ACTIVATIONS["leaky_relu"], slope=0.2))
    np.testing.assert_array_equal(leaky(np.array([-1.0, 1.0])), [-0.2, 1.0])


def test_none_resolves_to_linear() -> None:
    assert resolve_activation(None) is ACTIVATIONS["linear"]


@pytest.mark.parametrize("wrong", ["rleu", "ReLU", "", 3, ["relu"]])
def test_an_unknown_activation_is_refused_with_the_known_names(wrong: Any) -> None:
    with pytest.raises(ArgumentError, match=r"activation.*leaky_relu, linear"):
        resolve_activation(wrong)


@pytest.mark.parametrize("wrong", ["rleu", "ReLU"])
def test_a_misspelt_activation_gets_a_suggestion(wrong: str) -> None:
    with pytest.raises(ArgumentError, match="did you mean 'relu'"):
        resolve_activation(wrong)
