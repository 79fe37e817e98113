"""A requirement on values, without which a derivative does not exist: ``require``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.rules import batched_alike, linear_in

__all__ = ["require"]

_SHOWN = 4
"""How many values an error shows."""


def _type(x: ArrayType, condition: ArrayType, message: str) -> ArrayType:
    if x.shape != condition.shape or condition.dtype != np.bool_:
        raise ShapeError(f"require: the condition {condition} must hold booleans for each of {x}")
    return x


def _evaluate(x: Any, condition: Any, message: str) -> Any:
    if not np.all(condition):
        values = [f"{each:.6g}" for each in x[~condition][:_SHOWN]]
        raise np.linalg.LinAlgError(message.replace("{values}", ", ".join(values)))
    return x


def _batch(size: int, is_batched: Sequence[bool], x: Node, condition: Node, message: str) -> Any:
    return require(*batched_alike(size, is_batched, (x, condition)), message=message)


_message = {"message": "log: {values}, where it has no derivative"}

require = Primitive(
    "require",
    infer=_type,
    evaluate=_evaluate,
    vjp=lambda ct, y, x, condition, message: (ct, None),
    jvp=linear_in(0),
    batch=_batch,
    formula="{0}",
    reference=lambda x, condition, message: np.copy(x),
    samples=lambda: [
        Sample((np.arange(3.0), np.ones(3, bool)), _message),
        Sample((np.ones((0, 2)), np.ones((0, 2), bool)), _message),
    ],
    invalid=lambda: [
        Sample((np.ones(3), np.ones(2, bool)), _message),
        Sample((np.ones(3), np.ones(3)), _message),
    ],
)
"""``require(x, condition, message=...)``: x; an error if a condition is false, with its values."""
