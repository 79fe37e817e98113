"""Radix sort of a vector, from the least significant digit (Knuth 1998, vol. 3, section 5.2.5).

Numbers become unsigned integers of the same order: those of negative sign are complemented, others
have their sign bit set, and NaN is greatest. One pass over the vector counts the digits of all
places; then, for each place, elements are moved to the position of their digit, in their order. A
place at which all elements have the same digit is skipped, as in integers of a small range.

A million numbers of 64 bits take six passes of 11 bits, about the time of NumPy's vectorized sort.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.registers import memory_type

__all__ = ["sort_function"]

WIDE_LENGTH = 4096
"""From this length on, fewer passes pay for more counters."""

_COUNT, _PLACE, _RESULT = ir.IntType(32), ir.IntType(32), ir.IntType(64)


def sort_function(module: ir.Module, routine: str) -> ir.Function:
    """Return the function of a routine of the loop IR; emitted on first use.

    ::

        sort.values N DTYPE    (x, keys, result)
        sort.order N DTYPE     (x, keys, places, other_places, result): indices, a stable sort's

    `x` is overwritten; `keys` has its type, the places are int32.
    """
    name = "chainrule." + routine.replace(" ", ".")
    if name in module.functions:
        return module.functions[name]
    kind, length, dtype = routine.split(" ")
    has_places = kind == "sort.order"
    arguments = [emit.POINTER] * (5 if has_places else 3)
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), name)
    function.linkage = "internal"
    function.attributes.add("noinline")
    _RadixSort(function, int(length), np.dtype(dtype), has_places).emit()
    return function


class _RadixSort:
    """The function of one routine."""

    def __init__(
        self, function: ir.Function, n: int, dtype: np.dtype[np.generic], has_places: bool
    ) -> None:
        self.builder = ir.IRBuilder(function.append_basic_block("entry"))
        self.n, self.dtype, self.has_places = n, dtype, has_places
        self.bits = 8 * dtype.itemsize
        self.word = ir.IntType(self.bits)
        digit = 11 if self.bits >= 32 and n >= WIDE_LENGTH else 8
        self.shifts = range(0, self.bits, digit)
        self.buckets = 1 << digit
        self.x, self.result = function.args[0], function.args[-1]
        # Of keys and of places: where they are, and where the next pass moves them.
        pairs = [function.args[:2], function.args[2:4]][: 1 + has_places]
        self.slots = [tuple(map(self.slot, pair)) for pair in pairs]
        counts = len(self.shifts) * self.buckets
        self.counts = self.builder.alloca(ir.ArrayType(_COUNT, counts))
        self.total_counts = counts

    def slot(self, pointer: ir.Value) -> ir.Value:
        """Reserve a variable for a pointer."""
        slot = self.builder.alloca(emit.POINTER)
        self.builder.store(pointer, slot)
        return slot

    def emit(self) -> None:
        """Emit the function."""
        with self.loop(self.total_counts, "clear") as i:
            self.builder.store(ir.Constant(_COUNT, 0), self.element(self.counts, i, _COUNT))
        self.count()
        for place in range(len(self.shifts)):
            with self.builder.if_then(self.number(place)):
                self.move(place)
        self.finish()
        self.builder.ret_void()

    def count(self) -> None:
        """Replace the numbers by their keys, and count the digits of each place."""
        keys, type_ = self.pointer(0, 0), memory_type(self.dtype)
        places = self.pointer(1, 0) if self.has_places else None
        with self.loop(self.n, "count") as i:
            key = self.key(self.builder.load(self.element(self.x, i, type_), typ=type_))
            self.builder.store(key, self.element(keys, i, self.word))
            if places is not None:
                place = self.builder.trunc(i, _PLACE)
                self.builder.store(place, self.element(places, i, _PLACE))
            for place in range(len(self.shifts)):
                self.increment(place, self.digit(key, place))

    def number(self, place: int) -> ir.Value:
        """Replace counts by the position of the first element; whether digits differ."""
        builder, all_of_one = self.builder, ir.Constant(ir.IntType(1), 0)
        first = [ir.Constant(_COUNT, 0), all_of_one]
        with emit.loop_with_carried_values(
            builder, emit.index(0), emit.index(self.buckets), first, "positions"
        ) as (digit, carried, following):
            at = self.counter(place, digit)
            count = builder.load(at, typ=_COUNT)
            builder.store(carried[0], at)
            following.append(builder.add(carried[0], count))
            is_all = builder.icmp_unsigned("==", count, ir.Constant(_COUNT, self.n))
            following.append(builder.or_(carried[1], is_all))
        return builder.not_(carried[1])

    def move(self, place: int) -> None:
        """Move the elements to the positions of their digits, and exchange the memory."""
        builder = self.builder
        ends = [(self.pointer(i, 0), self.pointer(i, 1)) for i in range(len(self.slots))]
        types = (self.word, _PLACE)
        with self.loop(self.n, "move") as i:
            values = [
                builder.load(self.element(source, i, type_), typ=type_)
                for (source, _), type_ in zip(ends, types, strict=False)
            ]
            position = self.increment(place, self.digit(values[0], place))
            position = builder.zext(position, emit.INDEX)
            for value, (_, target) in zip(values, ends, strict=True):
                builder.store(value, self.element(target, position, value.type))
        for (source, target), slots in zip(ends, self.slots, strict=True):
            builder.store(target, slots[0])
            builder.store(source, slots[1])

    def finish(self) -> None:
        """Store the sorted numbers, or where they were."""
        builder, source = self.builder, self.pointer(int(self.has_places), 0)
        with self.loop(self.n, "finish") as i:
            if self.has_places:
                place = builder.load(self.element(source, i, _PLACE), typ=_PLACE)
                value = builder.zext(place, _RESULT)
            else:
                key = builder.load(self.element(source, i, self.word), typ=self.word)
                value = self.value(key)
            builder.store(value, self.element(self.result, i, value.type))

    # Keys.

    def key(self, x: ir.Value) -> ir.Value:
        """Return the unsigned integer that stands for a number."""
        builder = self.builder
        if self.dtype.kind in "ub":
            return x
        if self.dtype.kind == "i":
            return builder.xor(x, self.sign)
        # A stable order has no place between zeros of either sign.
        number = builder.fadd(x, ir.Constant(x.type, 0.0)) if self.has_places else x
        bits = builder.bitcast(number, self.word)
        key = builder.xor(bits, builder.or_(self.spread_sign(bits), self.sign))
        greatest = ir.Constant(self.word, -1)
        return builder.select(builder.fcmp_unordered("!=", x, x), greatest, key)

    def value(self, key: ir.Value) -> ir.Value:
        """Return the number that a key stands for; the inverse of `key`."""
        builder = self.builder
        if self.dtype.kind in "ub":
            return key
        if self.dtype.kind == "i":
            return builder.xor(key, self.sign)
        flipped = builder.or_(self.spread_sign(builder.not_(key)), self.sign)
        return builder.bitcast(builder.xor(key, flipped), memory_type(self.dtype))

    @property
    def sign(self) -> ir.Constant:
        """The word of which only the sign bit is set."""
        return ir.Constant(self.word, -(1 << self.bits - 1))

    def spread_sign(self, bits: ir.Value) -> ir.Value:
        """Return all ones for a set sign bit, else zeros."""
        return self.builder.ashr(bits, ir.Constant(self.word, self.bits - 1))

    def digit(self, key: ir.Value, place: int) -> ir.Value:
        """Return the digit of a key at a place, as an index."""
        builder = self.builder
        shifted = builder.lshr(key, ir.Constant(self.word, self.shifts[place]))
        return builder.and_(builder.zext(shifted, emit.INDEX), emit.index(self.buckets - 1))

    # Memory.

    def increment(self, place: int, digit: ir.Value) -> ir.Value:
        """Increment the counter of a digit; return what it was."""
        at = self.counter(place, digit)
        count = self.builder.load(at, typ=_COUNT)
        self.builder.store(self.builder.add(count, ir.Constant(_COUNT, 1)), at)
        return count

    def counter(self, place: int, digit: ir.Value) -> ir.Value:
        """Return the address of a counter."""
        number = self.builder.add(digit, emit.index(place * self.buckets))
        return self.element(self.counts, number, _COUNT)

    def pointer(self, which: int, end: int) -> ir.Value:
        """Return where keys (0) or places (1) are (0), or where they are moved to (1)."""
        return self.builder.load(self.slots[which][end], typ=emit.POINTER)

    def element(self, base: ir.Value, i: ir.Value, type_: ir.Type) -> ir.Value:
        """Return the address of an element."""
        return self.builder.gep(base, [i], source_etype=type_)

    def loop(self, count: int, name: str) -> AbstractContextManager[ir.Value]:
        """Emit ``for i in range(count)``."""
        return emit.counted_loop(self.builder, emit.index(0), emit.index(count), name)
