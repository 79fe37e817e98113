"""Reproducible shuffling: a permutation as a function of (seed, epoch) alone, by Philox."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["permutation", "permutations"]

_RADIX_LENGTH = 4096  # radix sort is faster from this length
_BATCH_LENGTH = 64  # permutations of several epochs are drawn together up to this length

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)

Words = NDArray[np.uint64]


def permutation(length: int, seed: int, epoch: int = 0) -> NDArray[np.intp]:
    """Return a random permutation: the argsort of the Philox stream with key (seed, epoch).

    NumPy guarantees the bits of a bit generator, but not those of ``Generator.permutation``, so
    that any later version can reproduce a run.

    References
    ----------
    Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3.

    Examples
    --------
    >>> permutation(5, seed=0).tolist(), permutation(5, seed=0, epoch=1).tolist()
    ([0, 2, 1, 4, 3], [3, 2, 4, 1, 0])
    """
    key = np.array([seed, epoch], dtype=np.uint64)
    return _argsort(np.random.Philox(key=key).random_raw(length))


def permutations(length: int, seed: int, epoch: int, count: int) -> list[NDArray[np.intp]]:
    """Return the permutations of successive epochs, each as `permutation` gives it.

    Examples
    --------
    >>> [order.tolist() for order in permutations(5, 0, 0, 2)]
    [[0, 2, 1, 4, 3], [3, 2, 4, 1, 0]]
    """
    if length > _BATCH_LENGTH or count < 2:
        return [permutation(length, seed, epoch + i) for i in range(count)]
    # Constructing NumPy's generator costs more than drawing a few numbers.
    raw = _philox(-(-length // 4), seed, np.arange(epoch, epoch + count, dtype=np.uint64))
    return list(np.argsort(raw[:, :length], axis=1, kind="stable"))


def _argsort(raw: Words) -> NDArray[np.intp]:
    """Return the stable argsort of 64-bit words."""
    if len(raw) < _RADIX_LENGTH:
        return np.argsort(raw, kind="stable")
    # NumPy sorts 16-bit integers by radix sort, in linear time. The upper three of the four digits
    # nearly always decide; otherwise fall back to a comparison sort.
    order: NDArray[np.intp] | None = None
    for shift in (16, 32, 48):
        digits = (raw >> np.uint64(shift)).astype(np.uint16)
        finer = np.argsort(digits if order is None else digits[order], kind="stable")
        order = finer if order is None else order[finer]
    ranked = raw[order]
    return order if (ranked[1:] >= ranked[:-1]).all() else np.argsort(raw, kind="stable")


def _philox(blocks: int, seed: int, epochs: Words) -> Words:
    """Return the first words of the streams with keys (seed, epoch), (epochs, 4 · blocks).

    Philox4x64-10 as in NumPy, whose counter is 1 for the first block.
    """
    a = np.arange(1, blocks + 1, dtype=np.uint64)[None].repeat(len(epochs), axis=0)
    b = c = d = np.zeros_like(a)
    first, second = np.uint64(seed), epochs[:, None]
    for _ in range(_ROUNDS):
        (left_high, left_low), (right_high, right_low) = (
            _product(each, factor) for each, factor in zip((a, c), _MULTIPLIERS, strict=True)
        )
        a, b, c, d = right_high ^ b ^ first, right_low, left_high ^ d ^ second, left_low
        first = np.uint64((int(first) + _KEY_STEPS[0]) % 2**64)
        second = second + np.uint64(_KEY_STEPS[1])
    return np.stack([a, b, c, d], axis=-1).reshape(len(epochs), -1)


def _product(x: Words, factor: int) -> tuple[Words, Words]:
    """Return the upper and the lower 64 bits of a product."""
    low, high = np.uint64(factor & 0xFFFFFFFF), np.uint64(factor >> 32)
    x_low, x_high = x & _LOW, x >> _HALF
    middle = high * x_low + (low * x_low >> _HALF)
    other = low * x_high + (middle & _LOW)
    return high * x_high + (middle >> _HALF) + (other >> _HALF), x * np.uint64(factor)
