"""One iteration of Levenberg-Marquardt on a network, by `solvers.levenberg_marquardt`."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.control_flow.cond import cond
from chainrule.optim.levenberg_marquardt import LevenbergMarquardt
from chainrule.solvers.damped_iteration import DampedSearch, DampingLimits, damped_iteration
from chainrule.train.fit.minimizers.full_batch import FullBatch

__all__ = ["first_search", "iterate"]


def first_search(optimizer: LevenbergMarquardt, x: Any) -> dict[str, Any]:
    """Return the state of the method before the first iteration."""
    return {
        "damping": np.array(optimizer.damping, x.dtype),
        "growth": np.array(2, x.dtype),
        "scale": np.zeros_like(x),
    }


def iterate(
    optimizer: LevenbergMarquardt, problem: FullBatch, x: Any, search: dict[str, Any], is_idle: Any
) -> tuple[Any, dict[str, Any], Any]:
    """Return parameters, state of the method, and what is evaluated beside the residuals there."""
    limits = DampingLimits(optimizer.gtol, optimizer.ftol, optimizer.xtol, optimizer.max_trials)
    leaves, structure = problem.placeholders(x)

    def residuals(x: Any) -> tuple[Any, tuple[Any, ...]]:
        values, others = problem.residuals(x)
        return values, tuple(_of_types(tree.flatten(others)[0], leaves))

    def linearized(x: Any) -> tuple[Any, Any, tuple[Any, ...]]:
        matrix, values, others = problem.linearized(x)
        return matrix, values, tuple(_of_types(tree.flatten(others)[0], leaves))

    def iterated(x: Any, search: dict[str, Any]) -> Any:
        start = DampedSearch(
            x, (), search["damping"], search["growth"], search["scale"], 0, 0, search["status"]
        )
        end = damped_iteration(start, residuals, limits, search["stays"], linearized)
        found = {
            "damping": end.damping,
            "growth": end.growth,
            "scale": end.scale,
            "status": end.status,
        }
        return end.x, _like(search, found), list(end.rest)

    def kept(x: Any, search: dict[str, Any]) -> Any:
        return x, {name: search[name] for name in ("damping", "growth", "scale", "status")}, leaves

    x, found, rest = cond(is_idle, kept, iterated, x, search)
    return x, found, tree.unflatten(structure, rest)


def _like(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    return {name: each.astype(old[name].dtype) for name, each in new.items()}


def _of_types(values: list[Any], types: list[Any]) -> list[Any]:
    """Give values the dtypes of others; a penalty of no layer is the number 0."""
    arrays = [each if hasattr(each, "dtype") else np.asarray(each) for each in values]
    return [each.astype(of.dtype) for each, of in zip(arrays, types, strict=True)]
