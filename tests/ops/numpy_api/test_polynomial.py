"""Polynomials, Bessel functions, shifts and matrix powers have NumPy's values and derivatives."""

import numpy as np
import pytest

import chainrule as cr
from tests.ops.numpy_api.function_table import (
    VECTOR,
    WEIGHTS,
    M,
    Table,
    check_derivatives,
    check_values,
    trace_known,
)

SQUARE = M[:, :3]

POLYNOMIALS: Table = {
    "poly": (np.poly, WEIGHTS),
    "polyadd": (np.polyadd, VECTOR, WEIGHTS),
    "polysub": (np.polysub, WEIGHTS, VECTOR),
    "polymul": (np.polymul, VECTOR, WEIGHTS),
    "polyder": (lambda p: np.polyder(p, 2), VECTOR),
    "polyint": (lambda p: np.polyint(p, 2, k=[1, 2]), VECTOR),
    "polyint once": (np.polyint, VECTOR),
}

DIVISION: Table = {
    "polydiv": (np.polydiv, VECTOR, WEIGHTS),
    "polydiv short": (np.polydiv, WEIGHTS, VECTOR),
    "polymul from 0": (lambda p: np.polymul(p * [0, 1, 1], p), WEIGHTS),
}

OTHERS: Table = {
    "i0": (np.i0, np.array([-9.0, -1.5, 0.3, 7.9, 8.1, 30])),
    "fftshift": (lambda x: np.fft.fftshift(x, axes=1), M),
    "ifftshift": (np.fft.ifftshift, M),
    "matrix_power": (lambda x: np.linalg.matrix_power(x, 5), SQUARE),
    "matrix_power -2": (lambda x: np.linalg.matrix_power(x, -2), SQUARE),
    "matrix_power 0": (lambda x: np.linalg.matrix_power(x, 0), SQUARE),
    "multi_dot": (lambda x, v: np.linalg.multi_dot([v, x, x.T, x]), M, WEIGHTS),
}


def test_values_are_numpys() -> None:
    check_values(POLYNOMIALS | OTHERS)
    check_values(DIVISION, compiled=False)


def test_derivatives_are_exact() -> None:
    check_derivatives(POLYNOMIALS)
    check_derivatives(DIVISION | OTHERS, compiled=False)


def test_what_needs_eigenvalues_is_refused() -> None:
    with pytest.raises(cr.errors.UnsupportedError, match="cannot be traced"):
        trace_known(np.poly, SQUARE)
