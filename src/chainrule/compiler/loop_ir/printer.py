"""IR printer: programs in the grammar of `loops`, with the names of layers as comments."""

from __future__ import annotations

import itertools

import numpy as np

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import axes_of, nests_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    UNBOUNDED,
    Affine,
    Apply,
    Argument,
    Axis,
    Buffer,
    Call,
    Contraction,
    Expression,
    Index,
    IndexValue,
    Item,
    Literal,
    Load,
    Loop,
    Nest,
    Program,
    Region,
    Statement,
    Step,
)
from chainrule.graph.array_type import ArrayType

__all__ = ["format_diagnostic", "format_nests", "format_program"]


def format_program(program: Program, layout: Layout | None = None) -> str:
    """Print a program; with a layout, also strides and dtypes."""
    return _Printer(layout).text(program)


def format_nests(program: Program) -> dict[Nest, list[str]]:
    """Print each nest of a program separately, with the names of the whole."""
    printer = _Printer(None)
    printer.text(program)
    return {nest: printer.item(nest) for nest in nests_of(program.steps)}


def format_diagnostic(item: Item | Nest, rule: str, *parts: object) -> str:
    """Return a message about part of a program, and that part; ``{}`` of `rule` are `parts`."""
    printer = _Printer(None)
    lines = printer.item(item)
    sentence = rule.format(*map(printer.fragment, parts))
    return "\n".join([sentence, *(f"    {line}" for line in lines)])


class _Printer:
    def __init__(self, layout: Layout | None) -> None:
        self.layout = layout
        self.buffers: dict[Buffer, str] = {}
        self.axes: dict[Axis, str] = {}
        self.letters = (
            "".join(each)
            for n in itertools.count(1)
            for each in itertools.product("ijklmnpqrsuvw", repeat=n)
        )

    def text(self, program: Program) -> str:
        """Print a program."""
        touched = [b for step in program.steps for b, _, _ in accesses(step)]
        touched = [each for b in touched for each in (b.root, b)]
        for buffer in (*program.inputs, *program.outputs, *touched):
            self._buffer(buffer)
        sources = dict(zip(program.outputs, program.inputs, strict=False))
        lines = [f"program {program.name}"]
        for buffer, name in self.buffers.items():
            layer = f"  # {buffer.layer}" if buffer.layer else ""
            array_type = ArrayType(buffer.dtype, buffer.shape)
            base = f" of {self.buffers[buffer.base]}" if buffer.base in self.buffers else ""
            if buffer in program.in_place:
                base = f" in place of {self.buffers[sources[buffer]]}"
            strides = f" strides {self.layout.strides(buffer)}" if self.layout else ""
            lines.append(f"  {buffer.kind} {name}: {array_type}{base}{strides}{layer}")
        for step in program.steps:
            lines += self._step(step, "  ")
        return "\n".join(lines)

    def item(self, item: Item | Nest) -> list[str]:
        """Print a part of a program, line by line."""
        if isinstance(item, Nest | Loop | Call):
            return self._step(item, "")
        alone = Nest((), None, ())
        if isinstance(item, Contraction):
            return [self._contraction(item, alone)]
        return [self._statement(item, alone)]

    def fragment(self, part: object) -> str:
        """Print an axis, buffer, index or expression with its name in the program."""
        match part:
            case Axis():
                return self._axis(part)
            case Buffer():
                return self._buffer(part)
            case Affine():
                return self._affine(part)
            case Literal() | IndexValue() | Load() | Apply():
                return self._value(part)
            case _:
                return str(part)

    def _buffer(self, buffer: Buffer) -> str:
        if buffer not in self.buffers:
            self.buffers[buffer] = self._fresh(buffer)
        return self.buffers[buffer]

    def _fresh(self, buffer: Buffer) -> str:
        name = buffer.name or buffer.kind
        taken = set(self.buffers.values())
        names = (name if i == 0 else f"{name}_{i}" for i in itertools.count())
        return next(each for each in names if each not in taken)

    def _axis(self, axis: Axis) -> str:
        if axis not in self.axes:
            self.axes[axis] = (
                "t" if axis.is_loop_index and "t" not in self.axes.values() else next(self.letters)
            )
        return self.axes[axis]

    def _step(self, step: Step, indent: str) -> list[str]:
        if isinstance(step, Loop):
            direction = " backwards" if step.is_reversed else ""
            direction = " parallel" if step.is_parallel else direction
            inner = [x for each in step.steps for x in self._step(each, indent + "  ")]
            axes = " ".join(map(self._axis, dict.fromkeys(step.batch_axes)))
            batch = f" batch {axes}" if axes else ""
            head = f"{indent}loop {self._range(step.axis)}{self._condition(step)}"
            return [f"{head}{direction}{batch}:", *inner]
        if isinstance(step, Call):
            arguments = ", ".join(map(self._argument, step.arguments))
            return [f"{indent}call {step.routine}({arguments}){_comment(step.layer)}"]
        axes = " ".join(map(self._range, step.axes))
        vector = f" vector {self._axis(step.vector_axis)}" if step.vector_axis is not None else ""
        lines = [f"{indent}for {axes}".rstrip() + f"{vector}:"]
        if step.contraction is not None:
            lines.append(indent + "  " + self._contraction(step.contraction, step))
        return [*lines, *(indent + "  " + self._statement(s, step) for s in step.statements)]

    def _argument(self, argument: Argument) -> str:
        if not isinstance(argument, Region):
            return "info" if argument is None else repr(argument)
        written = "update" if argument.is_read else "write"
        access = written if argument.is_written else "read"
        return f"{access} {self._element(argument.buffer, argument.index)}"

    def _range(self, axis: Axis) -> str:
        bound = "" if axis.extent == UNBOUNDED else f"<{axis.extent}"
        return f"{self._axis(axis)}{bound}"

    def _condition(self, loop: Loop) -> str:
        if loop.condition is None:
            return ""
        word = "until" if loop.condition.is_until else "while"
        return f" {word} {self._value(loop.condition.element)}"

    def _contraction(self, contraction: Contraction, nest: Nest) -> str:
        left, right = self._value(contraction.left), self._value(contraction.right)
        target = self._target(contraction.target, contraction.index, nest)
        depth = " ".join(map(self._range, contraction.depth))
        bounds = "".join(f" bounds {self._affine(b.index)}<{b.length}" for b in contraction.bounds)
        return f"{target} = sum {depth}: {left} * {right}{bounds}{_comment(contraction.layer)}"

    def _statement(self, statement: Statement, nest: Nest) -> str:
        target = self._target(statement.target, statement.index, nest)
        value = self._value(statement.value)
        over = " ".join(map(self._range, statement.over))
        inner = [self._range(a) for a in axes_of(statement) if a not in nest.axes]
        inner_axes = f"  for {' '.join(inner)}" if inner else ""
        head = f"{target} = "
        if statement.reduction:
            head += f"{statement.reduction} {over}: "
        return f"{head}{value}{inner_axes}{_comment(statement.layer)}"

    def _target(self, buffer: Buffer, index: Index, nest: Nest) -> str:
        """Print a target, in parentheses if it is held in a register."""
        element = self._element(buffer, index)
        return f"({element})" if buffer in nest.registers else element

    def _element(self, buffer: Buffer, index: Index) -> str:
        parts = [self._affine(i) if isinstance(i, Affine) else self._value(i) for i in index]
        return f"{self._buffer(buffer)}[{', '.join(parts)}]"

    def _affine(self, index: Affine) -> str:
        parts = [
            self._axis(axis) if c == 1 else f"{c}{self._axis(axis)}" for axis, c in index.terms
        ]
        if index.constant or not parts:
            parts.append(str(index.constant))
        return "+".join(parts).replace("+-", "-")

    def _value(self, value: Expression) -> str:
        dtype = f":{value.dtype.str}" if self.layout and not isinstance(value, Load) else ""
        return self._plain_value(value) + dtype

    def _plain_value(self, value: Expression) -> str:
        match value:
            case Literal(scalar, _):
                return repr(np.asarray(scalar).item())
            case IndexValue(index, _):
                return f"@{self._affine(index)}"
            case Load(buffer, index):
                return self._element(buffer, index)
            case Apply(operation, operands, dtype):
                name = dtype.name if operation == "cast" else operation
                return f"{name}({', '.join(map(self._value, operands))})"


def _comment(layer: str) -> str:
    return f"  # {layer}" if layer else ""
