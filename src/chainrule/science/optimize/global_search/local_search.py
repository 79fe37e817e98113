"""Local searches within global ones: exact derivatives for SciPy's arguments of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np
from scipy import optimize

from chainrule.science.optimize.minimizers.minimize import supplied
from chainrule.science.optimize.minimizers.objective import Objective
from chainrule.science.optimize.minimizers.tree_settings import options_of_vector

__all__ = ["LocalSearches", "middle_of", "random_source", "with_derivatives"]


class LocalSearches:
    """The local searches of a global one from a point, which may be a tree.

    `function`, `start` and `arguments` are those of a vector, and so is what is made of the user's
    functions.
    """

    def __init__(self, operation: str, func: Any, x0: Any, given: dict[str, Any]) -> None:
        args = given.get("args", ())
        args = args if isinstance(args, tuple) else (args,)
        fun, start, found, objective = supplied(
            operation, func, x0, args, given.get("method"), given
        )
        self.function, self.start, self.arguments = func, x0, given
        self._objective: Objective | None = None
        if objective is not None and objective.flat.is_tree:
            self._objective = objective
            self.function, self.start = fun, start
            if "options" in given:
                options = options_of_vector(operation, given["options"], objective.flat)
                found = {**found, "options": options}
        if objective is not None and (objective.flat.is_tree or objective.is_exact):
            known = found.items()
            self.arguments = {n: each for n, each in known if n in given or each is not None}

    def step(self, take_step: Any) -> Any:
        """Return ``take_step(x)`` as one of the vector."""
        if self._objective is None or not callable(take_step):
            return take_step
        return _StepOfTree(take_step, self._objective)

    def test(self, accept_test: Any) -> Any:
        """Return an acceptance test, by points or by results, as one of the vector."""
        if self._objective is None or not callable(accept_test):
            return accept_test
        objective = self._objective

        def restored(name: str, value: Any) -> Any:
            if name.startswith("x_"):
                return objective.flat.restored(value)
            return objective.result(type(value)(value)) if name.startswith("res_") else value

        @wraps(accept_test)
        def test(**of: Any) -> Any:
            return accept_test(**{name: restored(name, value) for name, value in of.items()})

        return test

    def callback(self, callback: Any) -> Any:
        """Return ``callback(x, f, accepted)`` as one of the vector."""
        return callback if self._objective is None else self._objective.callback(callback)

    def result(self, found: Any) -> Any:
        """Return SciPy's result with trees in place of vectors."""
        if self._objective is None:
            return found
        self._objective.result(found.lowest_optimization_result)
        return self._objective.result(found)


class _StepOfTree:
    """A user's step of trees as one of vectors; its `stepsize`, if it has one, is the user's."""

    def __init__(self, take_step: Callable[[Any], Any], objective: Objective) -> None:
        self._take_step, self._flat = take_step, objective.flat

    def __call__(self, x: Any) -> Any:
        return self._flat.flattened(self._take_step(self._flat.restored(x)), "take_step")

    @property
    def stepsize(self) -> Any:
        return self._take_step.stepsize  # pyright: ignore[reportFunctionMemberAccess]

    @stepsize.setter
    def stepsize(self, size: Any) -> None:
        self._take_step.stepsize = size  # pyright: ignore[reportFunctionMemberAccess]


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
