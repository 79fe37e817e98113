"""The sums of one tile: loops over depth around fused multiply-adds, all sums in registers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.contraction.loop_roles import KernelLoop, LoopBound
from chainrule.compiler.backends.llvm.vector_memory import load_vector

__all__ = ["Accumulation", "accumulate", "moved"]

Value = Any


@dataclass(frozen=True)
class Accumulation:
    """What is summed for one tile.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        Kind of number.
    lanes : list of int
        Of the vectors of a row; all but the last are full.
    rows : int
        Rows of the tile.
    row_step : int
        From row to row in the left array.
    is_left_vector : bool
        Whether left is read in vectors, as it differs from column to column.
    left_mask, right_mask : Value or None
        Lanes of the last vector that may be read.
    """

    dtype: str
    lanes: list[int]
    rows: int
    row_step: int
    is_left_vector: bool
    left_mask: Value | None
    right_mask: Value | None


def accumulate(
    builder: Any,
    tile: Accumulation,
    loops: Sequence[KernelLoop],
    places: Mapping[int, Value],
    left: Value,
    right: Value,
) -> list[Value]:
    """Write the loops over depth of a tile."""
    kinds = [emit.vector_type(tile.dtype, lanes) for lanes in tile.lanes]
    zeros = [ir.Constant(kind, [0.0] * kind.count) for kind in kinds] * tile.rows

    def within(
        loops: Sequence[KernelLoop], left: Value, right: Value, sums: list[Value]
    ) -> list[Value]:
        if not loops:
            return _added(builder, tile, left, right, sums)
        loop, *rest = loops
        limits = _turns(builder, loop, places)
        with emit.loop_with_values(builder, *limits, sums, "k") as (k, carried, following):
            here = moved(builder, left, [k], [loop.left], tile.dtype)
            there = moved(builder, right, [k], [loop.right], tile.dtype)
            following += within(rest, here, there, carried)
        return carried

    return within(loops, left, right, zeros)


def _turns(builder: Any, loop: KernelLoop, places: Mapping[int, Value]) -> tuple[Value, Value]:
    """Return the first turn of a loop over depth that counts, and the one before which it ends."""
    stop = emit.index(loop.extent)
    if loop.limit is None:
        return emit.index(0), stop
    limit = loop.limit
    missing = builder.sub(emit.index(limit.before), places[limit.row])
    first = _turns_below(builder, missing, limit)
    reached = _turns_below(builder, builder.add(missing, emit.index(limit.length)), limit)
    return first, emit.larger(builder, first, emit.smaller(builder, stop, reached))


def _turns_below(builder: Any, distance: Value, limit: LoopBound) -> Value:
    """Return how many turns lie before a distance."""
    distance = emit.larger(builder, distance, emit.index(0))
    if limit.spacing == 1:
        return distance
    rounded = builder.add(distance, emit.index(limit.spacing - 1))
    return builder.udiv(rounded, emit.index(limit.spacing))


def _added(
    builder: Any, tile: Accumulation, left: Value, right: Value, sums: list[Value]
) -> list[Value]:
    """Write one step of depth: each row's number times the panel's vectors."""
    count = len(tile.lanes)
    rights = _vectors(builder, tile, right, tile.right_mask)
    added: list[Value] = []
    for i in range(tile.rows):
        start = moved(builder, left, [emit.index(i)], [tile.row_step], tile.dtype)
        if tile.is_left_vector:
            lefts = _vectors(builder, tile, start, tile.left_mask)
        else:
            number = builder.load(start, typ=emit.FLOATS[tile.dtype])
            copies = {n: emit.splat(builder, number, n) for n in sorted({*tile.lanes})}
            lefts = [copies[n] for n in tile.lanes]
        for j in range(count):
            arguments = [lefts[j], rights[j], sums[i * count + j]]
            kind = arguments[0].type
            added.append(emit.call(builder, f"llvm.fma.{emit.mnemonic(kind)}", arguments, kind))
    return added


def _vectors(builder: Any, tile: Accumulation, start: Value, mask: Value | None) -> list[Value]:
    """Load neighbouring vectors; the mask is for the last of them."""
    dtype, last = tile.dtype, len(tile.lanes) - 1
    vectors: list[Value] = []
    for j, count in enumerate(tile.lanes):
        place = moved(builder, start, [emit.index(j * tile.lanes[0])], [1], dtype)
        kind = emit.vector_type(dtype, count)
        vectors.append(load_vector(builder, place, kind, mask if j == last else None))
    return vectors


def moved(
    builder: Any, base: Value, counts: Sequence[Value], steps: Sequence[int], dtype: str
) -> Value:
    """Write the address so many steps on along each of some axes."""
    for count, step in zip(counts, steps, strict=True):
        if step and isinstance(count, ir.Constant):
            base = emit.address(builder, base, emit.index(count.constant * step), dtype)
        elif step:
            offset = count if step == 1 else builder.mul(count, emit.index(step))
            base = emit.address(builder, base, offset, dtype)
    return base
