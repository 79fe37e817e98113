"""ONNX models, read by the package ``onnx``; files that they refer to are not followed."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from chainrule.errors import FormatError

__all__ = ["is_onnx", "onnx_content"]

Content = dict[str, Any]
LARGEST = 2**31 - 1
"""Bytes of the largest message of protobuf."""


def is_onnx(start: bytes, path: Path) -> bool:
    """Whether a file is a message of protobuf that begins with the version of ONNX."""
    return path.suffix.lower() == ".onnx" or (
        start[:1] == b"\x08" and start[2:3] in (b"\x12", b"B")
    )


def onnx_content(path: Path) -> Content:
    """Return inputs, outputs, operators and constants of a model."""
    try:
        import onnx
        from google.protobuf.message import DecodeError
    except ImportError:
        raise ImportError(
            "inspect: ONNX files are read by the package onnx; run: pip install 'chainrule[onnx]'"
        ) from None
    if path.stat().st_size > LARGEST:
        raise FormatError(f"inspect: {path.name:.80} is larger than ONNX files are")
    try:
        model = onnx.load(str(path), load_external_data=False)
    except DecodeError as error:
        raise FormatError(f"inspect: {path.name:.80} is no intact ONNX file: {error}") from None
    graph = model.graph
    if not graph.node and not graph.output:
        raise FormatError(f"inspect: {path.name:.80} is no ONNX model: it has no operators")
    constants = {each.name for each in graph.initializer}
    outside = [
        each for each in graph.initializer if each.data_location == onnx.TensorProto.EXTERNAL
    ]
    counts = Counter(f"{each.domain}.{each.op_type}".lstrip(".") for each in graph.node)
    content: Content = {
        "kind": "an ONNX model",
        "version of the format": model.ir_version,
        "operator sets": {each.domain or "ai.onnx": each.version for each in model.opset_import},
        "written by": f"{model.producer_name} {model.producer_version}".strip() or "unknown",
        "operators": sum(counts.values()),
        "constants": len(constants),
        "numbers in constants": sum(_size(each.dims) for each in graph.initializer),
    }
    if outside:
        content["constants in other files, not read"] = len(outside)
    content |= {f"metadata {each.key[:40]}": each.value[:200] for each in model.metadata_props[:20]}
    inputs = [each for each in graph.input if each.name not in constants]
    content["inputs and outputs"] = [
        _value(onnx, each, kind)
        for kind, values in (("input", inputs), ("output", graph.output))
        for each in values
    ]
    content["operators by kind"] = [{"operator": n, "times": c} for n, c in counts.most_common()]
    return content


def _size(dims: Any) -> int:
    count = 1
    for size in dims:
        count *= size
    return count


def _value(onnx: Any, value: Any, kind: str) -> Content:
    tensor = value.type.tensor_type
    shape = [
        each.dim_value if each.HasField("dim_value") else each.dim_param or "?"
        for each in tensor.shape.dim
    ]
    dtype = onnx.TensorProto.DataType.Name(tensor.elem_type).lower()
    return {"kind": kind, "name": value.name[:200], "dtype": dtype, "shape": shape}
