"""Comparisons and questions about complex parts answer as NumPy does."""

from typing import Any

import numpy as np

import chainrule as cr
from tests.ops.numpy_api.function_table import M, Table, check_values, trace_known

EDGES = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.0])


def near(x: Any) -> Any:
    return M.astype(x.dtype) + 1e-9


QUESTIONS: Table = {
    "isclose": (lambda x: np.isclose(x, near(x)), M),
    "isclose far": (lambda x: np.isclose(x, 0.7, rtol=0.5, atol=0), M),
    "isclose at the edges": (lambda x: np.isclose(x, EDGES[::-1], equal_nan=True), EDGES),
    "allclose": (lambda x: np.allclose(x, near(x)), M),
    "array_equiv": (lambda x: np.array_equiv(x, x[:1]), M),
    "array_equiv of misfits": (lambda x: np.array_equiv(x, x[:, :3]), M),
    "array_equal": (lambda x: np.array_equal(x, x), M),
    "array_equal of NaN": (lambda x: np.array_equal(x, x, equal_nan=True), EDGES),
    "isneginf": (np.isneginf, EDGES),
    "isposinf": (np.isposinf, EDGES),
    "imag": (np.imag, M),
    "angle": (np.angle, EDGES),
    "angle in degrees": (lambda x: np.angle(x, deg=True), M),
    "isreal": (np.isreal, M),
    "iscomplex": (lambda x: np.iscomplex(x[0, 0]), M),
    "real_if_close": (np.real_if_close, M),
}


def test_questions_have_numpys_answers() -> None:
    check_values(QUESTIONS)


def test_an_answer_of_known_values_is_a_python_bool() -> None:
    assert trace_known(lambda x: np.allclose(x, M), M) is True
    assert trace_known(lambda x: np.array_equal(x, M + 1), M) is False


def test_angles_and_imaginary_parts_have_derivative_zero() -> None:
    gradient = cr.grad(lambda x: np.sum(x * np.angle(x) + np.imag(x)))(M)
    np.testing.assert_array_equal(gradient, np.angle(M))
