"""NumPy by hand: the loop and the derivative that a good NumPy programmer writes."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.workload import (
    ADAM,
    Dataset,
    FloatArray,
    Forward,
    Gradients,
    IntArray,
    Parameters,
    Workload,
)

__all__ = ["NumpyByHand", "build", "prepare_call"]


class NumpyByHand:
    """Gradient descent or Adam with given functions for gradient and output."""

    def __init__(
        self, workload: Workload, dataset: Dataset, gradients: Gradients, forward: Forward | None
    ) -> None:
        self.workload = workload
        self.dataset = dataset
        self.gradients = gradients
        self.forward = forward
        self.update = self.adam if workload.optimizer == "adam" else self.descend
        self.weights: Parameters = []
        self.means: Parameters = []
        self.squares: Parameters = []
        self.steps = 0
        self.generator = np.random.default_rng(0)

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in."""
        self.weights = [array.copy() for array in parameters]
        self.means = [np.zeros_like(array) for array in parameters]
        self.squares = [np.zeros_like(array) for array in parameters]
        self.steps = 0

    def train(self, epochs: int) -> None:
        """Step through the batches; shuffled rows are gathered batch by batch."""
        for _ in range(epochs):
            if self.workload.shuffle:
                self.shuffled_epoch()
            else:
                self.ordered_epoch()

    def ordered_epoch(self) -> None:
        """Visit the rows in their order; the batches are views."""
        size = self.workload.batch_size
        for start in range(0, len(self.dataset.x), size):
            self.step(slice(start, start + size))

    def shuffled_epoch(self) -> None:
        """Visit the rows in a random order."""
        order, size = self.generator.permutation(len(self.dataset.x)), self.workload.batch_size
        for start in range(0, len(order), size):
            self.step(order[start : start + size])

    def step(self, rows: slice | IntArray) -> None:
        """Update the weights in place."""
        self.update(self.gradients(self.weights, self.dataset.x[rows], self.dataset.y[rows]))

    def descend(self, gradients: Parameters) -> None:
        """Take a step of gradient descent."""
        rate = self.workload.learning_rate
        for weight, gradient in zip(self.weights, gradients, strict=True):
            gradient *= rate
            weight -= gradient

    def adam(self, gradients: Parameters) -> None:
        """Follow Algorithm 1 of Kingma & Ba (2015), its corrections taken out of the arrays."""
        self.steps += 1
        beta_1, beta_2 = ADAM["beta_1"], ADAM["beta_2"]
        scale = (1 - beta_2**self.steps) ** 0.5
        rate = self.workload.learning_rate * scale / (1 - beta_1**self.steps)
        slots = zip(self.weights, gradients, self.means, self.squares, strict=True)
        for weight, gradient, mean, square in slots:
            mean *= beta_1
            mean += (1 - beta_1) * gradient
            square *= beta_2
            np.square(gradient, out=gradient)
            gradient *= 1 - beta_2
            square += gradient
            np.sqrt(square, out=gradient)
            gradient += ADAM["epsilon"] * scale
            np.divide(mean, gradient, out=gradient)
            gradient *= rate
            weight -= gradient

    def parameters(self) -> Parameters:
        """Return the live weights."""
        return self.weights

    def predict(self, x: FloatArray) -> FloatArray:
        """Call the forward pass."""
        assert self.forward is not None
        return self.forward(self.weights, x)


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant with the gradient of the workload's own file."""
    return NumpyByHand(workload, dataset, workload.gradients, workload.forward)


def prepare_call(function: Callable[..., Any], arrays: Sequence[FloatArray]) -> Callable[[], Any]:
    """Call it as it is."""
    return partial(function, *arrays)
