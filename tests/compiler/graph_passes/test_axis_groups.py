"""Axis groups: a reshape as independent merges and splits of axes."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.compiler.graph_passes.axis_groups import axis_groups, is_merge


@pytest.mark.parametrize(
    ("old", "new", "groups"),
    [
        ((2, 3, 4), (6, 4), [([0, 1], [0]), ([2], [1])]),
        ((6, 4), (2, 3, 4), [([0], [0, 1]), ([1], [2])]),
        ((4, 6), (8, 3), [([0, 1], [0, 1])]),
        ((2, 1, 3), (2, 3), [([0], [0]), ([1, 2], [1])]),
    ],
)
def test_groups_are_the_smallest_of_equal_size(old, new, groups):
    assert axis_groups(old, new) == groups


@given(st.lists(st.integers(1, 4), max_size=5), st.randoms())
def test_groups_partition_the_axes_into_runs_of_equal_size(old, random):
    new = [*old, 1]
    random.shuffle(new)
    groups = axis_groups(tuple(old), tuple(new))
    assert [i for olds, _ in groups for i in olds] == [*range(len(old))]
    assert [j for _, news in groups for j in news] == [*range(len(new))]
    for olds, news in groups:
        assert math.prod(old[i] for i in olds) == math.prod(new[j] for j in news)


def test_a_split_or_an_empty_array_is_no_merge():
    assert is_merge((2, 3, 4), (6, 4))
    assert not is_merge((6, 4), (2, 3, 4))
    assert not is_merge((4, 6), (8, 3))
    assert not is_merge((0, 3), (0,))


def test_an_index_follows_from_those_of_its_group():
    x = np.arange(24).reshape(2, 3, 4)
    assert axis_groups((2, 3, 4), (6, 2, 2)) == [([0, 1], [0]), ([2], [1, 2])]
    y = x.reshape(6, 2, 2)
    for i, j, k in np.ndindex(2, 3, 4):
        assert x[i, j, k] == y[3 * i + j, k // 2, k % 2]
