"""The order of shuffled data, as a function of (seed, epoch) and nothing else."""

import numpy as np
from numpy.typing import NDArray

__all__ = ["permutation", "permutations"]

_MANY = 4096  # things, from which on sorting by digits is faster
_FEW = 64  # things, up to which many orders are drawn together

_MULTIPLIERS = (0xD2E7470EE14C6C93, 0xCA5A826395121157)
_KEY_STEPS = (0x9E3779B97F4A7C15, 0xBB67AE8584CAA73B)
_ROUNDS = 10
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)

Words = NDArray[np.uint64]


def permutation(length: int, seed: int, epoch: int = 0) -> NDArray[np.intp]:
    """Return a random order of ``length`` things.

    Each gets a 64-bit number from the Philox stream with key (seed, epoch), and they are sorted by
    it. NumPy promises these bits for ever, which it does not for ``Generator.permutation``, so an
    old run can be replayed by any later version.

    References
    ----------
    Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3.

    Examples
    --------
    >>> permutation(5, seed=0).tolist(), permutation(5, seed=0, epoch=1).tolist()
    ([0, 2, 1, 4, 3], [3, 2, 4, 1, 0])
    """
    key = np.array([seed, epoch], dtype=np.uint64)
    return _sorting(np.random.Philox(key=key).random_raw(length))


def permutations(length: int, seed: int, epoch: int, count: int) -> list[NDArray[np.intp]]:
    """Return the orders of some epochs, as `permutation` gives them one by one.

    Examples
    --------
    >>> [order.tolist() for order in permutations(5, 0, 0, 2)]
    [[0, 2, 1, 4, 3], [3, 2, 4, 1, 0]]
    """
    if length > _FEW or count < 2:
        return [permutation(length, seed, epoch + i) for i in range(count)]
    # NumPy's generator takes longer to be made than a few numbers take to be drawn.
    raw = _philox(-(-length // 4), seed, np.arange(epoch, epoch + count, dtype=np.uint64))
    return list(np.argsort(raw[:, :length], axis=1, kind="stable"))


def _sorting(raw: Words) -> NDArray[np.intp]:
    """Return the order that sorts numbers; equal ones (once in 2**64) stay in their own."""
    if len(raw) < _MANY:
        return np.argsort(raw, kind="stable")
    # Numbers of 16 bits are sorted digit by digit, in linear time. Three of the four such parts
    # nearly always decide; where they do not, all is sorted in the slow way.
    order: NDArray[np.intp] | None = None
    for shift in (16, 32, 48):
        part = (raw >> np.uint64(shift)).astype(np.uint16)
        finer = np.argsort(part if order is None else part[order], kind="stable")
        order = finer if order is None else order[finer]
    ranked = raw[order]
    return order if (ranked[1:] >= ranked[:-1]).all() else np.argsort(raw, kind="stable")


def _philox(blocks: int, seed: int, epochs: Words) -> Words:
    """Return the first numbers of the streams with keys (seed, epoch): (epochs, 4 · blocks).

    It is Philox4x64-10 as NumPy has it, whose counter is 1 for the first block.
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
