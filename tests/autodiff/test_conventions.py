"""Every row of the tables in ``docs/derivatives.md`` holds, by NumPy and compiled."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

PAGE = Path(__file__).parents[2] / "docs" / "derivatives.md"
ROW = re.compile(r"^\| `(.+)` \| `(.+)` \| `(.+)` \|$", re.MULTILINE)


def evaluated(code: str, x: Any = None) -> Any:
    return eval(code, {"np": np, "x": x})


def test_the_documented_derivatives_hold() -> None:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len(rows) > 40
    for code, point, derivative in rows:

        def function(x: Any, code: str = code) -> Any:
            return np.sum(evaluated(code, x))

        x = np.array(evaluated(point), float)
        with np.errstate(all="ignore"):
            for gradient in (cr.grad(function), cr.jit(cr.grad(function))):
                np.testing.assert_allclose(
                    gradient(x), evaluated(derivative), rtol=1e-15, err_msg=code
                )


def test_second_derivatives_are_exact_at_zeros_and_near_them() -> None:
    def second(function: Any, x: Any) -> Any:
        derivative = cr.grad(lambda x: np.sum(function(x)))
        return cr.grad(lambda x: np.sum(derivative(x)))(np.array(x))

    assert np.array_equal(second(np.prod, [0.0, 2.0, 3.0]), [5, 3, 2])
    assert np.array_equal(second(np.prod, [0.0, 0.0, 3.0]), [3, 3, 0])
    assert np.array_equal(second(np.linalg.norm, [0.0, 0.0]), [0, 0])
    for function, factor in (
        (np.sinh, 1), (np.arcsin, 1), (np.arccos, -1), (np.arcsinh, -1), (np.arctanh, 2),
        (np.tanh, -2), (np.arctan, -2), (np.tan, 2),
    ):  # fmt: skip
        for x in (1e-20, -1e-10, 1e-5):
            assert second(function, x) == pytest.approx(factor * x, rel=1e-9)


def test_slopes_keep_their_digits_where_functions_are_flat_or_steep() -> None:
    x = 1 - 1e-12
    gap, above = (1 - x) * (1 + x), 1 + 1e-10
    for function, derivative, point in (
        (np.cosh, 1e-12, 1e-12),
        (np.sinh, np.cosh(700.0), 700.0),
        (np.cosh, np.sinh(-710.4), -710.4),
        (np.arcsin, gap**-0.5, x),
        (np.arctanh, 1 / gap, -x),
        (np.arccosh, ((above - 1) * (above + 1)) ** -0.5, above),
        (np.arcsinh, 1e-200, 1e200),
        (lambda x: np.arctan2(x, 1e-200), 5e199, 1e-200),
        (lambda x: np.hypot(x, 1e200), 0.5**0.5, 1e200),
        (np.sinc, 0.0, 1e160),
    ):
        assert cr.grad(function)(point) == pytest.approx(derivative, rel=1e-9), (function, point)
