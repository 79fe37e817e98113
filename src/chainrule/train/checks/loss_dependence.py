"""Losses and parameters without a gradient, found while the step is traced, before any update."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

import numpy as np

from chainrule.errors import ArgumentError, type_in_words, warn
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, ancestors
from chainrule.ops.primitives.selection import get_result

__all__ = ["check_dependence", "check_returned"]

_warned_of: WeakSet[Any] = WeakSet()


def check_returned(name: str, losses: Any) -> None:
    """Refuse a return value that is neither one number nor one for each sample.

    Examples
    --------
    >>> check_returned("mine", None)
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: fit: the loss mine returns None; its last line must return one
    number, or one for each sample
    """
    if isinstance(losses, Node | np.ndarray | np.generic | int | float):
        return
    raise ArgumentError(
        f"fit: the loss {name} returns {type_in_words(losses)}; its last line must return one "
        "number, or one for each sample"
    )


def check_dependence(name: str, loss: Any, parameters: Mapping[str, Any], owner: Any) -> None:
    """Refuse a loss that depends on no parameter: its gradient would be zero.

    Warn, once for each `owner`, of parameters that no part of it is computed from.
    """
    reached = ancestors([loss], _stops_gradient) if isinstance(loss, Node) else []
    found = {node.serial for node in reached}
    if found.isdisjoint(each.serial for each in parameters.values()):
        raise ArgumentError(
            f"fit: the loss {name} does not depend on any parameter of the network, so there is "
            "nothing to learn; it must compute with y_pred, and between the two nothing may cut "
            "the derivative, as argmax, round, sign, comparisons and stop_gradient do"
        )

    if all(each.serial in found for each in parameters.values()) or owner in _warned_of:
        return
    read = {node.serial for node in ancestors([loss], lambda _: False)}
    if unread := [key for key, each in parameters.items() if each.serial not in read]:
        _warned_of.add(owner)
        own = unread[0].rpartition(".")[2]
        warn(
            f"fit: the loss {name} does not depend on {', '.join(unread[:5])}, so they are not "
            f"trained; a forward must read each as self.{own}, with self.{own} = "
            f'self.parameter("{own}", ...) in build, and no copy, transpose or .array of it; what '
            "need not be trained is created by trainable=False"
        )


def _stops_gradient(node: Node) -> bool:
    """Whether no gradient flows beyond a node."""
    if isinstance(node.type, ArrayType) and not node.type.is_float:
        return True
    flat = node.primitive is not None and node.primitive.vjp is None
    return flat and node.primitive is not get_result
