"""Nests of one structure as one function, called with the addresses of their buffers.

A nest is emitted in place, unless the program has another one of its structure, such as that of an
equal layer. The statements of a nest that fusion joined for their iterations alone, as the updates
of many parameters, are emitted apart where other statements have their structure: points of a nest
run in any order, so each group may run all of its points before the next group. All groups keep the
part of the iterations that a thread has of the whole nest.

The function is never inlined. Its arguments are the address of the out-of-bounds flag, those of the
buffers, the indices of the enclosing loops, and the iterations of the outermost loop.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.addressing import BufferAddresses
from chainrule.compiler.backends.llvm.nest.expression import ExpressionEmitter
from chainrule.compiler.backends.llvm.nest.loop_nest import Schedule, lanes_of
from chainrule.compiler.backends.llvm.nest.statement import emit_nest
from chainrule.compiler.backends.llvm.spmd.work_sharing import estimated_cycles
from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import nests_of
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import Affine, Buffer, Expression, Nest, Statement, Step
from chainrule.compiler.loop_ir.structure import NestStructure, nest_structure

__all__ = ["NestTable"]

MIN_CALL_CYCLES = 200
"""Cycles of a nest in a loop from which on a call, some five, does not count."""


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
        self.parts = {
            nest: _independent_parts(nest) for nest in nests_of(steps) if nest.contraction is None
        }
        self.structures: dict[Nest, NestStructure] = {}
        for nest, parts in self.parts.items():
            least = 0 if nest in steps else MIN_CALL_CYCLES
            for part in parts:
                touched = {buffer.root for buffer, _, _ in accesses(part)}
                if estimated_cycles(part) >= least and touched.isdisjoint(in_registers):
                    self.structures[part] = nest_structure(part, layout)
        self.counts = Counter(each.key for each in self.structures.values())
        self.functions: dict[Hashable, _NestFunction] = {}

    def emit(
        self,
        emitter: ExpressionEmitter,
        addresses: BufferAddresses,
        nest: Nest,
        schedule: Schedule,
        is_shared: bool,
    ) -> None:
        """Emit a nest: calls of functions, and in place what occurs once."""
        rest: list[Statement] = []
        for part in self.parts[nest]:
            if self._occurs_again(part):
                self._emit_call(emitter, addresses, part, schedule, is_shared)
            else:
                rest += part.statements
        if rest:
            chosen = set(rest)
            statements = tuple(each for each in nest.statements if each in chosen)
            emit_nest(emitter, replace(nest, statements=statements), schedule)

    def _occurs_again(self, part: Nest) -> bool:
        structure = self.structures.get(part)
        return structure is not None and self.counts[structure.key] > 1

    def _emit_call(
        self,
        emitter: ExpressionEmitter,
        addresses: BufferAddresses,
        nest: Nest,
        schedule: Schedule,
        is_shared: bool,
    ) -> None:
        structure = self.structures[nest]
        key = structure.key, is_shared
        if key not in self.functions:
            self.functions[key] = self._emit_function(emitter, nest, structure, is_shared)
        known = self.functions[key]
        bases = [addresses.argument(root) for root in _in_memory(nest, structure)]
        indices = [_as_value(emitter.axes[axis]) for axis in structure.loops]
        bounds = [] if known.trip_count is None else schedule(known.trip_count)
        emitter.builder.call(known.function, [emitter.flag, *bases, *indices, *bounds])

    def _emit_function(
        self, caller: ExpressionEmitter, nest: Nest, structure: NestStructure, is_shared: bool
    ) -> _NestFunction:
        module, roots = caller.builder.module, _in_memory(nest, structure)
        pointers, integers = 1 + len(roots), len(structure.loops) + 2 * is_shared
        types = [emit.POINTER] * pointers + [emit.INDEX] * integers
        signature = ir.FunctionType(ir.VoidType(), types)
        function = ir.Function(module, signature, f"nest{len(module.functions)}")
        function.linkage = "internal"
        builder = ir.IRBuilder(function.append_basic_block("entry"))
        start = function.append_basic_block("start")
        builder.branch(start)
        builder.position_at_end(start)
        flag, bases = function.args[0], dict(zip(roots, function.args[1:], strict=False))
        indices = zip(structure.loops, function.args[pointers:], strict=False)
        trip_counts: list[int] = []

        def bounds(count: int) -> tuple[ir.Value, ir.Value]:
            if not is_shared:
                return emit.index(0), emit.index(count)
            trip_counts.append(count)
            first, last = function.args[-2:]
            return first, last

        emitter = ExpressionEmitter(
            builder, lambda buffer: bases[buffer.root], self.layout, dict(indices), flag
        )
        emit_nest(emitter, nest, bounds)
        builder.ret_void()
        return _NestFunction(function, trip_counts[0] if trip_counts else None)


def _as_value(index: int | ir.Value) -> ir.Value:
    return emit.index(index) if isinstance(index, int) else index


def _in_memory(nest: Nest, structure: NestStructure) -> list[Buffer]:
    return [root for root in structure.roots if root not in nest.registers]


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
