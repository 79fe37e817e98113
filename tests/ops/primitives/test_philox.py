"""Philox against the published test vectors; draws are uniform and reproducible."""

from typing import Any

import numpy as np
import pytest
from scipy import stats

import chainrule as cr
from chainrule.ops.primitives.philox import normal, philox, uniform

F32, F64 = np.dtype("float32"), np.dtype("float64")
ONES = 0xFFFFFFFF
# Random123's file kat_vectors, philox4x32 with 10 rounds: counter, key, result.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((ONES, ONES, ONES, ONES), (ONES, ONES), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def draw(
    shape: tuple[int, ...], dtype: Any = F64, key: Any = (1, 2), counter: Any = (0, 0, 0)
) -> Any:
    return uniform(np.array(key), np.array(counter), shape=shape, dtype=dtype)


KEYS = 20


def follow(draws: list[Any], distribution: str) -> bool:
    """Whether Kolmogorov and Smirnov's p-values over many keys are uniform themselves."""
    tests = [stats.kstest(x.astype(float), distribution).pvalue for x in draws]
    return stats.kstest(tests, "uniform").pvalue > 0.01 and min(tests) > 0.001


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_published_words(counter: Any, key: Any, expected: Any) -> None:
    assert philox(counter, key) == expected
    words = philox(tuple(np.array([word], np.uint64) for word in counter), key)
    assert tuple(int(word[0]) for word in words) == expected


def test_element_i_of_a_draw_is_word_i() -> None:
    words = [word for block in range(3) for word in philox((block, 7, 8, 9), (1, 2))]
    single = draw((12,), F32, counter=(7, 8, 9))
    np.testing.assert_array_equal(single, [(word >> 8) / 2**24 for word in words])
    double = draw((6,), F64, counter=(7, 8, 9))
    pairs = zip(words[::2], words[1::2], strict=True)
    np.testing.assert_array_equal(
        double, [((high >> 5) * 2**26 + (low >> 6)) / 2**53 for high, low in pairs]
    )


def test_a_shorter_draw_is_a_prefix_of_a_longer_one() -> None:
    np.testing.assert_array_equal(draw((7,)), draw((100,))[:7])
    np.testing.assert_array_equal(draw((3, 5)).ravel(), draw((15,)))


@pytest.mark.parametrize("dtype", [F32, F64])
def test_draws_are_uniform_on_the_half_open_unit_interval(dtype: Any) -> None:
    draws = [draw((20_000,), dtype, key=(key, 2)) for key in range(KEYS)]
    assert all(x.dtype == dtype for x in draws)
    assert min(x.min() for x in draws) >= 0
    assert max(x.max() for x in draws) < 1
    assert follow(draws, "uniform")


def test_each_word_of_key_and_counter_changes_the_draw() -> None:
    draws = [draw((64,))]
    for place in range(5):
        words = [1 if i == place else 0 for i in range(5)]
        draws.append(draw((64,), key=(1 + words[0], 2 + words[1]), counter=words[2:]))
    correlations = np.corrcoef(draws) - np.eye(6)
    assert np.abs(correlations).max() < 0.5


def test_words_are_taken_modulo_two_to_the_32() -> None:
    np.testing.assert_array_equal(draw((4,), key=(-1, 2)), draw((4,), key=(ONES, 2)))
    np.testing.assert_array_equal(
        draw((4,), counter=(0, 2**32 + 5, 0)), draw((4,), counter=(0, 5, 0))
    )


def test_the_step_can_be_an_input_of_a_compiled_function() -> None:
    key = np.array([3, 4])
    noise = cr.jit(lambda step: uniform(key, np.stack([0, 0, step]), shape=(5,), dtype=F32))
    for step in (0, 1, 2):
        expected = draw((5,), F32, key, (0, 0, step))
        np.testing.assert_array_equal(noise(np.int64(step)), expected)


@pytest.mark.parametrize("dtype", [F32, F64])
def test_normal_draws_pass_a_kolmogorov_smirnov_test(dtype: Any) -> None:
    counter = np.array([0, 0, 0])
    draws = [
        normal(np.array([key, 6]), counter, shape=(20_000,), dtype=dtype) for key in range(KEYS)
    ]
    assert all(x.dtype == dtype and np.isfinite(x).all() for x in draws)
    assert follow(draws, "norm")
