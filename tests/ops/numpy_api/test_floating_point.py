"""Parts and neighbours of floating-point numbers are NumPy's, bit for bit."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from tests.ops.numpy_api.function_table import (
    M,
    Table,
    assert_same,
    check_derivatives,
    check_values,
    trace_known,
)

SHIFTS = np.array([1, -2, 3, 4])

PARTS: Table = {
    "cbrt": (np.cbrt, M),
    "fix": (np.fix, M * 3),
    "modf": (np.modf, M * 3),
    "frexp": (lambda x: np.frexp(x)[0], M * 3),
    "ldexp": (lambda x: np.ldexp(x, SHIFTS), M),
}

EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -2.5, 5e-324, -3e-310, 1.7e308, 8.0])


def test_parts_have_numpys_values() -> None:
    check_values(PARTS | {"exponents": (lambda x: np.frexp(x)[1], M * 3)})


def test_parts_have_derivatives() -> None:
    check_derivatives(PARTS)


@pytest.mark.parametrize("function", [np.cbrt, np.modf, np.frexp, np.spacing, np.fix])
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_special_values_are_numpys(function: Any) -> None:
    for compute in (trace_known, lambda f, x: cr.jit(f)(x)):
        if function is np.spacing and compute is not trace_known:
            continue
        got, expected = compute(function, EDGES), function(EDGES)
        assert_same(function.__name__, got, expected, 4e-16, signed=True)


def test_the_next_number_moves_with_its_argument() -> None:
    x = np.array([1.0, -2.5, 0.0, 1e100])
    value, gradient = cr.value_and_grad(lambda x: np.sum(x * np.nextafter(x, 9.0)))(x)
    assert value == np.sum(x * np.nextafter(x, 9.0))
    np.testing.assert_allclose(gradient, 2 * x, atol=1e-100)
