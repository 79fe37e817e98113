"""Nests of one structure as one function, called with the places of their buffers.

A nest is emitted in place, unless the program has another one of its structure, such as that of an
equal layer. The statements of a nest that fusion joined for their iterations alone, as the updates
of many parameters, are emitted apart where other statements have their structure: points of a nest
run in any order, so each group may run all of its points before the next group. All groups keep the
part of the iterations that a thread has of the whole nest.

The arguments of a function, which is never inlined, are the kernel context, the operands that say
where its buffers are, and the iterations of its outermost loop if threads share these. So a call
is a few instructions, however many buffers it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.backends.calling_convention import CONTEXT_BLOCK, CONTEXT_INDICES
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import (
    BufferAddresses,
    bounds_flag,
    operand_address,
    word_address,
)
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter, Point
from chainrule.compiler.backends.llvm.nest.loop_nest import Schedule, lanes_of
from chainrule.compiler.backends.llvm.nest.statement import emit_nest
from chainrule.compiler.backends.llvm.spmd.work_sharing import estimated_cycles
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Axis,
    Buffer,
    Expression,
    Loop,
    Nest,
    Statement,
    Step,
)
from chainrule.compiler.loop_ir.structure import NestStructure, nest_structure

__all__ = ["NestTable"]

CALL_CYCLES, MAX_SHARE = 30, 0.01
"""Cycles of a call, and the part of a loop's cycles that the calls of all its nests may take."""
MIN_CALL_CYCLES = 400
"""Cycles of a nest from which on its call does not count in any case."""


@dataclass(frozen=True)
class _NestFunction:
    """A function, and the trip count of its outermost loop; None if it has the whole of it."""

    function: ir.Function
    trip_count: int | None


class NestTable:
    """The functions of a module's nests, by their structure."""

    def __init__(
        self, steps: Sequence[Step], layout: Layout, in_registers: Collection[Buffer]
    ) -> None:
        self.layout = layout
        self.parts: dict[Nest, list[Nest]] = {}
        self.structures: dict[Nest, NestStructure] = {}
        for nest, enclosing, least in _nests(steps, 0):
            self.parts[nest] = _independent_parts(nest)
            for part in self.parts[nest]:
                touched = {buffer.root for buffer, _, _ in accesses(part)}
                if estimated_cycles(part) >= least and touched.isdisjoint(in_registers):
                    self.structures[part] = nest_structure(part, layout, enclosing)
        self.counts = Counter(each.key for each in self.structures.values())
        self.functions: dict[Hashable, _NestFunction] = {}

    def emit(
        self,
        emitter: ExpressionEmitter,
        addresses: BufferAddresses,
        nest: Nest,
        enclosing: Sequence[Axis],
        work_sharing: tuple[bool, Schedule],
    ) -> None:
        """Emit a nest: calls of functions, and in place what occurs once.

        `work_sharing` is whether threads share it, and this thread's part of its iterations.
        """
        rest: list[Statement] = []
        for part in self.parts[nest]:
            if self._occurs_again(part):
                self._emit_call(emitter.builder, addresses, part, enclosing, work_sharing)
            else:
                rest += part.statements
        if rest:
            chosen = set(rest)
            statements = tuple(each for each in nest.statements if each in chosen)
            emit_nest(emitter, replace(nest, statements=statements), work_sharing[1])

    def _occurs_again(self, part: Nest) -> bool:
        structure = self.structures.get(part)
        return structure is not None and self.counts[structure.key] > 1

    def _emit_call(
        self,
        builder: ir.IRBuilder,
        addresses: BufferAddresses,
        nest: Nest,
        enclosing: Sequence[Axis],
        work_sharing: tuple[bool, Schedule],
    ) -> None:
        is_shared, schedule = work_sharing
        structure = self.structures[nest]
        roots = [root for root in structure.roots if root not in nest.registers]
        key = structure.key, is_shared
        if key not in self.functions:
            self.functions[key] = self._emit_function(
                builder.module, nest, roots, enclosing, is_shared
            )
        known = self.functions[key]
        bounds = [] if known.trip_count is None else schedule(known.trip_count)
        builder.call(known.function, [addresses.context, addresses.operands(roots), *bounds])

    def _emit_function(
        self,
        module: ir.Module,
        nest: Nest,
        roots: Sequence[Buffer],
        enclosing: Sequence[Axis],
        is_shared: bool,
    ) -> _NestFunction:
        types = [*[emit.POINTER] * 2, *[emit.INDEX] * 2 * is_shared]
        name = f"nest{len(module.functions)}"
        function = ir.Function(module, ir.FunctionType(ir.VoidType(), types), name)
        function.linkage = "internal"
        context, operands, *shared_bounds = function.args
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        bases = {
            root: operand_address(builder, context, operands, number, root)
            for number, root in enumerate(roots)
        }
        axes: Point = {
            axis: builder.load(word_address(builder, context, word), typ=emit.INDEX)
            for word, axis in enumerate(enclosing, CONTEXT_INDICES)
        }
        block = builder.load(word_address(builder, context, CONTEXT_BLOCK), typ=emit.POINTER)
        flag = bounds_flag(builder, block)
        start = function.append_basic_block("start")
        builder.branch(start)
        builder.position_at_end(start)
        trip_counts: list[int] = []

        def schedule(count: int) -> tuple[ir.Value, ir.Value]:
            if not is_shared:
                return emit.index(0), emit.index(count)
            trip_counts.append(count)
            return shared_bounds[0], shared_bounds[1]

        emitter = ExpressionEmitter(
            builder, lambda buffer: bases[buffer.root], self.layout, axes, flag
        )
        emit_nest(emitter, nest, schedule)
        builder.ret_void()
        return _NestFunction(function, trip_counts[0] if trip_counts else None)


def _nests(
    steps: Sequence[Step], least: int, *loops: Axis
) -> Iterator[tuple[Nest, tuple[Axis, ...], int]]:
    """Iterate over nests without a contraction: the axes of the loops around, least cycles."""
    for step in steps:
        if isinstance(step, Loop):
            yield from _nests(step.steps, _least_cycles(step), *loops, step.axis)
        elif isinstance(step, Nest) and step.contraction is None:
            yield step, loops, least


def _least_cycles(loop: Loop) -> int:
    """The cycles from which on nests of a loop may be functions: 0 if calls of all are cheap."""
    nests = sum(isinstance(step, Nest) for step in loop.steps)
    is_long = nests * CALL_CYCLES <= MAX_SHARE * sum(map(estimated_cycles, loop.steps))
    return 0 if is_long else MIN_CALL_CYCLES


def _independent_parts(nest: Nest) -> list[Nest]:
    """Split the statements of a nest into parts that share no array.

    Parts may read the same element if it is one for all points of the nest. A vector of a part has
    as many lanes as one of the whole nest, or else that stays whole.
    """
    written = {each.target.root for each in nest.statements}
    part_of: dict[Buffer, list[Statement]] = {}
    for statement in nest.statements:
        arrays = _arrays(statement, written)
        joined = {id(part_of[root]): part_of[root] for root in arrays if root in part_of}
        whole = [each for part in joined.values() for each in part] + [statement]
        part_of |= {root: whole for root, part in part_of.items() if id(part) in joined}
        part_of |= dict.fromkeys(arrays, whole)
    parts = {id(part): set(part) for part in part_of.values()}.values()
    if len(parts) < 2:
        return [nest]
    in_order = [tuple(each for each in nest.statements if each in part) for part in parts]
    axis = nest.vector_axis
    if axis is not None:
        lanes = lanes_of(nest.statements, axis.extent)
        if any(lanes_of(statements, axis.extent) != lanes for statements in in_order):
            return [nest]
    return [replace(nest, statements=statements) for statements in in_order]


def _arrays(statement: Statement, written: set[Buffer]) -> set[Buffer]:
    """The memory that a statement accesses, without scalars that its nest only reads."""
    return {
        buffer.root
        for buffer, index, _ in accesses(statement)
        if buffer.root in written or any(_varies(each) for each in index)
    }


def _varies(index: Affine | Expression) -> bool:
    """Whether an index may vary from point to point."""
    if isinstance(index, Affine):
        return any(not axis.is_loop_index for axis, _ in index.terms)
    return True
