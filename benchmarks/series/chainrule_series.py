"""chainrule as its users write it: layers and ``fit``."""

import chainrule as cr
from benchmarks.series.task import Task
from benchmarks.workload import Dataset, Parameters
from chainrule import nn

__all__ = ["network"]


class Series:
    """A ``Network`` with loss and optimiser by name."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters) -> None:
        self.task, self.dataset = task, dataset
        layer = nn.LSTM(task.units) if task.kind == "LSTM" else nn.GRU(task.units)
        self.network = cr.Network([layer, nn.Dense(1)], seed=0, dtype="float32")
        self.network(dataset.x[:1])
        self.network.compile(loss="mse", optimizer="sgd", learning_rate=task.learning_rate)
        for name, array in zip(self.network.params, parameters, strict=True):
            self.network.params[name][...] = array

    def train(self, epochs: int) -> None:
        """Call ``fit`` without output."""
        x, y, size = self.dataset.x, self.dataset.y, self.task.batch_size
        self.network.fit(x, y, epochs=epochs, batch_size=size, shuffle=False, verbose=0)

    def parameters(self) -> Parameters:
        """Return weights and biases in the order of the layers."""
        return list(self.network.params.values())


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> Series:
    """Build the network."""
    return Series(task, dataset, parameters)
