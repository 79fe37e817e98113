"""Local searches within global ones: exact derivatives for SciPy's arguments of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.optimize.minimizers.minimize import supplied

__all__ = ["middle_of", "random_source", "with_derivatives"]


def with_derivatives(
    operation: str, func: Any, x0: Any, args: Any, given: dict[str, Any]
) -> dict[str, Any]:
    """Add exact derivatives to the arguments of local searches; values are those of `func`."""
    args = args if isinstance(args, tuple) else (args,)
    method = given.get("method")
    _, _, found, objective = supplied(operation, func, x0, args, method, given)
    if objective is None or objective.flat.is_tree or not objective.is_exact:
        return given
    return {name: each for name, each in found.items() if name in given or each is not None}


def middle_of(bounds: Any) -> Any:
    """The middle of a box, where a function is traced; None if the bounds are not valid."""
    try:
        if isinstance(bounds, optimize.Bounds):
            lower, upper = np.atleast_1d(bounds.lb), np.atleast_1d(bounds.ub)
        else:
            lower, upper = np.asarray(list(bounds), np.float64).T
        ends = np.stack(np.broadcast_arrays(lower, upper)).astype(np.float64)
    except (TypeError, ValueError):
        return None
    return np.clip(ends, -1e6, 1e6).mean(axis=0)


def random_source(rng: Any, seed: dict[str, Any]) -> dict[str, Any]:
    """The source of random numbers by the name under which the caller gave it."""
    return seed if "seed" in seed and rng is None else {"rng": rng, **seed}
