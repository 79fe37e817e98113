"""What a rule of an operator is given: attributes, version of the operator set, its graphs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UnsupportedError
from chainrule.graph.node import Node

__all__ = ["Operation", "OperatorRule", "is_known", "known", "numbers"]

OperatorRule = Callable[..., Any]
"""``rule(operation, *inputs)`` returns the output, or a tuple of them; a missing input is None."""


@dataclass(frozen=True)
class Operation:
    """One application of an operator.

    `version` is that of the operator set, `outputs` the number of results, and
    ``run(name, *inputs)`` computes the graph that an attribute holds.
    """

    name: str
    version: int
    attributes: Mapping[str, Any]
    outputs: int
    run: Callable[..., list[Any]]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def refuse(self, why: str) -> UnsupportedError:
        """Return the error that says what of the operator cannot be computed."""
        return UnsupportedError(f"from_onnx: {self.name}: {why}")


def is_known(value: Any) -> bool:
    """Whether a value is there, and is not computed from an input that is traced."""
    return not isinstance(value, Node)


def known(operation: Operation, value: Any, what: str) -> NDArray[Any]:
    """Return a value on which the shape of a result depends; refuse one that is traced."""
    if type(value) is Node:
        raise operation.refuse(
            f"{what} depends on an input of the model, so the shape of its result would; only "
            "constants of the model and values computed from shapes may say that"
        )
    return np.asarray(value)


def numbers(operation: Operation, value: Any, what: str) -> list[int]:
    """Return integers on which the shape of a result depends."""
    if value is None:
        return []
    array: Sequence[Any] = known(operation, value, what).reshape(-1).tolist()
    return [int(each) for each in array]
