"""The task of the series benchmarks: a recurrent layer and a dense layer, and their loss."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from benchmarks.workload import (
    FLOPS_OF_A_TRANSCENDENTAL,
    Dataset,
    FloatArray,
    Parameters,
)

__all__ = ["Task", "Trained", "evaluate"]

Doubles = NDArray[np.float64]


class Trained(Protocol):
    """A network in a rival's framework."""

    def train(self, epochs: int) -> None:
        """Train for `epochs` passes in the order of the data; return when finished."""
        ...

    def parameters(self) -> Parameters:
        """Return all weights and biases, as `Task.initial_parameters` has them."""
        ...


@dataclass(frozen=True)
class Task:
    """Sequence regression: a recurrent layer, and a dense layer on its last state.

    Parameters
    ----------
    kind : {"LSTM", "GRU"}
    units, steps, features : int
        Width of the state, length of the series, numbers at each step.
    batch_size, batches : int
        Series of a step of training, steps of a pass.
    learning_rate : float
        Of plain stochastic gradient descent on the mean squared error.
    """

    kind: Literal["LSTM", "GRU"] = "LSTM"
    units: int = 64
    steps: int = 30
    features: int = 5
    batch_size: int = 64
    batches: int = 40
    learning_rate: float = 0.02

    @property
    def gates(self) -> int:
        """Number of gates, by which the weights are wider than the state."""
        return 4 if self.kind == "LSTM" else 3

    @property
    def flops_per_step(self) -> float:
        """Operations of one step: products forward and backward, and transcendental functions."""
        width = self.gates * self.units
        products = 2 * width * (3 * self.units + 2 * self.features)
        curves = (5 if self.kind == "LSTM" else 3) * self.units
        each = products + FLOPS_OF_A_TRANSCENDENTAL * curves
        return float(self.batch_size * self.steps * each)

    def initial_parameters(self) -> Parameters:
        """Draw the initial weights of every contestant."""
        draw = np.random.default_rng(3).standard_normal
        width = self.gates * self.units
        shapes = [(self.features, width), (self.units, width), (self.units, 1)]
        first, second, last = (
            (draw(shape) / np.sqrt(shape[0])).astype(np.float32) for shape in shapes
        )
        biases = [np.zeros(width, np.float32)]
        if self.kind == "GRU":
            biases.append(np.zeros(self.units, np.float32))
        return [first, second, *biases, last, np.zeros(1, np.float32)]

    def dataset(self) -> Dataset:
        """Draw noisy sine waves of random frequency; the target is the next value of the first."""
        draw = np.random.default_rng(0)
        count = self.batch_size * self.batches
        frequencies = draw.uniform(0.05, 0.5, (count, 1, self.features))
        phases = draw.uniform(0, 6, (count, 1, self.features))
        time = np.arange(self.steps + 1)[None, :, None]
        waves = np.sin(phases + frequencies * time)
        noisy = waves[:, :-1] + 0.1 * draw.standard_normal(waves[:, :-1].shape)
        return Dataset("waves", noisy.astype(np.float32), waves[:, -1, :1].astype(np.float32))


def evaluate(task: Task, parameters: Parameters, x: FloatArray, y: FloatArray) -> float:
    """Compute the loss of the network in float64, step by step."""
    series = np.asarray(x, np.float64)
    first, second, *biases, last, offset = (np.asarray(p, np.float64) for p in parameters)
    h = c = np.zeros((len(x), task.units))
    for step in range(series.shape[1]):
        given, own = series[:, step] @ first + biases[0], h @ second
        if task.kind == "LSTM":
            i, f, g, o = np.split(given + own, 4, axis=1)
            c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
            h = _sigmoid(o) * np.tanh(c)
        else:
            (z, r, g), (own_z, own_r, own_g) = np.split(given, 3, 1), np.split(own, 3, 1)
            update = _sigmoid(z + own_z)
            candidate = np.tanh(g + _sigmoid(r + own_r) * (own_g + biases[1]))
            h = update * h + (1 - update) * candidate
    return float(np.mean(np.square(h @ last + offset - y)))


def _sigmoid(x: Doubles) -> Doubles:
    return 1 / (1 + np.exp(-x))
