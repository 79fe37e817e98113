"""PyTorch: its own recurrent layer, with its fused kernels; eager, or compiled as a step."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import numpy as np
import torch
from torch import nn

from benchmarks.series.task import Task
from benchmarks.workload import Dataset, Parameters

__all__ = ["network"]


class LastState(nn.Module):
    """A recurrent layer, and a dense one on its last output."""

    def __init__(self, task: Task):
        super().__init__()
        kind = getattr(nn, task.kind)
        self.recurrent = kind(task.features, task.units, batch_first=True)
        self.dense = nn.Linear(task.units, 1)

    def forward(self, x):
        """Predict a value from a series."""
        return self.dense(self.recurrent(x)[0][:, -1])


class Series:
    """A module, an optimiser, a loop; or one compiled function for the loss and its gradients."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters, compiled: bool):
        self.task = task
        self.x, self.y = torch.from_numpy(dataset.x), torch.from_numpy(dataset.y)
        self.model = LastState(task)
        first, second, *biases, last, offset = parameters
        layer, dense = self.model.recurrent, self.model.dense
        pairs = [
            (layer.weight_ih_l0, self.arranged(first)),
            (layer.weight_hh_l0, self.arranged(second)),
            (layer.bias_ih_l0, self.arranged(biases[0])),
            (layer.bias_hh_l0, np.zeros_like(biases[0])),
            (dense.weight, last),
            (dense.bias, offset),
        ]
        with torch.no_grad():
            for tensor, array in pairs:
                tensor.copy_(torch.from_numpy(array.T.copy()))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=task.learning_rate)
        self.loss = torch.compile(self.uncompiled) if compiled else self.uncompiled

    def arranged(self, array):
        """Swap update and reset gate, which PyTorch has in the other order."""
        if self.task.kind == "LSTM":
            return array
        update, reset, candidate = np.split(array, 3, axis=-1)
        return np.concatenate((reset, update, candidate), axis=-1)

    def uncompiled(self, x, y):
        """Compute the loss of a batch."""
        return (self.model(x) - y).square().mean()

    def train(self, epochs: int) -> None:
        """Run the usual training loop."""
        size = self.task.batch_size
        for _ in range(epochs):
            for x, y in zip(self.x.split(size), self.y.split(size), strict=True):
                self.optimizer.zero_grad()
                self.loss(x, y).backward()
                self.optimizer.step()

    def parameters(self) -> Parameters:
        """Return weights as (in, out), and the sums of its two biases."""
        layer, dense, units = self.model.recurrent, self.model.dense, self.task.units
        first, second, b, d, last, offset = (
            each.detach().numpy().T
            for each in (
                *(layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0),
                *(dense.weight, dense.bias),
            )
        )
        biases = [b + d]
        if self.task.kind == "GRU":
            gates = b[: 2 * units] + d[: 2 * units]
            biases = [self.arranged(np.concatenate((gates, b[2 * units :]))), d[2 * units :]]
        return [self.arranged(first), self.arranged(second), *biases, last, offset]


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> Series:
    """Build the network."""
    return Series(task, dataset, parameters, contestant == "torch-compiled")
