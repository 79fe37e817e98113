"""What needs known values is NumPy's under ``cr.grad``; under ``cr.jit`` the remedy works."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from tests.ops.numpy_api.function_table import VECTOR, assert_same, trace_known

COUNTS = np.array([3, 1, 4, 1, 5], np.uint8)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "gcd": lambda x: np.gcd(x, 12),
    "lcm": lambda x: np.lcm(x, 4),
    "bitwise_count": lambda x: np.bitwise_count(x),
    "packbits": lambda x: np.packbits(x > 1),
    "unpackbits": lambda x: np.unpackbits(x),
    "unravel_index": lambda x: np.unravel_index(x, (2, 3)),
    "ravel_multi_index": lambda x: np.ravel_multi_index((x[:2], x[1:3]), (6, 7)),
    "array_str": lambda x: np.array([len(np.array_str(x)), len(np.array2string(x))]),
    "min_scalar_type": lambda x: np.array(np.min_scalar_type(x).itemsize),
}

OF_TYPES: dict[str, Callable[[Any], Any]] = {
    "can_cast": lambda x: np.array(np.can_cast(x.dtype, np.int64)),
    "diag_indices_from": lambda x: np.diag_indices_from(x[:, None] * x),
    "tril_indices_from": lambda x: np.tril_indices_from(x[:, None] * x, 1),
    "triu_indices_from": lambda x: np.triu_indices_from(x[:, None] * x),
    "einsum_path": lambda x: np.array(len(np.einsum_path("i,i->", x, x)[0])),
}


def test_functions_of_known_values_are_numpys() -> None:
    for name, function in (FUNCTIONS | OF_TYPES).items():
        assert_same(name, trace_known(function, COUNTS), function(COUNTS))


def test_functions_of_types_are_the_same_under_jit() -> None:
    for name, function in OF_TYPES.items():
        assert_same(name, cr.jit(function)(COUNTS), function(COUNTS))


X = np.array([2.0, 0.5, 2.0, 3.0])

# A call that needs values, words of its remedy, the remedy, and what it computes.
REMEDIES: dict[str, tuple[Any, str, Any, Any]] = {
    "bincount": (
        lambda x: np.bincount(x.astype(int)),
        "(x[:, None] == np.arange(n)).sum(axis=0)",
        lambda x: (x.astype(int)[:, None] == np.arange(4)).sum(axis=0),
        lambda x: np.bincount(x.astype(int)),
    ),
    "unique": (
        np.unique,
        "np.diff(np.sort(x)) != 0",
        lambda x: 1 + np.sum(np.diff(np.sort(x)) != 0),
        lambda x: np.array(np.unique(x).size),
    ),
    "arange": (
        lambda x: np.arange(x[1], 3.0),
        "start + step * np.arange(n)",
        lambda x: x[1] + 1 * np.arange(3),
        lambda x: np.arange(x[1], 3.0),
    ),
    "nextafter": (
        lambda x: np.nextafter(x, 9.0),
        "x * (1 + np.finfo(x.dtype).eps)",
        lambda x: x * (1 + np.finfo(x.dtype).eps),
        lambda x: x * (1 + np.finfo(x.dtype).eps),
    ),
    "trim_zeros": (
        np.trim_zeros,
        "x[first:last]",
        lambda x: x[0:4],
        np.trim_zeros,
    ),
    "histogram": (
        lambda x: np.histogram(x, "auto"),
        "number of bins",
        lambda x: np.histogram(x, 4),
        lambda x: np.histogram(x, 4),
    ),
}


@pytest.mark.parametrize("name", REMEDIES)
def test_the_remedy_under_jit_works(name: str) -> None:
    function, words, remedy, meaning = REMEDIES[name]
    with pytest.raises(cr.errors.TraceError) as caught:
        cr.jit(function)(X)
    assert words in str(caught.value)
    assert_same(name, cr.jit(remedy)(X), meaning(X))


def test_a_result_that_is_computed_outside_is_passed_in() -> None:
    with pytest.raises(cr.errors.TraceError, match="call it outside"):
        cr.jit(lambda k: np.gcd(k, 12))(COUNTS)
    outside = np.gcd(COUNTS, 12)
    result = cr.jit(lambda x, k: np.sum(x[:5] * k))(VECTOR, outside)
    np.testing.assert_allclose(result, np.sum(VECTOR[:5] * outside))
