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


@pytest.mark.parametrize("n", [1, 7, 300])
@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_circles_and_blobs_equal_scikit_learns_bit_for_bit(n: int, noise: float) -> None:
    theirs = pytest.importorskip("sklearn.datasets")
    places = [[1, 2, 0], [3.5, 4, -1]]
    shared = {"cluster_std": noise, "random_state": 5}
    for ours, expected in [
        (
            datasets.circles(n, noise, seed=5, factor=0.3),
            theirs.make_circles(n, noise=noise, random_state=5, factor=0.3),
        ),
        (datasets.blobs(n, 4, noise, 5, 3), theirs.make_blobs(n, 3, centers=4, **shared)),
        (datasets.blobs(n, places, noise, 5), theirs.make_blobs(n, centers=places, **shared)),
    ]:
        for mine, other in zip(ours, expected, strict=True):
            np.testing.assert_array_equal(mine, other)
        assert (ours[0].dtype, ours[1].dtype) == (np.float64, np.int64)


def test_each_arm_of_spirals_makes_one_turn() -> None:
    X, y = datasets.spirals(90, noise=0.0, arms=3)
    radius = np.linalg.norm(X, axis=1)
    turned = np.angle(np.exp(1j * (np.arctan2(X[:, 1], X[:, 0]) - 2 * np.pi * (radius + y / 3))))
    np.testing.assert_allclose(turned, 0, atol=1e-12)
    assert (np.bincount(y).tolist(), y.dtype) == ([30, 30, 30], np.int64)
    assert (radius.min().round(9), radius.max().round(9)) == (0.1, 1)
    assert not np.array_equal(X, datasets.spirals(90, noise=0.0, arms=3, seed=1)[0])


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


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: datasets.circles(factor=1), r"factor is 1; it must be a number in \[0, 1\)"),
        (lambda: datasets.spirals(5, arms=6), "arms is 6; it must be an integer from 1 to 5"),
        (lambda: datasets.blobs(centers=0), "centers is 0; it must be an integer, 1 or more"),
        (lambda: datasets.blobs(centers=[1, 2]), "centers is .*; it must be how many, or an array"),
        (lambda: datasets.blobs(centers="three"), "centers is 'three'"),
        (lambda: datasets.blobs(centers=[[0, np.nan]]), "an array of finite numbers"),
        (lambda: datasets.blobs(cluster_std=2), "here it is `noise`"),
        (lambda: datasets.iris(as_frame=True), "here it is `as_columns`"),
        (lambda: datasets.iris(as_columns="yes"), "as_columns is 'yes'"),
    ],
)
def test_invalid_arguments_of_other_sets_are_named(call: Any, match: str) -> None:
    with pytest.raises(ArgumentError, match=match):
        call()


def test_xor_is_true_where_its_inputs_differ() -> None:
    X, y = datasets.xor()
    np.testing.assert_array_equal(y[:, 0], X[:, 0] != X[:, 1])
    assert (X.shape, y.shape) == ((4, 2), (4, 1))


def test_each_call_returns_new_arrays() -> None:
    X, y = datasets.xor()
    X[:] = y[:] = 9
    assert datasets.xor()[0].max() == datasets.xor()[1].max() == 1
