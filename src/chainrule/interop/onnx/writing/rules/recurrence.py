"""Recognises the recurrences of RNN, LSTM and GRU by the body of their scan.

Gates are reordered: those of ONNX's LSTM are input, output, forget, candidate; ours input, forget,
candidate, output. Those of GRU are update, reset, candidate in both, and ``linear_before_reset``
is 1. The operators have an axis of directions and, in the outputs, steps first.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.interop.onnx.writing.graph_writer import Value, total
from chainrule.interop.onnx.writing.program import Size, TypedProgram
from chainrule.interop.onnx.writing.rules.rule import Call, made_by

__all__ = ["recurrent_operator"]

Array = NDArray[Any]

_LSTM = (
    "contract 1 0,add 3 4,strided_slice 5,strided_slice 5,strided_slice 5,strided_slice 5,"
    "sigmoid 6,sigmoid 7,sigmoid 9,tanh 8,multiply 11 2,multiply 10 13,add 14 15,tanh 16,"
    "multiply 12 17"
)
_GRU_WITH_BIAS = (
    "strided_slice 3,strided_slice 3,strided_slice 3,contract 2 0,strided_slice 7,strided_slice 7,"
    "strided_slice 7,add 4 8,sigmoid 11,add 5 9,sigmoid 13,broadcast_to 1,add 10 15,"
    "multiply 14 16,add 6 17,tanh 18,subtract 2 19,multiply 12 20,add 19 21"
)
_GRU_WITHOUT = (
    "strided_slice 2,strided_slice 2,strided_slice 2,contract 1 0,strided_slice 6,strided_slice 6,"
    "strided_slice 6,add 3 7,sigmoid 10,add 4 8,sigmoid 12,multiply 13 9,add 5 14,tanh 15,"
    "subtract 1 16,multiply 11 17,add 16 18"
)
"""Bodies: operations and the numbers of their operands; first those of the inputs."""


def _signature(body: TypedProgram) -> str:
    """Write a body as text, operations with the numbers of their operands."""
    return ",".join(
        f"{each.name} {' '.join(map(str, each.operands))}" for each in body.instructions
    )


def recurrent_operator(call: Call) -> list[str] | None:
    """Return the last states and the outputs of a scan that is a recurrent layer's, else None."""
    kind = _kind(call)
    params = call.instruction.params
    source = _projected(call.operands[-1]) if kind else None
    states = call.operands[params["shared"] : -1]
    if kind is None or source is None or any(_value_of(each) is None for each in states):
        return None
    x, weight, bias = source
    recurrent = call.operands[0].array
    if recurrent is None or any(np.any(_value_of(each)) for each in states):
        return None
    extra = call.operands[1].array if kind == "GRU" and params["shared"] == 2 else None
    units = recurrent.shape[0]
    writer = call.writer
    backwards = [(total(params["length"], -1), params["length"], -1), *_whole(x)[1:]]
    sequence = writer.name_of(x)
    if params["reverse"]:  # tract reads the direction "reverse" otherwise than onnxruntime does
        sequence = writer.slice(sequence, backwards, x.shape)
    given = [
        sequence,
        writer.array(_gates(kind, weight, units).T[None], _label(call, "input_weight")),
        writer.array(_gates(kind, recurrent, units).T[None], _label(call, "recurrent_weight")),
        writer.array(_bias(kind, bias, extra, units)[None], _label(call, "bias")),
    ]
    attributes: dict[str, object] = {"hidden_size": units}
    attributes |= {"linear_before_reset": 1} if kind == "GRU" else {}
    count = 3 if kind == "LSTM" else 2
    outputs = writer.add(kind, given, count, **attributes)
    axis = writer.array(np.array([0]))
    last = [writer.add("Squeeze", [each, axis]) for each in outputs[1:]]
    rows = writer.add("Squeeze", [outputs[0], writer.array(np.array([1]))])
    if params["reverse"]:
        lengths = [params["length"], x.shape[1], units]
        rows = writer.slice(rows, [backwards[0], *_whole(x)[1:2], (0, units, 1)], lengths)
    return [*last, *[rows] * (len(call.instruction.types) - len(last))]


def _whole(x: Value) -> list[tuple[Size, Size, int]]:
    return [(0, length, 1) for length in x.shape]


def _label(call: Call, name: str) -> str:
    layer = call.instruction.layer
    return f"{layer}.{name}" if layer else name


def _value_of(state: Value) -> Array | None:
    return (state.source or state).array


def _kind(call: Call) -> str | None:
    """Return the operator that computes the body of a scan: compared operation by operation."""
    body, params = call.instruction.graphs["body"], call.instruction.params
    text, shared, carries = _signature(body), params["shared"], params["carries"]
    is_one = len(call.operands) == shared + carries + 1
    if not is_one or not _slices_are_gates(body):
        return None
    if (shared, carries, text) == (1, 2, _LSTM) and body.outputs[:2] == [18, 16]:
        return "LSTM" if set(body.outputs[2:]) <= {18} else None
    if (shared, carries, text) == (1, 1, "contract 1 0,add 2 3,tanh 4") and set(body.outputs) == {
        5
    }:
        return "RNN"
    if carries == 1 and (shared, text) in ((2, _GRU_WITH_BIAS), (1, _GRU_WITHOUT)):
        last = shared + 2 + len(body.instructions) - 1
        return "GRU" if set(body.outputs) == {last} else None
    return None


def _slices_are_gates(body: TypedProgram) -> bool:
    """Whether the slices of the body are the gates, in order."""
    starts: dict[int, list[Any]] = {}
    for each in body.instructions:
        if each.name == "strided_slice":
            start, count, step = each.params["slices"][-1]
            starts.setdefault(each.operands[0], []).append((start, count, step))
    for found in starts.values():
        units = found[0][1]
        if found != [(k * units, units, 1) for k in range(len(found))]:
            return False
    return True


def _projected(rows: Value) -> tuple[Value, Array, Array | None] | None:
    """Return x, W and b of ``x W + b``, steps first, as the operators project their input."""
    bias = None
    summed = made_by(rows, "add")
    if summed is not None:
        bias = (summed[1].source or summed[1]).array
        if bias is None or bias.ndim != 1:
            return None
        rows = summed[0]
    factors = made_by(rows, "contract")
    if factors is None or rows.made_by is None or factors[1].array is None:
        return None
    if rows.made_by[0].params["spec"] != "axy,yz->axz":
        return None
    return factors[0], factors[1].array, bias


def _gates(kind: str, weight: Array, units: int) -> Array:
    """Reorder the gates along the last axis."""
    if kind != "LSTM":
        return weight
    gates = [weight[..., k * units : (k + 1) * units] for k in range(4)]
    return np.concatenate([gates[k] for k in (0, 3, 1, 2)], axis=-1)


def _bias(kind: str, bias: Array | None, extra: Array | None, units: int) -> Array:
    """Return the bias of the input and of the state, one behind the other."""
    gates = {"LSTM": 4, "GRU": 3, "RNN": 1}[kind]
    dtype = np.float32 if bias is None else bias.dtype
    first = np.zeros(gates * units, dtype) if bias is None else _gates(kind, bias, units)
    second = np.zeros(gates * units, dtype)
    if extra is not None:
        second[-units:] = extra
    return np.concatenate([first, second])
