"""Losses without a gradient, found while the step is traced, before any update."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, type_in_words
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node, ancestors
from chainrule.ops.primitives.selection import get_result

__all__ = ["check_dependence", "check_returned"]


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


def check_dependence(name: str, loss: Any, parameters: Iterable[Any]) -> None:
    """Refuse a loss that depends on no parameter: its gradient would be zero."""
    reached = ancestors([loss], _stops_gradient) if isinstance(loss, Node) else []
    if {node.serial for node in reached}.isdisjoint(each.serial for each in parameters):
        raise ArgumentError(
            f"fit: the loss {name} does not depend on any parameter of the network, so there is "
            "nothing to learn; it must compute with y_pred, and between the two nothing may cut "
            "the derivative, as argmax, round, sign, comparisons and stop_gradient do"
        )


def _stops_gradient(node: Node) -> bool:
    """Whether no gradient flows beyond a node."""
    if isinstance(node.type, ArrayType) and not node.type.is_float:
        return True
    flat = node.primitive is not None and node.primitive.vjp is None
    return flat and node.primitive is not get_result
