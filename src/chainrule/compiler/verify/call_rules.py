"""Rules of the loop language for one call: its regions, dtypes, and constants.

Every rule yields its violations: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator

from chainrule.compiler.analysis.dependence import are_disjoint
from chainrule.compiler.loop_ir.loops import Axis, Call, Region
from chainrule.compiler.verify.index_rules import Fault, axis_faults, index_faults, target_faults

__all__ = ["call_faults"]

_INT32 = range(-(2**31), 2**31)


def call_faults(call: Call, loop_axes: Collection[Axis]) -> Iterator[Fault]:
    """Yield the violations of a call."""
    if not call.routine:
        yield ("a call names a routine",)
    for argument in call.arguments:
        if isinstance(argument, Region):
            yield from _region_faults(argument, loop_axes)
        elif isinstance(argument, int) and argument not in _INT32:
            yield "the integer {} does not fit 32 bits", argument
        elif isinstance(argument, str) and len(argument) != 1:
            yield "the constant {!r} is not one letter", argument
    if call.failure and None not in call.arguments:
        yield ("a call that may fail has no argument info",)
    yield from _overlap_faults(call.regions)


def _region_faults(region: Region, loop_axes: Collection[Axis]) -> Iterator[Fault]:
    axes = dict.fromkeys(a for i in region.index for a, _ in i.terms if not a.is_loop_index)
    yield from axis_faults(tuple(axes))
    yield from index_faults(region.buffer, region.index, {*axes, *loop_axes})
    if region.is_written:
        yield from target_faults(region.buffer)
    if not (region.is_read or region.is_written):
        yield "{} is neither read nor written", region.buffer


def _overlap_faults(regions: tuple[Region, ...]) -> Iterator[Fault]:
    """No other argument names elements that an argument writes."""
    for one, other in itertools.permutations(regions, 2):
        is_shared = one.buffer.root is other.buffer.root and not (
            one.buffer is other.buffer and are_disjoint(one.index, other.index)
        )
        if one.is_written and is_shared:
            yield "{} is written, and another argument names the same elements", one.buffer
