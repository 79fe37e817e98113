"""NumPy by hand: the loop and the derivative that a good NumPy programmer writes."""

import numpy as np

from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, Gradients, IntArray, Parameters, Workload

__all__ = ["NumpyByHand", "build"]


class NumpyByHand:
    """Stochastic gradient descent with whatever computes the gradient."""

    def __init__(self, workload: Workload, dataset: Dataset, gradients: Gradients) -> None:
        self.workload = workload
        self.dataset = dataset
        self.gradients = gradients
        self.weights: Parameters = []
        self.generator = np.random.default_rng(0)

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in."""
        self.weights = [array.copy() for array in parameters]

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
        x, y = self.dataset.x[rows], self.dataset.y[rows]
        rate = self.workload.learning_rate
        for weight, gradient in zip(self.weights, self.gradients(self.weights, x, y), strict=True):
            gradient *= rate
            weight -= gradient

    def parameters(self) -> Parameters:
        """Return the live weights."""
        return self.weights


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Make the contestant with the gradient of the workload's own file."""
    return NumpyByHand(workload, dataset, workload.gradients)
