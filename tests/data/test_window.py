"""Sliding windows and their targets, without copies."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.data import windows
from chainrule.errors import ArgumentError, DataError


@given(
    time=st.integers(2, 40),
    features=st.integers(0, 3),
    length=st.integers(1, 10),
    horizon=st.integers(1, 5),
    stride=st.integers(1, 7),
)
def test_windows_equal_the_slices_of_a_loop(
    time: int, features: int, length: int, horizon: int, stride: int
) -> None:
    series = np.random.default_rng(time).normal(size=(time, features) if features else (time,))
    starts = range(0, time - length - horizon + 1, stride)
    if not starts:
        with pytest.raises(DataError, match=f"need {length + horizon}"):
            windows(series, length, horizon, stride)
        return
    X, y = windows(series, length, horizon, stride)
    seen = np.stack([series[start : start + length] for start in starts])
    following = np.stack([series[start + length : start + length + horizon] for start in starts])
    np.testing.assert_array_equal(X, seen if features else seen[:, :, None])
    np.testing.assert_array_equal(y, following)


def test_windows_are_read_only_views() -> None:
    series = np.arange(1_000_000.0)
    X, y = windows(series, length=1000, horizon=10)
    assert X.shape == (998_991, 1000, 1)
    assert np.shares_memory(X, series)
    assert np.shares_memory(y, series)
    with pytest.raises(ValueError, match="read-only"):
        X[0] = 0


def test_no_window_spans_two_series() -> None:
    first, second = np.arange(6), np.arange(100, 105)
    X, y = windows([first, second], length=2, horizon=2)
    assert X[:, :, 0].tolist() == [[0, 1], [1, 2], [2, 3], [100, 101], [101, 102]]
    assert y.tolist() == [[2, 3], [3, 4], [4, 5], [102, 103], [103, 104]]
    listed, _ = windows([0, 1, 2, 3], length=2)
    assert listed[:, :, 0].tolist() == [[0, 1], [1, 2]]


def test_the_documented_split_does_not_leak_targets() -> None:
    series, cut, length = np.arange(50), 40, 8
    train, test = series[:cut], series[cut - length :]
    (_, seen), (_, new) = windows(train, length, 3), windows(test, length, 3)
    assert seen.max() == cut - 1
    assert (new.min(), new.max()) == (cut, 49)


@pytest.mark.parametrize("name", ["length", "horizon", "stride"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, None])
def test_sizes_below_1_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ArgumentError, match=f"windows: {name} is {value}"):
        windows(np.arange(50), **{name: value})


@pytest.mark.parametrize(
    ("series", "match"),
    [
        (np.arange(5), "has 5 values; a window of 30 and the 1 to predict need 31"),
        (np.zeros((40, 2, 2)), r"has shape \(40, 2, 2\)"),
        (np.float64(3), r"has shape \(\)"),
        (
            [np.zeros((40, 2)), np.zeros((40, 3))],
            r"different features: shapes \(40, 2\), \(40, 3\)",
        ),
    ],
)
def test_an_invalid_series_is_refused(series: Any, match: str) -> None:
    with pytest.raises(DataError, match=match):
        windows(series)
