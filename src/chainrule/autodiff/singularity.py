"""Where a computation with known values, or its derivative, first becomes NaN or infinite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.autodiff.passes.masked import Cotangent, selected
from chainrule.autodiff.passes.reverse import masked_cotangents
from chainrule.graph.node import Node, ancestors, compute, constant

__all__ = ["Singularity", "find_singularity"]


@dataclass(frozen=True)
class Singularity:
    """A node whose value or derivative is not finite, although what it is computed from is.

    `operands` are its inputs at the first such entry, which is `row` of the first axis of `rows`.
    """

    node: Node
    operands: tuple[float, ...]
    is_of_derivative: bool
    row: int | None = None
    rows: int = 0


class _FoundError(Exception):
    """Ends the differentiation; its argument is the singularity."""


def find_singularity(output: Node, inputs: Sequence[Node]) -> Singularity | None:
    """Find the singularity of a scalar, or else of its derivative; None if all is finite."""
    with np.errstate(all="ignore"):
        compute([output])
        if not _is_finite(output):
            return _of_value(output)
        active = {node.serial for node in inputs}
        for node in ancestors([output], lambda _: False):
            if any(each.serial in active for each in node.inputs):
                active.add(node.serial)

        def observe(node: Node, _: Any, pulled: Sequence[Cotangent | None]) -> None:
            for operand, each in zip(node.inputs, pulled, strict=True):
                contribution = None if each is None or operand.serial not in active else each
                if contribution is not None and not _is_finite(selected(contribution)):
                    raise _FoundError(_singularity(node, selected(contribution), True))

        try:
            seed = constant(np.ones((), output.dtype))
            masked_cotangents([output], [seed], inputs, observe=observe)
        except _FoundError as found:
            return found.args[0]
    return None


def _of_value(node: Node) -> Singularity | None:
    """Follow what is not finite from a value to the operation that it comes from."""
    while node.primitive is not None:
        sources = [each for each in node.inputs if not _is_finite(each)]
        if node.primitive.name == "select":
            condition, *branches = node.inputs
            taken = branches[0 if condition.value[_first_nonfinite(node)] else 1]
            sources = [taken]
        if not sources:
            return _singularity(node, node, False)
        node = sources[0]
    return None


def _singularity(node: Node, result: Node, is_of_derivative: bool) -> Singularity:
    if isinstance(result.type, tuple):
        return Singularity(node, (), is_of_derivative)
    index = _first_nonfinite(result)
    row, rows = (int(index[0]), result.shape[0]) if index else (None, 0)
    operands: tuple[float, ...] = ()
    if all(each.shape == result.shape for each in node.inputs):
        operands = tuple(float(each.value[index]) for each in node.inputs)
    return Singularity(node, operands, is_of_derivative, row, rows)


def _first_nonfinite(node: Node) -> Any:
    return np.unravel_index(int(np.argmin(np.isfinite(node.value))), node.shape)


def _is_finite(node: Node) -> bool:
    values = node.value if isinstance(node.type, tuple) else (node.value,)
    arrays = [np.asarray(each) for each in values]
    return all(np.isfinite(each).all() for each in arrays if each.dtype.kind == "f")
