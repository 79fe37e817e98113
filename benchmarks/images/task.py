"""The tasks of the image benchmarks: the network of W6 and its loss, and single convolutions."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.workload import FloatArray, IntArray, Parameters

__all__ = ["Layer", "Task", "Trained", "evaluate"]


class Trained(Protocol):
    """A network in a rival's framework."""

    def train(self, epochs: int, shuffle: bool = True) -> None:
        """Train for `epochs` passes; return when finished."""
        ...

    def parameters(self) -> Parameters:
        """Return kernel, bias, kernel, bias, ..., as `Task.initial_parameters` has them."""
        ...


@dataclass(frozen=True)
class Task:
    """Convolutions of 3×3, each with ReLU and 2×2 max pooling, then a dense layer.

    Parameters
    ----------
    side, channels : int
        Of the square images.
    filters : tuple of int
        Of each convolution.
    classes : int
        Width of the dense layer.
    batch_size : int
    learning_rate : float
        Of plain stochastic gradient descent.
    """

    side: int = 28
    channels: int = 1
    filters: tuple[int, ...] = (32, 64)
    classes: int = 10
    batch_size: int = 64
    learning_rate: float = 0.05

    def initial_parameters(self) -> Parameters:
        """Draw the initial weights of every contestant."""
        generator = np.random.default_rng(3)
        side, channels = self.side, self.channels
        parameters: Parameters = []
        for filters in self.filters:
            parameters.append(_drawn(generator, (3, 3, channels, filters)))
            parameters.append(np.zeros(filters, np.float32))
            side, channels = (side - 2) // 2, filters
        parameters.append(_drawn(generator, (side * side * channels, self.classes)))
        return [*parameters, np.zeros(self.classes, np.float32)]

    @property
    def flops_per_step(self) -> float:
        """Operations of one step: forward, weight gradients, all input gradients but the first."""
        side, channels, each = self.side, self.channels, list[int]()
        for filters in self.filters:
            each.append((side - 2) ** 2 * 9 * channels * filters)
            side, channels = (side - 2) // 2, filters
        each.append(side * side * channels * self.classes)
        return 2.0 * self.batch_size * (3 * sum(each) - each[0])


def _drawn(generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    scale = np.sqrt(2 / math.prod(shape[:-1]))
    return (generator.standard_normal(shape) * scale).astype(np.float32)


def evaluate(parameters: Parameters, x: FloatArray, y: IntArray) -> float:
    """Compute the loss of the network in float64, by windows and einsum."""
    signal = np.asarray(x, np.float64)
    for kernel, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(signal, kernel.shape[:2], (1, 2))  # type: ignore[call-overload]
        output = np.einsum("nxycij,ijco->nxyo", windows, kernel, optimize=True) + bias
        side = output.shape[1] // 2 * 2
        tiles = np.maximum(output[:, :side, :side], 0)
        signal = tiles.reshape(len(x), side // 2, 2, side // 2, 2, -1).max((2, 4))
    output = signal.reshape(len(x), -1) @ parameters[-2] + parameters[-1]
    logits = output - output.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(y)), y]
    return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen))


@dataclass(frozen=True)
class Layer:
    """One convolution over images.

    Parameters
    ----------
    samples, side, channels, filters : int
        Of the input and the output.
    size, stride : int
        Of the kernel.
    groups : int
        Groups of channels with separate kernels; as many as channels for a depthwise convolution.
    """

    samples: int
    side: int
    channels: int
    filters: int
    size: int = 3
    stride: int = 1
    groups: int = 1

    @property
    def padding(self) -> int:
        """Zero padding on each side."""
        return self.size // 2

    @property
    def positions(self) -> int:
        """Output positions along a side."""
        return (self.side + 2 * self.padding - self.size) // self.stride + 1

    @property
    def flops(self) -> float:
        """Operations of the value and of both gradients."""
        depth = self.size**2 * self.channels // self.groups
        return 6.0 * self.samples * self.positions**2 * depth * self.filters

    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw the input, the kernel, and the cotangent of the output."""
        draw = np.random.default_rng(0).standard_normal
        x = draw((self.samples, self.side, self.side, self.channels), np.float32)
        within = self.channels // self.groups
        kernel = draw((self.size, self.size, within, self.filters), np.float32)
        cotangent = draw((self.samples, self.positions, self.positions, self.filters), np.float32)
        return x, kernel, cotangent
