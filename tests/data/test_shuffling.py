"""Permutations are functions of seed and epoch, whichever algorithm computes them."""

import numpy as np
import pytest

from chainrule.data import shuffling as module
from chainrule.data.shuffling import permutation, permutations

SEEDS = [0, 1, 2**32 + 5, 2**64 - 1]


def by_definition(length, seed, epoch):
    raw = np.random.Philox(key=np.array([seed, epoch], np.uint64)).random_raw(length)
    return np.argsort(raw, kind="stable")


@pytest.mark.parametrize("length", [1, 100, 4095, 4096, 60_000])
def test_the_permutation_sorts_the_words_of_the_stream(length):
    for seed in SEEDS:
        assert np.array_equal(permutation(length, seed, 3), by_definition(length, seed, 3))


@pytest.mark.parametrize("length", [1, 2, 4, 5, 63, 64, 65, 200])
@pytest.mark.parametrize("seed", SEEDS)
def test_permutations_drawn_together_equal_those_drawn_one_by_one(length, seed):
    for epoch in (0, 7, 2**40):
        drawn = permutations(length, seed, epoch, 9)
        assert len(drawn) == 9
        for i, order in enumerate(drawn):
            assert np.array_equal(order, by_definition(length, seed, epoch + i))
    assert permutations(length, seed, 0, 0) == []


def test_words_with_equal_upper_bits_are_sorted_by_the_lower_ones():
    raw = np.random.default_rng(0).integers(0, 2**12, 5000).astype(np.uint64) + np.uint64(2**60)
    assert np.array_equal(module._argsort(raw), np.argsort(raw, kind="stable"))
