"""Splits partition the samples, reproducibly and in proportion to the classes."""

import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import split
from chainrule.errors import ArgumentError, ChainruleWarning, DataError


@given(
    samples=st.integers(2, 60),
    fraction=st.floats(0.01, 0.99),
    seed=st.integers(0, 2**64 - 1),
    stratify=st.booleans(),
)
def test_every_sample_is_in_one_part_with_its_label(
    samples: int, fraction: float, seed: int, stratify: bool
) -> None:
    X = np.arange(samples)
    y = X % 3
    (Xtr, ytr), (Xte, yte) = split(X, y, test_size=fraction, seed=seed, stratify=stratify)
    assert sorted([*Xtr, *Xte]) == list(range(samples))
    assert len(Xtr) > 0
    assert len(Xte) > 0
    np.testing.assert_array_equal(np.concatenate([ytr, yte]), np.concatenate([Xtr, Xte]) % 3)


def test_the_same_seed_gives_the_same_split_and_another_one_another() -> None:
    X = np.arange(100)
    first, again, other = (split(X, X, seed=seed)[1][0].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


@given(seed=st.integers(0, 1000), count=st.integers(10, 90))
def test_stratified_parts_have_the_proportions_of_the_whole(seed: int, count: int) -> None:
    y = np.repeat(["a", "b", "c"], [70, 20, 10])
    np.random.default_rng(0).shuffle(y)
    (_, _), (_, yte) = split(np.arange(100), y, test_size=count, seed=seed, stratify=True)
    for label, share in [("a", 0.7), ("b", 0.2), ("c", 0.1)]:
        assert abs(np.sum(yte == label) - share * count) <= 1.5


def test_stratified_parts_are_in_random_order() -> None:
    y = np.repeat(np.arange(5), 40)
    starts, ends = np.zeros(5), np.zeros(5)
    for seed in range(200):
        (_, train), (_, test) = split(y, y, test_size=0.5, seed=seed, stratify=True)
        starts += np.bincount(train[:20], minlength=5) ** 2
        ends += np.bincount(test[-20:], minlength=5) ** 2
    # The mean square of a count among 20 of 100, 20 of them of the class: hypergeometric.
    expected = 16 + 20 * 0.2 * 0.8 * 80 / 99
    np.testing.assert_allclose(starts / 200, expected, rtol=0.1)
    np.testing.assert_allclose(ends / 200, expected, rtol=0.1)


def test_a_number_of_samples_is_taken_exactly_and_dtypes_are_kept() -> None:
    X = np.zeros((10, 4, 4), np.uint8)
    (Xtr, _), (Xte, yte) = split(X, np.arange(10), test_size=3)
    assert (len(Xtr), len(Xte)) == (7, 3)
    assert Xte.dtype == np.uint8
    Xte[:] = 1
    assert X.sum() == 0, "the parts are copies"
    assert yte.dtype == np.arange(10).dtype


@pytest.mark.parametrize("test_size", [0, 1.0, -0.1, 10, 0.0, "half", None, float("nan")])
def test_a_part_without_samples_is_refused(test_size: Any) -> None:
    with pytest.raises(ArgumentError, match=r"split: test_size is .* from 1 to 9"):
        split(np.arange(10), np.arange(10), test_size=test_size)


def test_samples_that_do_not_match_are_refused() -> None:
    with pytest.raises(DataError, match=r"X has shape \(3,\) and y \(2,\)"):
        split(np.arange(3), np.arange(2))
    with pytest.raises(DataError, match="two parts need at least 2"):
        split(np.arange(1), np.arange(1))
    with pytest.raises(
        DataError, match=r"y has shape \(4, 1\); stratify=True needs labels of shape"
    ):
        split(np.arange(4), np.zeros((4, 1)), stratify=True)
    with pytest.raises(ArgumentError, match="split: seed is -1"):
        split(np.arange(4), np.arange(4), seed=-1)


def test_without_shuffling_the_last_samples_are_the_test_part() -> None:
    X = np.arange(20).reshape(10, 2)
    (Xtr, ytr), (Xte, yte) = split(X, X[:, 0], test_size=0.3, shuffle=False)
    np.testing.assert_array_equal(Xtr, X[:7])
    np.testing.assert_array_equal(Xte, X[7:])
    np.testing.assert_array_equal(np.concatenate([ytr, yte]), X[:, 0])
    assert np.shares_memory(Xte, X), "nothing is copied"
    with pytest.raises(ArgumentError, match="stratify=True needs shuffle=True"):
        split(X, X[:, 0], stratify=True, shuffle=False)


def test_a_class_of_one_sample_is_told_and_labels_that_are_no_classes_are_refused() -> None:
    X = np.arange(40)
    rare = np.array(["a", "b"] * 19 + ["a", "c"])
    with pytest.warns(ChainruleWarning, match="1 of 3 classes have a single sample, first c,"):
        split(X, rare, stratify=True)
    for y in (np.where(X == 3, np.nan, X % 2), np.array(["a", None] * 20), [*"ab" * 19, "a", ""]):
        with pytest.raises(DataError, match="y has no label in row"):
            split(X, y, stratify=True)
    with pytest.raises(DataError, match="the 40 values of y are all different, and no classes"):
        split(X, X * 0.5, stratify=True)
    mixed = np.array(["a", 1, True, 2.5] * 10, object)
    (_, train), (_, test) = split(X, mixed, test_size=0.2, stratify=True)
    assert sorted(map(str, test)) == ["1", "1", "2.5", "2.5", "True", "True", "a", "a"]
    assert len(train) == 32


@given(
    samples=st.integers(3, 60),
    size=st.one_of(st.floats(0.01, 0.45), st.integers(1, 1)),
    stratify=st.booleans(),
    seed=st.integers(0, 99),
)
def test_three_parts_partition_the_samples_and_keep_the_test_part(
    samples: int, size: float, stratify: bool, seed: int
) -> None:
    X = np.arange(samples)
    options: Any = {"test_size": size, "seed": seed, "stratify": stratify}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train, validation, test = split(X, X % 2, validation_size=size, **options)
        _, alone = split(X, X % 2, **options)
    assert sorted([*train[0], *validation[0], *test[0]]) == list(range(samples))
    for inputs, targets in (train, validation, test):
        assert len(inputs) > 0
        np.testing.assert_array_equal(inputs % 2, targets)
    np.testing.assert_array_equal(test[0], alone[0])


def test_three_parts_are_stratified_or_in_order() -> None:
    y = np.repeat(["a", "b"], [80, 20])
    parts = split(np.arange(100), y, test_size=0.3, validation_size=10, stratify=True)
    assert [(np.sum(labels == "a"), np.sum(labels == "b")) for _, labels in parts] == [
        (48, 12),
        (8, 2),
        (24, 6),
    ]
    parts = split(np.arange(10), np.arange(10), validation_size=0.2, shuffle=False)
    assert [inputs.tolist() for inputs, _ in parts] == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    for size in (0, 0.9, 8, "x", True):
        with pytest.raises(ArgumentError, match=r"split: validation_size is .* from 1 to 7"):
            split(np.arange(10), np.arange(10), validation_size=size)
    rare = np.array(["a"] * 28 + ["b", "b"])
    with pytest.warns(ChainruleWarning, match="1 of 2 classes have fewer than 3 samples, first b"):
        split(np.arange(30), rare, validation_size=0.2, stratify=True)
