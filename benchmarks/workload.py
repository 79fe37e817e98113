"""A training workload: a dense network, its data, its hyperparameters and its operation count."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "ADAM",
    "Dataset",
    "FloatArray",
    "Forward",
    "Gradients",
    "IntArray",
    "Parameters",
    "Workload",
]

FloatArray = NDArray[np.float32 | np.float64]
IntArray = NDArray[np.int64]
Parameters = list[FloatArray]
Forward = Callable[[Parameters, FloatArray], FloatArray]
Gradients = Callable[[Parameters, FloatArray, FloatArray | IntArray], Parameters]

ADAM = {"beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}
"""The constants of Kingma & Ba (2015): the default of every framework but for Keras's epsilon."""

FLOPS_OF_A_TRANSCENDENTAL = 20
"""A vector exp or tanh at full precision is a polynomial of about ten multiply-adds."""

EVALUATED_ROWS = 4096
"""The number of rows on which the final loss is evaluated, to limit its cost."""


@dataclass(frozen=True)
class Dataset:
    """Rows to train on, in memory.

    Parameters
    ----------
    name : str
        What the rows are, as shown in the table.
    x : array, float32, (samples, features)
    y : array, float32 (samples, outputs) for mse, int64 (samples,) for cross_entropy
    """

    name: str
    x: FloatArray
    y: FloatArray | IntArray


@dataclass(frozen=True)
class Workload:
    """A training task, the same for every contestant.

    Parameters
    ----------
    name : str
        Short name, ``"W1"``.
    title : str
        Title of the table.
    sizes : tuple of int
        Width of the input and of every layer.
    activation : {"tanh", "relu"}
        Of the hidden layers; with ``loss="mse"`` of the output too.
    loss : {"mse", "cross_entropy"}
        Mean over the batch; cross-entropy from logits.
    samples, batch_size : int
        Rows of the data, rows of a step.
    epochs : int
        Length of one timed repetition, each from the same initial weights.
    learning_rate : float
    load : callable () -> Dataset
    gradients : callable (parameters, x, y) -> list of arrays
        The gradient written by hand, as a good NumPy programmer writes it.
    contestants : tuple of str
        Names from ``rivals.CONTESTANTS``, in the order of the table.
    l2 : float
        λ of the penalty λ/2·‖W‖² on weights, not on biases.
    shuffle : bool
        Whether every epoch visits the rows in a new random order.
    optimizer : {"sgd", "adam"}
        Stochastic gradient descent, or Adam with the constants of the paper.
    tolerance : float
        Relative difference of the final losses within which two contestants did the same work.
    forward : callable (parameters, x) -> array or None
        The output written by hand, where it is needed.
    """

    name: str
    title: str
    sizes: tuple[int, ...]
    activation: Literal["tanh", "relu"]
    loss: Literal["mse", "cross_entropy"]
    samples: int
    batch_size: int
    epochs: int
    learning_rate: float
    load: Callable[[], Dataset]
    gradients: Gradients
    contestants: tuple[str, ...]
    l2: float = 0.0
    shuffle: bool = False
    optimizer: Literal["sgd", "adam"] = "sgd"
    tolerance: float = 0.01
    forward: Forward | None = None

    @property
    def steps_per_epoch(self) -> int:
        """Updates in one pass over the data, a ragged last batch included."""
        return -(-self.samples // self.batch_size)

    @property
    def flops_per_step(self) -> float:
        """Required floating-point operations of one training step, averaged over an epoch.

        Matrix products (forward, weight gradient, and input gradient of all layers but the first)
        and transcendental functions; terms linear in the width are omitted.
        """
        edges = [inner * outer for inner, outer in zip(self.sizes, self.sizes[1:], strict=False)]
        products = 2 * (3 * sum(edges) - edges[0])
        hidden, outputs = sum(self.sizes[1:-1]), self.sizes[-1]
        curved = (hidden if self.activation == "tanh" else 0) + outputs
        per_sample = products + FLOPS_OF_A_TRANSCENDENTAL * curved
        return per_sample * self.samples / self.steps_per_epoch

    def initial_parameters(self) -> Parameters:
        """Draw the initial weights of every contestant: weight, bias, weight, bias, ...

        Returns
        -------
        list of array, float32
            Weights (in, out), Gaussian with variance gain/in (He or LeCun); biases zero.
        """
        # Seed 3 is a smooth start for XOR. From seed 0 its step of 0.1 reaches the edge of
        # stability, where the last bits decide the last loss and no two contestants agree.
        generator = np.random.default_rng(3)
        gain = 2.0 if self.activation == "relu" else 1.0
        parameters: Parameters = []
        for inner, outer in zip(self.sizes, self.sizes[1:], strict=False):
            weight = generator.standard_normal((inner, outer)) * np.sqrt(gain / inner)
            parameters += [weight.astype(np.float32), np.zeros(outer, np.float32)]
        return parameters

    def objective(self, parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> float:
        """Compute the loss with its penalty in float64: the reference for every contestant."""
        weights, biases = parameters[::2], parameters[1::2]
        signal = np.asarray(x, np.float64)
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            signal = self.curve(signal @ np.asarray(weight, np.float64) + bias)
        output = signal @ np.asarray(weights[-1], np.float64) + biases[-1]
        penalty = self.l2 / 2 * sum(float(np.sum(np.square(weight))) for weight in weights)
        if self.loss == "mse":
            return float(np.mean(np.square(self.curve(output) - y))) + penalty
        logits = output - output.max(axis=1, keepdims=True)
        chosen = logits[np.arange(len(y)), np.asarray(y, np.int64)]
        return float(np.mean(np.log(np.exp(logits).sum(axis=1)) - chosen)) + penalty

    def curve(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Apply the activation."""
        return np.tanh(z) if self.activation == "tanh" else np.maximum(z, 0)

    def evaluate(self, parameters: Parameters, dataset: Dataset) -> float:
        """Compute the loss on the first rows of the data, the same for every contestant."""
        return self.objective(parameters, dataset.x[:EVALUATED_ROWS], dataset.y[:EVALUATED_ROWS])
