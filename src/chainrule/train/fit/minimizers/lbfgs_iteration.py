"""One iteration of L-BFGS on the loss of a network, by the functions of `solvers.lbfgs`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.derivative import value_and_grad
from chainrule.optim.lbfgs import LBFGS
from chainrule.solvers.lbfgs import Limits, Search, is_small, iterated
from chainrule.solvers.line_search import Point
from chainrule.train.fit.minimizers.full_batch import FullBatch

__all__ = ["first_search", "iterate"]


def first_search(optimizer: LBFGS, x: Any) -> dict[str, Any]:
    """Return the state of the method before the first evaluation, with an empty memory."""
    none = np.zeros((optimizer.memory, *x.shape), x.dtype)
    return {
        "value": np.zeros((), x.dtype),
        "gradient": np.zeros_like(x),
        "displacements": none,
        "changes": none.copy(),
        "corrections": np.zeros((), np.int64),
    }


def iterate(
    optimizer: LBFGS, problem: FullBatch, x: Any, search: dict[str, Any], is_idle: Any
) -> tuple[Any, dict[str, Any], Any]:
    """Return parameters, state of the method, and what is evaluated beside the loss there."""
    derivative_of = value_and_grad(problem.loss, has_aux=True)

    def derivative(x: Any) -> tuple[Any, ...]:
        (value, others), gradient = derivative_of(x)
        leaves, _ = tree.flatten(others)
        return value, gradient, *leaves

    limits = Limits(
        optimizer.memory, optimizer.gtol, optimizer.ftol, optimizer.max_line_steps, least_size=0.0
    )
    rest, structure = problem.placeholders(x)
    gradient = search["gradient"]
    end = iterated(
        Search(
            Point(x, search["value"], gradient, tuple(rest)), search["displacements"],
            search["changes"], search["corrections"], 0, 0, search["status"],
        ),
        derivative,
        limits,
        search["stays"] | is_small(gradient, limits),
        is_idle,
    )  # fmt: skip
    found = {
        "value": end.point.value,
        "gradient": end.point.gradient,
        "displacements": end.displacements,
        "changes": end.changes,
        "corrections": end.corrections,
        "status": end.status,
    }
    return end.point.x, found, tree.unflatten(structure, list(end.point.rest))
