"""Constants of a program as expressions: numbers, indices, arrays that are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np

from chainrule.export.numpy_source.expression import ATOM, Expression, size_text, sizes_text
from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import variable
from chainrule.train.files.programs.form import DTYPES
from chainrule.train.files.programs.sizes import Point, size_at

__all__ = ["constant_expression", "type_at"]


def type_at(type_: Sequence[Any], point: Point) -> ArrayType:
    """Return a type of a description at one number of samples and of steps."""
    dtype, shape = type_
    return ArrayType(DTYPES[dtype], tuple(size_at(each, point) for each in shape))


def constant_expression(
    value: dict[str, Any], tensors: Mapping[str, str], point: Point
) -> Expression:
    """Return a constant of a description as text; `tensors` has those that are arrays."""
    if "tensor" in value:
        text, type_ = tensors[value["tensor"]].split("|")
        dtype, shape = type_.split(":")
        sizes = tuple(int(each) for each in shape.split(",") if each)
        return Expression(text, variable(ArrayType(np.dtype(dtype), sizes)))
    dtype, sizes = DTYPES[value["dtype"]], value["shape"]
    node = variable(type_at([value["dtype"], sizes], point))
    if "strides" in value:
        return Expression(_range_text(value, dtype), node, full_shape=None)
    number = value["number"]
    if isinstance(number, dict):
        ratio = cast(dict[str, Any], number)
        text = size_text(ratio)
        if ratio.get("under") == 0:  # so a description writes what is infinite
            text = "np.inf" if ratio["over"] > 0 else "-np.inf"
        elif "over" in ratio:
            text = f"({size_text(ratio['over'])}) / ({size_text(ratio['under'])})"
        return Expression(f"np.{dtype}({text})", node, full_shape=sizes_text(sizes))
    text = repr(number) if dtype.kind != "f" else _float_text(number, dtype)
    level = ATOM if number >= 0 else ATOM - 1
    return Expression(text, node, level, sizes_text(sizes) if sizes else None, True)


def _float_text(number: Any, dtype: np.dtype[Any]) -> str:
    """Return the shortest number that is read as the same one in the dtype."""
    text = str(dtype.type(number))
    return {"inf": "np.inf", "-inf": "-np.inf", "nan": "np.nan"}.get(text, text)


def _range_text(value: dict[str, Any], dtype: np.dtype[Any]) -> str:
    """Return indices: origin + strides[k] i[k], over axes k."""
    sizes, strides = value["shape"], value["strides"]
    terms = [] if value["number"] == 0 else [size_text(value["number"])]
    for axis, (size, stride) in enumerate(zip(sizes, strides, strict=True)):
        if stride == 0 and size != 1:
            terms.append(f"np.zeros({size_text(size)}, int)" + _later(axis, len(sizes)))
        elif stride != 0:
            factor = "" if stride == 1 else f"{size_text(stride)} * "
            terms.append(f"{factor}np.arange({size_text(size)})" + _later(axis, len(sizes)))
    return f"({' + '.join(terms) or '0'}).astype(np.{dtype})"


def _later(axis: int, count: int) -> str:
    return f"[(..., {', '.join(['None'] * (count - axis - 1))})]" if axis < count - 1 else ""
