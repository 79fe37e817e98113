"""Calls of the functions from before `scipy.optimize.minimize`, with exact derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.science.flat_function import refuse_traced
from chainrule.science.optimize.minimizers.minimize import supplied
from chainrule.science.optimize.minimizers.objective import Objective
from chainrule.science.optimize.minimizers.tree_settings import options_of_vector

__all__ = ["call"]

_NAMES = {"fprime": "jac", "fhess": "hess", "fhess_p": "hessp"}


def call(
    function: Callable[..., Any],
    method: str,
    problem: tuple[Callable[..., Any], Any, Any],
    callback: Any,
    options: dict[str, Any],
    derivatives: dict[str, Any] | None = None,
) -> Any:
    """Call a function of SciPy's with exact derivatives, and make trees of what it returns."""
    fun, x0, args = problem
    refuse_traced(function.__name__, (x0, args))
    args = args if isinstance(args, tuple) else (args,)
    given = {_NAMES[name]: each for name, each in (derivatives or {}).items()}
    fun, start, found, objective = supplied(function.__name__, fun, x0, args, method, given)
    further = {name: found.get(_NAMES[name]) for name in derivatives or {}}
    if objective is not None:
        callback = objective.callback(callback)
        options = options_of_vector(function.__name__, options, objective.flat)
    result = function(fun, start, args=args, callback=callback, **further, **options)
    if objective is None or not objective.flat.is_tree:
        return result
    return _of_trees(result, objective, options)


def _of_trees(result: Any, objective: Objective, options: dict[str, Any]) -> Any:
    """The minimum, gradients and iterates as trees, in what a function of SciPy's returns."""
    restored = objective.flat.restored
    if not options["full_output"] and not options["retall"]:
        return restored(result)
    parts = [
        restored(each) if np.shape(each) == objective.flat.start.shape and i != 1 else each
        for i, each in enumerate(result)
    ]
    if options["retall"]:
        parts[-1] = [restored(each) for each in result[-1]]
    return tuple(parts)
