"""Multi-head scaled dot-product attention, with causal, key and dropout masks."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.arguments.checks import (
    FRACTION,
    checked_count,
    checked_flag,
    checked_l2,
    checked_number,
)
from chainrule.errors import ShapeError, counted
from chainrule.nn.activations.bounded import softmax
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.initializers.initializer import Initializer, checked_initializer
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.parameter import Parameter
from chainrule.nn.random_stream import RandomStream
from chainrule.ops.numpy_api.einsum import einsum

__all__ = ["MultiHeadAttention", "scaled_dot_product_attention"]


class MultiHeadAttention(Layer):
    """Multi-head scaled dot-product attention (Vaswani et al. 2017, equation 1).

    ::

        y = concat over heads (softmax(Q Kᵀ / √key_units) V) W_O
        Q = x W_Q,  K = m W_K,  V = m W_V

    Self-attention is ``layer(x)``, with m = x; cross-attention is ``layer(x, memory)``. x and y
    have shape (batch, steps, units), the memory m (batch, keys, features).

    Parameters
    ----------
    heads : int > 0
        Number of attention heads.
    key_units : int or None
        Size of query, key and value of each head; None for units / heads.
    causal : bool
        Whether query i attends to the keys 0 … i alone, as autoregressive models need.
    dropout : float in [0, 1)
        Fraction of attention weights dropped while training (inverted dropout).
    use_bias : bool
        Whether a bias is added to Q, K, V and y.
    initializer : str or callable
        Initialiser of W_Q, W_K, W_V and W_O.
    l2 : float >= 0
        λ of the L2 penalty λ/2·‖W‖² on W_Q, W_K, W_V and W_O.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    query_weight : Parameter, (units, heads · key_units)
        W_Q.
    key_weight, value_weight : Parameter, (features, heads · key_units)
        W_K and W_V.
    output_weight : Parameter, (heads · key_units, units)
        W_O.
    query_bias, key_bias, value_bias, output_bias : Parameter, (heads · key_units,) or (units,)
        The biases; None if `use_bias` is False.

    Raises
    ------
    ArgumentError
        For an argument out of range, or one that has another name here.

    References
    ----------
    Vaswani et al. (2017), "Attention is all you need", section 3.2, equation 1.

    Examples
    --------
    >>> layer = MultiHeadAttention(2, causal=True)
    >>> x = np.random.default_rng(0).normal(size=(3, 5, 4))
    >>> y = layer(x)
    >>> later = x.copy()
    >>> later[:, 3:] = 0
    >>> y.shape, bool(np.all(layer(later)[:, :3] == y[:, :3]))
    ((3, 5, 4), True)

    In a network, the mask of padded steps (see `Masking`) is that of the keys. A custom layer that
    calls this one passes a mask itself, here of tokens of which 0 is padding:

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
        trainable: bool = True,
    ) -> None:
        kind = "MultiHeadAttention"
        self.heads = checked_count(kind, "heads", heads)
        self.key_units = None if key_units is None else checked_count(kind, "key_units", key_units)
        self.causal = checked_flag(kind, "causal", causal)
        self.dropout = checked_number(kind, "dropout", dropout, FRACTION)
        self.use_bias = checked_flag(kind, "use_bias", use_bias)
        self.initializer = checked_initializer(initializer)
        self.l2 = checked_l2(kind, l2)
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape, memory_shape: Shape | None = None) -> None:
        """Create the projections for inputs (batch, steps, units)."""
        for each in (input_shape, memory_shape or input_shape):
            if len(each) != 3:
                actual = ", ".join(map(str, ("batch", *each[1:])))
                raise ShapeError(
                    f"{self._title()}: its input has shape ({actual}), but it needs (batch, steps, "
                    "units); pass x[..., None] for one value a step, or put nn.Embedding before it"
                )
        units = input_shape[-1] or 0
        if self.key_units is None and units % self.heads:
            raise ShapeError(
                f"{self._title()}: {counted(units, 'unit')} are not divisible by "
                f"{counted(self.heads, 'head')}; choose heads that divide {units}, or give "
                "key_units"
            )
        self._size = self.key_units or units // self.heads
        inner, source = self.heads * self._size, (memory_shape or input_shape)[-1]
        self.query_weight, self.query_bias = self._projection("query", units, inner)
        self.key_weight, self.key_bias = self._projection("key", source, inner)
        self.value_weight, self.value_bias = self._projection("value", source, inner)
        self.output_weight, self.output_bias = self._projection("output", inner, units)

    def forward(self, x: Any, memory: Any = None, mask: Any = None) -> Any:
        """Compute the attention of each step of `x` to the steps of the memory.

        Parameters
        ----------
        x : array or node, (batch, steps, units)
            Source of the queries.
        memory : array or node, (batch, keys, features), or None
            Source of keys and values; None for `x` (self-attention).
        mask : array or node, bool, (batch, keys) or (batch, steps, keys), or None
            True where a key may be attended to; False for padding. A query without any such key
            has the context 0.

        Returns
        -------
        array or node, (batch, steps, units)
            The output projection of the heads' contexts.
        """
        return self._attention(x, memory, mask, None)

    def train_forward(
        self, x: Any, random: RandomStream, memory: Any = None, mask: Any = None
    ) -> Any:
        """Compute the attention with dropout of attention weights."""
        return self._attention(x, memory, mask, random if self.dropout else None)

    def _attention(self, x: Any, memory: Any, mask: Any, random: RandomStream | None) -> Any:
        memory = x if memory is None else memory
        query = self._split_heads(_project(x, self.query_weight, self.query_bias))
        key = self._split_heads(_project(memory, self.key_weight, self.key_bias))
        value = self._split_heads(_project(memory, self.value_weight, self.value_bias))
        if mask is not None:
            mask = self._checked_mask(mask, (x.shape[0], x.shape[1], memory.shape[1]))
        causal_mask = self._causal_mask(query, key)
        dropout_mask = self._dropout_mask(query, key, random)
        context = scaled_dot_product_attention(query, key, value, causal_mask, mask, dropout_mask)
        joined = context.reshape((*context.shape[:2], self.heads * self._size))
        return _project(joined, self.output_weight, self.output_bias)

    def _split_heads(self, x: Any) -> Any:
        return x.reshape((*x.shape[:2], self.heads, self._size))

    def _causal_mask(self, query: Any, key: Any) -> Any:
        """True where key j is not later than query i, (steps, keys); None if not causal."""
        return np.tri(query.shape[1], key.shape[1], dtype=bool) if self.causal else None

    def _dropout_mask(self, query: Any, key: Any, random: RandomStream | None) -> Any:
        """Factors of the attention weights: 0 with the dropout rate, else 1 / (1 - rate)."""
        if random is None:
            return None
        shape = (query.shape[0], self.heads, query.shape[1], key.shape[1])
        is_retained = random.uniform(shape, query.dtype) >= self.dropout
        return np.where(is_retained, query.dtype.type(1 / (1 - self.dropout)), query.dtype.type(0))

    def _checked_mask(self, mask: Any, shape: tuple[int, int, int]) -> Any:
        """Return a mask as bool, (batch, 1, steps or 1, keys)."""
        mask = mask if hasattr(mask, "shape") else np.asarray(mask)
        batch, steps, keys = shape
        if mask.shape not in ((batch, keys), (batch, steps, keys)):
            raise ShapeError(
                f"{self._title()}: the mask has shape {mask.shape}, but it must be (batch, keys) "
                f"= {(batch, keys)} or (batch, steps, keys) = {shape}, True where a key may be "
                "attended to"
            )
        mask = mask if mask.dtype.kind == "b" else mask != 0
        return mask[:, None, None] if mask.ndim == 2 else mask[:, None]

    def _projection(self, name: str, inputs: int | None, outputs: int) -> tuple[Parameter, Any]:
        weight = self.parameter(f"{name}_weight", (inputs, outputs), self.initializer)
        return weight, self.parameter(f"{name}_bias", (outputs,)) if self.use_bias else None


def scaled_dot_product_attention(
    query: Any,
    key: Any,
    value: Any,
    causal_mask: Any = None,
    mask: Any = None,
    dropout_mask: Any = None,
) -> Any:
    """Compute softmax(Q Kᵀ / √d) V for each head of (batch, steps, heads, d).

    Examples
    --------
    >>> value = np.array([[2.0], [4.0]]).reshape(1, 2, 1, 1)
    >>> scaled_dot_product_attention(0 * value, 0 * value, value).ravel()
    array([3., 3.])
    >>> causal_mask = np.tri(2, dtype=bool)
    >>> scaled_dot_product_attention(0 * value, 0 * value, value, causal_mask).ravel()
    array([2., 3.])
    """
    scores = einsum("bqhd,bkhd->bhqk", query, key) * (1 / math.sqrt(query.shape[-1]))
    if causal_mask is not None:
        scores = np.where(causal_mask, scores, -math.inf)
    if mask is not None:
        # Finite, so that the softmax of a row with no unmasked key is not 0/0.
        scores = np.where(mask, scores, np.finfo(scores.dtype).min / 2)
    weights = softmax(scores)
    if mask is not None:
        weights = np.where(mask, weights, 0)
    if dropout_mask is not None:
        weights = weights * dropout_mask
    return einsum("bhqk,bkhd->bqhd", weights, value)


def _project(x: Any, weight: Any, bias: Any) -> Any:
    y = x @ weight
    return y if bias is None else y + bias
