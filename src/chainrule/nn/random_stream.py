"""Counter-based random stream of a training step (Philox).

A draw is a function of the key (the seed) and the counter (draw number, epoch, step), not of the
draws before it.
"""

from __future__ import annotations

from copy import copy
from typing import Any

import numpy as np

from chainrule.arguments.aliases import RANDOM_ALIASES
from chainrule.arguments.checks import (
    bad_argument,
    checked_count,
    checked_kind,
    checked_lengths,
    checked_seed,
)
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.errors import ArgumentError
from chainrule.graph.node import Node
from chainrule.ops.primitives import philox as draws

__all__ = ["RandomStream", "philox_key"]


@answers_foreign_names(RANDOM_ALIASES)
class RandomStream:
    """Counter-based random stream (Philox) of one training step.

    The draws of a step are numbered 0, 1, 2, ... A dropout mask is so a function of (seed, draw
    number, epoch, step): the same when a run is resumed or replayed, and recomputed in the backward
    pass rather than stored.

    Parameters
    ----------
    seed : int in [0, 2**64), or Node of integers of shape (2,)
        Seed of the network; a node holds its Philox key, as from `philox_key`.
    epoch, step : int, or Node of integers of shape ()
        Epoch and step of the training; nodes while a step is traced.

    References
    ----------
    Salmon et al. (2011), "Parallel random numbers: as easy as 1, 2, 3", section 3.3.

    Examples
    --------
    >>> first, again = RandomStream(seed=0, step=5), RandomStream(seed=0, step=5)
    >>> bool(np.all(first.uniform((2, 3)) == again.uniform((2, 3))))
    True
    >>> bool(np.any(first.uniform((2, 3)) == RandomStream(seed=0, step=5).uniform((2, 3))))
    False
    """

    def __init__(self, seed: Any, epoch: Any = 0, step: Any = 0) -> None:
        is_key = isinstance(seed, np.ndarray | Node) and seed.shape == (2,)
        self._key = seed if is_key else philox_key(checked_seed("RandomStream", seed))
        for name, value in (("epoch", epoch), ("step", step)):
            if not isinstance(value, np.ndarray | Node):  # as of a step that is traced
                checked_count("RandomStream", name, value, 0)
            elif value.dtype.kind not in "iu" or value.shape:
                raise bad_argument("RandomStream", name, value, "an integer, 0 or more")
        self._epoch_and_step = epoch, step
        self._number: Any = 0
        self._refusal = ""  # the function that has no seed

    @classmethod
    def unseeded(cls, function: str) -> RandomStream:
        """Return the stream of a training without a seed, which refuses to draw.

        Parameters
        ----------
        function : str
            What to name in the error.

        Returns
        -------
        RandomStream
            For layers that do not draw, such as `BatchNorm`.
        """
        stream = cls(0)
        stream._refusal = function
        return stream

    def uniform(self, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        """Draw samples from the uniform distribution on [0, 1).

        Parameters
        ----------
        shape : tuple of int
            Shape of the result.
        dtype : dtype
            "float32" or "float64".

        Returns
        -------
        array or Node, `shape`, in [0, 1)
            The samples.
        """
        shape, dtype = _shape_and_dtype("uniform", shape, dtype)
        return draws.uniform(self._key, self._counter(), shape=shape, dtype=dtype)

    def normal(self, shape: tuple[int, ...], dtype: Any = "float32") -> Any:
        """Draw samples from the standard normal distribution, mean 0 and variance 1.

        Parameters
        ----------
        shape : tuple of int
            Shape of the result.
        dtype : dtype
            "float32" or "float64".

        Returns
        -------
        array or Node, `shape`
            The samples.
        """
        shape, dtype = _shape_and_dtype("normal", shape, dtype)
        return draws.normal(self._key, self._counter(), shape=shape, dtype=dtype)

    def reserve(self, count: int) -> int:
        """Reserve draw numbers for a loop, whose iterations draw by `at`.

        Parameters
        ----------
        count : int >= 0
            Number of draws of all iterations.

        Returns
        -------
        int
            The first of the reserved draw numbers.
        """
        first: int = self._number
        self._number += count
        return first

    def origin(self) -> tuple[Any, Any, Any]:
        """Return the Philox key, the epoch and the step of its draws."""
        return self._key, *self._epoch_and_step

    def at(self, number: Any) -> RandomStream:
        """Return a copy of the stream, positioned at a draw number.

        Parameters
        ----------
        number : int, or Node of integers of shape ()
            Number of its next draw; a node where it depends on the iteration of a loop.

        Returns
        -------
        RandomStream
            A stream with the same key, epoch and step; this one is unchanged.

        Examples
        --------
        >>> stream = RandomStream(seed=0)
        >>> first, second = stream.uniform((2,)), stream.uniform((2,))
        >>> bool(np.all(stream.at(1).uniform((2,)) == second))
        True
        """
        positioned = copy(self)
        positioned._number = number
        return positioned

    def _counter(self) -> Any:
        if self._refusal:
            raise ArgumentError(
                f"{self._refusal}: a layer, such as nn.Dropout, draws random numbers in training; "
                "give a seed, another one in each step, as in training=True, seed=step"
            )
        number = self._number
        self._number = number + 1
        return np.stack(
            [np.int64(number) if isinstance(number, int) else number, *self._epoch_and_step]
        )


def _shape_and_dtype(method: str, shape: Any, dtype: Any) -> tuple[tuple[int, ...], Any]:
    owner = f"random.{method}"
    lengths = checked_lengths(owner, "shape", shape)
    return lengths, checked_kind(owner, "dtype", dtype, ("float32", "float64"))


def philox_key(seed: int) -> Any:
    """Return the Philox key of a seed: its low and its high 32 bits.

    Examples
    --------
    >>> philox_key(2**32 + 7)
    array([7, 1], dtype=uint32)
    """
    return np.array([seed & 0xFFFFFFFF, seed >> 32], np.uint32)
