"""Covariances, convolutions and correlations have NumPy's values and exact derivatives."""

from typing import Any

import numpy as np
import pytest

from chainrule.errors import ShapeError
from tests.ops.numpy_api.function_table import (
    POSITIVE,
    VECTOR,
    WEIGHTS,
    M,
    Table,
    check_derivatives,
    check_values,
    trace_known,
)

MATRICES: Table = {
    "cov": (np.cov, M),
    "cov of a vector": (np.cov, VECTOR),
    "cov of two": (lambda x, y: np.cov(x, y), VECTOR, VECTOR[::-1] ** 2),
    "cov of columns": (lambda x: np.cov(x, rowvar=False, bias=True), M),
    "cov with counts": (
        lambda x: np.cov(x, fweights=[1, 2, 1, 3], aweights=[0.5, 0.2, 1, 2]), M,
    ),
    "cov with weights": (lambda x, w: np.cov(x, aweights=w, ddof=0), M, POSITIVE[0]),
    "corrcoef": (np.corrcoef, M),
    "corrcoef of two": (lambda x, y: np.corrcoef(x, y), VECTOR, VECTOR[::-1] ** 2),
}  # fmt: skip

SEQUENCES: Table = {
    f"{function.__name__} {mode} of {size}": (
        lambda a, b, function=function, mode=mode: function(a, b, mode),
        VECTOR[:size],
        WEIGHTS,
    )
    for function in (np.convolve, np.correlate)
    for mode in ("full", "same", "valid")
    for size in (7, 6, 2)
}


def test_covariances_have_numpys_values() -> None:
    check_values(MATRICES)


def test_covariances_have_derivatives() -> None:
    check_derivatives(MATRICES)


def test_convolutions_have_numpys_values() -> None:
    check_values(SEQUENCES | {"even": (lambda a, b: np.correlate(a, b, "same"), VECTOR, M[0])})


def test_convolutions_have_derivatives() -> None:
    check_derivatives(SEQUENCES)


@pytest.mark.parametrize("function", [np.convolve, np.correlate])
def test_images_and_empty_sequences_are_refused(function: Any) -> None:
    with pytest.raises(ShapeError, match="sliding_window_view"):
        trace_known(lambda x: function(x, x), M)
    with pytest.raises(ShapeError, match="length 0"):
        trace_known(lambda x: function(x[:0], x), VECTOR)
