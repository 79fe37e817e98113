"""scikit-learn: ``MLPClassifier.fit`` with plain stochastic gradient descent."""

# pyright: basic, reportMissingImports=false, reportArgumentType=false
# (an optional rival: absent where the checks run)

import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, FloatArray, Parameters, Workload

__all__ = ["SklearnFit", "build"]


class SklearnFit:
    """A classifier that continues from its weights (``warm_start``) and never stops early."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        if workload.loss != "cross_entropy":
            raise ValueError(f"{workload.name}: MLPClassifier trains on cross-entropy only")
        self.dataset = dataset
        self.model = MLPClassifier(
            hidden_layer_sizes=workload.sizes[1:-1],
            activation=workload.activation,
            solver="sgd",
            alpha=workload.l2 * workload.batch_size,
            batch_size=workload.batch_size,
            learning_rate_init=workload.learning_rate,
            momentum=0.0,
            shuffle=workload.shuffle,
            warm_start=True,
            tol=0.0,
            random_state=0,
        )
        self.model.partial_fit(dataset.x[:64], dataset.y[:64], classes=np.unique(dataset.y))

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in, over those a first call has drawn."""
        self.model.coefs_ = [array.copy() for array in parameters[::2]]
        self.model.intercepts_ = [array.copy() for array in parameters[1::2]]

    def train(self, epochs: int) -> None:
        """Fit for `epochs` iterations, as scikit-learn calls them."""
        self.model.set_params(max_iter=epochs, n_iter_no_change=epochs + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.fit(self.dataset.x, self.dataset.y)

    def parameters(self) -> Parameters:
        """Return weights and biases in turn."""
        pairs = zip(self.model.coefs_, self.model.intercepts_, strict=True)
        return [array for pair in pairs for array in pair]

    def predict(self, x: FloatArray) -> FloatArray:
        """Return the logarithms of the probabilities, which take a hundredth of the time."""
        return np.log(self.model.predict_proba(x))


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant."""
    return SklearnFit(workload, dataset)
