"""What is computed: the network of W6 and its judge, and the shapes of single convolutions."""

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from benchmarks.workload import FloatArray, IntArray, Parameters

__all__ = ["Layer", "Task", "Trained", "judge"]


class Trained(Protocol):
    """A network in somebody's framework."""

    def train(self, epochs: int, shuffle: bool = True) -> None:
        """Do so many passes over the data, and return when they are done."""
        ...

    def parameters(self) -> Parameters:
        """Return kernel, bias, kernel, bias, ..., as `Task.initial_parameters` has them."""
        ...


@dataclass(frozen=True)
class Task:
    """Convolutions of 3x3, each with a rectifier and maxima of 2x2 after it, then a dense layer.

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
        """Draw the weights that every contestant starts from."""
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
        """Operations of the products of one step: forward, in the weights, in all but one input."""
        side, channels, each = self.side, self.channels, list[int]()
        for filters in self.filters:
            each.append((side - 2) ** 2 * 9 * channels * filters)
            side, channels = (side - 2) // 2, filters
        each.append(side * side * channels * self.classes)
        return 2.0 * self.batch_size * (3 * sum(each) - each[0])


def _drawn(generator: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    scale = np.sqrt(2 / math.prod(shape[:-1]))
    return (generator.standard_normal(shape) * scale).astype(np.float32)


def judge(parameters: Parameters, x: FloatArray, y: IntArray) -> float:
    """Compute the loss of the network in float64, by windows and einsum."""
    signal = np.asarray(x, np.float64)
    for kernel, bias in zip(parameters[:-2:2], parameters[1:-2:2], strict=True):
        seen = np.lib.stride_tricks.sliding_window_view(signal, kernel.shape[:2], (1, 2))  # type: ignore[call-overload]
        found = np.einsum("nxycij,ijco->nxyo", seen, kernel, optimize=True) + bias
        side = found.shape[1] // 2 * 2
        tiles = np.maximum(found[:, :side, :side], 0)
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
        Parts that the channels fall into, each convolved by itself; as many as channels where each
        has a kernel of its own.
    """

    samples: int
    side: int
    channels: int
    filters: int
    size: int = 3
    stride: int = 1
    groups: int = 1

    @property
    def margin(self) -> int:
        """Zeros at every border."""
        return self.size // 2

    @property
    def places(self) -> int:
        """Of the kernel along a side."""
        return (self.side + 2 * self.margin - self.size) // self.stride + 1

    @property
    def flops(self) -> float:
        """Operations of the value and of both gradients."""
        depth = self.size**2 * self.channels // self.groups
        return 6.0 * self.samples * self.places**2 * depth * self.filters

    def arrays(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw the input, the kernel, and the slope of the loss in the output."""
        draw = np.random.default_rng(0).standard_normal
        x = draw((self.samples, self.side, self.side, self.channels), np.float32)
        within = self.channels // self.groups
        kernel = draw((self.size, self.size, within, self.filters), np.float32)
        slope = draw((self.samples, self.places, self.places, self.filters), np.float32)
        return x, kernel, slope
