"""The forward rule of derivatives written by hand: the transpose of the backward function.

A backward function computes x̄ = Jᵀ ȳ, linear in the cotangent ȳ. So ⟨x̄(ȳ), ẋ⟩ = ⟨ȳ, J ẋ⟩, and its
derivative by ȳ is the tangent J ẋ of the output: reverse mode on the backward function itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.passes.reverse import cotangents
from chainrule.errors import UnsupportedError
from chainrule.graph.node import Node, ancestors, next_serial, variable
from chainrule.ops.primitives.custom_derivative import custom_vjp_call

__all__ = ["custom_jvp"]


def custom_jvp(
    tangents: Sequence[Node | None],
    output: Node,
    *inputs: Node,
    count: int,
    backward: Callable[[Any], Sequence[Any]],
) -> list[Node | None]:
    """Transpose the backward function, which is run on cotangents of known value if any are."""
    start = next_serial()
    seeds = [_cotangent(each, output.is_known) for each in inputs[:count]]
    assert custom_vjp_call.vjp is not None
    pulled = custom_vjp_call.vjp(seeds, output, *inputs, count=count, backward=backward)
    pairs = [
        (each, tangent)
        for each, tangent in zip(pulled[count:], tangents[count:], strict=True)
        if each is not None and tangent is not None
    ]
    wanted = [each for each in seeds if each is not None]
    found = cotangents([each for each, _ in pairs], [tangent for _, tangent in pairs], wanted)
    _check_linear([each for each in found if each is not None], wanted, start)
    remaining = iter(found)
    return [None if each is None else next(remaining) for each in seeds]


def _cotangent(node: Node, is_known: bool) -> Node | None:
    if not node.array_type.is_float:
        return None
    return variable(node.array_type, np.ones(node.shape, node.dtype) if is_known else None)


def _check_linear(results: Sequence[Node], seeds: Sequence[Node], start: int) -> None:
    """Refuse a transpose that depends on the cotangent, as that of a linear function does not."""
    reached = {each.serial for each in ancestors(results, lambda each: each.serial < start)}
    if any(each.serial in reached for each in seeds):
        raise UnsupportedError(
            "forward mode: a backward written by hand is not linear in the cotangent, as one that "
            "clips it, so it is the derivative of no function; differentiate with cr.grad or "
            "cr.vjp, or make the backward a product with the cotangent"
        )
