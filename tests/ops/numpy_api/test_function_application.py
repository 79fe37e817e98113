"""Functions applied along axes and piecewise."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from tests.expression_arrays import CUBE, VECTOR, M
from tests.numpy_programs import broken, programs

SCOPE = {"np": np, "M": M, "VECTOR": VECTOR}


def test_a_function_is_applied_to_each_line_as_in_numpy() -> None:
    table = programs(
        """
        np.apply_along_axis(np.sum, 1, x)
        np.apply_along_axis(lambda line: line * line[::-1], 0, x)
        np.apply_along_axis(lambda line: np.outer(line, line), 2, x)
        np.apply_along_axis(lambda line, n, scale=1: scale * line[:n], -2, x, 2, scale=3)
        np.apply_along_axis(np.max, arr=x, axis=0)
        np.apply_over_axes(np.sum, x, [0, 2])
        np.apply_over_axes(np.max, x, 1)
        """,
        CUBE,
        SCOPE,
    )
    assert broken(table) == {}


def test_pieces_and_choices_are_those_of_numpy() -> None:
    table = programs(
        """
        np.piecewise(x, [x < 0, x >= 1], [lambda v: -v, lambda v: v**3, 0.5])
        np.piecewise(x, [x < 0, x >= 0], [-1.0, np.sqrt])
        np.piecewise(x, [x > 0], [lambda v, k: v * k, lambda v, k: k - v], 3.0)
        np.piecewise(x, [x > 0], [lambda v, k: v**k], k=3)
        np.piecewise(x[0], VECTOR > 0, [np.sin, np.cos])
        np.piecewise(x[0, 0], [x[0, 0] > 0], [np.sin, np.cos])
        np.choose([[0], [1], [0]], [x, x**2])
        np.choose([0, 5, 1, -2], [x, x**2], mode="clip")
        np.choose([0, 5, 1, -2], [x, x**2], mode="wrap")
        np.choose((x > 0).astype(int), [x, x**2])
        (x > 0).astype(int).choose([x, x**2])
        np.select([x > 1, x > 0], [x, x**2], default=x[0])
        """,
        M,
        SCOPE,
    )
    assert broken(table) == {}


def test_a_piece_may_depend_on_all_elements_where_the_condition_is_known() -> None:
    def centred(x: Any) -> Any:
        return np.piecewise(x, [x > 0], [lambda part: part - part.mean(), np.sin])

    np.testing.assert_allclose(cr.vjp(centred, M)[0], centred(M))
    mask = M > 0
    expected = np.where(mask, 0.0, np.cos(M))
    np.testing.assert_allclose(cr.grad(lambda x: np.sum(centred(x)))(M), expected, atol=1e-12)
    with pytest.raises(cr.errors.TraceError, match=r"piecewise.*np\.where"):
        cr.jit(centred)(M)


def test_the_piece_not_taken_has_no_derivative() -> None:
    x = np.array([-1.0, 4.0])
    roots = cr.grad(lambda x: np.sum(np.piecewise(x, [x > 0], [np.sqrt, lambda v: v])))
    np.testing.assert_allclose(roots(x), [1.0, 0.25])
