"""chainrule's functional core: a plain NumPy loss, its derived gradient, a loop in Python."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import chainrule as cr
from benchmarks.contestant import Contestant
from benchmarks.rivals.numpy_by_hand import NumpyByHand
from benchmarks.workload import Dataset, FloatArray, IntArray, Parameters, Workload

__all__ = ["build", "prepare_call"]


def objective(
    workload: Workload, parameters: Parameters, x: FloatArray, y: FloatArray | IntArray
) -> np.floating:
    """Compute the loss of one batch, with its penalty, in NumPy."""
    weights, biases = parameters[::2], parameters[1::2]
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        z = x @ weight + bias
        x = np.tanh(z) if workload.activation == "tanh" else np.maximum(z, 0)
    output = x @ weights[-1] + biases[-1]
    if workload.loss == "mse":
        return np.mean(np.square(np.tanh(output) - y))
    logits = output - np.max(output, axis=1, keepdims=True)
    chosen = logits[np.arange(len(y)), y]
    loss = np.mean(np.log(np.sum(np.exp(logits), axis=1)) - chosen)
    for weight in weights if workload.l2 else ():
        loss = loss + workload.l2 / 2 * np.sum(np.square(weight))
    return loss


def build(workload: Workload, dataset: Dataset) -> Contestant:
    """Build the NumPy loop with the gradient by ``grad``."""
    compiled = cr.jit(cr.value_and_grad(partial(objective, workload)))

    def derived(parameters: Parameters, x: FloatArray, y: FloatArray | IntArray) -> Parameters:
        return compiled(parameters, x, y)[1]

    forward = cr.jit(workload.forward) if workload.forward else None
    return NumpyByHand(workload, dataset, derived, forward)


def prepare_call(function: Callable[..., Any], arrays: Sequence[FloatArray]) -> Callable[[], Any]:
    """Compile it for arrays of NumPy."""
    return partial(cr.jit(function), *arrays)
