"""Embedding layers: trainable vectors looked up by token index or by position."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2
from chainrule.errors import DataError, DTypeError, ShapeError, counted
from chainrule.graph.node import Node
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.ops.numpy_api.indexing import get_item

__all__ = ["Embedding", "PositionEmbedding"]


class Embedding(Layer):
    """Look up a trainable vector for each integer index: y = W[x].

    The gradient is a scatter-add into the rows that were looked up; no one-hot array is built.

    Parameters
    ----------
    vocabulary_size : int > 0
        Number of indices, which go from 0 to vocabulary_size - 1.
    units : int > 0
        Length of each vector.
    initializer : str or callable
        Initialiser of W.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² that is added to the loss.
    mask_zero : bool
        Whether the index 0 is padding: in a network its steps are masked in all that follows, up to
        the loss. See `Masking`.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.
    sparse : bool
        Whether an update changes the rows alone that its batch has looked up, whatever the
        optimiser; the cost of a step then is that of the lookups, not of the vocabulary. False
        does so where it makes no difference: of `SGD` without momentum and `Adagrad`. The moments
        of other optimisers would decay, and move a row on, in steps that do not look it up; with
        ``sparse=True`` they wait for the next that does (lazy updates). Needs a gradient of
        lookups only: no `l2` and no clipping.

    Attributes
    ----------
    weight : Parameter, (vocabulary_size, units)
        W.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

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
    chainrule.errors.DataError: layer Embedding: 10 at [0, 0] is not a valid index; with
    vocabulary_size=10 indices go from 0 to 9
    """

    fixed_axes = ()

    def __init__(
        self,
        vocabulary_size: int,
        units: int,
        initializer: str | Initializer = "uniform",
        l2: float = 0.0,
        mask_zero: bool = False,
        name: str | None = None,
        trainable: bool = True,
        sparse: bool = False,
    ) -> None:
        self.vocabulary_size = checked_count("Embedding", "vocabulary_size", vocabulary_size)
        self.units = checked_count("Embedding", "units", units)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2("Embedding", l2)
        self.mask_zero = checked_flag("Embedding", "mask_zero", mask_zero)
        self.sparse = checked_flag("Embedding", "sparse", sparse)
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape) -> None:
        """Create W; inputs may have any shape."""
        shape = (self.vocabulary_size, self.units)
        self.weight = self.parameter("weight", shape, self.initializer)
        self.weight.sparse = self.sparse

    def forward(self, x: Any) -> Any:
        """Return the vector of each index, (batch, ..., units)."""
        if not isinstance(x, Node):
            self.check_values(x)
            return get_item(self.weight.value, x.astype(np.int64))
        # Inputs of a network are floats. A negative index does not count from the end here: it is
        # moved out of bounds, where the gather raises.
        index = x.astype(np.int64)
        row = np.where(index < 0, self.vocabulary_size, index)
        return get_item(self.weight.value, row)

    def compute_mask(self, x: Any, mask: Any = None) -> Any:
        """Return which steps are real: those with an index other than 0, if `mask_zero`."""
        if not self.mask_zero or x.ndim < 2:
            return mask if x.ndim > 1 else None
        is_real = x != 0
        is_real = is_real if x.ndim == 2 else np.any(is_real, axis=tuple(range(2, x.ndim)))
        return is_real if mask is None else np.logical_and(is_real, mask)

    def check_values(self, x: Any) -> None:
        """Check that the input holds valid indices.

        Parameters
        ----------
        x : array, (batch, ...)
            The indices, integers or integral floats.

        Raises
        ------
        DataError
            For a value that is not an index from 0 to vocabulary_size - 1; names the first one.
        DTypeError
            If `x` is not numeric.
        """
        if x.dtype.kind not in "iuf":
            raise DTypeError(
                f"{self._title()}: its input has dtype {x.dtype}, but indices are integers"
            )
        wrong = ~((x >= 0) & (x < self.vocabulary_size) & (x == np.floor(x)))
        if np.any(wrong):
            position = tuple(int(i) for i in np.argwhere(wrong)[0])
            raise DataError(
                f"{self._title()}: {x[position]:.12g} at {list(position)} is not a valid index; "
                f"with vocabulary_size={self.vocabulary_size} indices go from 0 to "
                f"{self.vocabulary_size - 1}"
            )


class PositionEmbedding(Layer):
    """Add a trainable position embedding to each step of (batch, steps, units): y = x + W.

    Attention alone is equivariant to permutations of the steps; this adds their order. Where padded
    steps are masked, the real ones are numbered, so that padding may stand at either end.

    Parameters
    ----------
    initializer : str or callable
        Initialiser of W.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    weight : Parameter, (steps, units)
        W; shorter sequences take its first rows.

    Raises
    ------
    ArgumentError
        For an unknown initialiser.

    References
    ----------
    Gehring et al. (2017), "Convolutional sequence to sequence learning", section 3.1.

    Examples
    --------
    >>> PositionEmbedding()(np.zeros((2, 5, 4))).shape
    (2, 5, 4)
    """

    def __init__(
        self,
        initializer: str | Initializer = "uniform",
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        self.initializer = checked_initializer(initializer)
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape) -> None:
        """Create W for the number of steps of the first input."""
        if len(input_shape) != 3:
            actual = ", ".join(map(str, ("batch", *input_shape[1:])))
            raise ShapeError(
                f"{self._title()}: its input has shape ({actual}), but it needs (batch, steps, "
                "units); put nn.Embedding or nn.Dense before it"
            )
        self.weight = self.parameter("weight", input_shape[1:], self.initializer)

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Return x + W[:steps]; of masked sequences, the real steps alone are counted."""
        steps = len(self.weight)
        if x.shape[1] > steps:
            raise ShapeError(
                f"{self._title()}: its input has {counted(x.shape[1], 'step')}, but it was built "
                f"for at most {steps}; truncate them, or build it for the longest"
            )
        if mask is None:
            return x + self.weight[: x.shape[1]]
        count = np.cumsum(mask.astype(np.int64), axis=1)
        return x + get_item(self.weight.value, np.maximum(count - 1, 0))
