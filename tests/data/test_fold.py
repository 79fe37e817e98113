"""Folds partition the samples: each is tested once, classes and groups as asked for."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import folds
from chainrule.errors import ArgumentError, DataError


@given(samples=st.integers(10, 60), count=st.integers(2, 10), seed=st.integers(0, 99))
def test_each_sample_is_tested_once_and_trained_on_otherwise(
    samples: int, count: int, seed: int
) -> None:
    X = np.arange(samples)
    for options in ({}, {"shuffle": False}, {"groups": X // 2 if count <= samples // 2 else X}):
        parts = folds(X, X * 2, count=count, seed=seed, **options)  # type: ignore[arg-type]
        assert len(parts) == count == len(list(parts))
        assert sorted(each for _, (test, _) in parts for each in test) == list(range(samples))
        for (train, y_train), (test, y_test) in parts:
            assert sorted([*train, *test]) == list(range(samples))
            np.testing.assert_array_equal(y_train, train * 2)
            np.testing.assert_array_equal(y_test, test * 2)
        if "groups" not in options:
            sizes = [len(test) for _, (test, _) in parts]
            assert max(sizes) - min(sizes) <= 1


def test_stratified_folds_have_the_classes_of_all_to_one_sample() -> None:
    y = np.repeat(["a", "b", "c"], [52, 23, 8])
    parts = folds(np.arange(83), y, count=5, seed=3, stratify=True)
    sizes = [len(labels) for _, (_, labels) in parts]
    assert max(sizes) - min(sizes) <= 1
    for label, total in (("a", 52), ("b", 23), ("c", 8)):
        counts = [int(np.sum(labels == label)) for _, (_, labels) in parts]
        assert sum(counts) == total
        assert max(counts) - min(counts) <= 1


def test_a_group_is_in_one_fold() -> None:
    groups = np.random.default_rng(0).integers(0, 12, 100).astype(str)
    parts = folds(groups, np.arange(100), count=4, groups=groups)
    seen = [set(test) for _, (test, _) in parts]
    assert sum(map(len, seen)) == len(set(groups))
    assert all(len(test) > 15 for _, (test, _) in parts)


def test_folds_of_tables_are_tables_and_depend_on_the_seed() -> None:
    pandas = pytest.importorskip("pandas")
    table = {"a": np.arange(9), "b": np.array(["x", "y", "z"] * 3)}
    (train, y), (test, _) = folds(table, np.arange(9), count=3)[-1]
    assert list(train) == list(test) == ["a", "b"]
    np.testing.assert_array_equal(train["a"], y)
    frame = pandas.DataFrame(table)
    assert [len(test) for _, (test, _) in folds(frame, frame["a"], count=3)[:2]] == [3, 3]
    orders = [folds(table, np.arange(9), count=3, seed=s)[0][1][1].tolist() for s in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert repr(folds(np.arange(10), np.arange(10), count=3)) == "<3 folds of 3 to 4 samples>"


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"count": 1}, ArgumentError, "count is 1; it must be an integer"),
        ({"count": 11}, ArgumentError, "count is 11; it must be an integer from 2 to 10"),
        ({"stratify": True, "shuffle": False}, ArgumentError, "stratify=True needs shuffle=True"),
        ({"stratify": True, "groups": range(10)}, ArgumentError, "leave out one of the two"),
        ({"stratify": True}, DataError, "class b has 3 samples, fewer than the 5 folds"),
        ({"groups": [0] * 6 + [1] * 4}, DataError, "there are 2 groups, fewer than the 5 folds"),
        ({"groups": [0, 1]}, ArgumentError, r"it must be an array of shape \(10,\)"),
        ({"groups": ["a", None] * 5}, DataError, "groups is missing in row 1"),
        ({"n_splits": 3}, ArgumentError, "here it is `count`"),
    ],
)
def test_folds_that_cannot_be_are_refused(options: Any, error: Any, match: str) -> None:
    with pytest.raises(error, match=match):
        folds(np.arange(10), np.array(["a"] * 7 + ["b"] * 3), **options)
