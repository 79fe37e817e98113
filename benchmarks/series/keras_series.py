"""Keras on its JAX backend: ``Sequential``, ``compile``, ``fit``."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
import numpy as np
from keras import layers

from benchmarks.series.task import Task
from benchmarks.workload import Dataset, Parameters

__all__ = ["network"]


class Series:
    """The network as the Keras documentation has it."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters):
        self.task, self.dataset = task, dataset
        layer = getattr(layers, task.kind)(task.units)
        stack = [keras.Input((task.steps, task.features)), layer, layers.Dense(1)]
        self.model = keras.Sequential(stack)
        self.model.compile(loss="mse", optimizer=keras.optimizers.SGD(task.learning_rate))
        first, second, *biases, last, offset = parameters
        bias = biases[0]
        if task.kind == "GRU":
            bias = np.stack((bias, np.pad(biases[1], (2 * task.units, 0))))
        self.model.set_weights([first, second, bias, last, offset])

    def train(self, epochs: int) -> None:
        """Call ``fit`` without output."""
        x, y, size = self.dataset.x, self.dataset.y, self.task.batch_size
        self.model.fit(x, y, batch_size=size, epochs=epochs, shuffle=False, verbose=0)

    def parameters(self) -> Parameters:
        """Return the weights, and the sums of doubled biases."""
        first, second, bias, last, offset = self.model.get_weights()
        biases, units = [bias], self.task.units
        if self.task.kind == "GRU":
            of_input, of_state = bias
            summed = of_input + np.pad(of_state[: 2 * units], (0, units))
            biases = [summed, of_state[2 * units :]]
        return [first, second, *biases, last, offset]


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> Series:
    """Build the network."""
    return Series(task, dataset, parameters)
