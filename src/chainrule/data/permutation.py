"""The order of shuffled data, as a function of (seed, epoch) and nothing else."""

import operator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError

__all__ = ["checked_seed", "permutation"]


def permutation(length: int, seed: int, epoch: int = 0) -> NDArray[np.intp]:
    """Return a random order of ``length`` things.

    Each gets a 64-bit number from the Philox stream with key (seed, epoch), and they are sorted by
    it. NumPy promises these bits for ever, which it does not for ``Generator.permutation``, so an
    old run can be replayed by any later version.

    Parameters
    ----------
    length : int >= 0
        How many.
    seed : int in [0, 2**64)
        The user's choice.
    epoch : int in [0, 2**64)
        The number of the pass over the data.

    Returns
    -------
    array, int, (length,)
        Each of 0 .. length - 1 once.

    References
    ----------
    Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3.

    Examples
    --------
    >>> permutation(5, seed=0).tolist(), permutation(5, seed=0, epoch=1).tolist()
    ([0, 2, 1, 4, 3], [3, 2, 4, 1, 0])
    """
    key = np.array([seed, epoch], dtype=np.uint64)
    # A stable sort settles equal numbers (once in 2**64) the same way everywhere.
    return np.argsort(np.random.Philox(key=key).random_raw(length), kind="stable")


def checked_seed(verb: str, seed: Any) -> int:
    """Return ``seed`` as an int in [0, 2**64), or raise an ArgumentError that names ``verb``.

    Parameters
    ----------
    verb : str
        The operation that errors name.
    seed : int
        The user's choice.

    Returns
    -------
    int
        The same number.
    """
    try:
        number = operator.index(seed)
    except TypeError:
        number = -1
    if not 0 <= number < 2**64:
        raise ArgumentError(f"{verb}: seed is {seed!r}; it must be a whole number in [0, 2**64)")
    return number
