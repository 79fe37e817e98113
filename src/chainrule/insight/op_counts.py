"""FLOP and byte counts of the loop nests of a program, and the training pass of each statement."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import (
    FUNCTION_COST,
    FUNCTIONS,
    axes_in,
    axes_of,
    leaves_of,
)
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Call,
    Contraction,
    Expression,
    IterationBound,
    Load,
    Loop,
    Nest,
    Program,
    Statement,
    Step,
)

__all__ = ["NestCost", "classify_passes", "count_costs", "statements_of", "written_by"]

_NO_ARITHMETIC = ("cast", "select", "logical_and", "logical_or", "logical_not")


@dataclass(frozen=True)
class NestCost:
    """Operations and memory traffic of a nest or call in one iteration of the outermost loop.

    For one outside of it, those of the whole call.
    """

    nest: Nest | Call
    # Whether it is inside the outermost loop.
    is_repeated: bool
    # Executions in one iteration: above 1 for a nest in an inner loop.
    runs: int
    # Floating-point operations. An elementary function counts as 20, about what its polynomial
    # takes; casts, selects and integer operations count 0.
    flops: int
    # Bytes of the elements read and written in memory, each once a run; registers count 0.
    bytes_read: int
    bytes_written: int


def count_costs(program: Program) -> tuple[NestCost, ...]:
    """Count the operations and bytes of each nest of a program."""
    nests = _nests_with_runs(program.steps, False, 1)
    return tuple(_count(nest, is_repeated, runs) for nest, is_repeated, runs in nests)


def _nests_with_runs(
    steps: Iterable[Step], is_repeated: bool, runs: int
) -> Iterator[tuple[Nest | Call, bool, int]]:
    for step in steps:
        if isinstance(step, Loop) and step.is_parallel:
            yield from _nests_with_runs(step.steps, is_repeated, runs * step.axis.extent)
        elif isinstance(step, Loop):
            is_counted = is_repeated and step.condition is None
            trip_count = step.axis.extent if is_counted else 1
            yield from _nests_with_runs(step.steps, True, runs * trip_count)
        else:
            yield step, is_repeated, runs


def _count(nest: Nest | Call, is_repeated: bool, runs: int) -> NestCost:
    flops = sum(_flops(each, nest) for each in statements_of(nest))
    read, written = _bytes(nest)
    return NestCost(nest, is_repeated, runs, runs * flops, runs * read, runs * written)


def statements_of(nest: Nest | Call) -> list[Contraction | Statement | Call]:
    """List the contraction and the statements of a nest, in order; a call stands for itself."""
    if isinstance(nest, Call):
        return [nest]
    return [*([nest.contraction] if nest.contraction else []), *nest.statements]


def _flops(item: Contraction | Statement | Call, nest: Nest | Call) -> int:
    if isinstance(item, Call) or isinstance(nest, Call):
        return item.flops if isinstance(item, Call) else 0
    if isinstance(item, Contraction):
        terms = _points((*item.axes, *item.depth))
        for bound in item.bounds:
            inside, total = _points_in_bound(bound)
            terms = terms // total * inside
        return 2 * terms
    points = _points((*nest.axes, *axes_of(item), *item.over))
    each = sum(map(_cost, _operations(item.value)))
    is_real = "f" in (item.target.dtype.kind, item.value.dtype.kind)
    return points * (each + (1 if item.reduction and is_real else 0))


def _points_in_bound(bound: IterationBound) -> tuple[int, int]:
    """Count the index tuples of the axes of a bound that satisfy it, and all of them."""
    axes, steps = zip(*bound.index.terms, strict=True)
    values = [
        bound.index.constant + sum(i * step for i, step in zip(point, steps, strict=True))
        for point in itertools.product(*(range(axis.extent) for axis in axes))
    ]
    return sum(0 <= value < bound.length for value in values), len(values)


def _points(axes: Iterable[Axis]) -> int:
    return math.prod(axis.extent for axis in dict.fromkeys(axes) if not axis.is_loop_index)


def _operations(value: Expression) -> Iterator[Apply]:
    """Yield each operation of an expression; a shared subexpression counts once."""
    visited: set[int] = set()
    pending: list[Expression | Affine] = [value]
    while pending:
        each = pending.pop()
        if id(each) in visited or isinstance(each, Affine):
            continue
        visited.add(id(each))
        if isinstance(each, Apply):
            yield each
            pending += each.operands
        elif isinstance(each, Load):
            pending += each.index


def _cost(apply: Apply) -> int:
    kinds = {apply.dtype.kind, *(each.dtype.kind for each in apply.operands)}
    if "f" not in kinds or apply.operation in _NO_ARITHMETIC:
        return 0
    return FUNCTION_COST if apply.operation in (*FUNCTIONS, "power") else 1


def _bytes(nest: Nest | Call) -> tuple[int, int]:
    """Count the bytes read and written; a load of what the nest has stored does not count."""
    read: dict[tuple[Buffer, object], int] = {}
    written: dict[tuple[Buffer, object], int] = {}
    stored: set[Buffer] = set()
    registers = nest.registers if isinstance(nest, Nest) else frozenset[Buffer]()
    for statement in statements_of(nest):
        for buffer, index, is_write in accesses(statement):
            if buffer.root in registers or (not is_write and buffer.root in stored):
                continue
            counts = written if is_write else read
            key = tuple(i if isinstance(i, Affine) else id(i) for i in index)
            counts[buffer, key] = _elements(buffer, index) * buffer.dtype.itemsize
        stored |= written_by(statement)
    return _sum_over_buffers(read), _sum_over_buffers(written)


def written_by(item: Contraction | Statement | Call) -> set[Buffer]:
    """Return the memory that a part of a program writes: one buffer, or several of a call."""
    return {buffer.root for buffer, _, is_write in accesses(item) if is_write}


def _sum_over_buffers(counts: dict[tuple[Buffer, object], int]) -> int:
    """Sum the bytes over buffers; no buffer counts more than its size."""
    totals: dict[Buffer, int] = {}
    for (buffer, _), count in counts.items():
        totals[buffer.root] = totals.get(buffer.root, 0) + count
    return sum(min(n, root.size * root.dtype.itemsize) for root, n in totals.items())


def _elements(buffer: Buffer, index: Iterable[Affine | Expression]) -> int:
    """Upper bound of the number of elements that an index addresses."""
    all_axes: set[Axis] = set()
    box = 1
    for position, length in zip(index, buffer.shape, strict=True):
        axes = set(axes_in(position))
        all_axes |= axes
        box *= min(length, _points(axes))
    return min(box, _points(all_axes))


def classify_passes(program: Program, state: int, data: Collection[Buffer]) -> dict[int, str]:
    """Map the id of each statement of a training program to its pass.

    The first `state` outputs are the training state, `data` the buffers of the samples. A statement
    that writes the state is "update". One that the other outputs, such as the loss, depend on is
    "batch" if it depends on the samples alone, else "forward". Of the rest, those that depend on
    the samples are "backward", others "update".
    """
    statements = [each for nest in leaves_of(program.steps) for each in statements_of(nest)]
    flows = [
        (target, {b.root for b, _, is_write in accesses(each) if not is_write})
        for each in statements
        for target in written_by(each)
    ]
    changed = set(program.outputs[:state])
    needed = _closed(program.outputs[state:], [(t, reads - changed) for t, reads in flows])
    # Forwards: what depends on the samples, and what on the state.
    dependents = [(source, {target}) for target, reads in flows for source in reads]
    from_data = _closed(data, dependents)
    from_state = _closed(changed, dependents)

    def name(targets: Set[Buffer]) -> str:
        """The pass of a statement, or of a call: by all results, as its work arrays are unused."""
        if targets & changed:
            return "update"
        if targets & needed:
            is_of_batch = targets & from_data and not targets & from_state
            return "batch" if is_of_batch else "forward"
        return "backward" if targets & from_data else "update"

    return {id(each): name(written_by(each)) for each in statements}


def _closed(
    start: Iterable[Buffer], edges: Sequence[tuple[Buffer, Collection[Buffer]]]
) -> set[Buffer]:
    """Return all buffers reachable from `start` along directed edges (transitive closure)."""
    reached: set[Buffer] = set(start)
    count = 0
    while len(reached) != count:
        count = len(reached)
        for first, others in reversed(edges):
            if first in reached:
                reached.update(others)
    return reached
