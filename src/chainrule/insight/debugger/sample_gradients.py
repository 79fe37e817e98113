"""Gradients of single samples: the part of each in the gradient of the batch.

Weights of samples enter the loss alone, and linearly: with weights w the gradient of the batch is
g(w) = Σᵢ wᵢ gᵢ + g(0), where g(0) is that of penalties. So gᵢ = g(eᵢ) − g(0), also for layers that
relate samples, as batch normalization does. What does not depend on w is computed once. Where the
loss relates no samples, derivatives by eᵢ are zero but for a row, and contractions leave out zeros.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.blas_threads import one_blas_thread
from chainrule.graph.evaluate import evaluate
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node
from chainrule.ops.primitives.contraction import contract, split_spec

__all__ = ["SampleGradients", "gradient_of_weights", "rank_samples"]


@dataclass(frozen=True, eq=False)
class SampleGradients:
    """The parts of samples in the gradient of a batch by a parameter, the largest first.

    Parameters
    ----------
    parameter : str
        The name of the parameter.
    index : tuple of int or None
        The weight that `sizes` are for; None for all.
    order : array of int, (n,)
        The samples by descending magnitude.
    sizes : array, (n,)
        For each sample the derivative by the weight, or the norm of its gradient.
    total : float
        The derivative, or the norm of the gradient, of the batch, without penalties.
    gradient : callable
        ``gradient(i)`` is that of sample i, of the shape of the parameter; they add up to the
        gradient of the batch less that of penalties.
    shown : int
        The samples that are printed.
    """

    parameter: str
    index: tuple[int, ...] | None
    order: NDArray[np.intp]
    sizes: NDArray[Any]
    total: float
    gradient: Callable[[int], NDArray[Any]] = field(repr=False)
    shown: int = 5

    def __str__(self) -> str:
        at = "" if self.index is None else "[" + ", ".join(map(str, self.index)) + "]"
        what = "norm of the gradient" if self.index is None else "derivative"
        lines = [f"{what} by {self.parameter}{at}, batch: {self.total:.4g}", "  sample  part"]
        lines += [f"  {i:>6}  {self.sizes[i]:.4g}" for i in self.order[: self.shown]]
        return "\n".join(lines)

    __repr__ = __str__


def rank_samples(
    parameter: str,
    index: Any,
    n: int,
    samples: int,
    gradient: Callable[[NDArray[Any]], NDArray[Any]],
    weights: NDArray[Any],
) -> SampleGradients:
    """Rank samples by their gradients; `gradient` is a function of the weights of samples."""
    penalty = gradient(np.zeros_like(weights))
    place = None if index is None else (index if isinstance(index, tuple) else (index,))

    def part(i: int) -> NDArray[Any]:
        alone = np.zeros_like(weights)
        alone[i] = weights[i]
        return gradient(alone) - penalty

    def size(array: NDArray[Any]) -> float:
        return float(np.linalg.norm(array) if place is None else array[place])

    sizes = np.array([size(part(i)) for i in range(samples)])
    order = np.argsort(-np.abs(sizes), kind="stable")
    total = size(gradient(weights) - penalty)
    return SampleGradients(parameter, place, order, sizes, total, part, n)


def gradient_of_weights(
    graph: Graph, gradient: Node, inputs: Sequence[Any]
) -> Callable[[NDArray[Any]], NDArray[Any]]:
    """Return a derivative as a function of the last input, with the rest computed once."""
    weight = graph.inputs[-1]
    program = Graph(graph.inputs, (gradient,))
    dependent = {weight.serial}
    for node in program.equations:
        if any(each.serial in dependent for each in node.inputs):
            dependent.add(node.serial)
    boundary = {
        each.serial: each
        for node in program.equations
        if node.serial in dependent
        for each in node.inputs
        if each.serial not in dependent and not each.is_constant
    }
    before = Graph(graph.inputs, tuple(boundary.values()))
    after = Graph((weight, *boundary.values()), (gradient,))
    with np.errstate(all="ignore"):
        known = evaluate(before, inputs)

    def of_weights(weights: NDArray[Any]) -> NDArray[Any]:
        # Products of a few rows are over before another thread has begun.
        with np.errstate(all="ignore"), one_blas_thread():
            return np.asarray(_evaluated(after, [weights, *known]))

    return of_weights


def _evaluated(graph: Graph, inputs: Sequence[Any]) -> Any:
    """Return the first output of a graph, as `evaluate` does, but for zeros in contractions."""
    values = {node.serial: each for node, each in zip(graph.inputs, inputs, strict=True)}
    for node in graph.nodes:
        if node.primitive is None:
            values[node.serial] = node.known_value
            continue
        operands = [values[each.serial] for each in node.inputs]
        if node.primitive is contract:
            left, right = operands
            operands = _without_zeros(left, right, node.params["spec"])
        values[node.serial] = node.primitive.evaluate(*operands, **node.params)
    return values[graph.outputs[0].serial]


def _without_zeros(a: Any, b: Any, spec: str) -> list[Any]:
    """Return operands without the terms of a sum that are zero, where those are most."""
    left, right, result = split_spec(spec)
    for letter in set(left) & set(right) - set(result):
        for one, indices in ((a, left), (b, right)):
            axis = indices.index(letter)
            others = tuple(i for i in range(one.ndim) if i != axis)
            rows = np.flatnonzero(np.any(one, axis=others))
            if len(rows) < 2:  # BLAS is not used for a sum of one term
                rows = np.union1d(rows, np.arange(min(2, one.shape[axis])))
            if 2 * len(rows) <= one.shape[axis]:
                a = np.take(a, rows, axis=left.index(letter))
                b = np.take(b, rows, axis=right.index(letter))
                break
    return [a, b]
