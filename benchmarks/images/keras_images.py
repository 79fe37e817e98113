"""Keras on its JAX backend: ``Sequential``, ``compile``, ``fit``."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras
from keras import layers

from benchmarks.images.task import Task
from benchmarks.workload import Dataset, Parameters

__all__ = ["network"]


class ImageNetwork:
    """The network as the Keras documentation has it."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters):
        self.task, self.dataset = task, dataset
        stack = [keras.Input((task.side, task.side, task.channels))]
        for filters in task.filters:
            stack += [layers.Conv2D(filters, 3, activation="relu"), layers.MaxPooling2D(2)]
        self.model = keras.Sequential([*stack, layers.Flatten(), layers.Dense(task.classes)])
        self.model.compile(
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            optimizer=keras.optimizers.SGD(task.learning_rate),
        )
        self.model.set_weights(parameters)

    def train(self, epochs: int, shuffle: bool = True) -> None:
        """Call ``fit`` without output."""
        x, y, size = self.dataset.x, self.dataset.y, self.task.batch_size
        self.model.fit(x, y, batch_size=size, epochs=epochs, shuffle=shuffle, verbose=0)

    def parameters(self) -> Parameters:
        """Return the weights."""
        return self.model.get_weights()


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> ImageNetwork:
    """Build the network."""
    return ImageNetwork(task, dataset, parameters)
