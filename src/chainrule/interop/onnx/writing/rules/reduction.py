"""Reductions along axes."""

from __future__ import annotations

import numpy as np

from chainrule.interop.onnx.writing.rules.rule import Call, Rule

__all__ = ["RULES"]


def _extremum(operator: str) -> Rule:
    def apply(call: Call) -> str:
        axes = list(call.instruction.params["axes"])
        return (
            call.writer.add(operator, [call.name()], axes=axes, keepdims=0) if axes else call.name()
        )

    return apply


def _reduce_to(call: Call) -> str:
    """The sum over the axes that a broadcast to the operand repeats."""
    x, shape, writer, name = call.operands[0], call.shape, call.writer, call.name()
    new = len(x.shape) - len(shape)
    pairs = list(zip(x.shape[new:], shape, strict=True))
    kept = [new + i for i, (before, after) in enumerate(pairs) if before != after]
    if kept:
        name = writer.add("ReduceSum", [name, writer.array(np.array(kept))], keepdims=1)
    if new:
        name = writer.add("ReduceSum", [name, writer.array(np.arange(new))], keepdims=0)
    return name


def _position(operator: str) -> Rule:
    def apply(call: Call) -> str:
        axis = call.instruction.params["axis"]
        return call.writer.add(operator, [call.name()], axis=axis, keepdims=0)

    return apply


def _sorted(output: int) -> Rule:
    """The values or the indices of all elements along an axis, in ascending order."""

    def apply(call: Call) -> str:
        axis, writer = call.instruction.params["axis"], call.writer
        count = writer.size(call.shape[axis])
        return writer.add("TopK", [call.name(), count], 2, axis=axis, largest=0, sorted=1)[output]

    return apply


def _cumulative_sum(call: Call) -> str:
    axis = call.writer.array(np.array(call.instruction.params["axis"]))
    return call.writer.add("CumSum", [call.name(), axis])


RULES: dict[str, Rule] = {
    "argmax": _position("ArgMax"),
    "argmin": _position("ArgMin"),
    "argsort": _sorted(1),
    "cumulative_sum": _cumulative_sum,
    "reduce_max": _extremum("ReduceMax"),
    "reduce_min": _extremum("ReduceMin"),
    "reduce_to": _reduce_to,
    "sort": _sorted(0),
}
