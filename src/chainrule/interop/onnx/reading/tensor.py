"""Tensors of a file as arrays: declared sizes are compared with the bytes that are there."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper

from chainrule.errors import FormatError, UnsupportedError

__all__ = ["array_of", "dtype_of"]

_DTYPES: dict[int, str] = {
    TensorProto.FLOAT: "float32", TensorProto.DOUBLE: "float64", TensorProto.FLOAT16: "float16",
    TensorProto.BOOL: "bool", TensorProto.INT8: "int8", TensorProto.INT16: "int16",
    TensorProto.INT32: "int32", TensorProto.INT64: "int64", TensorProto.UINT8: "uint8",
    TensorProto.UINT16: "uint16", TensorProto.UINT32: "uint32", TensorProto.UINT64: "uint64",
}  # fmt: skip


def dtype_of(number: int, what: str) -> np.dtype[Any]:
    """Return the dtype of a number of ONNX; refuse the types that this library lacks."""
    if number not in _DTYPES:
        known = number in TensorProto.DataType.values()
        name = TensorProto.DataType.Name(number) if known else str(number)  # pyright: ignore[reportArgumentType]
        raise UnsupportedError(
            f"from_onnx: {what} has the type {name}, which this library lacks; it has "
            f"{', '.join(_DTYPES.values())}: convert the model to one of them"
        )
    return np.dtype(_DTYPES[number])


def array_of(tensor: TensorProto, what: str) -> NDArray[Any]:
    """Return a tensor of a file as an array.

    Raises
    ------
    FormatError
        If it has other data than its shape says, or they are in another file.
    """
    name = ascii(tensor.name or what)[1:-1][:60]
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        raise FormatError(
            f"from_onnx: the tensor {name} is in another file, and files named by a file are never "
            "opened; save the model with all its data in one file"
        )
    dtype = dtype_of(tensor.data_type, f"the tensor {name}")
    shape = list(tensor.dims)
    if any(each < 0 for each in shape) or len(shape) > 32:
        raise FormatError(f"from_onnx: the tensor {name} has the shape {shape!r:.80}")
    count, size = prod(shape), len(tensor.raw_data)
    given = size // dtype.itemsize if size else _typed_count(tensor)
    if given != count or (size and size % dtype.itemsize):
        raise FormatError(
            f"from_onnx: the tensor {name} of shape {tuple(shape)} has {given} numbers, not {count}"
        )
    return np.array(numpy_helper.to_array(tensor))


def _typed_count(tensor: TensorProto) -> int:
    fields = (
        tensor.float_data, tensor.int32_data, tensor.int64_data, tensor.double_data,
        tensor.uint64_data,
    )  # fmt: skip
    return max(map(len, fields))
