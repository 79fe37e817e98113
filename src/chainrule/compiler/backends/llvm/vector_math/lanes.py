"""Arithmetic on lanes by operators, so that the code reads like the formula.

Each operation writes one instruction on a scalar or vector of float32 or float64, the same for
every lane and never reassociated: the bits of a result do not depend on the width of the vector.
"""

from collections.abc import Sequence
from typing import NamedTuple

from chainrule.compiler.backends.llvm import emit, ir

__all__ = ["Format", "Lanes"]


class Format(NamedTuple):
    """An IEEE 754 binary format: its dtype, the layout of its bits, an integer as wide."""

    dtype: str
    fraction_bits: int
    bias: int
    integer: ir.IntType

    @property
    def rounding_constant(self) -> float:
        """1.5 * 2^fraction_bits: adding it rounds to an integer, left in the low bits."""
        return 1.5 * 2.0**self.fraction_bits


FORMATS = {
    "f32": Format("float32", 23, 127, ir.IntType(32)),
    "f64": Format("float64", 52, 1023, ir.IntType(64)),
}


class Lanes:
    """A floating-point scalar or vector, with the builder that its operations are written by."""

    __slots__ = ("builder", "value")

    def __init__(self, builder: ir.IRBuilder, value: ir.Value) -> None:
        self.builder = builder
        self.value = value

    @property
    def format(self) -> Format:
        """The format of each lane."""
        return FORMATS[ir.scalar_of(self.value.type).intrinsic_name]

    def __add__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fadd(self.value, self._operand(other)))

    def __sub__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fsub(self.value, self._operand(other)))

    def __rsub__(self, other: float) -> "Lanes":
        return self._new(self.builder.fsub(self._operand(other), self.value))

    def __mul__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fmul(self.value, self._operand(other)))

    def __truediv__(self, other: "Lanes | float") -> "Lanes":
        return self._new(self.builder.fdiv(self.value, self._operand(other)))

    def __neg__(self) -> "Lanes":
        return self._new(self.builder.fneg(self.value))

    def __abs__(self) -> "Lanes":
        return self.intrinsic("fabs")

    def compare(self, relation: str, other: "Lanes | float") -> ir.Value:
        """Return the mask of lanes in which the relation holds; it is false for NaN."""
        return self.builder.fcmp_ordered(relation, self.value, self._operand(other))

    def fma(self, factor: "Lanes | float", addend: "Lanes | float") -> "Lanes":
        """Return self * factor + addend, rounded once."""
        return self.intrinsic("fma", factor, addend)

    def polynomial(self, coefficients: Sequence[float]) -> "Lanes":
        """Evaluate a polynomial, constant term first, by Horner's scheme."""
        total = self.constant(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            total = total.fma(self, coefficient)
        return total

    def where(self, mask: ir.Value, other: "Lanes | float") -> "Lanes":
        """Return self where the mask is set and other elsewhere."""
        return self._new(self.builder.select(mask, self.value, self._operand(other)))

    def clamp(self, low: float | None, high: float | None) -> "Lanes":
        """Return self limited to [low, high]; NaN stays NaN."""
        result = self
        if high is not None:
            result = self.constant(high).where(result.compare(">", high), result)
        if low is not None:
            result = self.constant(low).where(result.compare("<", low), result)
        return result

    def copysign(self, other: "Lanes") -> "Lanes":
        """Return self with the sign bit of other."""
        return self.intrinsic("copysign", other)

    def intrinsic(self, name: str, *others: "Lanes | float") -> "Lanes":
        """Call an LLVM intrinsic that is overloaded by the type of its result."""
        type_ = self.value.type
        arguments = [self.value, *map(self._operand, others)]
        full_name = f"llvm.{name}.{emit.mnemonic(type_)}"
        return self._new(emit.call(self.builder, full_name, arguments, type_))

    def constant(self, number: float) -> "Lanes":
        """Return a constant of the same type."""
        return self._new(_constant(self.value.type, number))

    def bits(self) -> ir.Value:
        """Reinterpret the lanes as integers."""
        return self.builder.bitcast(self.value, self.integer_type)

    def from_bits(self, bits: ir.Value) -> "Lanes":
        """Reinterpret integers as floating-point lanes."""
        return self._new(self.builder.bitcast(bits, self.value.type))

    def integer(self, number: int) -> ir.Value:
        """Return an integer constant in every lane."""
        return _constant(self.integer_type, number)

    def power_of_two(self, exponent: ir.Value) -> "Lanes":
        """Return 2^exponent, assembled from its bits; it must be normal."""
        form, builder = self.format, self.builder
        biased = builder.add(exponent, self.integer(form.bias))
        return self.from_bits(builder.shl(biased, self.integer(form.fraction_bits)))

    @property
    def integer_type(self) -> ir.Type:
        """The type of `bits`."""
        return ir.with_scalar(self.value.type, self.format.integer)

    def _new(self, value: ir.Value) -> "Lanes":
        return Lanes(self.builder, value)

    def _operand(self, other: "Lanes | float") -> ir.Value:
        return other.value if isinstance(other, Lanes) else _constant(self.value.type, other)


def _constant(type_: ir.Type, number: float) -> ir.Constant:
    if isinstance(type_, ir.VectorType):
        return ir.Splat(type_, number)
    return ir.Constant(type_, number)
