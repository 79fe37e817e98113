"""Types of the operands of ``scan``, ``while_loop`` and ``cond``: those of their graphs' inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chainrule.errors import ShapeError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.graph import Graph

__all__ = ["check_inputs", "check_outputs"]


def check_inputs(operation: str, part: str, graph: Graph, types: Iterable[ArrayType]) -> None:
    """Refuse operands whose types are not those of the inputs of a graph."""
    _check(operation, f"the {part} takes", [each.array_type for each in graph.inputs], [*types])


def check_outputs(operation: str, part: str, graph: Graph, types: Iterable[ArrayType]) -> None:
    """Refuse a graph whose first results have other types than these."""
    given = [*types]
    outputs = [each.array_type for each in graph.outputs[: len(given)]]
    _check(operation, f"the {part} returns", outputs, given)


def _check(operation: str, what: str, own: Sequence[ArrayType], given: Sequence[ArrayType]) -> None:
    # Whether a number is weak, as those of Python are, is no part of the type of an operand.
    if [(x.dtype, x.shape) for x in own] != [(x.dtype, x.shape) for x in given]:
        listed = [", ".join(map(str, each)) or "nothing" for each in (own, given)]
        raise ShapeError(f"{operation}: {what} {listed[0]}, and the operands are {listed[1]}")
