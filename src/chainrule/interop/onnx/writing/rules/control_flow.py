"""Loops and branches: Scan, Loop and If, whose bodies read outer values by name; LSTM, GRU, RNN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from onnx import GraphProto, ValueInfoProto, helper

from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value, total
from chainrule.interop.onnx.writing.program import Size, TypedProgram, ValueType
from chainrule.interop.onnx.writing.rules.recurrence import recurrent_operator
from chainrule.interop.onnx.writing.rules.rule import Call, Rule

__all__ = ["RULES", "lengths_of", "type_number"]


def type_number(type_: ValueType) -> int:
    """Return the number of a dtype in ONNX."""
    return helper.np_dtype_to_tensor_dtype(type_.dtype)


def lengths_of(shape: Sequence[Size]) -> list[int | str | None]:
    """Return lengths as files have them: names for the numbers of samples and steps."""
    names = {"samples": "batch", "steps": "steps"}
    return [
        each if isinstance(each, int)
        else names[next(iter(each))] if len(each) == 1 and each in ({"samples": 1}, {"steps": 1})
        else None
        for each in shape
    ]  # fmt: skip


def _scan(call: Call) -> list[str]:
    params = call.instruction.params
    if (found := recurrent_operator(call)) is not None:
        return found
    shared, carries = params["shared"], params["carries"]
    constants, carried = call.operands[:shared], call.operands[shared : shared + carries]
    rows = call.operands[shared + carries :]
    sequences = [_in_order(call, call.writer.name_of(each), each.shape) for each in rows]
    body = call.instruction.graphs["body"]
    types = body.inputs[shared + carries :]
    if not sequences:  # a Scan needs a sequence: that of the numbers of the steps
        zero = call.writer.array(np.zeros((), np.int64))
        sequences.append(call.writer.add("Expand", [zero, call.writer.sizes([params["length"]])]))
        types = [ValueType(np.dtype(np.int64), ())]
    inner = _subgraph(call, body, constants, [*body.inputs[shared : shared + carries], *types])
    names = [call.writer.name_of(each) for each in carried]
    outputs = call.writer.add(
        "Scan", [*names, *sequences], len(body.outputs), body=inner, num_scan_inputs=len(sequences)
    )
    results = [outputs] if isinstance(outputs, str) else outputs
    pairs = zip(results[carries:], call.instruction.types[carries:], strict=True)
    return [*results[:carries], *[_in_order(call, name, each.shape) for name, each in pairs]]


def _in_order(call: Call, name: str, shape: Sequence[Size]) -> str:
    """Return rows in the order in which a scan processes them, or stacked ones in that of time.

    The attributes for directions of Scan are left alone, as runtimes read them differently.
    """
    length = call.instruction.params["length"]
    if not call.instruction.params["reverse"]:
        return name
    backwards = (total(length, -1), length, -1)
    return call.writer.slice(name, [backwards, *[(0, each, 1) for each in shape[1:]]], shape)


def _subgraph(
    call: Call,
    program: TypedProgram,
    constants: Sequence[Value],
    inputs: Sequence[ValueType],
    first: Sequence[ValueType] = (),
) -> GraphProto:
    """Return the graph of a body of `constants`, known outside, and its own inputs."""
    writer = GraphWriter(call.writer.x, call.writer.steps_axis, call.writer, call.writer.layer)
    given = [Value(each, writer.fresh("input")) for each in (*first, *inputs)]
    own = given[len(first) :]
    wanted = len(program.inputs) - len(constants)
    outputs = call.lower(program, [*constants, *own[:wanted]], writer)
    results = zip(_own(writer, outputs), outputs, strict=True)
    return helper.make_graph(
        writer.nodes,
        "body",
        [_info(each.name, each.type) for each in given],
        [_info(name, each.type) for name, each in results],
    )


def _own(writer: GraphWriter, values: Sequence[Value]) -> list[str]:
    """Return the names of the outputs of a body: each that of a node of it, and of one output."""
    names: list[str] = []
    for each in values:
        name = writer.name_of(each)
        is_own = any(name in node.output for node in writer.nodes) and name not in names
        names.append(name if is_own else writer.add("Identity", [name]))
    return names


def _info(name: str, type_: ValueType) -> ValueInfoProto:
    # A body does not name lengths: tract takes one of a name for another than its number.
    lengths = [each if isinstance(each, int) else None for each in type_.shape]
    return helper.make_tensor_value_info(name, type_number(type_), lengths)


def _cond(call: Call) -> list[str]:
    graphs, constants = call.instruction.graphs, call.operands[1:]
    outputs = call.writer.add(
        "If", [call.name(0)], len(call.instruction.types),
        then_branch=_subgraph(call, graphs["if_true"], constants, []),
        else_branch=_subgraph(call, graphs["if_false"], constants, []),
    )  # fmt: skip
    return [outputs] if isinstance(outputs, str) else outputs


def _while_loop(call: Call) -> list[str]:
    """A Loop whose condition for the next iteration is computed at the end of each."""
    params, graphs, writer = call.instruction.params, call.instruction.graphs, call.writer
    tested = call.operands[: params["condition_shared"]]
    rest = call.operands[params["condition_shared"] :]
    constants, start = rest[: params["body_shared"]], rest[params["body_shared"] :]
    (first,) = call.lower(graphs["condition"], [*tested, *start], writer)
    scalar, flag = ValueType(np.dtype(np.int64), ()), ValueType(np.dtype(bool), ())
    inner = GraphWriter(writer.x, writer.steps_axis, writer, writer.layer)
    given = [Value(each, inner.fresh("input")) for each in (scalar, flag)]
    carried = [Value(each.type, inner.fresh("input")) for each in start]
    after = call.lower(graphs["body"], [*constants, *carried], inner)
    (again,) = call.lower(graphs["condition"], [*tested, *after], inner)
    outputs = zip(_own(inner, [again, *after]), [again, *after], strict=True)
    body = helper.make_graph(
        inner.nodes, "body", [_info(each.name, each.type) for each in (*given, *carried)],
        [_info(name, each.type) for name, each in outputs],
    )  # fmt: skip
    limit = params["max_steps"]
    count = "" if limit is None else writer.reshape(writer.size(limit), [1], [])
    names = [writer.name_of(each) for each in (first, *start)]
    results = writer.add("Loop", [count, *names], len(start), body=body)
    return [results] if isinstance(results, str) else results


def _custom_derivative(call: Call) -> list[str]:
    count = call.instruction.params["count"]
    return [call.name(i) for i in range(count)]


RULES: dict[str, Rule] = {
    "cond": _cond,
    "custom_derivative": _custom_derivative,
    "require": lambda call: call.name(0),
    "scan": _scan,
    "while_loop": _while_loop,
}
