"""A file of ONNX as a checked model: its graph, its parameters, and what it lacks here.

A file is only data: no other file that it names is opened, the sizes that it declares are compared
with the bytes that are there, and graphs within one another are bounded in number and depth.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError
from onnx import AttributeProto, GraphProto, ModelProto, NodeProto, defs

from chainrule.errors import FormatError, UnsupportedError
from chainrule.interop.onnx.reading.operators import OPERATORS
from chainrule.interop.onnx.reading.tensor import array_of, dtype_of

__all__ = ["MAX_NODES", "domain_of", "read_model", "schema_of", "versions_of"]

MAX_NODES, MAX_DEPTH = 200_000, 16
"""Of a model, the nodes of the graphs within it included, and how deep those are."""

_MAX_BYTES = 2**31
_RANDOM = ("Bernoulli",)
"""Operators whose bodies draw random numbers."""


def read_model(source: str | os.PathLike[str] | bytes) -> ModelProto:
    """Return the model of a file or of its bytes, checked.

    Raises
    ------
    FormatError
        If it is no model, or its tensors are not what it declares.
    UnsupportedError
        If it has operators or types that this library lacks; all are listed.
    """
    content = source if isinstance(source, bytes) else _content(Path(source))
    model = ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError:
        raise FormatError("from_onnx: this is no model of ONNX; it cannot be decoded") from None
    if not model.HasField("graph") or not model.opset_import:
        raise FormatError("from_onnx: this is no model of ONNX; it has no graph or operator set")
    missing: dict[str, None] = {}
    functions = {(each.domain, each.name) for each in model.functions}
    versions = versions_of(model)
    for count, node in enumerate(_all_nodes(model)):
        if count >= MAX_NODES:
            raise FormatError(f"from_onnx: the model has more than {MAX_NODES} nodes")
        key = domain_of(node.domain), node.op_type
        if key not in OPERATORS and (node.domain, node.op_type) not in functions:
            schema: Any = schema_of(node, versions)
            has_body = schema is not None and (
                schema.has_function or schema.has_context_dependent_function
            )
            is_made_of_others = has_body and node.op_type not in _RANDOM
            if not is_made_of_others:
                missing[
                    f"{ascii(node.op_type)[1:-1]:.60}" + (f" of {key[0]:.40}" if key[0] else "")
                ] = None
    if missing:
        raise UnsupportedError(
            f"from_onnx: this library lacks these operators of the model: {', '.join(missing)}; "
            "export the model without them, or compute those parts by another program"
        )
    _check_tensors(model)
    return model


def _content(path: Path) -> bytes:
    if path.stat().st_size >= _MAX_BYTES:
        raise FormatError("from_onnx: the file is larger than a message of ONNX, 2 GiB")
    return path.read_bytes()


def domain_of(domain: str) -> str:
    """Return the domain of an operator; that of ONNX has two names."""
    return "" if domain == "ai.onnx" else domain


def versions_of(model: ModelProto) -> dict[str, int]:
    """Return the version of the operator set of each domain."""
    return {domain_of(each.domain): each.version for each in model.opset_import}


def schema_of(node: NodeProto, versions: dict[str, int]) -> defs.OpSchema | None:
    """Return what ONNX says of an operator, None for one that it does not know."""
    domain = domain_of(node.domain)
    try:
        return defs.get_schema(node.op_type, versions.get(domain, 1), domain)
    except defs.SchemaError:
        return None


def _all_nodes(model: ModelProto) -> Iterator[NodeProto]:
    yield from _nodes_of(model.graph, 0)
    for function in model.functions:
        for node in function.node:
            yield node
            for attribute in node.attribute:
                yield from _inner(attribute, 1)


def _nodes_of(graph: GraphProto, depth: int) -> Iterator[NodeProto]:
    if depth > MAX_DEPTH:
        raise FormatError(f"from_onnx: graphs are nested deeper than {MAX_DEPTH}")
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            yield from _inner(attribute, depth + 1)


def _inner(attribute: AttributeProto, depth: int) -> Iterator[NodeProto]:
    if attribute.HasField("g"):
        yield from _nodes_of(attribute.g, depth)
    for graph in attribute.graphs:
        yield from _nodes_of(graph, depth)


def _check_tensors(model: ModelProto) -> None:
    for tensor in model.graph.initializer:
        array_of(tensor, "an initializer")
    if model.graph.sparse_initializer:
        raise UnsupportedError(
            "from_onnx: the model has sparse initializers; save it with dense ones"
        )
    for value in (*model.graph.input, *model.graph.output):
        kind = value.type.WhichOneof("value")
        if kind not in ("tensor_type", "optional_type", None):
            raise UnsupportedError(
                f"from_onnx: {ascii(value.name)[1:-1][:60]} is a {kind}, which this library lacks; "
                "inputs and outputs must be tensors"
            )
        if kind == "tensor_type" and value.type.tensor_type.elem_type:
            dtype_of(value.type.tensor_type.elem_type, f"{ascii(value.name)[1:-1][:60]}")
