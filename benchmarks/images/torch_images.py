"""PyTorch in its best form for images: channels last in memory; eager, or compiled as a step."""

# pyright: basic, reportMissingImports=false, reportAttributeAccessIssue=false
# (an optional rival: absent where the checks run)

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.images.task import Layer, Task
from benchmarks.workload import Dataset, Parameters

__all__ = ["gradients", "network"]

LAST = torch.channels_last


class ChannelsLast(nn.Module):
    """Flatten images with the channels last, so that all frameworks share one dense kernel."""

    def forward(self, x):
        """Flatten in memory order."""
        return x.permute(0, 2, 3, 1).flatten(1)


class ImageNetwork:
    """An ``nn.Sequential`` and a training loop; or one compiled function for loss and gradients."""

    def __init__(self, task: Task, dataset: Dataset, parameters: Parameters, compiled: bool):
        self.task = task
        images = torch.from_numpy(np.moveaxis(dataset.x, -1, 1))
        self.x, self.y = images.contiguous(memory_format=LAST), torch.from_numpy(dataset.y)
        layers, channels = [], task.channels
        for filters in task.filters:
            layers += [nn.Conv2d(channels, filters, 3), nn.ReLU(), nn.MaxPool2d(2)]
            channels = filters
        dense = nn.Linear(len(parameters[-2]), task.classes)
        self.model = nn.Sequential(*layers, ChannelsLast(), dense).to(memory_format=LAST)
        with torch.no_grad():
            for tensor, array in zip(self.model.parameters(), parameters, strict=True):
                tensor.copy_(torch.from_numpy(to_torch(array)))
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=task.learning_rate)
        self.loss = torch.compile(self.uncompiled) if compiled else self.uncompiled

    def uncompiled(self, x, y):
        """Compute the loss of a batch."""
        return functional.cross_entropy(self.model(x), y)

    def train(self, epochs: int, shuffle: bool = True) -> None:
        """Run the usual training loop."""
        count = len(self.x)
        for _ in range(epochs):
            order = torch.randperm(count) if shuffle else torch.arange(count)
            for rows in order.split(self.task.batch_size):
                self.optimizer.zero_grad()
                self.loss(self.x[rows], self.y[rows]).backward()
                self.optimizer.step()

    def parameters(self) -> Parameters:
        """Return kernels as (rows, columns, in, out)."""
        return [from_torch(tensor.detach().numpy()) for tensor in self.model.parameters()]


def to_torch(array):
    """Put the outputs of a kernel first."""
    return np.ascontiguousarray(array.transpose(3, 2, 0, 1) if array.ndim == 4 else array.T)


def from_torch(array):
    """Put the outputs of a kernel last."""
    return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T


def network(task: Task, dataset: Dataset, parameters: Parameters, contestant: str) -> ImageNetwork:
    """Build the network."""
    return ImageNetwork(task, dataset, parameters, contestant == "torch-compiled")


def gradients(layer: Layer, arrays, contestant: str):
    """Run forward and backward, with the channels last."""
    x, kernel, cotangent = (torch.from_numpy(np.moveaxis(array, -1, 1)) for array in arrays)
    x, cotangent = x.contiguous(memory_format=LAST), cotangent.contiguous(memory_format=LAST)
    kernel = torch.from_numpy(to_torch(arrays[1])).contiguous(memory_format=LAST)
    x.requires_grad_()
    kernel.requires_grad_()

    def convolve(x, kernel):
        return functional.conv2d(
            x, kernel, stride=layer.stride, padding=layer.padding, groups=layer.groups
        )

    run = torch.compile(convolve) if contestant == "torch-compiled" else convolve

    def call():
        x.grad = kernel.grad = None
        y = run(x, kernel)
        y.backward(cotangent)
        assert x.grad is not None
        assert kernel.grad is not None
        found = (y.detach(), x.grad, kernel.grad)
        return tuple(each.numpy() for each in found)

    return call
