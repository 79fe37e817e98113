"""Partial sums in memory: the register tiles of a kernel that runs in blocks of depth.

Level 0 holds the chain of additions that is being computed, level i + 1 sums of those of level i.
A tile takes the memory of a full one, its vectors row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_memory import load_vector, store_vector

__all__ = ["PartialSums"]


@dataclass(frozen=True)
class PartialSums:
    """The partial sums of some levels; counts are of vectors."""

    builder: ir.IRBuilder
    memory: ir.Value
    vector_type: ir.VectorType
    capacity: int  # of a level
    tile_size: int
    count: ir.Value  # in use, of a level

    def clear(self, level: int) -> None:
        """Set a level to zero."""
        zero = ir.Constant(self.vector_type, [0.0] * self.vector_type.count)
        self._for_each(lambda number: self._store(zero, self._address(level, number)))

    def add_to_next(self, level: int) -> None:
        """Add a level to the one above it."""

        def step(number: ir.Value) -> None:
            target = self._address(level + 1, number)
            terms = (self._load(each) for each in (target, self._address(level, number)))
            self._store(self.builder.fadd(*terms), target)

        self._for_each(step)

    def load(self, level: int, tile: ir.Value, types: Sequence[ir.VectorType]) -> list[ir.Value]:
        """Load the first vectors of a tile, as many as there are types."""
        return [
            load_vector(self.builder, address, type)
            for address, type in zip(self._vectors(level, tile, len(types)), types, strict=True)
        ]

    def store(self, level: int, tile: ir.Value, vectors: Sequence[ir.Value]) -> None:
        """Store the first vectors of a tile."""
        addresses = self._vectors(level, tile, len(vectors))
        for address, vector in zip(addresses, vectors, strict=True):
            self._store(vector, address)

    def _vectors(self, level: int, tile: ir.Value, count: int) -> list[ir.Value]:
        first = self._address(level, self.builder.mul(tile, emit.index(self.tile_size)))
        return [
            self.builder.gep(first, [emit.index(number)], source_etype=self.vector_type)
            for number in range(count)
        ]

    def _for_each(self, step: Callable[[ir.Value], None]) -> None:
        with emit.counted_loop(self.builder, emit.index(0), self.count, "sum") as number:
            step(number)

    def _address(self, level: int, number: ir.Value) -> ir.Value:
        offset = self.builder.add(number, emit.index(level * self.capacity))
        return self.builder.gep(self.memory, [offset], source_etype=self.vector_type)

    def _load(self, address: ir.Value) -> ir.Value:
        return load_vector(self.builder, address, self.vector_type)

    def _store(self, vector: ir.Value, address: ir.Value) -> None:
        store_vector(self.builder, vector, address)
