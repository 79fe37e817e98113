"""chainrule as its users write it: ``Network``, ``compile``, ``fit``."""

import chainrule as cr
from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, FloatArray, Parameters, Workload
from chainrule import nn
from chainrule.train.network import model_of

__all__ = ["ChainruleFit", "build"]


class ChainruleFit:
    """A ``Network`` of dense layers with loss and optimiser by name."""

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
            loss=workload.loss,
            optimizer=workload.optimizer,
            learning_rate=workload.learning_rate,
        )

    def restart(self, parameters: Parameters) -> None:
        """Set the weights and reset the optimiser as ``compile`` would, without recompiling."""
        model = model_of(self.network)
        model.optimizer_slots, model.counter = {}, type(model.counter)()
        for name, array in zip(self.network.params, parameters, strict=True):
            self.network.params[name][...] = array

    def train(self, epochs: int) -> None:
        """Call ``fit`` without output."""
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

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the logits."""
        return self.network.predict(x)


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant."""
    return ChainruleFit(workload, dataset)
