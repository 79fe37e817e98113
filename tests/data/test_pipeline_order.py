"""The order of a pipeline's elements, and the structure of its batches."""

import itertools
from collections import namedtuple
from typing import Any

import numpy as np
import pytest

from chainrule.data import Pipeline
from chainrule.data.shuffling import permutation
from chainrule.errors import DataError


def test_shuffle_keeps_every_element_and_depends_on_seed_and_epoch_only() -> None:
    pipe = Pipeline(range(50)).shuffle(seed=5)
    orders = {tuple(pipe.epoch(epoch)) for epoch in range(20)}
    orders |= {tuple(Pipeline(range(50)).shuffle(seed=seed)) for seed in range(20)}
    assert all(sorted(order) == list(range(50)) for order in orders)
    assert len(orders) == 39, "20 epochs of seed 5 and 20 seeds, which share one order"
    assert list(pipe) == list(pipe) == list(pipe.epoch(0))


def test_the_order_of_a_seed_and_epoch_never_changes() -> None:
    # Written down once: saved runs rely on it.
    assert permutation(8, seed=0).tolist() == [0, 2, 1, 5, 4, 3, 6, 7]
    assert permutation(8, seed=2**64 - 1, epoch=3).tolist() == [3, 2, 0, 1, 6, 5, 4, 7]
    assert permutation(0, seed=0).tolist() == []


def test_every_position_is_equally_likely() -> None:
    size, draws = 6, 3000
    counts = np.zeros((size, size))
    for epoch in range(draws):
        counts[np.arange(size), permutation(size, seed=11, epoch=epoch)] += 1
    expected = draws / size
    chi_square = np.sum((counts - expected) ** 2 / expected)
    assert chi_square < 60, "25 degrees of freedom: beyond 60 once in ten thousand"


def test_repeat_iterates_over_the_epochs() -> None:
    pipe = Pipeline(range(10)).shuffle(seed=0)
    epochs = [list(pipe.epoch(number)) for number in range(4)]
    joined = list(itertools.chain(*epochs))
    assert list(pipe.repeat(4)) == joined
    assert list(pipe.repeat(2).repeat(2)) == joined
    assert list(pipe.repeat(2).epoch(1)) == epochs[2] + epochs[3]
    assert list(pipe.repeat().take(40)) == joined
    assert list(pipe.epoch(2).repeat(2)) == epochs[2] + epochs[3]


def test_zipped_sources_are_shuffled_together() -> None:
    left, right = Pipeline(range(20)).shuffle(seed=3), Pipeline(range(20)).shuffle(seed=3)
    assert all(a == b for a, b in left.zip(right).epoch(4))


# ----------------------------------------------------------------------------------------- stacking


Sample = namedtuple("Sample", ["image", "label"])


def test_batches_keep_the_structure_of_their_elements() -> None:
    elements = [{"pair": (np.full(2, i), float(i)), "kind": f"k{i}"} for i in range(3)]
    (batch,) = Pipeline(elements).batch(5)
    assert batch["pair"][0].tolist() == [[0, 0], [1, 1], [2, 2]]
    assert batch["pair"][1].dtype == np.float64
    assert batch["kind"].tolist() == ["k0", "k1", "k2"]
    (sample,) = Pipeline([Sample(np.zeros((4, 4), np.uint8), 1)] * 3).batch(3)
    assert isinstance(sample, Sample)
    assert sample.image.shape == (3, 4, 4)
    assert sample.image.dtype == np.uint8


def test_a_list_element_is_read_as_an_array() -> None:
    (batch,) = Pipeline([[1.0, 2.0], [3.0, 4.0]]).batch(2)
    assert batch.tolist() == [[1.0, 2.0], [3.0, 4.0]]


@pytest.mark.parametrize(
    ("elements", "match"),
    [
        ([np.zeros(2), np.zeros(3)], r"element 0 has shape \(2,\), element 1 has shape \(3,\)"),
        ([(1, 2), (1, 2, 3)], "element 0 is a tuple of 2, element 1 is a tuple of 3"),
        ([{"a": 1}, {"b": 1}], r"keys \['a'\], element 1 is a dict with keys \['b'\]"),
        ([1, (1, 2)], "element 0 is an int, element 1 is a tuple of 2"),
        ([[[1, 2], [3]]], "rows of unequal length"),
        ([None, 1], "an element is None, which is no array"),
    ],
)
def test_elements_of_different_structure_are_refused(elements: list[Any], match: str) -> None:
    with pytest.raises(DataError, match=f"batch: .*{match}"):
        list(Pipeline(elements).batch(9))
    with pytest.raises(DataError, match=f"window: .*{match}"):
        list(Pipeline(elements).window(len(elements)))
