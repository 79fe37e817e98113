"""Random numbers while training: each draw is a function of its place, not of draws before it."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.ops import random as draws

__all__ = ["Stream"]


class Stream:
    """The random numbers of one step of training.

    The first draw of a step has stream number 0, the next number 1, and so on. So the mask of a
    dropout layer is a function of (seed, number, epoch, step): the same when a run is resumed or
    replayed, and drawn again rather than stored.

    Parameters
    ----------
    seed : int in [0, 2**64)
        Seed of the network.
    epoch, step : int, or Node of integers of shape ()
        Where in the training the step is; nodes while a step is traced.

    References
    ----------
    Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3".

    Examples
    --------
    >>> first, again = Stream(seed=0, step=5), Stream(seed=0, step=5)
    >>> bool(np.all(first.uniform((2, 3)) == again.uniform((2, 3))))
    True
    >>> bool(np.any(first.uniform((2, 3)) == Stream(seed=0, step=5).uniform((2, 3))))
    False
    """

    def __init__(self, seed: int, epoch: Any = 0, step: Any = 0) -> None:
        self._key = np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
        self._epoch, self._step = epoch, step
        self._number = 0

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

    def _counter(self) -> Any:
        number = self._number
        self._number += 1
        return np.stack([np.int64(number), self._epoch, self._step])
