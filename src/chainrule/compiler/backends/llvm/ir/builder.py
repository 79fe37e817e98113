"""The instructions of LLVM IR, one method each.

Identities and constants are folded as they are written (a step of zero, a product of known
integers, what the block has computed already): LLVM then parses less and needs fewer passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chainrule.compiler.backends.llvm.ir.llvm_types import (
    IntType,
    LiteralStructType,
    PointerType,
    Type,
    VectorType,
    VoidType,
    with_scalar,
)
from chainrule.compiler.backends.llvm.ir.module import Phi
from chainrule.compiler.backends.llvm.ir.value import Constant, Splat, Value, vector_of
from chainrule.compiler.backends.llvm.ir.writer import Writer

__all__ = ["IRBuilder"]

_PREDICATES = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_BIT = IntType(1)
_POINTER = PointerType()


def _binary(opcode: str) -> Callable[[IRBuilder, Value, Value], Value]:
    def write(self: IRBuilder, a: Value, b: Value) -> Value:
        return self.computed(f"{opcode} {a}, {b.name}", a.type)

    return write


def _conversion(opcode: str) -> Callable[[IRBuilder, Value, Type], Value]:
    def write(self: IRBuilder, value: Value, type: Type) -> Value:
        if value.type == type:
            return value
        return self.computed(f"{opcode} {value} to {type.text}", type)

    return write


class IRBuilder(Writer):
    """Writes instructions, beginning at the end of a block."""

    # Memory.

    def alloca(self, type: Type) -> Value:
        """Reserve a stack slot; return its address."""
        return self._new(f"alloca {type.text}", _POINTER)

    def load(self, pointer: Value, typ: Type, align: int | None = None, name: str = "") -> Value:
        """Load a value of a type."""
        return self._new(f"load {typ.text}, ptr {pointer.name}{_aligned(align)}", typ, name)

    def store(self, value: Value, pointer: Value, align: int | None = None) -> None:
        """Store a value."""
        self._insert(f"  store {value}, ptr {pointer.name}{_aligned(align)}")

    def load_atomic(self, pointer: Value, ordering: str, align: int, typ: Type) -> Value:
        """Load atomically."""
        text = f"load atomic {typ.text}, ptr {pointer.name} {ordering}, align {align}"
        return self._new(text, typ)

    def store_atomic(self, value: Value, pointer: Value, ordering: str, align: int) -> None:
        """Store atomically."""
        self._insert(f"  store atomic {value}, ptr {pointer.name} {ordering}, align {align}")

    def atomic_rmw(self, operation: str, pointer: Value, value: Value, ordering: str) -> Value:
        """Read, modify and write atomically; return the old value."""
        text = f"atomicrmw {operation} ptr {pointer.name}, {value} {ordering}"
        return self._new(text, value.type)

    def gep(self, pointer: Value, indices: Sequence[Value], source_etype: Type) -> Value:
        """Return the address of an element; a vector of addresses for a vector of indices."""
        (index,) = indices
        if type(index) is Constant and index.constant == 0:
            return pointer
        text = f"getelementptr {source_etype.text}, {pointer}, {index}"
        return self.computed(text, with_scalar(index.type, _POINTER))

    # Values.

    and_, or_, xor = _binary("and"), _binary("or"), _binary("xor")
    shl, lshr, ashr = _binary("shl"), _binary("lshr"), _binary("ashr")
    udiv, urem, sdiv, srem = _binary("udiv"), _binary("urem"), _binary("sdiv"), _binary("srem")
    fadd, fsub, fmul, fdiv = _binary("fadd"), _binary("fsub"), _binary("fmul"), _binary("fdiv")
    _add, _sub, _mul = _binary("add"), _binary("sub"), _binary("mul")

    trunc, zext, sext = _conversion("trunc"), _conversion("zext"), _conversion("sext")
    fptrunc, fpext, bitcast = _conversion("fptrunc"), _conversion("fpext"), _conversion("bitcast")
    uitofp, sitofp = _conversion("uitofp"), _conversion("sitofp")
    fptoui, fptosi, ptrtoint = _conversion("fptoui"), _conversion("fptosi"), _conversion("ptrtoint")

    def phi(self, type: Type, name: str = "") -> Phi:
        """Write a phi node; its incoming values are added later."""
        phi = Phi(type, self.block.function.new_name(name))
        self._insert(phi)
        return phi

    def call(self, function: Value, arguments: Sequence[Value]) -> Value:
        """Call a function, or a pointer of a function's type."""
        assert isinstance(function.type, PointerType)
        assert function.type.function is not None
        returns = function.type.function.return_type
        operands = ", ".join([str(each) for each in arguments])
        text = f"call {returns.text} {function.name}({operands})"
        if isinstance(returns, VoidType):
            self._insert(f"  {text}")
            return Value(returns, "")
        return self._new(text, returns)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """Select one of two values; lane by lane for a vector condition."""
        return self.computed(f"select {condition}, {yes}, {no}", yes.type)

    def icmp_signed(self, relation: str, a: Value, b: Value) -> Value:
        """Compare signed integers."""
        return self._compared("icmp", relation, "" if relation in ("==", "!=") else "s", a, b)

    def icmp_unsigned(self, relation: str, a: Value, b: Value) -> Value:
        """Compare unsigned integers."""
        return self._compared("icmp", relation, "" if relation in ("==", "!=") else "u", a, b)

    def fcmp_ordered(self, relation: str, a: Value, b: Value) -> Value:
        """Compare floats; false if either is NaN."""
        return self._compared("fcmp", relation, "o", a, b)

    def fcmp_unordered(self, relation: str, a: Value, b: Value) -> Value:
        """Compare floats; true if either is NaN."""
        return self._compared("fcmp", relation, "u", a, b)

    def _compared(self, opcode: str, relation: str, prefix: str, a: Value, b: Value) -> Value:
        predicate = prefix + _PREDICATES[relation] if relation in _PREDICATES else relation
        return self.computed(f"{opcode} {predicate} {a}, {b.name}", with_scalar(a.type, _BIT))

    def add(self, a: Value, b: Value) -> Value:
        """Add integers."""
        if type(b) is Constant and b.constant == 0:
            return a
        if type(a) is Constant and a.constant == 0:
            return b
        return _folded(a, b, lambda x, y: x + y) or self._add(a, b)

    def sub(self, a: Value, b: Value) -> Value:
        """Subtract integers."""
        if type(b) is Constant and b.constant == 0:
            return a
        return _folded(a, b, lambda x, y: x - y) or self._sub(a, b)

    def mul(self, a: Value, b: Value) -> Value:
        """Multiply integers."""
        if type(b) is Constant and b.constant == 1:
            return a
        if type(a) is Constant and a.constant == 1:
            return b
        return _folded(a, b, lambda x, y: x * y) or self._mul(a, b)

    def neg(self, a: Value) -> Value:
        """Negate an integer."""
        return self._sub(Constant(a.type, None if isinstance(a.type, VectorType) else 0), a)

    def not_(self, a: Value) -> Value:
        """Invert all bits."""
        return self.xor(
            a, Splat(a.type, -1) if isinstance(a.type, VectorType) else Constant(a.type, -1)
        )

    def fneg(self, a: Value) -> Value:
        """Negate a float."""
        return self.computed(f"fneg {a}", a.type)

    def insert_element(self, vector: Value, scalar: Value, lane: Value) -> Value:
        """Replace one lane."""
        return self.computed(f"insertelement {vector}, {scalar}, {lane}", vector.type)

    def extract_element(self, vector: Value, lane: Value) -> Value:
        """Return one lane."""
        return self.computed(f"extractelement {vector}, {lane}", vector_of(vector).element)

    def shuffle_vector(self, a: Value, b: Value, lanes: Value) -> Value:
        """Select lanes of two vectors, numbered one after the other."""
        result = VectorType(vector_of(a).element, vector_of(lanes).count)
        return self.computed(f"shufflevector {a}, {b}, {lanes}", result)

    def insert_value(self, struct: Value, value: Value, field: int) -> Value:
        """Replace one field of a struct."""
        return self.computed(f"insertvalue {struct}, {value}, {field}", struct.type)

    def extract_value(self, struct: Value, field: int) -> Value:
        """Return one field of a struct."""
        assert isinstance(struct.type, LiteralStructType)
        return self.computed(f"extractvalue {struct}, {field}", struct.type.elements[field])


def _folded(a: Value, b: Value, operation: Callable[[int, int], int]) -> Constant | None:
    """Return the result of known integers, unless it would overflow."""
    if type(a) is not Constant or type(b) is not Constant or not isinstance(a.type, IntType):
        return None
    result = operation(a.constant, b.constant)
    limit = 1 << (a.type.width - 1)
    return Constant(a.type, result) if -limit <= result < limit else None


def _aligned(align: int | None) -> str:
    return "" if align is None else f", align {align}"
