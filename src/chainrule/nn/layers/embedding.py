"""Vectors for words, characters, categories and places, looked up by number and learned."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count, checked_l2
from chainrule.errors import DataError, DTypeError, ShapeError
from chainrule.graph.node import Node
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.ops.numpy_api.indexing import get_item

__all__ = ["Embedding", "PositionEmbedding"]


class Embedding(Layer):
    """Give each of a number of words a vector of its own.

    Its derivative adds up at the rows that were looked up; no row of zeros and a one is ever made.

    Parameters
    ----------
    vocabulary_size : int > 0
        How many words there are; they are numbered from 0.
    units : int > 0
        Length of each vector.
    initializer : str or callable
        How the vectors are drawn.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² that is added to the loss.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (vocabulary_size, units)
        The vectors.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Bengio et al. (2003), "A neural probabilistic language model", section 2.

    Examples
    --------
    >>> layer = Embedding(10, 4)
    >>> layer(np.array([[1, 2, 3], [3, 2, 1]])).shape
    (2, 3, 4)
    >>> layer(np.array([[10]]))
    Traceback (most recent call last):
    chainrule.errors.DataError: layer Embedding: 10 at [0, 0] is no number of a word; with
    vocabulary_size=10 they go from 0 to 9
    """

    fixed_axes = ()

    def __init__(
        self,
        vocabulary_size: int,
        units: int,
        initializer: str | Initializer = "uniform",
        l2: float = 0.0,
        name: str | None = None,
    ) -> None:
        self.vocabulary_size = checked_count("Embedding", "vocabulary_size", vocabulary_size)
        self.units = checked_count("Embedding", "units", units)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2("Embedding", l2)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Make the vectors; inputs may have any shape."""
        shape = (self.vocabulary_size, self.units)
        self.weight = self.parameter("weight", shape, self.initializer)

    def forward(self, x: Any) -> Any:
        """Look up the vectors, (batch, ..., units)."""
        if not isinstance(x, Node):
            self.check_values(x)
            return get_item(self.weight.value, x.astype(np.int64))
        # A network hands numbers on as floats. Negative ones do not count from the end here: they
        # are sent beyond it, where reading a row is an error.
        number = x.astype(np.int64)
        row = np.where(number < 0, self.vocabulary_size, number)
        return get_item(self.weight.value, row)

    def check_values(self, x: Any) -> None:
        """Refuse what is no number of a word.

        Parameters
        ----------
        x : array, (batch, ...)
            The numbers.

        Raises
        ------
        DataError
            With the first value that is none, and its place.
        """
        if x.dtype.kind not in "iuf":
            raise DTypeError(
                f"{self._title()}: its input has dtype {x.dtype}, but it looks up whole numbers"
            )
        wrong = ~((x >= 0) & (x < self.vocabulary_size) & (x == np.floor(x)))
        if np.any(wrong):
            place = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise DataError(
                f"{self._title()}: {x[place]:.12g} at {list(place)} is no number of a word; with "
                f"vocabulary_size={self.vocabulary_size} they go from 0 to "
                f"{self.vocabulary_size - 1}"
            )


class PositionEmbedding(Layer):
    """Add a vector of its own, which is learned, to each step of a series.

    Attention sees a series as a set; this tells it where in the series a step stands.

    Parameters
    ----------
    initializer : str or callable
        How the vectors are drawn.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    weight : Parameter, (steps, units)
        The vectors; shorter series take the first ones.

    Raises
    ------
    ArgumentError
        For an initialiser that is not in the table.

    References
    ----------
    Gehring et al. (2017), "Convolutional sequence to sequence learning", section 3.1.

    Examples
    --------
    >>> PositionEmbedding()(np.zeros((2, 5, 4))).shape
    (2, 5, 4)
    """

    def __init__(self, initializer: str | Initializer = "uniform", name: str | None = None) -> None:
        self.initializer = checked_initializer(initializer)
        self.name = name

    def build(self, input_shape: Shape) -> None:
        """Make a vector for each step of the first series."""
        if len(input_shape) != 3:
            told = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: its input has shape ({told}), but it needs (batch, steps, "
                "units); put nn.Embedding or nn.Dense before it"
            )
        self.weight = self.parameter("weight", input_shape[1:], self.initializer)

    def forward(self, x: Any) -> Any:
        """Return x plus the vector of each step."""
        steps = len(self.weight)
        if x.shape[1] > steps:
            raise ShapeError(
                f"{self._title()}: its input has {x.shape[1]} steps, but it was built for series "
                f"of at most {steps}; cut them, or build it for the longest"
            )
        return x + self.weight[: x.shape[1]]
