"""Counter-based random numbers: a draw is a pure function of key, counter and element index.

The generator has no state, so a run can be resumed, split or replayed exactly from seed, stream,
epoch and step. Key and counter are small integer arrays, so that epoch and step can be inputs of a
graph.

It is Philox4x32-10: ten rounds of multiplication and exclusive or of 32-bit words that encrypt the
counter under the key to four random words.

References
----------
Salmon, Moraes, Dror & Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, section 3.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import DTypeError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.elementwise import cos, log1p, sqrt
from chainrule.ops.primitives.promotion import as_array, common_shape

__all__ = ["normal", "philox", "uniform"]

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_KEY_STEPS = (0x9E3779B9, 0xBB67AE85)  # golden ratio, and the square root of three less one
_ROUNDS = 10
_WORD = 0xFFFFFFFF

Words = Any
"""Unsigned 32-bit words: plain integers, or arrays of them in uint64."""


def philox(
    counter: tuple[Words, Words, Words, Words], key: tuple[Words, Words]
) -> tuple[Words, Words, Words, Words]:
    """Encrypt a counter of four words under a key of two to four random words.

    Examples
    --------
    >>> [hex(word) for word in philox((0, 0, 0, 0), (0, 0))]
    ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    a, b, c, d = counter
    first, second = key
    for _ in range(_ROUNDS):
        left, right = a * _MULTIPLIERS[0], c * _MULTIPLIERS[1]
        a, b, c, d = (
            (right >> 32) ^ b ^ first,
            right & _WORD,
            (left >> 32) ^ d ^ second,
            left & _WORD,
        )
        first, second = (first + _KEY_STEPS[0]) & _WORD, (second + _KEY_STEPS[1]) & _WORD
    return a, b, c, d


def _uniform_type(
    key: ArrayType, counter: ArrayType, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> ArrayType:
    if key.dtype.kind not in "iu" or counter.dtype.kind not in "iu":
        raise DTypeError(f"uniform: key {key} and counter {counter} must hold integers")
    if key.shape[-1:] != (2,) or counter.shape[-1:] != (3,):
        raise ShapeError(f"uniform: key {key} must hold 2 words, and counter {counter} 3")
    if dtype not in (np.dtype("float32"), np.dtype("float64")):
        raise DTypeError(f"uniform: dtype must be float32 or float64, got {dtype}")
    entries = common_shape("uniform", [key.with_shape(x.shape[:-1]) for x in (key, counter)])
    return ArrayType(np.dtype(dtype), (*entries, *shape))


def _uniform(key: Any, counter: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    size = math.prod(shape)
    words_per_element = 1 if dtype == np.float32 else 2
    blocks = np.arange(-(-size * words_per_element // 4), dtype=np.uint64)
    stream, epoch, step = (_words(counter, i) for i in range(3))
    first, second = (_words(key, i) for i in range(2))
    words = np.stack(
        np.broadcast_arrays(*philox((blocks, stream, epoch, step), (first, second))), axis=-1
    )
    entries = np.broadcast_shapes(key.shape[:-1], counter.shape[:-1])
    words = np.broadcast_to(words, (*entries, *words.shape[-2:]))
    words = words.reshape(*entries, words.shape[-2] * 4)[..., : size * words_per_element]
    if words_per_element == 1:
        draws = (words >> np.uint64(8)) * 2.0**-24
    else:
        high, low = words[..., 0::2] >> np.uint64(5), words[..., 1::2] >> np.uint64(6)
        draws = (high * 2.0**26 + low) * 2.0**-53
    return draws.astype(dtype).reshape((*entries, *shape))


def _words(array: Any, number: int) -> Any:
    """One word of each key or counter, with an axis for blocks."""
    return array[..., number : number + 1].astype(np.int64).astype(np.uint64) & np.uint64(_WORD)


def _uniform_batch(
    size: int, is_batched: Sequence[bool], *inputs: Any, shape: tuple[int, ...], **params: Any
) -> Any:
    """Align the entries of key and counter: nested batches give several axes of entries."""
    ndims = [x.ndim - has_axis for x, has_axis in zip(inputs, is_batched, strict=True)]
    aligned = [
        x.reshape((size, *(1,) * (max(ndims) - ndim), *x.shape[1:])) if has_axis else x
        for x, ndim, has_axis in zip(inputs, ndims, is_batched, strict=True)
    ]
    return uniform(*aligned, shape=shape, **params)


def _uniform_reference(key: Any, counter: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Draw with Python's integers, one element at a time."""
    pair = (int(key[0]) & _WORD, int(key[1]) & _WORD)
    rest = tuple(int(word) & _WORD for word in counter)
    single = dtype == np.float32
    draws: list[float] = []
    for index in range(math.prod(shape)):
        word = index if single else 2 * index
        block = philox((word // 4, rest[0], rest[1], rest[2]), pair)
        high, low = block[word % 4], block[(word + 1) % 4]
        draws.append((high >> 8) / 2**24 if single else ((high >> 5 << 26) + (low >> 6)) / 2**53)
    return np.array(draws, dtype).reshape(shape)


def _draw_sample(shape: tuple[int, ...], dtype: str) -> Sample:
    key, counter = np.array([2026, 7], np.uint32), np.array([3, 1, 4], np.int64)
    return Sample((key, counter), {"shape": shape, "dtype": np.dtype(dtype)})


uniform = Primitive(
    "uniform",
    infer=_uniform_type,
    evaluate=_uniform,
    batch=_uniform_batch,
    formula="uniform({0}, {1})",
    reference=_uniform_reference,
    samples=lambda: [
        _draw_sample(shape, dtype)
        for dtype in ("float32", "float64")
        for shape in ((), (5,), (2, 3), (0, 2))
    ],
    invalid=lambda: [
        Sample((np.ones(2), np.ones(3, int)), {"shape": (), "dtype": np.dtype("float32")}),
        Sample((np.ones(3, int), np.ones(3, int)), {"shape": (), "dtype": np.dtype("float32")}),
        Sample((np.ones(2, int), np.ones(3, int)), {"shape": (), "dtype": np.dtype("int64")}),
    ],
)
"""The uniform distribution on [0, 1), with 24 random bits in float32 and 53 in float64.

``uniform(key, counter, shape=..., dtype=...)``: the key has two words (a seed), the counter three
(such as stream, epoch and step). Element i is word i, in float64 words 2i and 2i + 1. Several keys
(..., 2) and counters (..., 3) give draws of `shape` for each.
"""


def normal(key: Any, counter: Any, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Any:
    """Draw from the normal distribution with mean 0 and variance 1.

    References
    ----------
    Box & Muller (1958), A note on the generation of random normal deviates.
    """
    pair = as_array(uniform(key, counter, shape=(2, *shape), dtype=np.dtype(dtype)))
    radius = sqrt(log1p(-pair[0]) * -2)
    return radius * cos(pair[1] * (2 * math.pi))
