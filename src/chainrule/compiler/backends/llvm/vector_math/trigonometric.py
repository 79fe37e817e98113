"""sin and cos.

    x = q pi/2 + r,  |r| <= pi/4        sin(x) = +-sin(r) or +-cos(r), by q modulo 4

Two reductions find q and r. The fast one subtracts q times pi/2 in three pieces, each by a fused
multiply-add: the first is exact, so r has no more than rounding errors. It serves until q no
longer fits the float format's low bits. If any lane is beyond, those lanes take the slow one:
integer arithmetic on as many digits of 2/pi as their exponent asks for.

References
----------
Payne & Hanek (1983), "Radian reduction for trigonometric functions".
"""

import math
from typing import Any

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_math.coefficients import COS, PI_HALVES, SIN
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes
from chainrule.compiler.backends.llvm.vector_math.large_angle import large_angle_function

__all__ = ["cos", "sin"]

Value = Any

# Up to here the fast reduction serves.
FAST_LIMIT = {"float32": 2.0**16, "float64": 2.0**28}


def sin(x: Lanes) -> Lanes:
    """Write sin(x)."""
    quadrant, r = _reduced(x)
    return x.where(x.compare("==", 0.0), _rotated(quadrant, r))


def cos(x: Lanes) -> Lanes:
    """Write cos(x) = sin(x + pi/2)."""
    quadrant, r = _reduced(x)
    return _rotated(x.builder.add(quadrant, x.integer(1)), r)


def _rotated(quadrant: Value, r: Lanes) -> Lanes:
    """Return sin(quadrant * pi/2 + r)."""
    builder, form = r.builder, r.format
    z = r * r
    sine = (r * z).fma(z.polynomial(SIN[form.name]), r)
    half = z * 0.5
    head = 1.0 - half
    cosine = head + (z * z).fma(z.polynomial(COS[form.name]), (1.0 - head) - half)
    odd = builder.trunc(quadrant, _bit_type(r))
    result = cosine.where(odd, sine)
    top_bit = builder.shl(builder.and_(quadrant, r.integer(2)), r.integer(form.integer.width - 2))
    return r.from_bits(builder.xor(result.bits(), top_bit))


def _reduced(x: Lanes) -> tuple[Value, Lanes]:
    """Return the quadrant, of which two bits count, and r."""
    quadrant, r = _fast(x)
    builder, size = x.builder, abs(x)
    far = builder.and_(size.compare(">", FAST_LIMIT[x.format.name]), size.compare("<", math.inf))
    fast_block = builder.block
    with builder.if_then(_any(builder, far), likely=False):
        slow_quadrant, slow_r = _slow(x, far, quadrant, r)
        slow_block = builder.block
    merged_quadrant = builder.phi(quadrant.type)
    merged_r = builder.phi(r.value.type)
    for phi, fast, slow in (
        (merged_quadrant, quadrant, slow_quadrant),
        (merged_r, r.value, slow_r),
    ):
        phi.add_incoming(fast, fast_block)
        phi.add_incoming(slow, slow_block)
    return merged_quadrant, Lanes(builder, merged_r)


def _fast(x: Lanes) -> tuple[Value, Lanes]:
    form = x.format
    shifted = x.fma(2.0 / math.pi, form.rounder)
    turns = -(shifted - form.rounder)
    r = x
    for piece in PI_HALVES[form.name]:
        r = turns.fma(piece, r)
    return x.builder.sub(shifted.bits(), x.like(form.rounder).bits()), r


def _slow(x: Lanes, far: Value, quadrant: Value, r: Lanes) -> tuple[Value, Value]:
    """Reduce the lanes that are far, one after the other."""
    builder = x.builder
    if not isinstance(x.value.type, ir.VectorType):
        return _slow_number(builder, x.value, quadrant.type)
    width = x.value.type.count
    start = [quadrant, r.value]
    loop = emit.loop_with_values(builder, emit.index(0), emit.index(width), start, "lane")
    with loop as (lane, carried, following):
        number = builder.extract_element(x.value, lane)
        before = builder.block
        with builder.if_then(builder.extract_element(far, lane)):
            integer = quadrant.type.element
            new_quadrant, new_r = _slow_number(builder, number, integer)
            changed = (
                builder.insert_element(carried[0], new_quadrant, lane),
                builder.insert_element(carried[1], new_r, lane),
            )
            inside = builder.block
        for kept, new in zip(carried, changed, strict=True):
            phi = builder.phi(kept.type)
            phi.add_incoming(kept, before)
            phi.add_incoming(new, inside)
            following.append(phi)
    return carried[0], carried[1]


def _slow_number(builder: Any, number: Value, integer: ir.Type) -> tuple[Value, Value]:
    kind = number.type
    is_double = isinstance(kind, ir.DoubleType)
    wide = number if is_double else builder.fpext(number, ir.DoubleType())
    pair = builder.call(large_angle_function(builder.module), [wide])
    quadrant, r = builder.extract_value(pair, 0), builder.extract_value(pair, 1)
    if is_double:
        return quadrant, r
    return builder.trunc(quadrant, integer), builder.fptrunc(r, kind)


def _bit_type(x: Lanes) -> ir.Type:
    kind, bit = x.value.type, ir.IntType(1)
    return ir.VectorType(bit, kind.count) if isinstance(kind, ir.VectorType) else bit


def _any(builder: Any, mask: Value) -> Value:
    if not isinstance(mask.type, ir.VectorType):
        return mask
    bits = ir.IntType(mask.type.count)
    return builder.icmp_unsigned("!=", builder.bitcast(mask, bits), ir.Constant(bits, 0))
