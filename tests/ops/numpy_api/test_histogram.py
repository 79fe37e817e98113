"""Histograms and counts have NumPy's values; weights have derivatives."""

import numpy as np
import pytest

import chainrule as cr
from tests.ops.numpy_api.function_table import (
    VECTOR,
    M,
    Table,
    check_derivatives,
    check_values,
    trace_known,
)

COUNTS: Table = {
    "counts": (lambda x: np.histogram(x, 4, range=(-1, 1))[0], VECTOR),
    "counts in a plane": (lambda x, y: np.histogram2d(x, y, 3)[0], VECTOR, VECTOR**2),
}

SUMS: Table = {
    "bincount": (lambda w: np.bincount([0, 1, 1, 4], w, minlength=7), VECTOR[:4]),
    "histogram": (lambda a, w: np.histogram(a, 5, weights=w), VECTOR, VECTOR**2),
    "density": (lambda a: np.histogram(a, [-1.0, 0, 0.3, 1], density=True), VECTOR),
    "edges": (lambda a: np.histogram_bin_edges(a, 3), VECTOR),
    "plane": (
        lambda x, w: np.histogram2d(x, x**2, [3, [0, 0.5, 9]], weights=w), VECTOR, VECTOR,
    ),
    "space": (
        lambda x, w: np.histogramdd(x, 2, [(-2, 2)] * 4, density=True, weights=w), M, M[:, 0] ** 2,
    ),
}  # fmt: skip


def test_histograms_have_numpys_values() -> None:
    check_values(COUNTS | SUMS)


def test_sums_of_weights_have_derivatives() -> None:
    check_derivatives(SUMS, compiled=False)


def test_a_number_of_bins_is_chosen_from_known_values() -> None:
    check_values({"auto": (lambda a: np.histogram(a, "auto"), VECTOR)}, compiled=False)
    with pytest.raises(cr.errors.TraceError, match="number of bins"):
        cr.jit(lambda a: np.histogram(a, "auto"))(VECTOR)


def test_misfits_are_refused() -> None:
    for function, words in {
        lambda x: np.histogram(x, 0): "1 or more",
        lambda x: np.histogram(x, weights=x[:2]): "2 weights",
        lambda x: np.histogramdd(x[:, None], [3, 3]): "coordinates",
    }.items():
        with pytest.raises(cr.errors.ChainruleError, match=words):
            trace_known(function, VECTOR)
