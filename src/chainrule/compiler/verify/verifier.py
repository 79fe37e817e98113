"""The IR verifier: checks that loops keep the rules that the grammar of `loop_ir.loops` states.

An illegal transformation gives wrong values, which machine code does not detect. So the loops are
verified after lowering, after each pass, and with the memory plan (`memory_rules`), under
``CHAINRULE_DEBUG=check`` and in all tests; the message names the pass (decision 0018). That takes
as long as all the passes, too much for every run.

The dependence test `_is_one_iteration` is the verifier's own, although `analysis.dependence` has
one: it is an independent oracle for the passes, which decide by the latter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from weakref import WeakKeyDictionary, WeakSet

from chainrule.compiler.analysis.dependence import are_disjoint
from chainrule.compiler.loop_ir.access import Access, accesses
from chainrule.compiler.loop_ir.expressions import axes_of, leaves_of, loops_of
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Call,
    Contraction,
    Item,
    Loop,
    Nest,
    Program,
    Statement,
)
from chainrule.compiler.loop_ir.printer import format_diagnostic
from chainrule.compiler.verify.call_rules import call_faults
from chainrule.compiler.verify.contraction_rules import contraction_faults
from chainrule.compiler.verify.index_rules import Fault, Index
from chainrule.compiler.verify.loop_rules import ConditionalWrites, loop_faults, termination_faults
from chainrule.compiler.verify.statement_rules import statement_faults
from chainrule.errors import GraphError

__all__ = ["verify_items", "verify_program"]

_verified: WeakKeyDictionary[Statement, tuple[tuple[Axis, ...], ...]] = WeakKeyDictionary()
"""Valid statements, which do not change, each with the axes of the loops around it."""

_verified_nests: WeakSet[Nest] = WeakSet()
"""Nests, which do not change either, whose statements depend on each other within a point only."""


def verify_items(
    items: Sequence[Item],
    outputs: Sequence[Buffer],
    in_place: Collection[Buffer] = (),
    stage: str = "lower",
) -> None:
    """Verify what lowering writes: statements, contractions and loops."""
    written = set(in_place)
    _check(items, (), written, stage)
    _refuse(stage, items[-1:], _missing_outputs(outputs, written))


def verify_program(program: Program, stage: str = "fuse") -> None:
    """Verify the nests of a program; `stage` is the pass that produced them."""
    written = set(program.in_place)
    _check(program.steps, (), written, stage)
    _refuse(stage, program.steps[-1:], _missing_outputs(program.outputs, written))
    leaves = list(leaves_of(program.steps))
    nests = [each for each in leaves if isinstance(each, Nest)]
    readers: dict[Buffer, set[int]] = {}
    for number, nest in enumerate(leaves):
        for buffer, _, _ in accesses(nest):
            readers.setdefault(buffer.root, set()).add(number)
    for number, loop in enumerate(loops_of(program.steps), len(leaves)):
        if loop.condition is not None:
            readers.setdefault(loop.condition.element.buffer.root, set()).add(number)
    for nest in nests:
        _refuse(stage, [nest], _register_faults(nest, readers))
    known = {*program.inputs, *program.outputs}
    for nest in leaves:
        _refuse(stage, [nest], _undeclared_faults(nest, known))


def _check(
    items: Sequence[Item | Nest], loop_axes: tuple[Axis, ...], written: set[Buffer], stage: str
) -> None:
    """Verify items in order; add the buffers that they write for certain to `written`."""
    conditional = ConditionalWrites()
    for item in items:
        match item:
            case Loop(axis, _, steps):
                _refuse(stage, [item], loop_faults(item, loop_axes, written))
                inside = set(written)
                _check(steps, (*loop_axes, axis), inside, stage)
                _refuse(stage, [item], termination_faults(item))
                written |= conditional.certain(item, written, inside)
            case Nest(_, _, statements, contraction):
                inner = [*([contraction] if contraction else []), *statements]
                _check(inner, loop_axes, written, stage)
                if item not in _verified_nests:
                    _refuse(stage, [item], _nest_faults(item))
                    _verified_nests.add(item)
            case Statement():
                if loop_axes not in _verified.get(item, ()):
                    _refuse(stage, [item], statement_faults(item, loop_axes))
                    _verified[item] = (*_verified.get(item, ()), loop_axes)
                _refuse(stage, [item], _unwritten_faults(item, written))
            case Call():
                _refuse(stage, [item], call_faults(item, loop_axes))
                _refuse(stage, [item], _unwritten_faults(item, written))
            case Contraction():
                _refuse(stage, [item], contraction_faults(item, loop_axes))
                _refuse(stage, [item], _unwritten_faults(item, written))
        for buffer, _, is_write in accesses(item):
            if is_write:
                conditional.forget(buffer)


def _refuse(stage: str, items: Sequence[Item | Nest], faults: Iterator[Fault]) -> None:
    """Raise the first fault, if there is one."""
    for rule, *parts in faults:
        message = format_diagnostic(items[0], rule, *parts) if items else rule.format(*parts)
        raise GraphError(f"invalid loops after {stage}: {message}")


def _unwritten_faults(
    item: Statement | Contraction | Call, written: set[Buffer]
) -> Iterator[Fault]:
    """Nothing is read before it is written; `written` has the targets of the items before."""
    for buffer, _, is_write in accesses(item):
        root = buffer.root
        is_defined = root.kind in ("input", "constant") or root in written or not root.size
        if not is_write and not is_defined:
            yield "{} is read before it is written", buffer
    written.update(buffer.root for buffer, _, is_write in accesses(item) if is_write)


def _missing_outputs(outputs: Sequence[Buffer], written: set[Buffer]) -> Iterator[Fault]:
    for buffer in outputs:
        if buffer.size and buffer not in written:
            yield "the output {} is never written", buffer


def _nest_faults(nest: Nest) -> Iterator[Fault]:
    """Statements run over the nest's axes, without a dependence between iterations."""
    if len({*nest.axes}) < len(nest.axes) or any(axis.is_loop_index for axis in nest.axes):
        yield ("the axes of a nest are distinct, and not indices of loops",)
    yield from _vector_faults(nest)
    for statement in nest.statements:
        own = (*axes_of(statement), *statement.over)
        for axis in nest.axes:
            if axis not in own:
                yield (
                    "axis {} of the nest is not one of the statement that writes {}",
                    axis,
                    statement.target,
                )
    if nest.contraction is not None:
        yield from _epilogue_faults(nest, nest.contraction)
    if nest.axes:
        yield from _dependence_faults(nest)


def _vector_faults(nest: Nest) -> Iterator[Fault]:
    if nest.vector_axis is None or nest.vector_axis in nest.axes[-1:]:
        return
    alone = nest.statements[0] if len(nest.statements) == 1 else None
    if alone is None or nest.contraction or nest.vector_axis not in (*alone.over, *axes_of(alone)):
        yield (
            "vector axis {} is neither the last axis of the nest nor one of its only statement",
            nest.vector_axis,
        )


def _epilogue_faults(nest: Nest, contraction: Contraction) -> Iterator[Fault]:
    if nest.axes != contraction.axes or nest.vector_axis is not None:
        yield ("a nest with a contraction has the axes of its target, and no vector axis",)
    for statement in nest.statements:
        if statement.reduction:
            yield (
                "an epilogue has no reductions, and {} is reduced",
                statement.target,
            )


def _dependence_faults(nest: Nest) -> Iterator[Fault]:
    """A dependence between two items is within one iteration, or their elements are disjoint."""
    items = [*([nest.contraction] if nest.contraction else []), *nest.statements]
    earlier: dict[Buffer, list[Access]] = {}
    for item in items:
        touched = list(accesses(item))
        for buffer, index, is_write in touched:
            for other, other_index, was_written in earlier.get(buffer.root, ()):
                if not (is_write or was_written):
                    continue
                if buffer is other and are_disjoint(index, other_index):
                    continue
                if buffer is not other or not _is_one_iteration(index, other_index, nest.axes):
                    yield "a dependence by {} is carried between iterations of the nest", buffer
        for access in touched:
            earlier.setdefault(access[0].root, []).append(access)


def _is_one_iteration(index: Index, other: Index, axes: Sequence[Axis]) -> bool:
    """Whether equal indices mean equal values of all axes: each alone is an index of both."""
    pinned: set[Axis] = set()
    for one, two in zip(index, other, strict=True):
        if isinstance(one, Affine) and one == two:
            own = [axis for axis, _ in one.terms if not axis.is_loop_index]
            pinned.update(own if len(own) == 1 else ())
    return pinned >= {*axes}


def _register_faults(nest: Nest, readers: dict[Buffer, set[int]]) -> Iterator[Fault]:
    """Buffers in registers are written by their nest, and no other one touches them."""
    written = {buffer for buffer, _, is_write in accesses(nest) if is_write}
    for buffer in nest.registers:
        if buffer.kind != "arena":
            yield "{} is in registers and is {} memory", buffer, buffer.kind
        if buffer not in written:
            yield "{} is in registers and is never written", buffer
        if len(readers.get(buffer, ())) > 1:
            yield "{} is in registers, and another nest touches it", buffer


def _undeclared_faults(nest: Nest | Call, known: Collection[Buffer]) -> Iterator[Fault]:
    """Arguments that a nest touches are declared by the program."""
    for buffer, _, _ in accesses(nest):
        if buffer.root.kind in ("input", "output") and buffer.root not in known:
            yield "{} is {} memory that the program does not declare", buffer, buffer.root.kind
