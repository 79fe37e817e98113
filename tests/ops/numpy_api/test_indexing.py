"""Indexing against NumPy for generated indices, and its derivative."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import chainrule as cr

SHAPE = (3, 4, 2)
X = np.random.default_rng(0).uniform(-1, 1, SHAPE)


@st.composite
def index_arrays(draw: st.DrawFn) -> Any:
    """Index arrays or masks for some axis; whether they fit is for NumPy to decide."""
    length = draw(st.sampled_from(SHAPE))
    if draw(st.booleans()):
        return draw(arrays.arrays(bool, length))
    shape = draw(st.sampled_from([(), (2,), (1,), (2, 1), (3, 2), (0,)]))
    return draw(arrays.arrays(np.int64, shape, elements=st.integers(-length, length - 1)))


INDICES = st.one_of(
    arrays.basic_indices(SHAPE, allow_newaxis=True, allow_ellipsis=True),
    st.lists(
        st.one_of(
            index_arrays(),
            st.integers(-3, 2),
            st.slices(4),
            st.just(None),
            st.just(Ellipsis),
            st.booleans(),
        ),
        max_size=4,
    ).map(tuple),
)


def numpy_takes(index: Any) -> bool:
    try:
        X[index]
    except IndexError:
        return False
    return True


@given(INDICES.filter(numpy_takes))
def test_an_index_gives_numpys_result_and_gradient(index: Any) -> None:
    expected = X[index]
    value, pullback = cr.vjp(lambda x: x[index], X)
    assert np.shape(value) == np.shape(expected)
    np.testing.assert_array_equal(value, expected)
    cotangent = np.random.default_rng(1).uniform(-1, 1, np.shape(expected))
    by_hand = np.zeros(SHAPE)
    np.add.at(by_hand, index, cotangent)
    np.testing.assert_allclose(pullback(cotangent)[0], by_hand, atol=1e-15)


def rejects(index: Any) -> bool:
    try:
        cr.vjp(lambda x: x[index], X)
    except cr.ChainruleError:
        return True
    return False


@given(INDICES.filter(lambda index: not numpy_takes(index)))
def test_an_index_that_numpy_rejects_is_rejected(index: Any) -> None:
    assert rejects(index)


@pytest.mark.parametrize(
    "index",
    [
        (..., np.array([True])),
        (np.array([True, True, False]), ..., np.array([True] * 4)),
        (..., np.ones((2, 4), bool)),
        (..., np.array([True, False]), slice(None)),
        (..., np.ones((*SHAPE, 1), bool)),
    ],
)
def test_a_mask_after_an_ellipsis_must_have_the_shape_of_the_last_axes(index: Any) -> None:
    assert not numpy_takes(index)
    assert rejects(index)


def test_traced_indices_may_repeat() -> None:
    def function(x: Any, i: Any) -> Any:
        return np.sum(x[i] ** 2) + np.sum(np.take(x, i, axis=1))

    x, i = np.arange(12.0).reshape(4, 3), np.array([2, 0, 2])
    gradient = cr.jit(cr.grad(function))(x, i)
    expected = np.zeros((4, 3))
    np.add.at(expected, i, 2 * x[i])
    np.add.at(expected.T, i, 1)
    np.testing.assert_array_equal(gradient, expected)


def test_basic_indexing_uses_no_gather() -> None:
    graph = cr.trace(lambda x: x[1:, ::-1, 0][..., None])(X)
    names = [each.primitive.name for each in graph.equations if each.primitive]
    assert names == ["strided_slice", "reshape", "reshape"]
