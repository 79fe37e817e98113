"""Batch and layer normalisation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.arguments.checks import POSITIVE, Range, checked_number
from chainrule.errors import ArgumentError, ShapeError, warn
from chainrule.nn.batch_share import PartialBatch, TracedBatch, current_batch
from chainrule.nn.freezing import freeze_unless
from chainrule.nn.layer import Layer, Shape
from chainrule.nn.mask import mean_of_real_steps
from chainrule.nn.random_stream import RandomStream

__all__ = ["BatchNorm", "LayerNorm"]

_MOMENTUM = Range("a number in [0.5, 1)", lambda momentum: 0.5 <= momentum < 1)


class BatchNorm(Layer):
    """Normalise each channel over the batch, then scale and shift it.

    ::

        y = gain (x - μ) / √(σ² + ε) + bias

    While training, μ and σ² are the mean and variance of the batch over all axes but the last; in
    inference they are the running statistics, exponential moving averages updated in each training
    step: running = momentum · running + (1 - momentum) · batch. The variance is biased (divided by
    n), that for the running one unbiased (divided by n - 1), as in the paper and PyTorch; Keras has
    it biased there too. The smaller last batch of an epoch counts by its share of a full one, and
    not at all if it has one value for each channel. Padded steps of sequences are not counted, see
    `Masking`. Frozen, the layer always infers, as in Keras.

    Parameters
    ----------
    momentum : float in [0.5, 1)
        Decay of the running statistics. PyTorch's momentum is 1 minus this: its 0.1 is 0.9 here.
    epsilon : float > 0
        ε, which keeps the quotient finite for constant channels.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    gain, bias : Parameter, (channels,)
        Trainable scale and offset, initially 1 and 0.
    mean, variance : Parameter, (channels,)
        The running statistics, not trainable; initially 0 and 1.

    Raises
    ------
    ArgumentError
        For a momentum in PyTorch's convention, or an argument out of range.

    References
    ----------
    Ioffe & Szegedy (2015), "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", algorithms 1 and 2.

    Examples
    --------
    >>> layer, x = BatchNorm(), np.array([[1.0, 0.0], [3.0, 4.0]])
    >>> layer(x, random=RandomStream(seed=0)).round(2)
    array([[-1., -1.],
           [ 1.,  1.]])
    >>> layer.mean.value
    array([0.02, 0.02])
    """

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        name: str | None = None,
        trainable: bool = True,
    ) -> None:
        if 0 < checked_number("BatchNorm", "momentum", momentum) < 0.5:
            raise ArgumentError(
                f"BatchNorm: momentum={momentum} would forget {1 - momentum:.0%} of the "
                "running statistics at each step. Here, as in Keras, running = momentum · running "
                "+ (1 - momentum) · batch; PyTorch has it the other way round. Its "
                f"momentum={momentum} is momentum={1 - momentum:g} here"
            )
        self.momentum = checked_number("BatchNorm", "momentum", momentum, _MOMENTUM)
        self.epsilon = checked_number("BatchNorm", "epsilon", epsilon, POSITIVE)
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape) -> None:
        """Create gain, bias and the running statistics."""
        channels = _channels(self._title(), input_shape)
        self.gain = self.parameter("gain", channels, "ones")
        self.bias = self.parameter("bias", channels, "zeros")
        self.mean = self.parameter("mean", channels, "zeros", trainable=False)
        self.variance = self.parameter("variance", channels, "ones", trainable=False)

    def forward(self, x: Any, mask: Any = None) -> Any:
        """Normalise by the running statistics."""
        scale = self.gain / np.sqrt(self.variance + self.epsilon)
        return x * scale + (self.bias - self.mean * scale)

    def train_forward(self, x: Any, random: RandomStream, mask: Any = None) -> Any:
        """Normalise by the statistics of the batch, and update the running statistics.

        Padded steps, where `mask` is False, are not counted.
        """
        if not self.trainable:
            return self.forward(x)
        if math.prod(x.shape[:-1]) == 1:
            self._check_single(current_batch())
            return self.forward(x)
        mean, variance, centred = _moments(x, tuple(range(x.ndim - 1)), mask)
        momentum, unbiased = self._momentum_and_unbiased(variance, x.shape, mask)
        self.mean.value = _moving_average(momentum, self.mean, mean)
        self.variance.value = _moving_average(momentum, self.variance, unbiased)
        return centred * (self.gain / np.sqrt(variance + self.epsilon)) + self.bias

    def _momentum_and_unbiased(
        self, variance: Any, shape: tuple[int, ...], mask: Any
    ) -> tuple[Any, Any]:
        """Return the decay by a batch, less if it is a partial one, and its unbiased variance."""
        batch = current_batch()
        momentum: Any = self.momentum
        if batch is not None:
            momentum = 1 - (1 - momentum) * batch.share
        if mask is None:
            count = math.prod(shape[:-1])
            return momentum, variance * (count / (count - 1))
        count = np.sum(mask).astype(variance.dtype) * math.prod(shape[mask.ndim : -1])
        # A single real step has no variance, and none has no mean.
        momentum = np.where(count > 1, np.asarray(momentum, variance.dtype), 1)
        return momentum, variance * (count / np.maximum(count - 1, 1))

    def _check_single(self, batch: PartialBatch | TracedBatch | None) -> None:
        """Raise for batches with one value for each channel; warn if only the last one has."""
        problem = f"{self._title()}: one sample gives one value for each channel, which has no "
        if not isinstance(batch, PartialBatch):
            raise ArgumentError(
                f"{problem}variance to normalise by; train with a batch_size of 2 or more, or use "
                "nn.LayerNorm, which normalises each sample by itself"
            )
        warn(
            f"{problem}variance. The last batch of each epoch is a single sample, as {batch.total} "
            f"in batches of {batch.size} leave 1: it is normalised by the running statistics and "
            f"left out of them. batch_size={batch.better_size} leaves no sample alone"
        )


class LayerNorm(Layer):
    """Normalise each sample over its last axis, then scale and shift it.

    ::

        y = gain (x - μ) / √(σ² + ε) + bias

    The variance is biased (divided by n). Training and inference are the same.

    Parameters
    ----------
    epsilon : float > 0
        ε, which keeps the quotient finite for constant samples.
    name : str or None
        Layer name; None numbers it by kind, as ``dense_1``.
    trainable : bool
        False freezes it: training leaves its weights alone. See `Layer`.

    Attributes
    ----------
    gain, bias : Parameter, (features,)
        Trainable scale and offset, initially 1 and 0.

    Raises
    ------
    ArgumentError
        If ε is not positive.

    References
    ----------
    Ba, Kiros & Hinton (2016), "Layer normalization", equation 4.

    Examples
    --------
    >>> LayerNorm()(np.array([[1.0, 3.0], [10.0, 30.0]])).round(2)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    def __init__(
        self, epsilon: float = 1e-3, name: str | None = None, trainable: bool = True
    ) -> None:
        self.epsilon = checked_number("LayerNorm", "epsilon", epsilon, POSITIVE)
        self.name = name
        freeze_unless(self, trainable)

    def build(self, input_shape: Shape) -> None:
        """Create gain and bias."""
        features = _channels(self._title(), input_shape)
        self.gain = self.parameter("gain", features, "ones")
        self.bias = self.parameter("bias", features, "zeros")

    def forward(self, x: Any) -> Any:
        """Normalise each sample by its own mean and variance."""
        _, variance, centred = _moments(x, (-1,))
        return centred / np.sqrt(variance + self.epsilon) * self.gain + self.bias


def _moments(x: Any, axes: tuple[int, ...], mask: Any = None) -> tuple[Any, Any, Any]:
    """Return mean and biased variance along axes (keepdims), and x - mean."""

    def average(values: Any) -> Any:
        if mask is None:
            return np.mean(values, axis=axes, keepdims=True)
        return mean_of_real_steps(values, mask, axes)

    mean = average(x)
    centred = x - mean
    return mean, average(centred * centred), centred


def _moving_average(momentum: Any, running: Any, batch: Any) -> Any:
    return momentum * running + (1 - momentum) * np.reshape(batch, running.shape)


def _channels(title: str, shape: Shape) -> Shape:
    if len(shape) < 2:
        raise ShapeError(
            f"{title}: its input has shape (batch,), but it needs features on the last axis; pass "
            "x[:, None] for one feature, x[None] for one sample"
        )
    return shape[-1:]
