"""Persistent contrastive divergence as scikit-learn computes it, in one program of many steps.

Random numbers are inputs: they are drawn by NumPy, in the order in which scikit-learn draws them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.control_flow.scan import scan
from chainrule.interop.estimators.programs import loop_program
from chainrule.nn.activations.bounded import sigmoid

__all__ = ["contrastive_steps", "run_batches"]

Tree = dict[str, Any]

_DRAWS = 2**21
"""Random numbers of one native call: 16 MB."""


def run_batches(state: Tree, X: Any, starts: Any, batch: int, rate: float, rng: Any) -> Tree:
    """Return the state after a step on the rows between each two of `starts`, many a native call.

    `state` is that of `contrastive_steps`; `batch` is the most rows of a step.
    """
    chains, hidden = state["chains"].shape
    draws = chains * (X.shape[1] + hidden)
    most = max(1, _DRAWS // draws)
    length = min(most, 1 << (len(starts) - 2).bit_length())
    for first in range(0, len(starts) - 1, length):
        bounds = starts[first : first + length + 1]
        columns = {
            "v": np.zeros((length, batch, X.shape[1]), X.dtype),
            "count": np.ones(length, np.int64),
            "rate": np.zeros(length),
            "draws": np.zeros((length, draws)),
        }
        for step, (start, end) in enumerate(pairwise(bounds)):
            rows = X[start:end]
            dense = rows if isinstance(rows, np.ndarray) else rows.toarray()
            columns["v"][step, : end - start], columns["count"][step] = dense, end - start
            columns["rate"][step] = rate / (end - start)
        steps = len(bounds) - 1
        columns["draws"][:steps] = rng.uniform(size=(steps, draws))
        state = _run_steps(state, columns, steps)
    return state


def _run_steps(state: Tree, columns: Tree, steps: int) -> Tree:
    program = loop_program("rbm", contrastive_steps, (state, columns), ())
    leaves, structure = tree.flatten(state)
    spare = [np.empty_like(each) for each in leaves]
    leaves, _ = program(leaves, [], tree.flatten(columns)[0], steps, spare)
    return tree.unflatten(structure, [np.array(each) for each in leaves])


def contrastive_steps(state: Tree, columns: Tree) -> Any:
    """Run steps on batches; return components, biases and chains, and nothing of each step.

    ::

        state    components W (hidden, visible), hidden c, visible b, chains (chains, hidden)
        columns  v (steps, batch, visible), its count of samples (steps,), rate / count (steps,),
                 draws (steps, chains · (visible + hidden))

    References
    ----------
    Tieleman (2008), "Training restricted Boltzmann machines using approximations to the likelihood
    gradient".
    """
    chains, hidden = state["chains"].shape
    visible = state["components"].shape[1]

    def step(state: Tree, column: Tree) -> Any:
        W, c, b = state["components"], state["hidden"], state["visible"]
        positive, count = column["v"], column["count"]
        present = (np.arange(positive.shape[0]) < count).astype(W.dtype)[:, None]
        draws = column["draws"]
        draws_visible = draws[: chains * visible].reshape((chains, visible))
        draws_hidden = draws[chains * visible :].reshape((chains, hidden))
        h_positive = sigmoid(positive @ W.T + c) * present
        negative = _sampled(sigmoid(state["chains"] @ W + b), draws_visible)
        h_negative = sigmoid(negative @ W.T + c)
        rate = column["rate"].astype(W.dtype)
        new = {
            "components": W + rate * (h_positive.T @ positive - h_negative.T @ negative),
            "hidden": c + rate * (np.sum(h_positive, axis=0) - np.sum(h_negative, axis=0)),
        }
        # Its terms cancel, those of units that are mostly 0 or 1: summed in float64.
        change = np.sum(positive * present, axis=0) - np.sum(negative, axis=0)
        change = column["rate"] * change.astype(np.float64)
        new["visible"] = (b.astype(np.float64) + change).astype(W.dtype)
        return new | {"chains": _sampled(h_negative, draws_hidden)}, count

    return scan(step, state, columns)


def _sampled(probabilities: Any, draws: Any) -> Any:
    """Draw 1 with a probability, by uniform numbers of float64, and 0 otherwise."""
    return (draws < probabilities.astype(np.float64)).astype(probabilities.dtype)
