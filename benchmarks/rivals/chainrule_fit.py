"""chainrule as its users write it: ``Network``, ``compile``, ``fit``."""

import chainrule as cr
from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, Parameters, Workload
from chainrule import nn

__all__ = ["ChainruleFit", "build"]


class ChainruleFit:
    """Dense layers and plain stochastic gradient descent."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        self.dataset = dataset
        hidden, last = workload.sizes[1:-1], workload.sizes[-1]
        curve = workload.activation if workload.loss == "mse" else None
        layers = [
            nn.Dense(units, activation=workload.activation, l2=workload.l2) for units in hidden
        ]
        layers.append(nn.Dense(last, activation=curve, l2=workload.l2))
        self.network = cr.Network(layers, seed=0, dtype="float32")
        self.network(dataset.x[:1])
        self.network.compile(
            loss=workload.loss, optimizer="sgd", learning_rate=workload.learning_rate
        )

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in."""
        for name, array in zip(self.network.params, parameters, strict=True):
            self.network.params[name][...] = array

    def train(self, epochs: int) -> None:
        """Fit in silence."""
        self.network.fit(
            self.dataset.x,
            self.dataset.y,
            epochs=epochs,
            batch_size=self.workload.batch_size,
            shuffle=self.workload.shuffle,
            verbose=0,
        )

    def parameters(self) -> Parameters:
        """Return weights and biases in the order of the layers."""
        return list(self.network.params.values())


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Make the contestant."""
    return ChainruleFit(workload, dataset)
