"""Arithmetic on lanes that reads like the formula it writes.

A `Lanes` is a value of the program being written, scalar or vector, of float32 or float64. Each of
its operations writes one instruction per register, the same for every lane, so a number's result
depends neither on the width of the vector nor on its neighbours. Nothing is ever reassociated.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["Format", "Lanes"]

Value = Any


class Format(NamedTuple):
    """A floating-point format: bits of its fraction, and what is added to its exponent."""

    name: str
    fraction_bits: int
    bias: int
    integer: ir.IntType

    @property
    def rounder(self) -> float:
        """1.5 * 2^fraction_bits: adding it rounds to an integer, left in the low bits."""
        return 1.5 * 2.0**self.fraction_bits


FORMATS = {
    "f32": Format("float32", 23, 127, ir.IntType(32)),
    "f64": Format("float64", 52, 1023, ir.IntType(64)),
}


class Lanes:
    """A floating-point value and the place where its operations are written.

    Parameters
    ----------
    builder : ir.IRBuilder
        Where to write.
    value : Value
        A scalar or vector of float32 or float64.
    """

    __slots__ = ("builder", "value")

    def __init__(self, builder: Any, value: Value) -> None:
        self.builder = builder
        self.value = value

    @property
    def format(self) -> Format:
        """The format of each lane."""
        return FORMATS[getattr(self.value.type, "element", self.value.type).intrinsic_name]

    def __add__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fadd(self.value, self._raw(other)))

    def __sub__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fsub(self.value, self._raw(other)))

    def __rsub__(self, other: float) -> "Lanes":
        return self._new(self.builder.fsub(self._raw(other), self.value))

    def __mul__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fmul(self.value, self._raw(other)))

    def __truediv__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fdiv(self.value, self._raw(other)))

    def __neg__(self) -> "Lanes":
        return self._new(self.builder.fneg(self.value))

    def __abs__(self) -> "Lanes":
        return self.intrinsic("fabs")

    def compare(self, relation: str, other: "Lanes | float") -> Value:
        """Return the mask of lanes where the relation holds; NaN fulfils none."""
        return self.builder.fcmp_ordered(relation, self.value, self._raw(other))

    def fma(self, factor: "Lanes | float", addend: "Lanes | float") -> "Lanes":
        """Return self * factor + addend, rounded once."""
        return self.intrinsic("fma", factor, addend)

    def polynomial(self, coefficients: Sequence[float]) -> "Lanes":
        """Evaluate a polynomial at self by Horner's rule."""
        total = self.like(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = total.fma(self, coefficient)
        return total

    def where(self, mask: Value, other: "Lanes | float") -> "Lanes":
        """Return self where the mask is set and other elsewhere."""
        return self._new(self.builder.select(mask, self.value, self._raw(other)))

    def limited(self, low: float | None, high: float | None) -> "Lanes":
        """Return self moved into [low, high]; NaN stays NaN."""
        result = self
        if high is not None:
            result = self.like(high).where(result.compare(">", high), result)
        if low is not None:
            result = self.like(low).where(result.compare("<", low), result)
        return result

    def with_sign_of(self, other: "Lanes") -> "Lanes":
        """Return self with another's sign bit."""
        return self.intrinsic("copysign", other)

    def intrinsic(self, name: str, *others: "Lanes | float") -> "Lanes":
        """Call one of LLVM's functions that map lanes to lanes."""
        kind = self.value.type
        arguments = [self.value, *map(self._raw, others)]
        full_name = f"llvm.{name}.{emit.mnemonic(kind)}"
        return self._new(emit.call(self.builder, full_name, arguments, kind))

    def like(self, number: float) -> "Lanes":
        """Return a constant of the same shape and format."""
        return self._new(_constant(self.value.type, number))

    def bits(self) -> Value:
        """Return the lanes' bits as integers."""
        return self.builder.bitcast(self.value, self.integer_type)

    def from_bits(self, bits: Value) -> "Lanes":
        """Return the floating-point lanes that some bits mean."""
        return self._new(self.builder.bitcast(bits, self.value.type))

    def integer(self, number: int) -> Value:
        """Return an integer constant, one for each lane."""
        return _constant(self.integer_type, number)

    def power_of_two(self, exponent: Value) -> "Lanes":
        """Return 2^exponent."""
        form, builder = self.format, self.builder
        biased = builder.add(exponent, self.integer(form.bias))
        return self.from_bits(builder.shl(biased, self.integer(form.fraction_bits)))

    @property
    def integer_type(self) -> ir.Type:
        """The type of `bits`."""
        kind = self.value.type
        integer = self.format.integer
        return ir.VectorType(integer, kind.count) if isinstance(kind, ir.VectorType) else integer

    def _new(self, value: Value) -> "Lanes":
        return Lanes(self.builder, value)

    def _raw(self, other: "Lanes | float") -> Value:
        return other.value if isinstance(other, Lanes) else _constant(self.value.type, other)


def _constant(kind: ir.Type, number: float) -> ir.Constant:
    if isinstance(kind, ir.VectorType):
        return ir.Splat(kind, number)
    return ir.Constant(kind, number)
