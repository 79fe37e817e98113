"""Structure of a network: what its programs are made of, as a value that can be compared.

Networks of equal structure have the same train step, so that it need not be traced again. It has
the classes and settings of layers, loss, optimiser and metrics, and types of parameters; not their
values, seeds and learning rates, which are inputs of the step. Only what this library
defines has a structure: code of the user's may read anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from types import FunctionType
from typing import Any, cast

import numpy as np

from chainrule.graph.guards import version_of_layers
from chainrule.nn.layer import Layer
from chainrule.nn.losses.loss import Loss
from chainrule.nn.parameter import Parameter
from chainrule.optim.optimizer import Optimizer
from chainrule.train.metrics import Metric
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective

__all__ = ["StructureGuard", "structure_of", "structure_of_layers"]

_LEFT_OUT = {"_arguments", "_binding", "_lock", "learning_rate", "targets"}
"""Attributes that are inputs of programs, or that no forward pass reads."""
_PLAIN = (type(None), bool, int, float, str, bytes)
_KINDS = (Layer, Loss, Metric, Optimizer)
_LARGEST = 1024
"""Bytes of an array that is compared by content."""


class _UnknownError(Exception):
    """Something of the user's."""


def structure_of(stack: LayerStack, objective: Objective) -> Any:
    """Return the structure of a network and its objective; None if it has code of the user's.

    Examples
    --------
    >>> from chainrule import Network, nn
    >>> from chainrule.train.network import model_of
    >>> nets = [Network([nn.Dense(units)], seed=seed) for units, seed in ((3, 0), (3, 1), (4, 0))]
    >>> for net in nets:
    ...     net.compile("mse")
    >>> models = [model_of(net) for net in nets]
    >>> first, second, third = [structure_of(m.stack, m.objective("fit")) for m in models]
    >>> first == second, first == third
    (True, False)
    """
    fused = objective.fused
    number = next((n for n, each in enumerate(stack.layers) if each is fused), fused)
    roots = [objective.loss, objective.optimizer, *objective.metrics]
    try:
        layers = _value(stack.layers, [])
        others = _value([*roots, number if isinstance(number, int) else None], [])
    except _UnknownError:
        return None
    if fused is not None and number is fused:  # within a wrapper
        return None
    return layers, stack.names, str(stack.dtype), others


def structure_of_layers(layers: Sequence[Layer]) -> Any:
    """Return the structure of layers alone; None if they have code of the user's."""
    try:
        return _value(tuple(layers), [])
    except _UnknownError:
        return None


class StructureGuard:
    """Holds as long as a network has the structure that it had."""

    def __init__(self, stack: LayerStack, objective: Objective, structure: Any) -> None:
        self._stack, self._objective, self._structure = stack, objective, structure
        self._version = version_of_layers()
        self._has_containers = any(
            isinstance(value, list | dict)
            for layer in stack.layers
            for name, value in vars(layer).items()
            if name != "_parameters"
        )

    def hold(self) -> bool:
        """Whether the structure is the same."""
        version = version_of_layers()
        if version is self._version and not self._has_containers:
            return True
        is_same = structure_of(self._stack, self._objective) == self._structure
        if is_same:
            self._version = version
        return is_same


def _value(value: Any, within: list[int]) -> Any:
    """Return something that is equal for equal structures, and can be hashed."""
    kind = type(value)
    if kind in _PLAIN:
        return kind.__name__, repr(value)
    if kind is tuple or kind is list:
        return kind.__name__, tuple([_value(each, within) for each in value])
    if kind is dict:
        items = cast(dict[Any, Any], value).items()
        return "dict", tuple([(_value(k, within), _value(each, within)) for k, each in items])
    if kind is Parameter:
        array = value.array
        return ("parameter", value.name, array.shape, array.dtype.str, value.trainable,
                value.is_state, value.is_weight)  # fmt: skip
    if isinstance(value, np.dtype):
        return "dtype", value.str
    if isinstance(value, np.generic | np.ndarray):
        return _array(np.asarray(value))
    if kind is FunctionType and value.__module__.startswith("chainrule.") and not value.__closure__:
        return value
    if isinstance(value, np.ufunc | type):
        return value
    if kind is partial:
        return "partial", _value([value.func, value.args, value.keywords], within)
    if isinstance(value, _KINDS) and kind.__module__.startswith("chainrule."):
        return _object(value, within)
    raise _UnknownError


def _object(value: Any, within: list[int]) -> Any:
    if id(value) in within:
        raise _UnknownError
    within.append(id(value))
    attributes = tuple(
        (name, _value(each, within)) for name, each in vars(value).items() if name not in _LEFT_OUT
    )
    within.pop()
    return type(value), attributes


def _array(array: Any) -> Any:
    if array.nbytes > _LARGEST or array.dtype == object:
        raise _UnknownError
    return "array", array.dtype.str, array.shape, array.tobytes()
