"""Writing instructions, each under the name that LLVM gives it.

What is known already is not written: a step of zero, a product of numbers, what the same block has
computed before. LLVM would find out too, but it is given less to read, and fewer of its passes are
needed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.compiler.backends.llvm.ir.llvm_types import (
    FunctionType,
    IntType,
    LiteralStructType,
    PointerType,
    Type,
    VectorType,
    VoidType,
)
from chainrule.compiler.backends.llvm.ir.module import Phi
from chainrule.compiler.backends.llvm.ir.value import Constant, Value
from chainrule.compiler.backends.llvm.ir.writer import Writer

__all__ = ["IRBuilder"]

_RELATIONS = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_BIT = IntType(1)
_POINTER = PointerType()


def _of_two(word: str) -> Callable[[IRBuilder, Value, Value], Value]:
    def write(self: IRBuilder, a: Value, b: Value) -> Value:
        return self.computed(f"{word} {a}, {b.name}", a.type)

    return write


def _of_type(word: str) -> Callable[[IRBuilder, Value, Type], Value]:
    def write(self: IRBuilder, value: Value, kind: Type) -> Value:
        if value.type == kind:
            return value
        return self.computed(f"{word} {value} to {kind.text}", kind)

    return write


class IRBuilder(Writer):
    """All instructions.

    Parameters
    ----------
    block : Block
        Where to begin: at its end.
    """

    # Memory.

    def alloca(self, kind: Type) -> Value:
        """Make a place on the stack."""
        return self._new(f"alloca {kind.text}", _POINTER)

    def load(self, place: Value, typ: Type, align: int | None = None, name: str = "") -> Value:
        """Read."""
        return self._new(f"load {typ.text}, ptr {place.name}{_aligned(align)}", typ, name)

    def store(self, value: Value, place: Value, align: int | None = None) -> None:
        """Write."""
        self._insert(f"  store {value}, ptr {place.name}{_aligned(align)}")

    def load_atomic(self, place: Value, ordering: str, align: int, typ: Type) -> Value:
        """Read what other threads write."""
        return self._new(f"load atomic {typ.text}, ptr {place.name} {ordering}, align {align}", typ)

    def atomic_rmw(self, operation: str, place: Value, value: Value, ordering: str) -> Value:
        """Change in one step and return what was there."""
        return self._new(f"atomicrmw {operation} ptr {place.name}, {value} {ordering}", value.type)

    def gep(self, place: Value, steps: Sequence[Value], source_etype: Type) -> Value:
        """Return the address so many elements on; several addresses for a vector of steps."""
        (step,) = steps
        if type(step) is Constant and step.constant == 0:
            return place
        kind = _POINTER
        if isinstance(step.type, VectorType):
            kind = VectorType(_POINTER, step.type.count)
        return self.computed(f"getelementptr {source_etype.text}, {place}, {step}", kind)

    # Values.

    and_, or_, xor = _of_two("and"), _of_two("or"), _of_two("xor")
    shl, lshr, ashr = _of_two("shl"), _of_two("lshr"), _of_two("ashr")
    udiv, urem, sdiv, srem = _of_two("udiv"), _of_two("urem"), _of_two("sdiv"), _of_two("srem")
    fadd, fsub, fmul, fdiv = _of_two("fadd"), _of_two("fsub"), _of_two("fmul"), _of_two("fdiv")
    _add, _sub, _mul = _of_two("add"), _of_two("sub"), _of_two("mul")

    trunc, zext, sext = _of_type("trunc"), _of_type("zext"), _of_type("sext")
    fptrunc, fpext, bitcast = _of_type("fptrunc"), _of_type("fpext"), _of_type("bitcast")
    uitofp, sitofp = _of_type("uitofp"), _of_type("sitofp")
    fptoui, fptosi, ptrtoint = _of_type("fptoui"), _of_type("fptosi"), _of_type("ptrtoint")

    def phi(self, kind: Type, name: str = "") -> Phi:
        """Return a value that depends on where the program came from."""
        phi = Phi(kind, self.block.function.new_name(name))
        self._insert(phi)
        return phi

    def call(self, function: Any, arguments: Sequence[Value]) -> Value:
        """Call a function, or what stands at an address of a function's type."""
        kind: FunctionType = function.type.function
        given = ", ".join([str(each) for each in arguments])
        text = f"call {kind.return_type.text} {function.name}({given})"
        if isinstance(kind.return_type, VoidType):
            self._insert(f"  {text}")
            return Value(kind.return_type, "")
        return self._new(text, kind.return_type)

    def select(self, condition: Value, yes: Value, no: Value) -> Value:
        """Return one of two values; lane by lane for a vector of bits."""
        return self.computed(f"select {condition}, {yes}, {no}", yes.type)

    def icmp_signed(self, relation: str, a: Value, b: Value) -> Value:
        """Compare whole numbers with signs."""
        return self._compared("icmp", relation, "" if relation in ("==", "!=") else "s", a, b)

    def icmp_unsigned(self, relation: str, a: Value, b: Value) -> Value:
        """Compare whole numbers without signs."""
        return self._compared("icmp", relation, "" if relation in ("==", "!=") else "u", a, b)

    def fcmp_ordered(self, relation: str, a: Value, b: Value) -> Value:
        """Compare real numbers; false where one is NaN."""
        return self._compared("fcmp", relation, "o", a, b)

    def fcmp_unordered(self, relation: str, a: Value, b: Value) -> Value:
        """Compare real numbers; true where one is NaN."""
        return self._compared("fcmp", relation, "u", a, b)

    def _compared(self, word: str, relation: str, prefix: str, a: Value, b: Value) -> Value:
        told = prefix + _RELATIONS[relation] if relation in _RELATIONS else relation
        kind = VectorType(_BIT, a.type.count) if isinstance(a.type, VectorType) else _BIT
        return self.computed(f"{word} {told} {a}, {b.name}", kind)

    def add(self, a: Value, b: Value) -> Value:
        """Add whole numbers."""
        if type(b) is Constant and b.constant == 0:
            return a
        if type(a) is Constant and a.constant == 0:
            return b
        return self._numbers(a, b, lambda x, y: x + y) or self._add(a, b)

    def sub(self, a: Value, b: Value) -> Value:
        """Subtract whole numbers."""
        if type(b) is Constant and b.constant == 0:
            return a
        return self._numbers(a, b, lambda x, y: x - y) or self._sub(a, b)

    def mul(self, a: Value, b: Value) -> Value:
        """Multiply whole numbers."""
        if type(b) is Constant and b.constant == 1:
            return a
        if type(a) is Constant and a.constant == 1:
            return b
        return self._numbers(a, b, lambda x, y: x * y) or self._mul(a, b)

    def _numbers(self, a: Value, b: Value, operation: Any) -> Constant | None:
        """Compute with numbers that are known, where the result fits."""
        if type(a) is not Constant or type(b) is not Constant or not isinstance(a.type, IntType):
            return None
        result = operation(a.constant, b.constant)
        limit = 1 << (a.type.width - 1)
        return Constant(a.type, result) if -limit <= result < limit else None

    def neg(self, a: Value) -> Value:
        """Negate a whole number."""
        return self._sub(Constant(a.type, None) if _is_vector(a) else _zero(a), a)

    def not_(self, a: Value) -> Value:
        """Turn all bits."""
        element = a.type.element if isinstance(a.type, VectorType) else a.type
        ones = element.number(-1)
        return self.xor(a, Value(a.type, ones if element is a.type else _all(a, ones)))

    def fneg(self, a: Value) -> Value:
        """Negate a real number."""
        return self.computed(f"fneg {a}", a.type)

    def insert_element(self, vector: Value, number: Value, lane: Value) -> Value:
        """Put a number in a lane."""
        return self.computed(f"insertelement {vector}, {number}, {lane}", vector.type)

    def extract_element(self, vector: Value, lane: Value) -> Value:
        """Take a number from a lane."""
        assert isinstance(vector.type, VectorType)
        return self.computed(f"extractelement {vector}, {lane}", vector.type.element)

    def shuffle_vector(self, a: Value, b: Value, lanes: Value) -> Value:
        """Choose lanes of two vectors."""
        assert isinstance(a.type, VectorType)
        assert isinstance(lanes.type, VectorType)
        kind = VectorType(a.type.element, lanes.type.count)
        return self.computed(f"shufflevector {a}, {b}, {lanes}", kind)

    def insert_value(self, group: Value, value: Value, place: int) -> Value:
        """Put a value in its place among several."""
        return self.computed(f"insertvalue {group}, {value}, {place}", group.type)

    def extract_value(self, group: Value, place: int) -> Value:
        """Take one of several values."""
        assert isinstance(group.type, LiteralStructType)
        return self.computed(f"extractvalue {group}, {place}", group.type.elements[place])


def _aligned(align: int | None) -> str:
    return "" if align is None else f", align {align}"


def _is_vector(value: Value) -> bool:
    return isinstance(value.type, VectorType)


def _zero(value: Value) -> Constant:
    return Constant(value.type, 0)


def _all(value: Value, number: str) -> str:
    assert isinstance(value.type, VectorType)
    return f"splat ({value.type.element.text} {number})"
