"""Contractions: matrix products over batch axes, and convolutions of windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value, product
from chainrule.interop.onnx.writing.program import Size
from chainrule.interop.onnx.writing.rules.convolution import convolution
from chainrule.interop.onnx.writing.rules.rule import Call, Rule

__all__ = ["RULES"]


class _Letters(NamedTuple):
    """The axes of a contraction: of both and the result, of one and the result, of both alone."""

    batch: str
    rows: str
    columns: str
    inner: str


def _contract(call: Call) -> str:
    spec: str = call.instruction.params["spec"]
    found = convolution(call.writer, spec, *call.operands)
    return _matrix_product(call, spec) if found is None else found


def _matrix_product(call: Call, spec: str) -> str:
    """Transpose to (batch, rows, inner) and (batch, inner, columns), multiply, transpose back."""
    left, right, result = spec.replace("->", ",").split(",")
    a, b = call.operands
    lengths = dict(zip(left, a.shape, strict=True)) | dict(zip(right, b.shape, strict=True))
    letters = _Letters(
        "".join(c for c in result if c in left and c in right),
        "".join(c for c in result if c in left and c not in right),
        "".join(c for c in result if c not in left),
        "".join(c for c in left if c in right and c not in result),
    )
    rows_as_they_are = left[:-1], left[-1:] + letters.columns, left[:-1] + letters.columns
    if len(right) == 2 and (left[:-1], right, result) == rows_as_they_are:
        return call.writer.add("MatMul", [call.name(0), call.name(1)])
    x = _arranged(call.writer, a, left, letters, (letters.rows, letters.inner), lengths)
    y = _arranged(call.writer, b, right, letters, (letters.inner, letters.columns), lengths)
    name = call.writer.add("MatMul", [x, y])
    order = letters.batch + letters.rows + letters.columns
    before = [*_lengths(letters.batch, lengths), *_merged((letters.rows, letters.columns), lengths)]
    name = call.writer.reshape(name, before, _lengths(order, lengths))
    return call.writer.transpose(name, [order.index(c) for c in result])


def _arranged(
    writer: GraphWriter,
    value: Value,
    axes: str,
    letters: _Letters,
    groups: tuple[str, str],
    lengths: dict[str, Size],
) -> str:
    order = letters.batch + groups[0] + groups[1]
    summed = [c for c in axes if c not in order]
    assert not summed
    name = writer.transpose(writer.name_of(value), [axes.index(c) for c in order])
    after = [*_lengths(letters.batch, lengths), *_merged(groups, lengths)]
    return writer.reshape(name, _lengths(order, lengths), after)


def _lengths(letters: str, lengths: dict[str, Size]) -> list[Size]:
    return [lengths[c] for c in letters]


def _merged(groups: Sequence[str], lengths: dict[str, Size]) -> list[Size]:
    sizes = [product(_lengths(each, lengths)) for each in groups]
    assert None not in sizes
    return [each for each in sizes if each is not None]


RULES: dict[str, Rule] = {"contract": _contract}
