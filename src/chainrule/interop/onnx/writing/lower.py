"""Lowers a program to nodes of ONNX: what is known is computed, the rest goes through `RULES`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UnsupportedError
from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value
from chainrule.interop.onnx.writing.program import Instruction, TypedProgram
from chainrule.interop.onnx.writing.rules import RULES
from chainrule.interop.onnx.writing.rules.rule import Call
from chainrule.train.files.programs.sizes import indices_of
from chainrule.train.files.programs.vocabulary import OPERATIONS

__all__ = ["lower", "refuse_unsupported"]

_STRUCTURAL = {"constant", "get_result"}


def refuse_unsupported(program: TypedProgram) -> None:
    """Raise an UnsupportedError that lists all operations without an operator of ONNX."""
    missing = dict[str, str]()
    for each in _all_instructions(program):
        if each.name not in RULES and each.name not in _STRUCTURAL:
            missing.setdefault(each.name, each.layer)
    if missing:
        listed = ", ".join(f"{name} (layer {layer!r})" for name, layer in missing.items())
        raise UnsupportedError(
            f"to_onnx: ONNX has no operators for these operations of the network: {listed}; "
            "leave the layers out by net[:n].to_onnx(path), or save the network by net.save(path)"
        )


def _all_instructions(program: TypedProgram) -> Iterator[Instruction]:
    for each in program.instructions:
        yield each
        for graph in each.graphs.values():
            yield from _all_instructions(graph)


def lower(program: TypedProgram, inputs: Sequence[Value], writer: GraphWriter) -> list[Value]:
    """Write the instructions of a program of these inputs; return its outputs."""
    values = list(inputs)
    for each in program.instructions:
        writer.layer = each.layer or writer.layer
        operands = [values[i] for i in each.operands]
        values.append(_lowered(Call(writer, each, operands, lower), program))
    return [values[i] for i in program.outputs]


def _lowered(call: Call, program: TypedProgram) -> Value:
    instruction, operands = call.instruction, call.operands
    if instruction.name == "constant":
        return _constant(call, program.tensors)
    if instruction.name == "get_result":
        return operands[0].parts[instruction.params["index"]]
    type_ = instruction.types[0]
    if (array := _computed(call)) is not None:
        label = next((each.label for each in operands if each.label), "")
        source = _repeated(call)
        return Value(type_, array=array, label=label, source=source)
    made_by = instruction, operands
    result = RULES[instruction.name](call)
    if isinstance(result, str):
        known = next((x for x in operands if x.array is None and x.name == result), None)
        if known is not None and known.type == type_ and instruction.name != "require":
            return Value(type_, result, source=_repeated(call), made_by=made_by)
        return Value(type_, result, source=_repeated(call), made_by=made_by)
    pairs = zip(instruction.types, result, strict=True)
    parts = tuple(Value(each, name) for each, name in pairs)
    return Value(type_, parts[0].name, parts=parts, made_by=made_by)


def _repeated(call: Call) -> Value | None:
    """The value that a broadcast repeats."""
    if call.instruction.name != "broadcast_to":
        return None
    return call.operands[0].source or call.operands[0]


def _computed(call: Call) -> NDArray[Any] | None:
    """Return the result of an operation on arrays that are known, None for another one."""
    name, params = call.instruction.name, call.instruction.params
    arrays = [each.array for each in call.operands]
    is_known = all(each is not None for each in arrays) and bool(arrays)
    is_fixed = all(isinstance(n, int) for type_ in call.instruction.types for n in type_.shape)
    if not is_known or not is_fixed or name not in OPERATIONS or call.instruction.graphs:
        return None
    if len(call.instruction.types) != 1 or _varies(list(params.values())):
        return None
    decoded = {key: _decoded(value) for key, value in params.items()}
    if OPERATIONS[name].parameters.get("dtype") == "dtype":
        decoded["dtype"] = call.instruction.types[0].dtype
    with np.errstate(all="ignore"):
        return np.asarray(OPERATIONS[name].apply(*arrays, **decoded))


def _varies(value: Any) -> bool:
    if isinstance(value, list):
        return any(map(_varies, value))
    return isinstance(value, dict)


def _decoded(value: Any) -> Any:
    return tuple(map(_decoded, value)) if isinstance(value, list) else value


def _constant(call: Call, tensors: dict[str, NDArray[Any]]) -> Value:
    value: dict[str, Any] = call.instruction.params["value"]
    type_ = call.instruction.types[0]
    if "tensor" in value:
        return Value(type_, array=tensors[value["tensor"]])
    shape: Any = value["shape"]
    number: Any = value["number"]
    if _is_infinite(number):
        number = math.copysign(math.inf, number["over"])
    if not _varies([number, shape, value.get("strides", [])]):
        if "strides" in value:
            array = indices_of(shape, int(number), value["strides"]).astype(type_.dtype)
        else:
            array = np.broadcast_to(np.asarray(number, type_.dtype), shape)
        source = None
        if "strides" not in value and shape:
            source = Value(type_, array=np.asarray(number, type_.dtype))
            source = Value(type(type_)(type_.dtype, ()), array=source.array)
        return Value(type_, array=array, source=source)
    if "strides" in value:
        return Value(type_, _range(call, value))
    scalar = Value(type(type_)(type_.dtype, ()), *_number(call, number))
    name = call.writer.add("Expand", [call.writer.name_of(scalar), call.writer.sizes(shape)])
    return Value(type_, name, source=scalar)


def _is_infinite(number: Any) -> bool:
    return isinstance(number, dict) and number.get("under") == 0


def _number(call: Call, number: Any) -> tuple[str, NDArray[Any] | None]:
    """Return the name or the value of a number, perhaps a size or a ratio of two."""
    dtype, writer = call.instruction.types[0].dtype, call.writer
    if not isinstance(number, dict):
        return "", np.asarray(number, dtype)
    to = {"float32": 1, "float64": 11, "int32": 6}.get(dtype.name, 7)
    parts = [number["over"], number["under"]] if "over" in number else [number]
    names = [
        writer.add("Cast", [writer.reshape(writer.size(each), [1], [])], to=to) for each in parts
    ]
    return (names[0] if len(names) == 1 else writer.add("Div", names)), None


def _range(call: Call, value: dict[str, Any]) -> str:
    """Return origin + Σ strides[k] i[k] for a shape that varies."""
    writer, shape, dtype = call.writer, value["shape"], call.instruction.types[0].dtype
    origin = writer.reshape(writer.size(value["number"]), [1], [])
    total = writer.add("Expand", [origin, writer.sizes(shape)])
    zero, one = writer.array(np.int64(0)), writer.array(np.int64(1))
    for axis, (length, stride) in enumerate(zip(shape, value["strides"], strict=True)):
        if stride == 0:
            continue
        end = writer.reshape(writer.size(length), [1], [])
        steps = writer.add("Range", [zero, end, one])
        steps = writer.add("Mul", [steps, writer.size(stride)])
        new = [1 + k for k in range(len(shape) - axis - 1)]
        if new:
            steps = writer.add("Unsqueeze", [steps, writer.array(np.array(new))])
        total = writer.add("Add", [total, steps])
    if dtype == np.int64:
        return total
    return writer.add("Cast", [total], to={"float32": 1, "float64": 11, "int32": 6}[dtype.name])
