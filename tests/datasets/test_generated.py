"""Generated data sets."""

from typing import Any

import numpy as np
import pytest

from chainrule import datasets
from chainrule.errors import ArgumentError


@pytest.mark.parametrize(
    ("n", "noise", "seed"), [(200, 0.2, 0), (1, 0.1, 3), (7, 0.0, 1), (1001, 1.5, 2**32 - 1)]
)
def test_moons_equal_scikit_learns_bit_for_bit(n: int, noise: float, seed: int) -> None:
    sklearn_datasets = pytest.importorskip("sklearn.datasets")
    state: Any = np.random.get_state()
    try:
        np.random.seed(seed)
        expected_X, expected_y = sklearn_datasets.make_moons(n, noise=noise)
    finally:
        np.random.set_state(state)
    X, y = datasets.moons(n, noise, seed)
    assert X.tobytes() == np.ascontiguousarray(expected_X).tobytes()
    assert (X.dtype, X.shape) == (np.float64, (n, 2))
    assert y.dtype == np.int64
    np.testing.assert_array_equal(y, expected_y)


def test_the_default_moons_are_those_of_the_tutorial() -> None:
    X, y = datasets.moons()
    np.testing.assert_array_equal(X, datasets.moons(200, noise=0.2, seed=0)[0])
    assert X[0].round(8).tolist() == [0.74346118, 0.46465633]
    assert y.sum() == 100


def test_moons_do_not_change_numpys_global_random_state() -> None:
    before = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    datasets.moons()
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index, union-attr]


def test_moons_without_noise_lie_on_their_circles() -> None:
    X, y = datasets.moons(101, noise=0.0)
    centres = np.array([[0.0, 0.0], [1.0, 0.5]])
    np.testing.assert_allclose(np.linalg.norm(X - centres[y], axis=1), 1.0, rtol=1e-12)
    assert np.bincount(y).tolist() == [50, 51]


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"n": 0}, "moons: n is 0; it must be an integer, 1 or more"),
        ({"n": 2.5}, r"moons: n is 2\.5; it must be an integer, 1 or more"),
        ({"seed": None}, "seed is None; it must be an integer"),
        ({"noise": -0.1}, r"moons: noise is -0\.1; it must be a number, 0 or more"),
        ({"noise": float("nan")}, "moons: noise is nan"),
        ({"seed": -1}, r"moons: seed is -1; it must be an integer in \[0, 2\*\*32\)"),
    ],
)
def test_invalid_arguments_of_moons_are_named(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        datasets.moons(**arguments)


def test_xor_is_true_where_its_inputs_differ() -> None:
    X, y = datasets.xor()
    np.testing.assert_array_equal(y[:, 0], X[:, 0] != X[:, 1])
    assert (X.shape, y.shape) == ((4, 2), (4, 1))


def test_each_call_returns_new_arrays() -> None:
    X, y = datasets.xor()
    X[:] = y[:] = 9
    assert datasets.xor()[0].max() == datasets.xor()[1].max() == 1
