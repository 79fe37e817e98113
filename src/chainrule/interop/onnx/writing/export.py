"""Writes a network as an ONNX file: trace, lower, check by running it, write."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
from onnx import ModelProto, NodeProto, helper

from chainrule.arguments.checks import checked_count
from chainrule.errors import ArgumentError
from chainrule.interop.onnx.writing.check import check_export
from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value
from chainrule.interop.onnx.writing.lower import lower, refuse_unsupported
from chainrule.interop.onnx.writing.program import TypedProgram, points_of, trace_network
from chainrule.interop.onnx.writing.rules.control_flow import lengths_of, type_number
from chainrule.storage import write_atomically
from chainrule.train.files.paths import checked_format
from chainrule.train.files.table_schema import describe_table
from chainrule.train.model.model import Model

__all__ = ["OPSET", "export_network", "onnx_model"]

OPSET = 17
"""Of what is written: the latest that runtimes of 2022 and compilers for microcontrollers read."""

IR_VERSION = 8
"""The version of the file format that belongs to the operator set."""


def export_network(
    net: Any,
    path: str | os.PathLike[str],
    batch_size: int | None,
    steps: int | None,
    dtype: str,
) -> None:
    """Write a network into a file, after it has been run and compared with the network."""
    model: Model = net._model
    target = checked_format("to_onnx", path, (".onnx",))
    made = onnx_model(model, batch_size, steps, dtype)
    check_export(made, model, batch_size, steps, np.dtype(dtype))
    write_atomically(Path(target), [made.SerializeToString(deterministic=True)])


def onnx_model(model: Model, batch_size: int | None, steps: int | None, dtype: str) -> ModelProto:
    """Return a built network as a model of ONNX, unchecked."""
    if not model.output_shapes or model.input_shape is None:
        raise ArgumentError(
            "to_onnx: the network is not built yet, so it has no parameters; call fit, predict or "
            "net(X) first"
        )
    if dtype not in ("float32", "float64"):
        raise ArgumentError(f"to_onnx: dtype is {dtype!r:.60}; it must be 'float32' or 'float64'")
    samples = None if batch_size is None else checked_count("to_onnx", "batch_size", batch_size)
    count = None if steps is None else checked_count("to_onnx", "steps", steps)
    shape = cast(Any, model.input_shape)[1:]
    if samples is not None and None in shape and count is None:
        raise ArgumentError(
            "to_onnx: batch_size fixes the shape, but the number of steps of this network varies; "
            "give steps too, such as net.to_onnx(path, batch_size=1, steps=100)"
        )
    program = trace_network(model, np.dtype(dtype), points_of(shape, samples, count))
    refuse_unsupported(program)
    return _made(model, program, np.dtype(dtype), shape)


def _made(
    model: Model, program: TypedProgram, dtype: np.dtype[Any], shape: Sequence[int | None]
) -> ModelProto:
    writer = GraphWriter("x", 1 + shape.index(None) if None in shape else 1)
    x = Value(program.inputs[0], writer.fresh("x"))
    parameters = model.parameter_lock.read(
        lambda: {name: np.array(each.array) for name, each in model.stack.parameters().items()}
    )
    values = [
        Value(type_, array=array.astype(type_.dtype), label=name)
        for type_, (name, array) in zip(program.inputs[1:], parameters.items(), strict=True)
    ]
    output = writer.fresh("y")
    (y,) = lower(program, [x, *values], writer)
    _name_output(writer, writer.name_of(y), output)
    nodes = _read_nodes(writer.nodes, output)
    used = _names_read(nodes)
    initializers = [each for name, each in writer.initializers.items() if name in used]
    graph = helper.make_graph(
        nodes, "network",
        [helper.make_tensor_value_info(x.name, type_number(x.type), lengths_of(x.shape))],
        [helper.make_tensor_value_info(output, type_number(y.type), lengths_of(y.shape))],
        initializers,
    )  # fmt: skip
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="chainrule"
    )
    made.ir_version = IR_VERSION
    helper.set_model_props(made, _metadata(model))
    return made


def _name_output(writer: GraphWriter, name: str, output: str) -> None:
    """Give the result of the last node the name of the output, or copy it, if others read it."""
    last = writer.nodes[-1] if writer.nodes else None
    if last is not None and list(last.output) == [name]:
        last.output[0] = output
    else:
        writer.nodes.append(helper.make_node("Identity", [name], [output], name=output))


def _read_nodes(nodes: Sequence[NodeProto], output: str) -> list[NodeProto]:
    """Return the nodes whose results are read, in their order."""
    wanted, kept = {output}, list[NodeProto]()
    for node in reversed(nodes):
        if wanted & set(node.output):
            kept.append(node)
            wanted |= _names_read([node])
    return kept[::-1]


def _names_read(nodes: Sequence[NodeProto]) -> set[str]:
    """Return the names that nodes read, those in the bodies of loops included."""
    names: set[str] = set()
    for node in nodes:
        names |= set(node.input)
        for attribute in node.attribute:
            if attribute.HasField("g"):
                names |= _names_read(attribute.g.node) | {each.name for each in attribute.g.output}
    return names


def _metadata(model: Model) -> dict[str, str]:
    """Return what the operators do not say: names of classes, preparation of columns."""
    entries: dict[str, Any] = {"classes": model.classes, "columns": model.columns or None}
    if model.table is not None:
        entries["table"] = describe_table(model.table)
    return {
        f"chainrule.{key}": json.dumps(each, ensure_ascii=False)
        for key, each in entries.items()
        if each is not None
    }
