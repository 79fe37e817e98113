"""Lists of traced numbers are taken by NumPy's functions, also by those written in Python."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([0.5, 2.1, 1.2, 3.3])

CALLS: dict[str, Callable[[list[Any], list[Any]], Any]] = {
    "percentile": lambda a, b: np.percentile(a, 40),
    "quantile": lambda a, b: np.quantile(a, [0.1, 0.4]),
    "nanquantile": lambda a, b: np.nanquantile(a, 0.3),
    "median": lambda a, b: np.median(a),
    "nansum": lambda a, b: np.nansum(a),
    "nanstd": lambda a, b: np.nanstd(a),
    "cov": lambda a, b: np.cov([a, b]),
    "convolve": lambda a, b: np.convolve(a, b),
    "gradient": lambda a, b: np.gradient(a),
    "unwrap": lambda a, b: np.unwrap(a),
    "histogram": lambda a, b: np.histogram(a, 3)[1],
    "linspace": lambda a, b: np.linspace(a, b, 3),
    "full": lambda a, b: np.full((2, 4), a),
    "polyadd": lambda a, b: np.polyadd(a, b[1:]),
    "pad": lambda a, b: np.pad(a, 1),
    "meshgrid": lambda a, b: np.meshgrid(a, b)[1],
    "multi_dot": lambda a, b: np.linalg.multi_dot([[a], [[each] for each in b]]),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_list_of_traced_numbers_is_an_array(name: str) -> None:
    def function(x: Any) -> Any:
        return CALLS[name]([x[0], x[1], 1.0, x[3]], [x[1], 2.0, x[2] * x[0], x[0]])

    expected = function(X)
    np.testing.assert_allclose(cr.jit(function)(X), expected, 1e-13)
    cr.check_grads(function, (X,), order=1, directions=1)


def test_membership_in_a_list_is_numpys() -> None:
    assert cr.jit(lambda x: np.isin([x[0], 1.0], [1.0]))(X).tolist() == [False, True]
