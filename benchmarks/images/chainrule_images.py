"""chainrule as its users write it: layers and ``fit``; one convolution under ``jit``."""

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.images.task import Layer, Task
from benchmarks.workload import Dataset, FloatArray, Parameters
from chainrule import nn
from chainrule.ops.primitives.windows import unfold

__all__ = ["gradients", "network"]


class ImageNetwork:
    """A ``Network`` with loss and optimiser by name."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters) -> None:
        self.task, self.dataset = task, dataset
        layers: list[Any] = []
        for filters in task.filters:
            layers += [nn.Conv2D(filters, 3, activation="relu"), nn.MaxPool2D(2)]
        layers += [nn.Flatten(), nn.Dense(task.classes)]
        self.network = cr.Network(layers, seed=0, dtype="float32")
        self.network(dataset.x[:1])
        self.network.compile(
            loss="cross_entropy", optimizer="sgd", learning_rate=task.learning_rate
        )
        for name, array in zip(self.network.params, parameters, strict=True):
            self.network.params[name][...] = array

    def train(self, epochs: int, shuffle: bool = True) -> None:
        """Call ``fit`` without output."""
        x, y, size = self.dataset.x, self.dataset.y, self.task.batch_size
        self.network.fit(x, y, epochs=epochs, batch_size=size, shuffle=shuffle, verbose=0)

    def parameters(self) -> Parameters:
        """Return weights and biases in the order of the layers."""
        return list(self.network.params.values())


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> ImageNetwork:
    """Build the network."""
    return ImageNetwork(task, dataset, parameters)


def gradients(
    layer: Layer, arrays: tuple[FloatArray, ...], contestant: str
) -> Callable[[], tuple[Any, ...]]:
    """Jit windows and a contraction in plain NumPy, and their derivative."""
    margin, pair = (layer.padding,) * 2, (layer.stride,) * 2

    def convolve(x: Any, kernel: Any) -> Any:
        padded = np.pad(x, ((0, 0), margin, margin, (0, 0)))
        seen = unfold(padded, axes=(1, 2), sizes=kernel.shape[:2], strides=pair, dilations=(1, 1))
        if layer.groups == layer.channels:
            return np.einsum("nxycij,ijc->nxyc", seen, kernel.reshape((*kernel.shape[:2], -1)))
        if layer.groups == 1:
            return np.einsum("nxycij,ijco->nxyo", seen, kernel)
        parts = layer.groups, -1
        seen = seen.reshape((*seen.shape[:3], *parts, *kernel.shape[:2]))
        y = np.einsum("nxygcij,ijcgo->nxygo", seen, kernel.reshape((*kernel.shape[:3], *parts)))
        return y.reshape((*y.shape[:3], -1))

    @cr.jit
    def run(x: Any, kernel: Any, cotangent: Any) -> Any:
        y, pull = cr.vjp(convolve, x, kernel)
        return y, *pull(cotangent)

    return lambda: run(*arrays)
