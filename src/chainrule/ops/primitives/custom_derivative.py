"""Custom derivative rules: the identity on computed values, with a given backward function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import ArgumentError, ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.environment import Environment
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.node import Node, as_node, next_serial
from chainrule.graph.primitive import Primitive, Sample
from chainrule.ops.primitives.selection import get_results

__all__ = ["custom_vjp_call", "with_backward", "with_derivative"]

Backward = Callable[[Any], Sequence[Any]]


def _types(*types: ArrayType, count: int, backward: Backward) -> tuple[ArrayType, ...]:
    return types[:count]


def _vjp(
    ct: Any, y: Node, *inputs: Node, count: int, backward: Callable[[Any], Sequence[Any]]
) -> list[Node | None]:
    zeros = (np.zeros(node.shape, node.dtype) for node in inputs[:count])
    cotangents = [zero if each is None else each for each, zero in zip(ct, zeros, strict=True)]
    return [*[None] * count, *map(_checked, backward(cotangents), inputs[count:])]


custom_vjp_call = Primitive(
    "custom_vjp_call",
    infer=_types,
    evaluate=lambda *arrays, count, backward: arrays[:count],
    vjp=_vjp,
    formula="{0}",
    reference=lambda *arrays, count, backward: [np.copy(x) for x in arrays[:count]],
    samples=lambda: [
        Sample((np.sin(1.0), np.array(1.0)), {"count": 1, "backward": lambda ct: [ct[0]]})
    ],
)


@dataclass(frozen=True, eq=False)
class _Pullback:
    """A backward function on flat lists of cotangents."""

    backward: Callable[[Any], Any]
    structure: tree.Structure
    count: int
    is_regular: bool

    def __call__(self, cotangents: Sequence[Any]) -> Sequence[Any]:
        own = {each.serial: "the cotangent" for each in cotangents if isinstance(each, Node)}

        def run() -> list[Node | None]:
            with Environment(self.backward, next_serial(), False, own):
                results = list(self.backward(tree.unflatten(self.structure, cotangents)))
                return [each if each is None else as_node(each) for each in results]

        results = with_filled_arrays(run, self.backward)
        if len(results) != self.count:
            raise ArgumentError(
                f"a backward written by hand gave {len(results)} derivatives for {self.count} "
                "inputs; return one for each"
            )
        return results


def with_backward(
    outputs: Any, inputs: Sequence[Any], backward: Callable[[Any], Any], is_regular: bool = False
) -> Any:
    """Return `outputs` with `backward` as their derivative with respect to `inputs`.

    The derivative `is_regular` if it is finite wherever the inputs are.
    """
    leaves, structure = tree.flatten(outputs)
    if not any(isinstance(each, Node) for each in (*leaves, *inputs)):
        return outputs
    nodes = [as_node(each) for each in (*leaves, *inputs)]
    pull = _Pullback(backward, structure, len(inputs), is_regular)
    results = custom_vjp_call(*nodes, count=len(leaves), backward=pull)
    return tree.unflatten(structure, get_results(results))


def with_derivative(
    derivative: Callable[[Any, Any], Any],
) -> Callable[[Callable[[Any], Any]], Callable[[Any], Any]]:
    """Give ``y = f(x)`` the derivative ``derivative(x, y)``, where that of its formula is inexact.

    It is differentiated again for higher derivatives.
    """

    def decorate(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
        @wraps(function)
        def applied(x: Any) -> Any:
            y: Any = with_backward(function(x), [x], lambda ct: [ct * derivative(x, y)])
            return y

        return applied

    return decorate


def _checked(cotangent: Any, node: Node) -> Node | None:
    """Check that a cotangent has the shape of its input, and convert it to the input's dtype."""
    if cotangent is None or not node.array_type.is_float:
        return None
    checked = as_node(cotangent)
    if checked.shape != node.shape:
        raise ShapeError(
            f"a backward written by hand gave a derivative of shape {checked.shape} for an input "
            f"of shape {node.shape}; a derivative has the shape of its input"
        )
    return checked if checked.dtype == node.dtype else checked.astype(node.dtype)
