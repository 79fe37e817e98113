"""The update of a tree of parameters: what `Optimizer.init` and `Optimizer.update` compute.

::

    state ::= {"step": updates so far, "slots": params, with the slots of each in its place}

It is plain NumPy: the functions take arrays, and nodes under ``jit`` and in ``scan``.
"""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from chainrule import tree
from chainrule.arguments.checks import bad_argument, shown
from chainrule.errors import ArgumentError, DTypeError, ShapeError, type_in_words

__all__ = ["clipped", "initial_state", "update_tree"]

Array = Any


def initial_state(optimizer: Any, params: Any) -> dict[str, Any]:
    """Return the state before the first update; frozen parameters of a network have no slots."""
    leaves, structure = tree.flatten(params)
    names = tree.paths(params)
    frozen: tuple[str, ...] = getattr(params, "frozen", ())
    slots = [
        None if name in frozen else optimizer.slots(_parameter(leaf, "init", name))
        for leaf, name in zip(leaves, names, strict=True)
    ]
    return {"step": np.zeros((), np.int64), "slots": tree.unflatten(structure, slots)}


def update_tree(
    optimizer: Any, gradients: Any, state: Any, params: Any
) -> tuple[Any, dict[str, Any]]:
    """Return parameters and state after one update of each parameter that has slots."""
    leaves, structure = tree.flatten(params)
    names = tree.paths(params)
    before = _slots(state, structure)
    given = tree.flatten_like(structure, gradients, "update: gradients")
    arrays = [_parameter(leaf, "update", name) for leaf, name in zip(leaves, names, strict=True)]
    named = {
        name: _gradient(gradient, parameter, name)
        for name, gradient, parameter, slots in zip(names, given, arrays, before, strict=True)
        if slots is not None
    }
    named = clipped(named, optimizer.clip_value, optimizer.clip_norm)
    count = state["step"] + 1
    rate = _rate(optimizer, state["step"])
    new: list[tuple[Array, Any]] = []
    for name, parameter, slots in zip(names, arrays, before, strict=True):
        if slots is None:
            new.append((parameter, None))
            continue
        dtype = parameter.dtype
        updated, after = optimizer.update_parameter(
            parameter, _as(named[name], dtype), slots, _as(rate, dtype), _as(count, dtype)
        )
        retained = {key: _as(each, slots[key].dtype) for key, each in after.items()}
        new.append((_as(updated, dtype), retained))
    result = tree.unflatten(structure, [parameter for parameter, _ in new])
    slots = tree.unflatten(structure, [slots for _, slots in new])
    return result, {"step": _as(count, np.dtype(np.int64)), "slots": slots}


def clipped(
    gradients: dict[str, Array], limit: float | None, norm: float | None
) -> dict[str, Array]:
    """Clip each element to ±`limit`, then all gradients together to a Euclidean norm."""
    if limit is not None:
        gradients = {name: np.clip(each, -limit, limit) for name, each in gradients.items()}
    if norm is not None and gradients:
        scale = _scale(list(gradients.values()), norm)
        gradients = {name: each * scale for name, each in gradients.items()}
    return gradients


def _scale(gradients: list[Array], limit: float) -> Array:
    """Return ``min(1, limit / ‖g‖)``, without dividing by the zero norm of a zero gradient."""
    squares = [np.sum(each * each) for each in gradients]
    return limit / np.maximum(np.sqrt(sum(squares[1:], squares[0])), limit)


def _slots(state: Any, structure: tree.Structure) -> list[Any]:
    if not isinstance(state, dict) or "slots" not in state or "step" not in state:
        rule = (
            "the state that optimizer.init(params) or the last update returned; the order is "
            "update(gradients, state, params)"
        )
        raise bad_argument("update", "state", state, rule)
    try:
        return tree.flatten_up_to(structure, state["slots"], "update: the slots of the state")
    except ArgumentError as error:
        raise ArgumentError(
            f"{error}; the state is that of other parameters: state = optimizer.init(params)"
        ) from None


def _parameter(leaf: Any, method: str, name: str) -> Array:
    """Return a parameter as an array or node of floats."""
    array = leaf
    if not hasattr(leaf, "dtype"):
        if not isinstance(leaf, int | float) or isinstance(leaf, bool):
            raise ArgumentError(
                f"{method}: {_title(name)} is {type_in_words(leaf)}; params are nested dicts, "
                "lists and tuples of arrays of floats, such as net.params"
            )
        array = np.asarray(float(leaf))
    if array.dtype.kind != "f":
        raise DTypeError(
            f"{method}: {_title(name)} has dtype {array.dtype}; an update is by real numbers, so "
            "pass params.astype(float)"
        )
    return array


def _gradient(gradient: Any, parameter: Array, name: str) -> Array:
    """Return the gradient of a parameter: numbers of its shape."""
    array = gradient if hasattr(gradient, "dtype") else np.asarray(gradient, float)
    if array.dtype.kind != "f":
        raise DTypeError(
            f"update: the gradient of {_title(name)} has dtype {array.dtype}, no float"
        )
    if array.shape != parameter.shape:
        raise ShapeError(
            f"update: {_title(name)} has shape {parameter.shape}, its gradient {array.shape}; "
            "they must be equal, and the order is update(gradients, state, params)"
        )
    return array


def _title(name: str) -> str:
    return f"params {shown(name)}" if name else "params"


def _rate(optimizer: Any, step: Any) -> Any:
    """Return the learning rate of the update after `step` others."""
    # By type, as a node answers to be an array or a number.
    known = issubclass(type(step), int | np.integer | np.ndarray)
    return optimizer.rate(int(step) if known else step, _NoEpoch(optimizer))


def _as(value: Any, dtype: Any) -> Array:
    array = value if hasattr(value, "dtype") else np.asarray(value, dtype)
    return array if array.dtype == dtype else array.astype(dtype)


class _NoEpoch:
    """The epoch of a loop by hand, in which only updates are counted; a schedule may not ask it."""

    def __init__(self, optimizer: Any) -> None:
        self._schedule = optimizer.learning_rate

    def __add__(self, other: Any) -> _NoEpoch:
        return self

    __sub__ = __radd__ = __add__

    def _refuse(self, *others: Any) -> NoReturn:
        raise ArgumentError(
            f"update: the schedule {self._schedule!r:.80} counts epochs, and a loop by hand has "
            "updates alone; count them, as in optim.cosine(0.1, steps=1000)"
        )

    __truediv__ = __floordiv__ = __mod__ = __mul__ = __rmul__ = __pow__ = __rpow__ = _refuse
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse  # pyright: ignore[reportAssignmentType]
    __int__ = __float__ = __index__ = __bool__ = __neg__ = __rsub__ = _refuse
    __hash__ = None  # pyright: ignore[reportAssignmentType]
