"""sin and cos.

    x = q pi/2 + r,  |r| <= pi/4        sin(x) = +-sin(r) or +-cos(r), by q modulo 4

Two argument reductions find q and r. Cody and Waite's subtracts q pi/2 as a sum of three floats,
each by a fused multiply-add, of which the first is exact. It is valid until q no longer fits the
low bits of the rounding constant. Lanes beyond that take Payne and Hanek's, one after the other:
integer arithmetic on the bits of 2/pi that matter for their exponent (`payne_hanek`).

References
----------
Cody & Waite (1980), "Software Manual for the Elementary Functions", ch. 8.
Payne & Hanek (1983), "Radian reduction for trigonometric functions".
"""

import math

from chainrule.compiler.backends.llvm import emit, ir
from chainrule.compiler.backends.llvm.vector_math.coefficients import COS, PI_HALVES, SIN
from chainrule.compiler.backends.llvm.vector_math.lanes import Lanes
from chainrule.compiler.backends.llvm.vector_math.payne_hanek import payne_hanek_function

__all__ = ["cos", "sin"]

# The largest |x| that Cody and Waite's reduction is valid for.
CODY_WAITE_LIMIT = {"float32": 2.0**16, "float64": 2.0**28}


def sin(x: Lanes) -> Lanes:
    """Emit sin(x)."""
    quadrant, r = _reduce(x)
    return x.where(x.compare("==", 0.0), _sine(quadrant, r))


def cos(x: Lanes) -> Lanes:
    """Emit cos(x) = sin(x + pi/2)."""
    quadrant, r = _reduce(x)
    return _sine(x.builder.add(quadrant, x.integer(1)), r)


def _sine(quadrant: ir.Value, r: Lanes) -> Lanes:
    """Return sin(quadrant pi/2 + r)."""
    builder, form = r.builder, r.format
    z = r * r
    sine = (r * z).fma(z.polynomial(SIN[form.dtype]), r)
    half = z * 0.5
    head = 1.0 - half
    cosine = head + (z * z).fma(z.polynomial(COS[form.dtype]), (1.0 - head) - half)
    is_odd = builder.trunc(quadrant, ir.with_scalar(r.value.type, ir.IntType(1)))
    result = cosine.where(is_odd, sine)
    sign_bit = builder.shl(builder.and_(quadrant, r.integer(2)), r.integer(form.integer.width - 2))
    return r.from_bits(builder.xor(result.bits(), sign_bit))


def _reduce(x: Lanes) -> tuple[ir.Value, Lanes]:
    """Return q, of which the low two bits matter, and r."""
    quadrant, r = _cody_waite(x)
    builder, size = x.builder, abs(x)
    is_far = size.compare(">", CODY_WAITE_LIMIT[x.format.dtype])
    far = builder.and_(is_far, size.compare("<", math.inf))
    fast_block = builder.block
    with builder.if_then(_any(builder, far), likely=False):
        slow_quadrant, slow_r = _payne_hanek(x, far, quadrant, r)
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


def _cody_waite(x: Lanes) -> tuple[ir.Value, Lanes]:
    form = x.format
    shifted = x.fma(2.0 / math.pi, form.rounding_constant)
    minus_q = -(shifted - form.rounding_constant)
    r = x
    for part in PI_HALVES[form.dtype]:
        r = minus_q.fma(part, r)
    return x.builder.sub(shifted.bits(), x.constant(form.rounding_constant).bits()), r


def _payne_hanek(
    x: Lanes, far: ir.Value, quadrant: ir.Value, r: Lanes
) -> tuple[ir.Value, ir.Value]:
    """Replace q and r of the lanes that are far, one lane after the other."""
    builder = x.builder
    if not isinstance(x.value.type, ir.VectorType):
        return _payne_hanek_scalar(builder, x.value, quadrant.type)
    width = x.value.type.count
    start = [quadrant, r.value]
    loop = emit.loop_with_carried_values(builder, emit.index(0), emit.index(width), start, "lane")
    with loop as (lane, carried, following):
        scalar = builder.extract_element(x.value, lane)
        before = builder.block
        with builder.if_then(builder.extract_element(far, lane)):
            integer = ir.scalar_of(quadrant.type)
            new_quadrant, new_r = _payne_hanek_scalar(builder, scalar, integer)
            replaced = (
                builder.insert_element(carried[0], new_quadrant, lane),
                builder.insert_element(carried[1], new_r, lane),
            )
            then = builder.block
        for old, new in zip(carried, replaced, strict=True):
            phi = builder.phi(old.type)
            phi.add_incoming(old, before)
            phi.add_incoming(new, then)
            following.append(phi)
    return carried[0], carried[1]


def _payne_hanek_scalar(
    builder: ir.IRBuilder, scalar: ir.Value, integer: ir.Type
) -> tuple[ir.Value, ir.Value]:
    type_ = scalar.type
    is_double = isinstance(type_, ir.DoubleType)
    wide = scalar if is_double else builder.fpext(scalar, ir.DoubleType())
    pair = builder.call(payne_hanek_function(builder.module), [wide])
    quadrant, r = builder.extract_value(pair, 0), builder.extract_value(pair, 1)
    if is_double:
        return quadrant, r
    return builder.trunc(quadrant, integer), builder.fptrunc(r, type_)


def _any(builder: ir.IRBuilder, mask: ir.Value) -> ir.Value:
    if not isinstance(mask.type, ir.VectorType):
        return mask
    bits = ir.IntType(mask.type.count)
    return builder.icmp_unsigned("!=", builder.bitcast(mask, bits), ir.Constant(bits, 0))
