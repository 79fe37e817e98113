"""Quantiles by every method have NumPy's values and derivatives."""

import numpy as np
import pytest

from chainrule.errors import ChainruleError
from chainrule.ops.numpy_api.quantiles import _METHODS
from tests.ops.numpy_api.function_table import (
    VECTOR,
    M,
    Table,
    check_derivatives,
    check_values,
    trace_known,
    with_gaps,
)

LEVELS = np.array([0, 0.25, 0.31, 0.5, 1])

QUANTILES: Table = {
    method: (lambda x, m=method: np.quantile(x, LEVELS, axis=1, method=m), M) for method in _METHODS
} | {
    f"{method} of numbers": (
        lambda x, m=method: np.nanquantile(with_gaps(x), LEVELS, axis=1, method=m, keepdims=True),
        M,
    )
    for method in _METHODS
}

FORMS: Table = {
    "percentile": (lambda x: np.percentile(x, 37, axis=(1, 0), keepdims=True), M),
    "percentiles": (lambda x: np.percentile(x, [[10, 50], [90, 99]], axis=0), M),
    "nanpercentile": (lambda x: np.nanpercentile(with_gaps(x), 37, axis=0), M),
    "levels": (lambda x, q: np.quantile(x, q), VECTOR, np.array([0.12, 0.77])),
    "one level": (lambda x, q: np.nanquantile(x, q), VECTOR, np.array(0.12)),
}


# Compiling takes most of the time: some rows stand for all methods.
SOME = {name: QUANTILES[name] for name in list(QUANTILES)[::6]} | FORMS


SHARES = np.abs(M) + 0.1
WEIGHTED: Table = {
    "weights": (lambda x: np.quantile(x, LEVELS, method="inverted_cdf", weights=SHARES), M),
    "weights of an axis": (
        lambda x, w: np.quantile(x, 0.3, axis=1, method="inverted_cdf", weights=w), M, SHARES[0],
    ),
    "weights beside NaN": (
        lambda x: np.nanpercentile(
            with_gaps(x), [20, 70], axis=0, method="inverted_cdf", weights=SHARES, keepdims=True
        ),
        M,
    ),
    "no weight": (
        lambda x: np.quantile(x, [0, 1], method="inverted_cdf", weights=VECTOR > 0), VECTOR,
    ),
}  # fmt: skip


def test_weighted_quantiles_have_numpys_values_and_derivatives() -> None:
    check_values(WEIGHTED)
    check_derivatives(WEIGHTED, compiled=False, order=1)


def test_quantiles_have_numpys_values() -> None:
    with_nan: Table = {"nan": (lambda x: np.quantile(with_gaps(x), 0.3, axis=0), M)}
    check_values(QUANTILES | with_nan, compiled=False)
    check_values(SOME)


def test_quantiles_have_derivatives() -> None:
    check_derivatives(SOME, compiled=False)
    check_derivatives({"levels": FORMS["levels"], "nanpercentile": FORMS["nanpercentile"]})


def test_misuse_is_refused() -> None:
    for function, words in {
        lambda x: np.quantile(x, 1.5): r"\[0, 1\]",
        lambda x: np.percentile(x, 50, method="middle"): "choose",
        lambda x: np.quantile(x, 0.5, weights=x**2): "inverted_cdf",
        lambda x: np.quantile(x, 0.5, method="inverted_cdf", weights=x[:2]): "shape",
    }.items():
        with pytest.raises(ChainruleError, match=words):
            trace_known(function, VECTOR)
