"""Ranges between traced ends have NumPy's values and exact derivatives."""

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ChainruleError
from tests.ops.numpy_api.function_table import (
    POSITIVE,
    WEIGHTS,
    M,
    Table,
    check_derivatives,
    check_values,
    trace_known,
)

ONE, TWO = np.array(1.0), np.array(2.5)

RANGES: Table = {
    "linspace": (lambda a, b: np.linspace(a, b, 5), ONE, TWO),
    "linspace to a number": (lambda a: np.linspace(a, 3, 5), ONE),
    "linspace of rows": (lambda a, b: np.linspace(a, b, 5, axis=1), M, POSITIVE),
    "linspace open": (lambda a, b: np.linspace(a, b, 5, endpoint=False, retstep=True), M, POSITIVE),
    "linspace of one": (lambda a, b: np.linspace(a, b, 1), ONE, TWO),
    "linspace of none": (lambda a, b: np.linspace(a, b, 0), ONE, TWO),
    "logspace": (lambda a, b: np.logspace(a, b, 5), ONE, TWO),
    "logspace of bases": (
        lambda a, b: np.logspace(a, 2, 5, base=b, axis=-1), WEIGHTS, POSITIVE[0, :3],
    ),
    "geomspace": (lambda a, b: np.geomspace(a, b, 5), ONE, TWO),
    "geomspace negative": (
        lambda a, b: np.geomspace(-a, -b, 5, endpoint=False), POSITIVE[0], POSITIVE[1],
    ),
    "geomspace along": (lambda a, b: np.geomspace(a, b, 5, axis=1), POSITIVE[0], POSITIVE[1]),
    "vander": (np.vander, WEIGHTS),
    "vander increasing": (lambda x: np.vander(x, 5, increasing=True), WEIGHTS),
    "diagflat": (lambda x: np.diagflat(x, 1), M[:2, :2]),
}  # fmt: skip

INTEGERS: Table = {
    "linspace of integers": (lambda a, b: np.linspace(a * 5, b * 7, 5, dtype=int), ONE, TWO)
}


def test_ranges_have_numpys_values() -> None:
    check_values(RANGES | INTEGERS)


def test_ranges_have_derivatives_by_their_ends() -> None:
    check_derivatives(RANGES)


def test_the_number_of_points_of_arange_needs_known_values() -> None:
    def points(x: Any) -> Any:
        return np.sum(np.arange(x, 4.0, 2 * x) ** 2)

    value, gradient = cr.value_and_grad(points)(0.5)
    assert (value, gradient) == (points(0.5), 2 * points(0.5) / 0.5)
    with pytest.raises(cr.errors.TraceError, match=r"np\.linspace"):
        cr.jit(points)(0.5)


def test_arrays_without_dispatch_are_traced() -> None:
    def blocks(x: Any) -> Any:
        x = np.require(np.asarray_chkfinite(x), np.float64)
        return np.full((2, 4), x) * np.kaiser(4, np.sum(x))

    np.testing.assert_allclose(cr.jit(blocks)(POSITIVE[0]), blocks(POSITIVE[0]))
    cr.check_grads(blocks, (POSITIVE[0],), directions=1)


@pytest.mark.parametrize("function", [np.linspace, np.geomspace])
def test_a_negative_number_of_samples_is_refused(function: Any) -> None:
    with pytest.raises(ChainruleError, match="-1"):
        trace_known(lambda a: function(a, 2.0, -1), ONE)
