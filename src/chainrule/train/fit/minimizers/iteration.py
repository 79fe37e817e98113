"""One iteration of a full-batch method, in the place of a train step.

::

    state["slots"]  {NAME of a parameter: {}, ..., "search": {...}}
    search          {"stays": whether the next iteration only evaluates the point where it is,
                     "status": 0, or why the method has ended,
                     "iterations": how many iterations there were,
                     ...: what the method has found out about the loss}

A method that has ended leaves the state as it is, so that a native call of many iterations may
contain the last one. Dropout draws the same numbers in each evaluation: the loss that is minimised
is one function of the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import FormatError
from chainrule.optim.lbfgs import LBFGS
from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.scipy_minimizer import SciPyMinimizer
from chainrule.solvers.flat_vector import ravel
from chainrule.train.fit.minimizers import lbfgs_iteration, levenberg_marquardt_iteration
from chainrule.train.fit.minimizers.full_batch import FullBatch, check_penalties
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective

__all__ = ["SEARCH", "check_search", "end_in_words", "iteration", "minimizer_slots"]

SEARCH = "search"
"""The name of the state of a method among the slots of the parameters, whose names have a dot."""

_ENDS = {
    1: "converged: every component of the gradient is at most gtol={gtol:g}",
    2: "converged: the loss decreased by no more than ftol={ftol:g}, relative to the loss or to 1",
    3: "ended: no step reduces the loss in {dtype} any more",
}
_ENDS_OF_SQUARES = {
    1: "converged: residuals and Jacobian are orthogonal to within gtol={gtol:g}",
    2: "converged: the loss decreased by no more than ftol={ftol:g}, relative to the loss",
    3: _ENDS[3],
    4: "converged: the last step was shorter than xtol={xtol:g}, relative to the parameters",
}


def minimizer_slots(
    optimizer: Minimizer, params: dict[str, Any], slots: dict[str, Any]
) -> dict[str, Any]:
    """Return the slots of some parameters: those given, if they are of the same ones."""
    if isinstance(optimizer, SciPyMinimizer):
        return {name: {} for name in params}
    x, _ = ravel(params, "fit")
    new = _method(optimizer).first_search(optimizer, x)
    counters = {"status": 0, "iterations": 0}
    search = {name: np.array(count, np.int64) for name, count in counters.items()}
    fresh = {name: {} for name in params} | {SEARCH: new | search | {"stays": np.array(True)}}
    if _types(slots) != _types(fresh):  # of other parameters, or of a file
        return fresh
    _check_counters(optimizer, slots[SEARCH])
    return {name: slots[name] for name in fresh}


def check_search(optimizer: Minimizer, parameters: dict[str, Any], slots: dict[str, Any]) -> None:
    """Raise a FormatError for slots of a file that the method cannot have left."""
    names = slots.keys() - {SEARCH}
    params = {name: each for name, each in parameters.items() if name in names}
    size = sum(each.size for each in params.values())
    memory: int = getattr(optimizer, "memory", 1)
    present = sum(np.size(each) for each in tree.flatten(slots)[0])
    if len(params) < len(names) or not params or memory * size > present:
        raise FormatError("load: the state of the optimiser is not that of these parameters")
    if _types(slots) != _types(minimizer_slots(optimizer, params, {})):
        raise FormatError("load: the state of the optimiser has other arrays than its method")
    _check_counters(optimizer, slots[SEARCH])


def _check_counters(optimizer: Minimizer, search: dict[str, Any]) -> None:
    """Raise a FormatError for counters of a file that no search has come to."""
    ends = _ENDS_OF_SQUARES if isinstance(optimizer, LevenbergMarquardt) else _ENDS
    counts = [int(search[name]) for name in ("iterations", "corrections") if name in search]
    if int(search["status"]) not in (0, *ends) or any(not 0 <= each < 2**60 for each in counts):
        raise FormatError("load: the state of the optimiser has counters that are none")


def _types(slots: dict[str, Any]) -> Any:
    """Return names, and shapes and dtypes of arrays by path."""
    arrays = map(np.asarray, tree.flatten(slots)[0])
    types = [(each.shape, each.dtype) for each in arrays]
    return slots.keys(), dict(zip(tree.paths(slots), types, strict=True))


def iteration(stack: LayerStack, objective: Objective) -> Callable[..., Any]:
    """Return an iteration of the method as a function of plain NumPy, as a train step is."""
    optimizer: Any = objective.optimizer
    if isinstance(optimizer, LevenbergMarquardt):
        check_penalties(stack)

    def step(state: dict[str, Any], batch: dict[str, Any], step_input: dict[str, Any]) -> Any:
        x, restored = ravel(state["params"], "fit")
        problem = FullBatch(stack, objective, batch, state["non_trainable"], restored)
        search = state["slots"][SEARCH]
        stays = search["stays"]
        is_idle = (search["status"] != 0) & ~stays
        x, found, others = _method(optimizer).iterate(optimizer, problem, x, search, is_idle)
        results, non_trainable = others
        counts = {
            "status": np.where(stays, 0, found["status"]),
            "iterations": search["iterations"] + np.where(stays | is_idle, 0, 1),
            "stays": stays & False,
        }
        new = {
            "params": restored(x),
            "slots": {name: {} for name in state["params"]} | {SEARCH: found | counts},
            "missed": state["missed"],
            "non_trainable": {
                name: np.where(stays, old, non_trainable[name])
                for name, old in state["non_trainable"].items()
            },
        }
        return new, results

    return step


def _method(optimizer: Minimizer) -> Any:
    """Return the module that has the iteration of an optimiser."""
    if isinstance(optimizer, LBFGS):
        return lbfgs_iteration
    return levenberg_marquardt_iteration


def end_in_words(optimizer: Minimizer, status: int, dtype: np.dtype[Any]) -> str:
    """Return how a method has ended, and why."""
    is_squares = isinstance(optimizer, LevenbergMarquardt)
    words = (_ENDS_OF_SQUARES if is_squares else _ENDS)[status]
    return words.format(dtype=dtype, **optimizer.config())
