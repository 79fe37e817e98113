"""Bounds and options of minimisers in the structure of the parameters, as SciPy's vectors.

::

    x0        {"a": 1.0, "b": np.ones((2, 3))}
    bounds    {"a": (0, None), "b": None}                  a pair for each array
              {"a": (0, 1), "b": (lower, upper)}           of numbers or of arrays of its shape
              Bounds({"a": 0, "b": -1}, {"a": 1, "b": 1})
    options   {"scale": {"a": 10, "b": 1}}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds

from chainrule import tree
from chainrule.errors import ArgumentError
from chainrule.science.flat_function import FlatFunction

__all__ = ["bounds_of_vector", "options_of_vector"]

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def bounds_of_vector(operation: str, bounds: Any, flat: FlatFunction) -> Any:
    """Return bounds of the vector of a tree; those of a vector as they are.

    Raises
    ------
    ArgumentError
        If bounds have another structure than the tree, or can be read in two ways.
    """
    if bounds is None or not flat.is_tree or (isinstance(bounds, list | tuple) and not bounds):
        return bounds
    what = f"{operation}: bounds"
    if isinstance(bounds, Bounds):
        lower, upper = (_end(flat, what, each) for each in (bounds.lb, bounds.ub))
        return Bounds(lower, upper, cast(Any, bounds).keep_feasible)
    if not _is_tree_of_bounds(bounds, flat):
        return bounds
    several = tree.flatten_up_to(flat.structure, bounds, what)
    paths = tree.paths(flat.restored(flat.start))
    pairs = [
        _pair(each, shape, f"{what} of {path}")
        for each, shape, path in zip(several, flat.shapes, paths, strict=True)
    ]
    lower, upper = (
        np.concatenate([each.ravel() for each in ends]) for ends in zip(*pairs, strict=True)
    )
    return list(zip(lower.tolist(), upper.tolist(), strict=True))


def options_of_vector(operation: str, options: Any, flat: FlatFunction) -> Any:
    """Return options with vectors for trees like the parameters, and matrices for lists of them."""
    if not flat.is_tree or not isinstance(options, Mapping):
        return options
    several = cast("Mapping[str, Any]", options)
    return {name: _option(f"{operation}: {name}", each, flat) for name, each in several.items()}


def _option(what: str, value: Any, flat: FlatFunction) -> Any:
    if flat.is_like(value):
        return flat.broadcast(value, what)
    if isinstance(value, list | tuple):
        rows: list[Any] = list(cast("Any", value))
        if rows and all(map(flat.is_like, rows)):  # a simplex, or directions
            return np.stack([flat.broadcast(each, what) for each in rows])
    return value


def _is_tree_of_bounds(bounds: Any, flat: FlatFunction) -> bool:
    """Whether bounds are a tree and no sequence of one pair for each component of the vector."""
    kind, _, inner = flat.structure
    if isinstance(bounds, Mapping) or kind is dict:
        return isinstance(bounds, Mapping)
    if not isinstance(bounds, list | tuple):
        return False
    count = len(cast("list[Any]", bounds))
    return count == len(inner) or count != flat.start.size


def _end(flat: FlatFunction, what: str, values: Any) -> Any:
    """The lower or upper ends of `Bounds`, which holds a mapping in an array of one element."""
    if values.dtype.kind == "O" and values.size == 1:
        return flat.broadcast(values.item(), what)
    return np.ravel(values)


def _pair(bound: Any, shape: tuple[int, ...], what: str) -> Pair:
    """Return the lower and upper ends of an array of parameters."""
    if bound is None:
        return np.full(shape, -np.inf), np.full(shape, np.inf)
    if isinstance(bound, Bounds):
        lower, upper = bound.lb, bound.ub
    else:
        lower, upper = _ends(bound, shape, what)
    return _filled(lower, -np.inf, shape, what), _filled(upper, np.inf, shape, what)


def _ends(bound: Any, shape: tuple[int, ...], what: str) -> tuple[Any, Any]:
    """A tuple is (lower, upper), a list or array has a pair for each element, as in SciPy."""
    size = int(np.prod(shape))
    items = list(bound) if np.iterable(bound) and not isinstance(bound, str | Mapping) else []
    are_numbers = all(each is None or np.ndim(each) == 0 for each in items)
    is_two = len(items) == 2
    if is_two and are_numbers:
        return items[0], items[1]
    if is_two and isinstance(bound, tuple):
        are_lists = all(isinstance(each, list | tuple) for each in items)
        if are_lists and size == 2:
            raise ArgumentError(
                f"{what} is {bound!r}, which may be two pairs or the lower and the upper ends; "
                "give a list of pairs, [(0, 1), (0, 1)], or a tuple of arrays, "
                "(np.zeros(2), np.ones(2))"
            )
        return items[0], items[1]
    if len(items) == size and all(np.shape(each) == (2,) for each in items):
        pairs = np.array(items, np.float64)
        return np.reshape(pairs[:, 0], shape), np.reshape(pairs[:, 1], shape)
    raise ArgumentError(
        f"{what} is {bound!r}; parameters of shape {shape} take a tuple (lower, upper) of numbers, "
        "arrays or None, or a list of a pair for each element"
    )


def _filled(end: Any, infinity: float, shape: tuple[int, ...], what: str) -> Any:
    """One end as an array of a shape, infinite where it is None."""
    try:
        values = np.array(infinity if end is None else end, np.float64)
        return np.broadcast_to(np.where(np.isnan(values), infinity, values), shape)
    except (TypeError, ValueError):
        raise ArgumentError(
            f"{what} has the end {end!r}, which does not broadcast to the shape {shape} of the "
            "parameters; give a number, None or an array of that shape"
        ) from None
