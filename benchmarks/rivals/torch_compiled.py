"""PyTorch compiled: the whole step, its gradient and its update as one ``torch.compile`` graph.

Compiling only the module leaves ``backward`` and the optimiser to the interpreter and is slower
than eager on small networks; the functional step is PyTorch's best form.
"""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch.func import functional_call, grad

from benchmarks.contestant import Contestant
from benchmarks.rivals.torch_eager import batches, criterion, sequential
from benchmarks.workload import ADAM, Dataset, FloatArray, Parameters, Workload

__all__ = ["TorchCompiled", "build", "prepare_call"]


Tensors = dict[str, torch.Tensor]


def descend(rate, weights, slots, _steps, gradients):
    """Take a step of gradient descent."""
    return {name: value - rate * gradients[name] for name, value in weights.items()}, slots


def adam(rate, weights, slots, steps, gradients):
    """Follow Algorithm 1 of Kingma & Ba (2015), its corrections taken out of the arrays."""
    beta_1, beta_2 = ADAM["beta_1"], ADAM["beta_2"]
    means, squares = slots
    scale = torch.sqrt(1 - beta_2**steps)
    rate, epsilon = rate * scale / (1 - beta_1**steps), ADAM["epsilon"] * scale
    means = {name: beta_1 * means[name] + (1 - beta_1) * g for name, g in gradients.items()}
    squares = {name: beta_2 * squares[name] + (1 - beta_2) * g * g for name, g in gradients.items()}
    moved = {
        name: value - rate * means[name] / (torch.sqrt(squares[name]) + epsilon)
        for name, value in weights.items()
    }
    return moved, (means, squares)


class TorchCompiled:
    """A functional step over a dictionary of tensors, specialised to each shape of batch."""

    def __init__(self, workload: Workload, dataset: Dataset) -> None:
        self.workload = workload
        self.x, self.y = torch.from_numpy(dataset.x), torch.from_numpy(dataset.y)
        self.names = [name for name, _ in sequential(workload).named_parameters()]
        self.model = sequential(workload)
        self.weights: Tensors = {}
        self.slots: tuple[Tensors, Tensors] = ({}, {})
        self.steps = torch.zeros(())
        self.step = torch.compile(self.uncompiled_step(), dynamic=False, fullgraph=True)
        self.forward = torch.compile(partial(functional_call, self.model), dynamic=False)

    def uncompiled_step(self):
        """Return ``step(weights, slots, steps, x, y) -> weights, slots`` in plain PyTorch."""
        model, loss_of, workload = self.model, criterion(self.workload), self.workload
        update = adam if workload.optimizer == "adam" else descend

        def objective(weights, x, y):
            loss = loss_of(functional_call(model, weights, (x,)), y)
            if workload.l2:
                squares = [value.square().sum() for value in weights.values() if value.ndim == 2]
                loss = loss + workload.l2 / 2 * sum(squares)
            return loss

        def step(weights, slots, steps, x, y):
            gradients = grad(objective)(weights, x, y)
            return update(workload.learning_rate, weights, slots, steps, gradients)

        return step

    def restart(self, parameters: Parameters) -> None:
        """Copy the weights in; PyTorch stores them as (out, in)."""
        self.weights = {
            name: torch.from_numpy(array.T.copy())
            for name, array in zip(self.names, parameters, strict=True)
        }
        zeros = {name: torch.zeros_like(value) for name, value in self.weights.items()}
        self.slots, self.steps = (zeros, zeros), torch.zeros(())

    def train(self, epochs: int) -> None:
        """Call the compiled step for every batch."""
        with torch.no_grad():
            for _ in range(epochs):
                for x, y in batches(self.workload, self.x, self.y):
                    self.steps += 1
                    self.weights, self.slots = self.step(self.weights, self.slots, self.steps, x, y)

    def parameters(self) -> Parameters:
        """Return the weights as (in, out)."""
        return [self.weights[name].numpy().T for name in self.names]

    @torch.inference_mode()
    def predict(self, x: FloatArray) -> FloatArray:
        """Call the compiled forward pass without recording."""
        return self.forward(self.weights, (torch.from_numpy(x),)).numpy()


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the contestant."""
    return TorchCompiled(workload, dataset)


def prepare_call(function: Callable[..., Any], arrays: Sequence[FloatArray]) -> Callable[[], Any]:
    """Compile it for tensors."""
    return partial(torch.compile(function), *map(torch.from_numpy, arrays))
