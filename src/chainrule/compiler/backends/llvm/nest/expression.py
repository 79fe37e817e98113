"""Code of an expression at one point of a nest, with value numbering of loads.

A *point* assigns every axis an integer or an LLVM value. Along the vector axis it is the index of
the first lane: what varies along that axis is a vector, all else a scalar. What has been stored or
loaded at a point is available there and is not loaded again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

import numpy as np

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.nest.bounds_check import checked_index
from chainrule.compiler.backends.llvm.nest.known_values import Key, KnownValues
from chainrule.compiler.backends.llvm.nest.operation import emit_operation
from chainrule.compiler.backends.llvm.registers import (
    HALF,
    constant,
    element_type,
    is_vector,
    memory_type,
    splat_scalars,
)
from chainrule.compiler.backends.llvm.vector_memory import Steps, load_vector, ramp, store_vector
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

__all__ = ["ExpressionEmitter", "Point"]

MAX_AVAILABLE = 256
"""Elements of memory whose values are known, at most."""
INT64 = np.dtype("int64")

Point = dict[Axis, int | ir.Value]
"""The index along every axis: an integer along unrolled axes."""
Memo = dict[int, ir.Value]
"""Values of subexpressions by the identity of these."""


class ExpressionEmitter:
    """Emits expressions, loads and stores at a point, `axes`, which the loops around it set."""

    def __init__(
        self,
        builder: ir.IRBuilder,
        base: Callable[[Buffer], ir.Value],  # address of a buffer
        layout: Layout,
        axes: Point,
        flag: ir.Value,  # address of the out-of-bounds flag
    ) -> None:
        self.builder = builder
        self.base = base
        self.layout = layout
        self.axes = axes
        self.flag = flag
        self.vector_axis: Axis | None = None
        self.width = 1
        self.mask: ir.Value | None = None
        self.registers: frozenset[Buffer] = frozenset()  # buffers that need no memory
        self.available = KnownValues()
        self.in_registers = 0  # values available after the last search for others
        self.hoisted_indices: dict[Expression, ir.Value] = {}

    @contextmanager
    def vectorized(
        self, vector_axis: Axis | None, width: int, mask: ir.Value | None
    ) -> Generator[None]:
        """Emit vectors along an axis, of which the lanes in the mask are valid."""
        before = self.vector_axis, self.width, self.mask
        self.vector_axis, self.width, self.mask = vector_axis, width, mask
        yield
        self.vector_axis, self.width, self.mask = before

    def value(self, expression: Expression, memo: Memo | None = None) -> ir.Value:
        """Emit an expression; common subexpressions in it once."""
        memo = {} if memo is None else memo
        if id(expression) not in memo:
            memo[id(expression)] = self._value(expression, memo)
        return memo[id(expression)]

    def _value(self, expression: Expression, memo: Memo) -> ir.Value:
        match expression:
            case Literal(value, dtype):
                return constant(value, dtype)
            case IndexValue(index, dtype):
                return emit_operation(
                    self.builder, "cast", [self._index_value(index)], [INT64], dtype
                )
            case Load():
                return self.load(expression, memo)
            case Apply(operation, operands, dtype):
                values = [self.value(each, memo) for each in operands]
                dtypes = [each.dtype for each in operands]
                return emit_operation(self.builder, operation, values, dtypes, dtype)

    def load(self, load: Load, memo: Memo | None = None) -> ir.Value:
        """Emit a load, unless its value is available."""
        key = self._key(load.buffer, load.index) if load.is_affine else None
        known = None if key is None else self.available.get(key)
        if known is not None:
            return known
        memo = {} if memo is None else memo
        selected = self._gather_from_registers(load, memo) if key is None else None
        if selected is not None:
            return selected
        pointer, steps = self._address(load.buffer, load.index, memo)
        element = memory_type(load.dtype)
        if steps is None:
            value = self.builder.load(pointer, typ=element, align=load.dtype.itemsize)
        else:
            lanes = ir.VectorType(element, self.width)
            value = load_vector(self.builder, pointer, lanes, self.mask, steps)
        if load.dtype.kind == "b":
            zero = constant(0, np.dtype("uint8"), value)
            value = self.builder.icmp_unsigned("!=", value, zero)
        if load.dtype == HALF:
            value = self.builder.fpext(value, ir.with_scalar(value.type, element_type(HALF)))
        if key is not None:
            self.available[key] = value
        return value

    def _gather_from_registers(self, load: Load, memo: Memo) -> ir.Value | None:
        """Emit a gather as a chain of selects if all its elements are available, else None."""
        axis = gathered_axis(load)
        if axis is None:
            return None
        candidates = range(load.buffer.shape[axis])
        keys = [
            self._key(load.buffer, (*load.index[:axis], Affine(i), *load.index[axis + 1 :]))
            for i in candidates
        ]
        known = [value for key in keys if (value := self.available.get(key)) is not None]
        if len(known) < len(keys):
            return None
        gather_index = load.index[axis]
        assert not isinstance(gather_index, Affine)
        index = self._checked(self.value(gather_index, memo), load.buffer.shape[axis])
        result = known[0]
        for i in candidates[1:]:
            is_equal = self.builder.icmp_unsigned("==", index, constant(i, INT64, index))
            operands = [is_equal, known[i], result]
            is_equal, candidate, result = splat_scalars(self.builder, operands)
            result = self.builder.select(is_equal, candidate, result)
        return result

    def store(self, buffer: Buffer, index: Sequence[Affine | Expression], value: ir.Value) -> None:
        """Make a value available as an element, and store it unless its buffer is in registers."""
        key = self._key(buffer, index)
        self._invalidate(key)
        self.available[key] = value
        if buffer in self.registers:
            return
        pointer, steps = self._address(buffer, index, {})
        if buffer.dtype.kind == "b":
            value = self.builder.zext(value, ir.with_scalar(value.type, memory_type(buffer.dtype)))
        if buffer.dtype == HALF:
            value = self.builder.fptrunc(value, ir.with_scalar(value.type, ir.HalfType()))
        if steps is None:
            self.builder.store(value, pointer, align=buffer.dtype.itemsize)
            return
        value = value if is_vector(value) else emit.splat(self.builder, value, self.width)
        store_vector(self.builder, value, pointer, self.mask, steps)

    def hoist_indices(self, load: Load) -> None:
        """Emit the indices of a gather here, for all points until these are reset."""
        for index, length in zip(load.index, load.buffer.shape, strict=True):
            if not isinstance(index, Affine) and index not in self.hoisted_indices:
                self.hoisted_indices[index] = self._checked(self.value(index), length)

    def stack_slot(self, type: ir.Type) -> ir.Value:
        """Reserve a stack slot, which LLVM promotes to a register where it can."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(type)

    @contextmanager
    def loops(self, axes: Sequence[Axis]) -> Generator[None]:
        """Emit loops over axes; values that became available inside are not so after them."""
        if not axes:
            yield
            return
        before = self.available.copy()
        axis, *inner = axes
        stop = emit.index(axis.extent)
        with emit.counted_loop(self.builder, emit.index(0), stop, axis.name) as index:
            self.axes[axis] = index
            with self.loops(inner):
                yield
        del self.axes[axis]
        after = self.available
        self.available = before.filtered(lambda key, value: after.get(key) is value)

    # Addresses.

    def _key(self, buffer: Buffer, index: Sequence[Affine | Expression]) -> Key:
        substituted = (self._substituted(i) if isinstance(i, Affine) else i for i in index)
        return buffer, tuple(substituted)

    def _substituted(self, index: Affine) -> Affine:
        """Substitute the integers of the point."""
        integers: dict[Axis, Affine] = {}
        for axis, _ in index.terms:
            value = self.axes[axis] if axis is not self.vector_axis else None
            if isinstance(value, int):
                integers[axis] = Affine(value)
        return index.substitute(integers) if integers else index

    def _invalidate(self, key: Key) -> None:
        """Drop the values that a store may change, and those beyond `MAX_AVAILABLE`."""
        if len(self.available) > max(MAX_AVAILABLE, 2 * self.in_registers):
            self.available = self.available.filtered(lambda each, _: each[0] in self.registers)
            self.in_registers = len(self.available)  # searched again once as many are added
        self.available.invalidate(key)

    def _address(
        self, buffer: Buffer, index: Sequence[Affine | Expression], memo: Memo
    ) -> tuple[ir.Value, Steps | None]:
        """Return the address of the first lane, and the steps between lanes; None for a scalar."""
        builder, flat = self.builder, Affine()
        offsets: list[ir.Value] = []  # of gathered axes
        strides = self.layout.strides(buffer)
        for position, stride, length in zip(index, strides, buffer.shape, strict=True):
            if isinstance(position, Affine):
                flat += position.scaled(stride)
            else:
                gathered = self.hoisted_indices.get(position)
                if gathered is None:
                    gathered = self._checked(self.value(position, memo), length)
                offsets.append(builder.mul(gathered, constant(stride, INT64, gathered)))
        step = 0 if self.vector_axis is None else flat.coefficient(self.vector_axis)
        first = self.scalar_index(flat)
        for offset in offsets:
            if not is_vector(offset):
                first = builder.add(first, offset)
        vectors = [offset for offset in offsets if is_vector(offset)]
        pointer = builder.gep(self.base(buffer), [first], source_etype=memory_type(buffer.dtype))
        if not vectors:
            return pointer, step or None
        steps: ir.Value = ramp(step, self.width)
        for offset in vectors:
            steps = builder.add(steps, offset)
        return pointer, steps

    def scalar_index(self, index: Affine) -> ir.Value:
        """Emit the value of an affine index at the first lane."""
        builder, constant_part = self.builder, index.constant
        total: ir.Value | None = None
        for axis, coefficient in index.terms:
            value = self.axes[axis]
            if isinstance(value, int):
                constant_part += coefficient * value
                continue
            term = value if coefficient == 1 else builder.mul(value, emit.index(coefficient))
            total = term if total is None else builder.add(total, term)
        if total is None:
            return emit.index(constant_part)
        return total if constant_part == 0 else builder.add(total, emit.index(constant_part))

    def _index_value(self, index: Affine) -> ir.Value:
        """Emit the value of an affine index, a vector where it varies along the lanes."""
        value = self.scalar_index(index)
        step = 0 if self.vector_axis is None else index.coefficient(self.vector_axis)
        if not step:
            return value
        return self.builder.add(emit.splat(self.builder, value, self.width), ramp(step, self.width))

    def _checked(self, index: ir.Value, length: int) -> ir.Value:
        return checked_index(self.builder, index, length, self.flag, self.mask)
