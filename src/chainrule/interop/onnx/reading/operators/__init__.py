"""Operators of ONNX as functions of NumPy, one family a module."""

from chainrule.interop.onnx.reading.operation import OperatorRule
from chainrule.interop.onnx.reading.operators import (
    activation,
    contraction,
    control_flow,
    convolution,
    elementwise,
    image,
    indexing,
    learning,
    movement,
    normalization,
    pooling,
    quantization,
    recurrent,
    reduction,
    region,
    signal,
    text,
)

__all__ = ["OPERATORS"]

OPERATORS: dict[tuple[str, str], OperatorRule] = {
    **{
        ("", name): rule
        for family in (
            activation, contraction, control_flow, convolution, elementwise, image, indexing,
            movement, normalization, pooling, quantization, recurrent, reduction, region, signal,
            text,
        )
        for name, rule in family.OPERATORS.items()
    },
    **learning.OPERATORS,
}  # fmt: skip
"""By domain and name. An operator that ONNX defines by others needs no rule."""
