"""What a rule is: from an instruction and its operands to the name of its result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from chainrule.interop.onnx.writing.graph_writer import GraphWriter, Value, broadcast_shape
from chainrule.interop.onnx.writing.program import Instruction, Size, TypedProgram

__all__ = ["Call", "Rule", "made_by", "read"]


class Call(NamedTuple):
    """An instruction to be written: where, what, and of which values."""

    writer: GraphWriter
    instruction: Instruction
    operands: list[Value]
    lower: Callable[[TypedProgram, list[Value], GraphWriter], list[Value]]

    @property
    def shape(self) -> tuple[Size, ...]:
        """The lengths of the result."""
        return self.instruction.types[0].shape

    def name(self, index: int = 0) -> str:
        """Return the name of an operand."""
        return self.writer.name_of(self.operands[index])


Rule = Callable[[Call], "str | list[str]"]
"""Writes an instruction; returns the name of its result, or of each."""


def read(call: Call) -> list[str]:
    """Return the names of the operands of an operator that broadcasts."""
    shortest: Sequence[Value] = [each.source or each for each in call.operands]
    longer = [
        [each if i == k else shortest[k] for k, each in enumerate(call.operands)]
        for i in range(len(shortest))
    ]
    choices = [shortest, *longer, call.operands]
    values = next(
        each for each in choices if broadcast_shape([x.shape for x in each]) == call.shape
    )
    return [call.writer.name_of(each) for each in values]


def made_by(value: Value, name: str) -> list[Value] | None:
    """Return the operands of the operation `name` that gives a value; None for another one."""
    if value.made_by is None or value.made_by[0].name != name:
        return None
    return value.made_by[1]
