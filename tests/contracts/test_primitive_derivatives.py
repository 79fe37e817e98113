"""The derivative of every primitive against finite differences and the complex step."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy import special

import chainrule as cr
from chainrule.graph.primitive import Primitive, Sample
from tests.contracts.primitive_samples import (
    LINEAR_ALGEBRA,
    PRIMITIVES,
    Arrays,
    every_derivative,
    restricted,
)


def random_like(arrays: Sequence[Any], seed: int) -> Arrays:
    generator = np.random.default_rng(seed)
    return [generator.uniform(-1, 1, np.shape(x)) for x in arrays]


def displaced(arrays: Arrays, directions: Arrays, step: float) -> Arrays:
    return [x + step * d for x, d in zip(arrays, directions, strict=True)]


def inner_product(left: Sequence[Any], right: Sequence[Any]) -> float:
    return float(sum(np.sum(a * b) for a, b in zip(left, right, strict=True)))


def central(function: Callable[[float], float], step: float) -> float:
    return (function(step) - function(-step)) / (2 * step)


def richardson(function: Callable[[float], float], step: float = 2.0**-10) -> float:
    """Richardson extrapolation of central differences: the error of order h² cancels."""
    return (4 * central(function, step / 2) - central(function, step)) / 3


def agrees(found: float, expected: float, tolerance: float) -> bool:
    return abs(found - expected) <= tolerance * max(1.0, abs(expected))


@every_derivative
def test_the_vjp_agrees_with_finite_differences(primitive: Primitive, sample: Sample) -> None:
    function, arrays = restricted(primitive, sample)
    directions = random_like(arrays, 1)
    value, pullback = cr.vjp(function, *arrays)
    (cotangent,) = random_like([value], 2)
    found = inner_product(pullback(cotangent), directions)
    along = lambda t: inner_product([cotangent], [function(*displaced(arrays, directions, t))])  # noqa: E731
    assert agrees(found, richardson(along), 1e-6)


# Analytic functions of real inputs, written for complex ones: f(x + ih) = f(x) + ih f'(x).
ANALYTIC: dict[str, Callable[..., Any]] = {
    "arctan2": lambda a, b: np.arctan(a / b),
    "cos": np.cos,
    "divide": np.divide,
    "erf": special.erf,
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "logaddexp": lambda a, b: np.log(np.exp(a) + np.exp(b)),
    "power": np.power,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sin": np.sin,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    # The references of linear algebra use no conjugates.
    **{name: PRIMITIVES[name].reference for name in LINEAR_ALGEBRA},
}


@every_derivative
def test_the_vjp_agrees_with_the_complex_step(primitive: Primitive, sample: Sample) -> None:
    """Complex step for analytic functions, central differences for all others.

    Those are piecewise quadratic (sums, products, selections), for which central differences are
    exact up to rounding.
    """
    function, arrays = restricted(primitive, sample)
    directions = random_like(arrays, 3)
    value, pullback = cr.vjp(function, *arrays)
    (cotangent,) = random_like([value], 4)
    found = inner_product(pullback(cotangent), directions)
    if primitive.name in ANALYTIC:
        step = 1e-30
        shifted = [x + 1j * step * d for x, d in zip(arrays, directions, strict=True)]
        change = ANALYTIC[primitive.name](*shifted, **sample.params).imag / step
        expected = inner_product([cotangent], [change])
    else:
        expected = central(
            lambda t: inner_product([cotangent], [function(*displaced(arrays, directions, t))]),
            2.0**-10,
        )
    assert agrees(found, expected, 1e-10)


@every_derivative
def test_the_second_derivative_agrees_with_finite_differences(
    primitive: Primitive, sample: Sample
) -> None:
    function, arrays = restricted(primitive, sample)
    directions, others = random_like(arrays, 5), random_like(arrays, 6)
    (cotangent,) = random_like([function(*arrays)], 7)

    def gradient(*reals: Any) -> Any:
        """Directional derivative, which is differentiated again."""
        _, pullback = cr.vjp(function, *reals)
        parts = [np.sum(g * d) for g, d in zip(pullback(cotangent), directions, strict=True)]
        return sum(parts[1:], parts[0])

    found = inner_product(cr.grad(gradient, argnums=range(len(arrays)))(*arrays), others)
    assert agrees(found, richardson(lambda t: float(gradient(*displaced(arrays, others, t)))), 1e-6)


def test_the_cotangent_of_a_cast_has_the_dtype_of_its_input() -> None:
    x = np.array([0.1, 0.2])
    value, pullback = cr.vjp(lambda x: x.astype(np.float32), x)
    (gradient,) = pullback(np.array([1.5, -2.5], np.float32))
    assert (value.dtype, gradient.dtype) == (np.float32, np.float64)
    np.testing.assert_array_equal(gradient, [1.5, -2.5])


def test_derivatives_of_ties_are_divided_evenly() -> None:
    one, ties = np.array(1.0), np.array([2.0, 5.0, 5.0, 1.0, 5.0])
    np.testing.assert_array_equal(cr.grad(np.maximum, argnums=(0, 1))(one, one), [0.5, 0.5])
    np.testing.assert_array_equal(cr.grad(np.minimum, argnums=(0, 1))(one, one), [0.5, 0.5])
    np.testing.assert_allclose(cr.grad(np.max)(ties), [0, 1 / 3, 1 / 3, 0, 1 / 3])
    assert cr.grad(np.abs)(0.0) == 0
    assert cr.grad(lambda x: x**0)(0.0) == 0
    np.testing.assert_array_equal(cr.grad(lambda x, p: x**p, argnums=(0, 1))(0.0, 2.0), [0, 0])
    inf = np.array(np.inf)
    assert cr.grad(cr.grad(lambda a: np.logaddexp(a, 1.0)))(1.0) == 0.25
    np.testing.assert_array_equal(cr.grad(np.logaddexp, argnums=(0, 1))(-inf, -inf), [0.5, 0.5])
