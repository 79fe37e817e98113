"""Interpolation, numerical differences and phases have NumPy's values and exact derivatives."""

import numpy as np
import pytest

from chainrule.errors import ChainruleError
from tests.ops.numpy_api.function_table import (
    VECTOR,
    M,
    Table,
    check_derivatives,
    check_values,
    trace_known,
)

POINTS = np.array([0.2, 0.9, 1.7, 2.4, 4.1, 4.6])
HEIGHTS = np.sin(3 * POINTS)
PLACES = np.linspace(-1, 6, 11) + 0.013
COLUMNS = np.array([0.0, 0.7, 1.1, 3.0])

FUNCTIONS: Table = {
    "interp": (np.interp, PLACES, POINTS, HEIGHTS),
    "interp beyond": (lambda x, y: np.interp(x, POINTS, y, left=-1, right=3.5), PLACES, HEIGHTS),
    "interp in a circle": (
        lambda x, xp, fp: np.interp(x, xp, fp, period=4.3), PLACES, POINTS, HEIGHTS,
    ),
    "interp at the points": (lambda y: np.interp(POINTS, POINTS, y), HEIGHTS),
    "unwrap": (lambda x: np.unwrap(x * 5), VECTOR),
    "unwrap along": (lambda x: np.unwrap(x * 5, axis=0, period=4.2, discont=3.0), M),
    "ediff1d": (lambda x: np.ediff1d(x, to_begin=x[0, :2], to_end=np.float32(3)), M),
    "gradient": (np.gradient, M),
    "gradient of an axis": (lambda x: np.gradient(x, 0.3, axis=1, edge_order=2), M),
    "gradient of coordinates": (
        lambda x, c: np.gradient(x, np.arange(3.0) ** 2, c, edge_order=2), M, COLUMNS,
    ),
    "gradient of columns": (lambda x, c: np.gradient(x, c, axis=-1), M, COLUMNS),
}  # fmt: skip


def test_interpolation_and_differences_have_numpys_values() -> None:
    of_integers: Table = {
        "unwrap of integers": (lambda x: np.unwrap(x.astype(int), period=4), VECTOR * 5),
        "gradient of integers": (lambda x: np.gradient(x.astype(int)), VECTOR * 5),
    }
    check_values(FUNCTIONS | of_integers)


def test_interpolation_and_differences_have_derivatives() -> None:
    check_derivatives(FUNCTIONS)


def test_misfits_are_refused() -> None:
    for function, words in {
        lambda x: np.interp(x, POINTS, HEIGHTS[:3]): "one length",
        lambda x: np.interp(x, POINTS, HEIGHTS, period=0): "period",
        lambda x: np.gradient(x[:1]): "edge_order",
        lambda x: np.gradient(x, COLUMNS): "coordinates",
        lambda x: np.ediff1d(x.astype(int), to_end=0.5): "to_end",
    }.items():
        with pytest.raises(ChainruleError, match=words):
            trace_known(function, VECTOR)
