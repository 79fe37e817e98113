"""Payne and Hanek's argument reduction modulo pi/2 of one float64, in integer arithmetic.

x = m 2^e with an integer m below 2^53. Bits of 2/pi whose weight times 2^e is a multiple of 4 do
not change the angle; the 192 bits after those do, and m times them, modulo 2^192, is the angle in
quadrants as a fixed-point number of 190 fraction bits.

References
----------
Payne & Hanek (1983), "Radian reduction for trigonometric functions".
"""

import math

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_math.coefficients import TWO_OVER_PI

__all__ = ["payne_hanek_function"]

NAME = "chainrule.payne_hanek"
WORD = ir.IntType(64)
LONG = ir.IntType(192)
FRACTION_BITS = 52
# The table begins with 64 zeros: bit j of 2/pi is at 63 + j, and the first bit needed for 2^e is
# bit e - 1.
TABLE_START = 62


def payne_hanek_function(module: ir.Module) -> ir.Function:
    """Return the module's function {quadrant, r} = f(x), emitted on first use."""
    if NAME in module.functions:
        return module.functions[NAME]
    double = ir.DoubleType()
    signature = ir.FunctionType(ir.LiteralStructType([WORD, double]), [double])
    function = ir.Function(module, signature, NAME)
    function.linkage = "internal"
    function.attributes.add("noinline")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    (x,) = function.args
    bits = builder.bitcast(x, WORD)
    field = builder.and_(builder.lshr(bits, _word(FRACTION_BITS)), _word(0x7FF))
    exponent = builder.sub(field, _word(1023 + FRACTION_BITS))
    fraction = builder.and_(bits, _word(2**FRACTION_BITS - 1))
    mantissa = builder.or_(fraction, _word(2**FRACTION_BITS))
    angle = builder.mul(_two_over_pi_window(builder, exponent), builder.zext(mantissa, LONG))
    quadrant, r = _rounded(builder, angle)
    is_negative = builder.icmp_signed("<", bits, _word(0))
    quadrant = builder.select(is_negative, builder.neg(quadrant), quadrant)
    r = builder.select(is_negative, builder.fneg(r), r)
    pair = ir.Constant(signature.return_type, ir.Undefined)
    builder.ret(builder.insert_value(builder.insert_value(pair, quadrant, 0), r, 1))
    return function


def _two_over_pi_window(builder: ir.IRBuilder, exponent: ir.Value) -> ir.Value:
    """Return 192 bits of 2/pi, from the first that matters on."""
    table_type = ir.ArrayType(WORD, len(TWO_OVER_PI))
    table = ir.GlobalVariable(builder.module, table_type, "chainrule.two_over_pi")
    table.linkage, table.global_constant = "internal", True
    table.initializer = ir.Constant(table_type, list(TWO_OVER_PI))
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
        bits = emit.call(builder, "llvm.fshl.i64", [words[i], words[i + 1], shift], WORD)
        window = builder.or_(builder.shl(window, ir.Constant(LONG, 64)), builder.zext(bits, LONG))
    return window


def _rounded(builder: ir.IRBuilder, angle: ir.Value) -> tuple[ir.Value, ir.Value]:
    """Round to the nearest quadrant; return it and the remainder in radians."""
    rounded = builder.add(angle, ir.Constant(LONG, 1 << 189))
    quadrant = builder.trunc(builder.lshr(rounded, ir.Constant(LONG, 190)), WORD)
    # Without the two integer bits, a signed fraction is the remainder after rounding.
    rest = builder.shl(angle, ir.Constant(LONG, 2))
    high = builder.trunc(builder.lshr(rest, ir.Constant(LONG, 128)), WORD)
    low = builder.trunc(builder.lshr(rest, ir.Constant(LONG, 64)), WORD)
    double = ir.DoubleType()
    high = builder.fmul(builder.sitofp(high, double), ir.Constant(double, 2.0**-64))
    low = builder.fmul(builder.uitofp(low, double), ir.Constant(double, 2.0**-128))
    return quadrant, builder.fmul(builder.fadd(high, low), ir.Constant(double, math.pi / 2))


def _word(number: int) -> ir.Constant:
    return ir.Constant(WORD, number)
