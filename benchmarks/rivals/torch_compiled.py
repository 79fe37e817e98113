"""PyTorch compiled: the whole step, its gradient and its update as one ``torch.compile`` graph.

Compiling only the module leaves ``backward`` and the optimiser to the interpreter and is slower
than eager on small networks; the functional step is PyTorch's best form.
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import torch
from torch.func import functional_call, grad

from benchmarks.contestant import Contestant
from benchmarks.rivals.torch_eager import batches, criterion, sequential
from benchmarks.workload import Dataset, Parameters, Workload

__all__ = ["TorchCompiled", "build"]


class TorchCompiled:
    """A functional step over a dictionary of tensors, specialised to each shape of batch."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        self.x, self.y = torch.from_numpy(dataset.x), torch.from_numpy(dataset.y)
        self.names = [name for name, _ in sequential(workload).named_parameters()]
        self.weights: dict[str, torch.Tensor] = {}
        self.step = torch.compile(self.uncompiled_step(), dynamic=False, fullgraph=True)

    def uncompiled_step(self):
        """Return ``step(weights, x, y) -> weights`` in plain PyTorch."""
        model, loss_of, workload = (
            sequential(self.workload),
            criterion(self.workload),
            self.workload,
        )

        def objective(weights, x, y):
            loss = loss_of(functional_call(model, weights, (x,)), y)
            if workload.l2:
                squares = [value.square().sum() for value in weights.values() if value.ndim == 2]
                loss = loss + workload.l2 / 2 * sum(squares)
            return loss

        def step(weights, x, y):
            slopes = grad(objective)(weights, x, y)
            return {
                name: value - workload.learning_rate * slopes[name]
                for name, value in weights.items()
            }

        return step

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in; PyTorch keeps them as (out, in)."""
        self.weights = {
            name: torch.from_numpy(array.T.copy())
            for name, array in zip(self.names, parameters, strict=True)
        }

    def train(self, epochs: int) -> None:
        """Call the compiled step for every batch."""
        with torch.no_grad():
            for _ in range(epochs):
                for x, y in batches(self.workload, self.x, self.y):
                    self.weights = self.step(self.weights, x, y)

    def parameters(self) -> Parameters:
        """Return the weights as (in, out)."""
        return [self.weights[name].numpy().T for name in self.names]


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Make the contestant."""
    return TorchCompiled(workload, dataset)
