"""Attention: each step of a series looks at all others, and takes from those that answer it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_count, checked_flag, checked_l2, checked_number
from chainrule.errors import ArgumentError, ShapeError
from chainrule.nn.activations.bounded import softmax
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.parameter import Parameter
from chainrule.nn.random_stream import RandomStream
from chainrule.ops.numpy_api.einsum import einsum

__all__ = ["MultiHeadAttention", "attend"]


class MultiHeadAttention(Layer):
    """Let each step of a series take from the steps of a series what answers its query.

    ::

        y = concat over heads (softmax(Q Kᵀ / √key_units) V) O
        Q = x A,  K = m B,  V = m C

    Called as ``layer(x)`` the series attends to itself, m = x. Called as ``layer(x, memory)`` its
    steps attend to those of another one.

    Parameters
    ----------
    heads : int > 0
        How many queries each step asks.
    key_units : int or None
        Length of query, key and value of a head; None for units / heads.
    causal : bool
        Whether a step sees itself and those before it alone, as a model of what comes next must.
    dropout : float in [0, 1)
        The share of answers dropped while training.
    use_bias : bool
        Whether b is added to Q, K, V and y.
    initializer : str or callable
        How A, B, C and O are drawn.
    l2 : float >= 0
        λ of the penalty λ/2·‖W‖² on A, B, C and O.
    name : str or None
        Its name; None numbers it by kind.

    Attributes
    ----------
    query_weight, key_weight, value_weight : Parameter, (units, heads · key_units)
        A, B and C.
    output_weight : Parameter, (heads · key_units, units)
        O.
    query_bias, key_bias, value_bias, output_bias : Parameter
        b; None without.

    Raises
    ------
    ArgumentError
        For an argument outside its range, or one that is named otherwise here.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", section 3.2.

    Examples
    --------
    >>> layer = MultiHeadAttention(2, causal=True)
    >>> x = np.random.default_rng(0).normal(size=(3, 5, 4))
    >>> y = layer(x)
    >>> later = x.copy()
    >>> later[:, 3:] = 0
    >>> y.shape, bool(np.all(layer(later)[:, :3] == y[:, :3]))
    ((3, 5, 4), True)

    In a network, a layer of your own makes the mask, here of words of which 0 is none:

    >>> from chainrule.nn.layers.embedding import Embedding
    >>> class Sentence(Layer):
    ...     def __init__(self):
    ...         self.words, self.attention = Embedding(10, 4), MultiHeadAttention(2)
    ...         self.name = None
    ...
    ...     def forward(self, x):
    ...         return self.attention(self.words(x), mask=x != 0)
    >>> Sentence()(np.array([[3, 5, 0], [2, 0, 0]])).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        heads: int,
        key_units: int | None = None,
        causal: bool = False,
        dropout: float = 0.0,
        use_bias: bool = True,
        initializer: str | Initializer = "auto",
        l2: float = 0.0,
        name: str | None = None,
    ) -> None:
        kind = "MultiHeadAttention"
        self.heads = checked_count(kind, "heads", heads)
        self.key_units = None if key_units is None else checked_count(kind, "key_units", key_units)
        self.causal = checked_flag(kind, "causal", causal)
        self.dropout = checked_number(kind, "dropout", dropout)
        if not 0 <= self.dropout < 1:
            raise ArgumentError(f"{kind}: dropout must be in [0, 1), got {dropout!r}")
        self.use_bias = checked_flag(kind, "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2(kind, l2)
        self.name = name

    def build(self, input_shape: Shape, memory_shape: Shape | None = None) -> None:
        """Make the weights for series of vectors, (batch, steps, units)."""
        for each in (input_shape, memory_shape or input_shape):
            if len(each) != 3:
                told = ", ".join(map(str, ("batch", *each[1:])))
                raise ShapeError(
                    f"{self._title()}: its input has shape ({told}), but it needs (batch, steps, "
                    "units); pass x[..., None] for one number a step, or put nn.Embedding before it"
                )
        units = input_shape[-1] or 0
        if self.key_units is None and units % self.heads:
            raise ShapeError(
                f"{self._title()}: {units} units cannot be shared out among {self.heads} heads; "
                f"choose heads that divide {units}, or give key_units"
            )
        self._size = self.key_units or units // self.heads
        inner, source = self.heads * self._size, (memory_shape or input_shape)[-1]
        self.query_weight, self.query_bias = self._linear("query", units, inner)
        self.key_weight, self.key_bias = self._linear("key", source, inner)
        self.value_weight, self.value_bias = self._linear("value", source, inner)
        self.output_weight, self.output_bias = self._linear("output", inner, units)

    def forward(self, x: Any, memory: Any = None, mask: Any = None) -> Any:
        """Compute what each step takes.

        Parameters
        ----------
        x : array or node, (batch, steps, units)
            Whose steps ask.
        memory : array or node, (batch, places, units), or None
            Whose steps answer; None for `x` itself.
        mask : array or node, bool, (batch, places) or (batch, steps, places), or None
            Where it is False a step is not seen, such as one that only fills a series up. A step
            that sees nothing takes nothing.

        Returns
        -------
        array or node, (batch, steps, units)
            What is taken, through O.
        """
        return self._attended(x, memory, mask, None)

    def train_forward(
        self, x: Any, random: RandomStream, memory: Any = None, mask: Any = None
    ) -> Any:
        """Compute what each step takes, with answers dropped at random."""
        return self._attended(x, memory, mask, random if self.dropout else None)

    def _attended(self, x: Any, memory: Any, mask: Any, random: RandomStream | None) -> Any:
        memory = x if memory is None else memory
        query = self._split(_projected(x, self.query_weight, self.query_bias))
        key = self._split(_projected(memory, self.key_weight, self.key_bias))
        value = self._split(_projected(memory, self.value_weight, self.value_bias))
        if mask is not None:
            mask = self._checked_mask(mask, (x.shape[0], x.shape[1], memory.shape[1]))
        seen, kept = self._seen(query, key), self._kept(query, key, random)
        taken = attend(query, key, value, seen, mask, kept)
        joined = taken.reshape((*taken.shape[:2], self.heads * self._size))
        return _projected(joined, self.output_weight, self.output_bias)

    def _split(self, x: Any) -> Any:
        return x.reshape((*x.shape[:2], self.heads, self._size))

    def _seen(self, query: Any, key: Any) -> Any:
        """Which places a step may see by the order of time, (steps, places)."""
        return np.tri(query.shape[1], key.shape[1], dtype=bool) if self.causal else None

    def _kept(self, query: Any, key: Any, random: RandomStream | None) -> Any:
        """What each answer is multiplied by, so that some are dropped."""
        if random is None:
            return None
        shape = (query.shape[0], self.heads, query.shape[1], key.shape[1])
        kept = random.uniform(shape, query.dtype) >= self.dropout
        return np.where(kept, query.dtype.type(1 / (1 - self.dropout)), query.dtype.type(0))

    def _checked_mask(self, mask: Any, shape: tuple[int, int, int]) -> Any:
        """Bring a mask to (batch, 1, steps or 1, places)."""
        mask = mask if hasattr(mask, "shape") else np.asarray(mask)
        batch, steps, places = shape
        if mask.shape not in ((batch, places), (batch, steps, places)):
            raise ShapeError(
                f"{self._title()}: the mask has shape {mask.shape}, but it must be (batch, places) "
                f"= {(batch, places)} or (batch, steps, places) = {shape}, True where a place is "
                "seen"
            )
        mask = mask if mask.dtype.kind == "b" else mask != 0
        return mask[:, None, None] if mask.ndim == 2 else mask[:, None]

    def _linear(self, name: str, inputs: int | None, outputs: int) -> tuple[Parameter, Any]:
        weight = self.parameter(f"{name}_weight", (inputs, outputs), self.initializer)
        return weight, self.parameter(f"{name}_bias", (outputs,)) if self.use_bias else None


def attend(
    query: Any, key: Any, value: Any, seen: Any = None, mask: Any = None, kept: Any = None
) -> Any:
    """Take for each step the mean of values, weighed by how well their keys answer its query.

    Examples
    --------
    >>> steps = np.array([[2.0], [4.0]]).reshape(1, 2, 1, 1)
    >>> attend(0 * steps, 0 * steps, steps).ravel()
    array([3., 3.])
    >>> attend(0 * steps, 0 * steps, steps, seen=np.tri(2, dtype=bool)).ravel()
    array([2., 3.])
    """
    scores = einsum("bqhd,bkhd->bhqk", query, key) * (1 / math.sqrt(query.shape[-1]))
    if seen is not None:
        scores = np.where(seen, scores, -math.inf)
    if mask is not None:
        # A finite number, so that a row without any place has no 0/0 in it.
        scores = np.where(mask, scores, np.finfo(scores.dtype).min / 2)
    weights = softmax(scores)
    if mask is not None:
        weights = np.where(mask, weights, 0)
    if kept is not None:
        weights = weights * kept
    return einsum("bhqk,bkhd->bqhd", weights, value)


def _projected(x: Any, weight: Any, bias: Any) -> Any:
    y = x @ weight
    return y if bias is None else y + bias
