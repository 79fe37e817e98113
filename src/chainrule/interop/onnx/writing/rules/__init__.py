"""Operators of ONNX for the operations of a program, one family a module."""

from chainrule.interop.onnx.writing.rules import (
    contraction,
    control_flow,
    elementwise,
    indexing,
    movement,
    reduction,
    windows,
)
from chainrule.interop.onnx.writing.rules.rule import Rule

__all__ = ["RULES", "Rule"]

RULES: dict[str, Rule] = {
    **elementwise.RULES,
    **reduction.RULES,
    **movement.RULES,
    **contraction.RULES,
    **windows.RULES,
    **indexing.RULES,
    **control_flow.RULES,
}
"""By the names of operations in files."""
