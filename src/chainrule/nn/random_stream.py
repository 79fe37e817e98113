"""Random numbers while training: each draw is a function of its place, not of draws before it."""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from chainrule.ops.primitives import philox as draws

__all__ = ["RandomStream", "words_of"]


class RandomStream:
    """The random numbers of one step of training.

    The first draw of a step has stream number 0, the next number 1, and so on. So the mask of a
    dropout layer is a function of (seed, number, epoch, step): the same when a run is resumed or
    replayed, and drawn again rather than stored.

    Parameters
    ----------
    seed : int in [0, 2**64), or Node of integers of shape (2,)
        Seed of the network; a node holds the words of one, as `words_of` makes them.
    epoch, step : int, or Node of integers of shape ()
        Where in the training the step is; nodes while a step is traced.

    References
    ----------
    Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3".

    Examples
    --------
    >>> first, again = RandomStream(seed=0, step=5), RandomStream(seed=0, step=5)
    >>> bool(np.all(first.uniform((2, 3)) == again.uniform((2, 3))))
    True
    >>> bool(np.any(first.uniform((2, 3)) == RandomStream(seed=0, step=5).uniform((2, 3))))
    False
    """

    def __init__(self, seed: Any, epoch: Any = 0, step: Any = 0) -> None:
        self._key = words_of(seed) if isinstance(seed, int) else seed
        self._place = epoch, step
        self._number: Any = 0

    def uniform(self, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        """Draw evenly from [0, 1).

        Parameters
        ----------
        shape : tuple of int
            How many.
        dtype : dtype
            "float32" or "float64".

        Returns
        -------
        array or Node, `shape`, in [0, 1)
            The numbers.
        """
        return draws.uniform(self._key, self._counter(), shape=shape, dtype=np.dtype(dtype))

    def normal(self, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        """Draw from the normal distribution with mean 0 and variance 1.

        Parameters
        ----------
        shape : tuple of int
            How many.
        dtype : dtype
            "float32" or "float64".

        Returns
        -------
        array or Node, `shape`
            The numbers.
        """
        return draws.normal(self._key, self._counter(), shape=shape, dtype=np.dtype(dtype))

    def reserve(self, count: int) -> int:
        """Keep numbers of draws for a loop, whose turns then draw by `at`.

        Parameters
        ----------
        count : int >= 0
            How many draws all turns make.

        Returns
        -------
        int
            The number of the first of them.
        """
        first: int = self._number
        self._number += count
        return first

    def at(self, number: Any) -> RandomStream:
        """Return the stream of the same step that goes on with a draw of this number.

        Parameters
        ----------
        number : int, or Node of integers of shape ()
            The number of its next draw; a node in a loop, where it depends on the turn.

        Returns
        -------
        RandomStream
            Another one: this one stays where it is.

        Examples
        --------
        >>> stream = RandomStream(seed=0)
        >>> first, second = stream.uniform((2,)), stream.uniform((2,))
        >>> bool(np.all(stream.at(1).uniform((2,)) == second))
        True
        """
        other = copy(self)
        other._number = number
        return other

    def _counter(self) -> Any:
        number = self._number
        self._number = number + 1
        return np.stack([np.int64(number) if isinstance(number, int) else number, *self._place])


def words_of(seed: int) -> Any:
    """Split a seed into two words of 32 bits, as an input of a program.

    Examples
    --------
    >>> words_of(2**32 + 7)
    array([7, 1], dtype=uint32)
    """
    return np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
