"""erf and sigmoid against mpmath at higher precision."""

import math

import mpmath
import numpy as np

import chainrule as cr
from chainrule.ops.primitives.special import erf, sigmoid


def test_erf_is_within_three_units_in_the_last_place() -> None:
    generator = np.random.default_rng(0)
    x = np.concatenate([generator.uniform(-7, 7, 500), 10 ** generator.uniform(-300, 0, 200)])
    x = np.concatenate(
        [x, [0.46875, np.nextafter(0.46875, 1), 4.0, np.nextafter(4.0, 5), 6.0, 50.0]]
    )
    expected = np.array([float(mpmath.erf(each)) for each in x])
    assert np.max(np.abs(erf(x) - expected) / np.spacing(np.abs(expected))) <= 3


def test_erf_of_float32_is_correctly_rounded() -> None:
    x = np.linspace(-5, 5, 1001, dtype=np.float32)
    exact = np.array([math.erf(each) for each in x])
    assert erf(x).dtype == np.float32
    assert np.max(np.abs(erf(x) - exact) / np.spacing(np.abs(exact).astype(np.float32))) <= 0.5001


def test_erf_is_odd_to_the_last_bit_and_bounded_by_one() -> None:
    x = np.linspace(0, 40, 4001)
    np.testing.assert_array_equal(erf(-x), -erf(x))
    assert erf(x).max() == 1


def test_sigmoid_is_accurate_in_its_tail_and_symmetric() -> None:
    x = np.array([-700.0, -40.0, -1.0, 0.0, 1.0, 40.0, 800.0])
    expected = [float(1 / (1 + mpmath.exp(-each))) for each in x]
    np.testing.assert_allclose(sigmoid(x), expected, rtol=4e-16)
    np.testing.assert_allclose(sigmoid(x) + sigmoid(-x), 1, rtol=4e-16)


def test_the_derivative_of_erf_is_the_gaussian() -> None:
    x = np.array([-2.0, -0.3, 0.0, 1.7])
    derivative = cr.grad(lambda x: np.sum(erf(x)))(x)
    np.testing.assert_allclose(derivative, 2 / math.sqrt(math.pi) * np.exp(-(x**2)), rtol=1e-15)
