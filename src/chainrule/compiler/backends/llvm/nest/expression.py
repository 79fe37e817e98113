"""Elements of buffers at one point of a nest: addresses, loads, stores, and expressions of them.

A *point* is a setting of all axes: each stands for a number or an LLVM value. Along the lane it
stands for the first of several neighbours; what depends on the lane is a vector, all else a scalar.
What has been stored or loaded at this point is remembered and not loaded again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule.compiler.analysis.dependence import are_distinct
from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.bounds_check import inside
from chainrule.compiler.backends.llvm.nest.operation import write
from chainrule.compiler.backends.llvm.registers import (
    constant,
    element_type,
    is_vector,
    same_width,
)
from chainrule.compiler.backends.llvm.vector_memory import load_vector, ramp, store_vector
from chainrule.compiler.loop_ir.expressions import gathered_axis
from chainrule.compiler.loop_ir.layout import Layout
from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Axis,
    Buffer,
    Expression,
    IndexValue,
    Literal,
    Load,
)

__all__ = ["ExpressionEmitter"]

Value = Any
Key = tuple[Buffer, tuple[Affine | Expression, ...]]


class ExpressionEmitter:
    """Where expressions are written.

    Parameters
    ----------
    builder : ir.IRBuilder
        Where to write.
    base : callable
        From a buffer to its address.
    layout : Layout
        The strides of buffers.
    axes : dict
        What each axis stands for.
    flag : Value
        Address of a number that becomes 1 where a position lies outside of its array.
    """

    def __init__(
        self,
        builder: Any,
        base: Callable[[Buffer], Value],
        layout: Layout,
        axes: dict[Axis, Any],
        flag: Value,
    ) -> None:
        self.builder = builder
        self.base = base
        self.layout = layout
        self.axes = axes
        self.flag = flag
        self.vector_axis: Axis | None = None
        self.width = 1
        self.mask: Value | None = None
        self.registers: frozenset[Buffer] = frozenset()
        self.known: dict[Key, Value] = {}
        self.positions: dict[Expression, Value] = {}

    @contextmanager
    def along(self, vector_axis: Axis | None, width: int, mask: Value | None) -> Generator[None]:
        """Run lanes along an axis, of which those in the mask count."""
        before = self.vector_axis, self.width, self.mask
        self.vector_axis, self.width, self.mask = vector_axis, width, mask
        yield
        self.vector_axis, self.width, self.mask = before

    def value(self, expression: Expression, done: dict[int, Value] | None = None) -> Value:
        """Write an expression; what it shares is written once."""
        done = {} if done is None else done
        if id(expression) not in done:
            done[id(expression)] = self._value(expression, done)
        return done[id(expression)]

    def _value(self, expression: Expression, done: dict[int, Value]) -> Value:
        match expression:
            case Literal(value, dtype):
                return constant(value, dtype)
            case IndexValue(index, dtype):
                whole = np.dtype("int64")
                return write(self.builder, "cast", [self._position(index)], [whole], dtype)
            case Load():
                return self.load(expression, done)
            case Apply(operation, operands, dtype):
                values = [self.value(each, done) for each in operands]
                kinds = [each.dtype for each in operands]
                return write(self.builder, operation, values, kinds, dtype)

    def load(self, load: Load, done: dict[int, Value] | None = None) -> Value:
        """Write a load, unless the value is at hand."""
        key = self._key(load.buffer, load.index) if load.is_affine else None
        if key is not None and key in self.known:
            return self.known[key]
        done = {} if done is None else done
        choice = self._chosen(load, done) if key is None else None
        if choice is not None:
            return choice
        pointer, steps = self._address(load.buffer, load.index, done)
        kind = _memory_type(load.dtype)
        if steps is None:
            value = self.builder.load(pointer, typ=kind, align=load.dtype.itemsize)
        else:
            lanes = ir.VectorType(kind, self.width)
            value = load_vector(self.builder, pointer, lanes, self.mask, steps)
        if load.dtype.kind == "b":
            zero = constant(0, np.dtype("uint8"), value)
            value = self.builder.icmp_unsigned("!=", value, zero)
        if key is not None:
            self.known[key] = value
        return value

    def _chosen(self, load: Load, done: dict[int, Value]) -> Value | None:
        """Choose by position among elements that are all at hand; None where they are not."""
        place = gathered_axis(load)
        if place is None:
            return None
        numbers = range(load.buffer.shape[place])
        keys = [
            self._key(load.buffer, (*load.index[:place], Affine(n), *load.index[place + 1 :]))
            for n in numbers
        ]
        if any(key not in self.known for key in keys):
            return None
        looked_up = load.index[place]
        assert not isinstance(looked_up, Affine)
        position = self._inside(self.value(looked_up, done), load.buffer.shape[place])
        result = self.known[keys[0]]
        for number in numbers[1:]:
            here = constant(number, np.dtype("int64"), position)
            hit = self.builder.icmp_unsigned("==", position, here)
            hit, found, result = same_width(self.builder, [hit, self.known[keys[number]], result])
            result = self.builder.select(hit, found, result)
        return result

    def store(self, buffer: Buffer, index: Sequence[Affine | Expression], value: Value) -> None:
        """Remember a value as an element's, and store it unless its buffer needs no memory."""
        key = self._key(buffer, index)
        self._forget(key)
        self.known[key] = value
        if buffer in self.registers:
            return
        pointer, steps = self._address(buffer, index, {})
        if buffer.dtype.kind == "b":
            byte = ir.IntType(8)
            kind = ir.VectorType(byte, value.type.count) if is_vector(value) else byte
            value = self.builder.zext(value, kind)
        if steps is None:
            self.builder.store(value, pointer, align=buffer.dtype.itemsize)
            return
        value = value if is_vector(value) else emit.splat(self.builder, value, self.width)
        store_vector(self.builder, value, pointer, self.mask, steps)

    def look_up(self, load: Load) -> None:
        """Write the positions a load looks up, for all that asks for them from now on."""
        for place, length in zip(load.index, load.buffer.shape, strict=True):
            if not isinstance(place, Affine) and place not in self.positions:
                self.positions[place] = self._inside(self.value(place), length)

    def slot(self, kind: ir.Type) -> Value:
        """Make a place on the stack; LLVM turns it into a register where it can."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(kind)

    @contextmanager
    def loop(self, axes: Sequence[Axis]) -> Generator[None]:
        """Write loops over axes; what is learned inside is forgotten after them."""
        if not axes:
            yield
            return
        before = dict(self.known)
        axis, *rest = axes
        stop = emit.index(axis.extent)
        with emit.counted_loop(self.builder, emit.index(0), stop, axis.name) as position:
            self.axes[axis] = position
            with self.loop(rest):
                yield
        del self.axes[axis]
        self.known = {k: v for k, v in before.items() if k in self.known and self.known[k] is v}

    # Addresses.

    def _key(self, buffer: Buffer, index: Sequence[Affine | Expression]) -> Key:
        """An element's name: its index with the numbers in it that are known."""
        return buffer, tuple(self._static(i) if isinstance(i, Affine) else i for i in index)

    def _static(self, index: Affine) -> Affine:
        numbers = {
            axis: Affine(self.axes[axis])
            for axis, _ in index.terms
            if axis is not self.vector_axis and isinstance(self.axes[axis], int)
        }
        return index.substitute(numbers) if numbers else index

    def _forget(self, key: Key) -> None:
        """Forget what a store may change: everything of that memory not surely elsewhere."""
        root = key[0].root
        stale = [k for k in self.known if k[0].root is root and not _are_distinct(k, key)]
        for each in stale:
            del self.known[each]

    def _address(
        self, buffer: Buffer, index: Sequence[Affine | Expression], done: dict[int, Value]
    ) -> tuple[Value, Any]:
        """Return the address of the first lane, and the steps from lane to lane.

        The steps are None for one number, a whole number, or a vector of distances.
        """
        builder, flat = self.builder, Affine()
        moves: list[Value] = []
        strides = self.layout.strides(buffer)
        for place, stride, length in zip(index, strides, buffer.shape, strict=True):
            if isinstance(place, Affine):
                flat += place.scaled(stride)
            else:
                found = self.positions.get(place)
                if found is None:
                    found = self._inside(self.value(place, done), length)
                moves.append(builder.mul(found, constant(stride, np.dtype("int64"), found)))
        step = 0 if self.vector_axis is None else flat.coefficient(self.vector_axis)
        offset = self.scalar(flat)
        for move in moves:
            if not is_vector(move):
                offset = builder.add(offset, move)
        vectors = [move for move in moves if is_vector(move)]
        kind = _memory_type(buffer.dtype)
        pointer = builder.gep(self.base(buffer), [offset], source_etype=kind)
        if not vectors:
            return pointer, step or None
        steps: Value = ramp(step, self.width)
        for move in vectors:
            steps = builder.add(steps, move)
        return pointer, steps

    def scalar(self, index: Affine) -> Value:
        """Write the value of an index, for the first lane."""
        builder, number = self.builder, index.constant
        total: Value = None
        for axis, coefficient in index.terms:
            place = self.axes[axis]
            if isinstance(place, int):
                number += coefficient * place
                continue
            part = place if coefficient == 1 else builder.mul(place, emit.index(coefficient))
            total = part if total is None else builder.add(total, part)
        if total is None:
            return emit.index(number)
        return total if number == 0 else builder.add(total, emit.index(number))

    def _position(self, index: Affine) -> Value:
        value = self.scalar(index)
        step = 0 if self.vector_axis is None else index.coefficient(self.vector_axis)
        if not step:
            return value
        return self.builder.add(emit.splat(self.builder, value, self.width), ramp(step, self.width))

    def _inside(self, position: Value, length: int) -> Value:
        return inside(self.builder, position, length, self.flag, self.mask)


def _memory_type(dtype: np.dtype[Any]) -> ir.Type:
    return ir.IntType(8) if dtype.kind == "b" else element_type(dtype)


def _are_distinct(one: Key, other: Key) -> bool:
    return one[0] is other[0] and are_distinct(one[1], other[1])
