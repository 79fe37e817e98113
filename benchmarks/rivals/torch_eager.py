"""PyTorch as its tutorials have it: modules, autograd, an optimiser, a loop in Python."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from benchmarks.contestant import Contestant
from benchmarks.workload import Dataset, FloatArray, Parameters, Workload

__all__ = ["TorchEager", "batches", "build", "criterion", "prepare_call", "sequential"]


def sequential(workload: Workload) -> nn.Sequential:
    """Stack the layers of a workload."""
    curve = nn.Tanh if workload.activation == "tanh" else nn.ReLU
    layers: list[nn.Module] = []
    for inner, outer in zip(workload.sizes, workload.sizes[1:], strict=False):
        layers += [nn.Linear(inner, outer), curve()]
    return nn.Sequential(*(layers if workload.loss == "mse" else layers[:-1]))


def criterion(workload: Workload) -> nn.Module:
    """Return the loss, a mean over the batch."""
    return nn.MSELoss() if workload.loss == "mse" else nn.CrossEntropyLoss()


def batches(workload: Workload, x: torch.Tensor, y: torch.Tensor):
    """Yield the batches of one epoch, without the cost of a DataLoader."""
    if workload.shuffle:
        for rows in torch.randperm(len(x)).split(workload.batch_size):
            yield x[rows], y[rows]
    else:
        yield from zip(x.split(workload.batch_size), y.split(workload.batch_size), strict=True)


class TorchEager:
    """An ``nn.Sequential`` and an optimiser; L2 as weight decay on the weights alone."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        self.x, self.y = torch.from_numpy(dataset.x), torch.from_numpy(dataset.y)
        self.model = sequential(workload)
        self.criterion = criterion(workload)
        everything = list(self.model.parameters())
        weights = {"params": everything[::2], "weight_decay": workload.l2}
        groups = [weights, {"params": everything[1::2]}]
        make = torch.optim.Adam if workload.optimizer == "adam" else torch.optim.SGD
        self.optimizer = make(groups, lr=workload.learning_rate)

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in; PyTorch stores them as (out, in)."""
        self.optimizer.state.clear()
        with torch.no_grad():
            for tensor, array in zip(self.model.parameters(), parameters, strict=True):
                tensor.copy_(torch.from_numpy(array.T))

    def train(self, epochs: int) -> None:
        """Run the usual training loop."""
        for _ in range(epochs):
            for x, y in batches(self.workload, self.x, self.y):
                self.optimizer.zero_grad()
                loss = self.criterion(self.model(x), y)
                loss.backward()
                self.optimizer.step()

    def parameters(self) -> Parameters:
        """Return the weights as (in, out)."""
        return [tensor.detach().numpy().T for tensor in self.model.parameters()]

    @torch.inference_mode()
    def predict(self, x: FloatArray) -> FloatArray:
        """Call the module without recording."""
        return self.model(torch.from_numpy(x)).numpy()


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant."""
    return TorchEager(workload, dataset)


def prepare_call(function: Callable[..., Any], arrays: Sequence[FloatArray]) -> Callable[[], Any]:
    """Call it on tensors."""
    return partial(function, *map(torch.from_numpy, arrays))
