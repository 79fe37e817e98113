"""The exact quarter turn of a huge angle, one number at a time, in integers.

A float64 is m 2^e with an integer m below 2^53. Digits of 2/pi whose weight times 2^e is a multiple
of 4 change nothing about the angle; the 192 digits after those do, and m times them, modulo 2^192,
is the angle in quarter turns with 190 digits behind the point.
"""

import math
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_math.coefficients import TWO_OVER_PI

__all__ = ["large_angle_function"]

Value = Any

NAME = "chainrule.large_angle"
WORD = ir.IntType(64)
LONG = ir.IntType(192)
FRACTION_BITS = 52
# The table begins with 64 zeros; digit j of 2/pi stands at 63 + j, and the first digit needed for
# 2^e is number e - 1.
TABLE_START = 62


def large_angle_function(module: Any) -> Any:
    """Return the module's function {quadrant, r} = f(x), writing it on first use."""
    if NAME in module.functions:
        return module.functions[NAME]
    double = ir.DoubleType()
    kind = ir.FunctionType(ir.LiteralStructType([WORD, double]), [double])
    function = ir.Function(module, kind, NAME)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    (x,) = function.args
    bits = builder.bitcast(x, WORD)
    field = builder.and_(builder.lshr(bits, _word(FRACTION_BITS)), _word(0x7FF))
    exponent = builder.sub(field, _word(1023 + FRACTION_BITS))
    fraction = builder.and_(bits, _word(2**FRACTION_BITS - 1))
    mantissa = builder.or_(fraction, _word(2**FRACTION_BITS))
    turns = builder.mul(_window(builder, exponent), builder.zext(mantissa, LONG))
    quadrant, r = _quarter(builder, turns)
    negative = builder.icmp_signed("<", bits, _word(0))
    quadrant = builder.select(negative, builder.neg(quadrant), quadrant)
    r = builder.select(negative, builder.fneg(r), r)
    pair = ir.Constant(kind.return_type, ir.Undefined)
    builder.ret(builder.insert_value(builder.insert_value(pair, quadrant, 0), r, 1))
    return function


def _window(builder: Any, exponent: Value) -> Value:
    """Return the 192 digits of 2/pi from the first that matters on."""
    kind = ir.ArrayType(WORD, len(TWO_OVER_PI))
    table: Any = ir.GlobalVariable(builder.module, kind, "chainrule.two_over_pi")
    table.linkage, table.global_constant = "internal", True
    table.initializer = ir.Constant(kind, list(TWO_OVER_PI))
    position = builder.add(exponent, _word(TABLE_START))
    first = builder.lshr(position, _word(6))
    shift = builder.and_(position, _word(63))
    words = [
        builder.load(
            builder.gep(table, [builder.add(first, _word(i))], source_etype=WORD), typ=WORD
        )
        for i in range(4)
    ]
    window = ir.Constant(LONG, 0)
    for i in range(3):
        digits = emit.call(builder, "llvm.fshl.i64", [words[i], words[i + 1], shift], WORD)
        window = builder.or_(builder.shl(window, ir.Constant(LONG, 64)), builder.zext(digits, LONG))
    return window


def _quarter(builder: Any, turns: Value) -> tuple[Value, Value]:
    """Round to the nearest quarter turn; return it and the rest in radians."""
    rounded = builder.add(turns, ir.Constant(LONG, 1 << 189))
    quadrant = builder.trunc(builder.lshr(rounded, ir.Constant(LONG, 190)), WORD)
    # Without its two whole digits, and read as a signed number, the rest is that after rounding.
    rest = builder.shl(turns, ir.Constant(LONG, 2))
    high = builder.trunc(builder.lshr(rest, ir.Constant(LONG, 128)), WORD)
    low = builder.trunc(builder.lshr(rest, ir.Constant(LONG, 64)), WORD)
    double = ir.DoubleType()
    high = builder.fmul(builder.sitofp(high, double), ir.Constant(double, 2.0**-64))
    low = builder.fmul(builder.uitofp(low, double), ir.Constant(double, 2.0**-128))
    return quadrant, builder.fmul(builder.fadd(high, low), ir.Constant(double, math.pi / 2))


def _word(number: int) -> ir.Constant:
    return ir.Constant(WORD, number)
