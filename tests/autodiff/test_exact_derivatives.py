"""Derivatives of certified regression models and classic functions, exact up to rounding."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import chainrule as cr
from tests.classic_functions import FUNCTIONS
from tests.regression_models import MODELS
from tests.taylor import expansion


def check(found: Any, expected: Any, scale: Any, name: str) -> None:
    """Compare to 1e-12 of each value, or of the largest terms that cancel in it."""
    np.testing.assert_allclose(
        found / scale, expected / scale, rtol=1e-12, atol=1e-12, err_msg=name
    )


def test_jacobians_and_hessians_of_certified_regression_models() -> None:
    for name, (model, parameters, (low, high)) in MODELS.items():
        x, b = np.linspace(low, high, 9), np.array(parameters, float)
        function = partial(lambda x, b, model: model(b, x), x, model=model)
        _, jacobian, hessian = expansion(function, b)
        columns = np.abs(jacobian).max(axis=0)
        check(cr.jacobian(function)(b), jacobian, columns, name)
        pairs = np.maximum(np.abs(hessian).max(axis=0), 1e-300)
        check(cr.hessian(function)(b), hessian, pairs, name)


def squares(function: Callable[[Any], Any], b: Any) -> Any:
    return np.sum(function(b) ** 2)


def test_the_compiled_hessian_of_a_sum_of_squares_is_exact() -> None:
    name = "Thurber"
    model, parameters, (low, high) = MODELS[name]
    x, b = np.linspace(low, high, 9), np.array(parameters, float)
    total = partial(squares, lambda b: model(b, x) - 1)
    _, gradient, hessian = expansion(total, b)
    scale = np.sqrt(np.abs(np.diag(hessian)))
    check(cr.jit(cr.grad(total))(b), gradient, np.abs(gradient), name)
    check(cr.jit(cr.hessian(total))(b), hessian, np.outer(scale, scale), name)


def test_gradients_and_hessians_of_classic_functions() -> None:
    for name, (function, start) in FUNCTIONS.items():
        x = np.array(start, float)
        value, gradient, hessian = expansion(function, x)
        found, derivative = cr.value_and_grad(function)(x)
        np.testing.assert_allclose(found, value, rtol=1e-12, err_msg=name)
        largest = max(1.0, np.abs(gradient).max())
        check(derivative, gradient, largest, name)
        check(cr.hessian(function)(x), hessian, max(1.0, np.abs(hessian).max()), name)
