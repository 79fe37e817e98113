"""Keras on its JAX backend: ``Sequential``, ``compile``, ``fit``."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import os

os.environ["KERAS_BACKEND"] = "jax"
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import keras

from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, FloatArray, Parameters, Workload

__all__ = ["KerasFit", "build"]


class KerasFit:
    """The network as the Keras documentation has it, jitted as is its default."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        self.dataset = dataset
        curve, classifies = workload.activation, workload.loss == "cross_entropy"
        penalty = keras.regularizers.L2(workload.l2 / 2) if workload.l2 else None
        layers = [
            keras.layers.Dense(units, activation=curve, kernel_regularizer=penalty)
            for units in workload.sizes[1:]
        ]
        if classifies:
            layers[-1].activation = keras.activations.linear
        self.model = keras.Sequential([keras.Input(workload.sizes[:1]), *layers])
        softmax = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        self.model.compile(
            loss=softmax if classifies else "mse",
            optimizer=keras.optimizers.SGD(workload.learning_rate),
        )

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in."""
        self.model.set_weights(parameters)

    def train(self, epochs: int) -> None:
        """Call ``fit`` without output."""
        self.model.fit(
            self.dataset.x,
            self.dataset.y,
            batch_size=self.workload.batch_size,
            epochs=epochs,
            shuffle=self.workload.shuffle,
            verbose=0,
        )

    def parameters(self) -> Parameters:
        """Return the weights, which Keras stores as (in, out)."""
        return self.model.get_weights()

    def predict(self, x: FloatArray) -> FloatArray:
        """Call ``predict`` without output."""
        return self.model.predict(x, verbose=0)


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant."""
    return KerasFit(workload, dataset)
