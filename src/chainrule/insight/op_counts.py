"""What the nests of a program do in numbers: operations, bytes, and for what they do it."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from chainrule.compiler.loop_ir.access import accesses
from chainrule.compiler.loop_ir.expressions import (
    FUNCTION_COST,
    FUNCTIONS,
    axes_in,
    axes_of,
    nests_of,
)
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
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

__all__ = ["Work", "items_of", "passes_of", "work_of"]

_NO_ARITHMETIC = ("cast", "select", "logical_and", "logical_or", "logical_not")


@dataclass(frozen=True)
class Work:
    """What a nest does in one turn of the outermost loop, or in all if it stands outside of it.

    Parameters
    ----------
    nest : Nest
        The nest.
    is_repeated : bool
        Whether it stands in a loop.
    runs : int
        How often it runs therein: more than once if it stands in a loop within.
    flops : int
        Operations on real numbers. An elementary function counts as 20, about what its polynomial
        takes; conversions, choices and whole numbers count nothing.
    bytes_read, bytes_written : int
        Of the numbers it touches in memory, each counted once a run; registers count nothing.
    """

    nest: Nest
    is_repeated: bool
    runs: int
    flops: int
    bytes_read: int
    bytes_written: int


def work_of(program: Program) -> tuple[Work, ...]:
    """Count what each nest of a program does."""
    placed = _placed(program.steps, False, 1)
    return tuple(_count(nest, is_repeated, runs) for nest, is_repeated, runs in placed)


def _placed(
    steps: Iterable[Step], is_repeated: bool, runs: int
) -> Iterator[tuple[Nest, bool, int]]:
    for step in steps:
        if isinstance(step, Loop) and step.is_parallel:
            yield from _placed(step.steps, is_repeated, runs * step.axis.extent)
        elif isinstance(step, Loop):
            times = step.axis.extent if is_repeated else 1
            yield from _placed(step.steps, True, runs * times)
        else:
            yield step, is_repeated, runs


def _count(nest: Nest, is_repeated: bool, runs: int) -> Work:
    flops = sum(_flops(item, nest) for item in items_of(nest))
    read, written = _bytes(nest)
    return Work(nest, is_repeated, runs, runs * flops, runs * read, runs * written)


def items_of(nest: Nest) -> list[Contraction | Statement]:
    """List what a nest runs at each point, in order."""
    return [*([nest.contraction] if nest.contraction else []), *nest.statements]


def _flops(item: Contraction | Statement, nest: Nest) -> int:
    if isinstance(item, Contraction):
        terms = _points((*item.axes, *item.depth))
        for bound in item.bounds:
            pairs, among = _pairs_within(bound)
            terms = terms // among * pairs
        return 2 * terms
    points = _points((*nest.axes, *axes_of(item), *item.over))
    each = sum(map(_cost, _operations(item.value)))
    is_real = "f" in (item.target.dtype.kind, item.value.dtype.kind)
    return points * (each + (1 if item.reduction and is_real else 0))


def _pairs_within(bound: IterationBound) -> tuple[int, int]:
    """Count the pairs of positions of the axes of a bound that keep it, and all of them."""
    axes, steps = zip(*bound.index.terms, strict=True)
    places = [
        bound.index.constant + sum(i * step for i, step in zip(position, steps, strict=True))
        for position in itertools.product(*(range(axis.extent) for axis in axes))
    ]
    return sum(0 <= place < bound.length for place in places), len(places)


def _points(axes: Iterable[Axis]) -> int:
    return math.prod(axis.extent for axis in dict.fromkeys(axes) if not axis.is_loop_index)


def _operations(value: Expression) -> Iterator[Apply]:
    """Each operation of an expression; what it shares is done once."""
    seen: set[int] = set()
    pending: list[Expression | Affine] = [value]
    while pending:
        each = pending.pop()
        if id(each) in seen or isinstance(each, Affine):
            continue
        seen.add(id(each))
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


def _bytes(nest: Nest) -> tuple[int, int]:
    """Count the bytes read and written; what a nest wrote itself it has at hand."""
    read: dict[tuple[Buffer, object], int] = {}
    written: dict[tuple[Buffer, object], int] = {}
    own: set[Buffer] = set()
    for item in items_of(nest):
        for buffer, index, is_write in accesses(item):
            if buffer.root in nest.registers or (not is_write and buffer.root in own):
                continue
            kept = written if is_write else read
            places = tuple(i if isinstance(i, Affine) else id(i) for i in index)
            kept[buffer, places] = _touched(buffer, index) * buffer.dtype.itemsize
        own.add(item.target.root)
    return _of_roots(read), _of_roots(written)


def _of_roots(touched: dict[tuple[Buffer, object], int]) -> int:
    """Add up the bytes of each buffer, at most all it has."""
    totals: dict[Buffer, int] = {}
    for (buffer, _), count in touched.items():
        totals[buffer.root] = totals.get(buffer.root, 0) + count
    return sum(min(n, root.size * root.dtype.itemsize) for root, n in totals.items())


def _touched(buffer: Buffer, index: Iterable[Affine | Expression]) -> int:
    """How many elements an index goes through."""
    everything: set[Axis] = set()
    box = 1
    for place, length in zip(index, buffer.shape, strict=True):
        axes = set(axes_in(place))
        everything |= axes
        box *= min(length, _points(axes))
    return min(box, _points(everything))


def passes_of(program: Program, state: int, data: Collection[Buffer]) -> dict[int, str]:
    """Say for what each statement of a training program is there."""
    items = [item for nest in nests_of(program.steps) for item in items_of(nest)]
    flows = [(item.target.root, {b.root for b, _, w in accesses(item) if not w}) for item in items]
    changed = set(program.outputs[:state])
    needed = _closed(program.outputs[state:], [(t, reads - changed) for t, reads in flows])
    # The other way round: what is computed of data, and what of the state.
    spread = [(source, {target}) for target, reads in flows for source in reads]
    sampled = _closed(data, spread)
    learned = _closed(changed, spread)

    def name(target: Buffer) -> str:
        if target in changed:
            return "update"
        if target in needed:
            return "forward" if target in learned or target not in sampled else "batch"
        return "backward" if target in sampled else "update"

    return {id(item): name(item.target.root) for item in items}


def _closed(
    start: Iterable[Buffer], edges: Sequence[tuple[Buffer, Collection[Buffer]]]
) -> set[Buffer]:
    """Return all that can be reached: where the first of an edge is, the others are too."""
    reached: set[Buffer] = set(start)
    count = 0
    while len(reached) != count:
        count = len(reached)
        for first, others in reversed(edges):
            if first in reached:
                reached.update(others)
    return reached
