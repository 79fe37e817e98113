"""Rules of the loop language for places: axes, buffers, and indices within them.

Every rule yields what breaks it: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Expression, IterationBound

__all__ = ["Fault", "Index", "affine_faults", "axis_faults", "place_faults", "target_faults"]

Fault = tuple[Any, ...]
"""A sentence, then the parts of the program that fill its ``{}``."""

Index = Sequence[Affine | Expression]

_KINDS = ("input", "output", "constant", "arena", "thread_local", "alias")
_WHOLE = np.dtype("int64")


def axis_faults(axes: Sequence[Axis]) -> Iterator[Fault]:
    """Find axes that are not distinct, have no length, or are loop indices."""
    for number, axis in enumerate(axes):
        if axis in axes[:number]:
            yield "axis {} is run over twice", axis
        if axis.is_loop_index:
            yield "axis {} is the index of a loop; nothing else runs over it", axis
        if axis.extent < 0:
            yield "axis {} has length {}", axis, axis.extent


def target_faults(target: Buffer) -> Iterator[Fault]:
    """Find whether something is written that no program may write to."""
    if target.root.kind not in ("arena", "thread_local", "output"):
        yield "{} is {} memory, to which programs do not write", target, target.root.kind


def _buffer_faults(buffer: Buffer) -> Iterator[Fault]:
    """Aliases show all bytes of one buffer, and constants alone have a value."""
    base, value = buffer.base, buffer.value
    if buffer.kind not in _KINDS:
        yield "{} is of kind {}, which the grammar does not have", buffer, buffer.kind
    if (buffer.kind == "alias") != (base is not None):
        yield "{} is of kind {}: an alias, and only that, shows a buffer", buffer, buffer.kind
    elif base is not None:
        if base.base is not None:
            yield "{} is an alias of an alias", buffer
        if (base.size, base.dtype) != (buffer.size, buffer.dtype):
            yield (
                "{} is an alias of {}, which has {} numbers of type {} and not {} of type {}",
                *(buffer, base, base.size, base.dtype, buffer.size, buffer.dtype),
            )
    if (buffer.kind == "constant") != (value is not None):
        yield "{} is of kind {}: a constant, and only that, has a value", buffer, buffer.kind
    elif value is not None and (value.shape, value.dtype) != (buffer.shape, buffer.dtype):
        yield "{} and its value differ in shape or kind of number", buffer


def place_faults(
    buffer: Buffer, index: Index, scope: Collection[Axis], bounds: Sequence[IterationBound] = ()
) -> Iterator[Fault]:
    """Find indices that are not as many as axes, not of axes that are defined, or out of bounds."""
    yield from _buffer_faults(buffer)
    if len(index) != len(buffer.shape):
        yield "{} has {} axes and {} indices", buffer, len(buffer.shape), len(index)
        return
    is_run = all(axis.extent for axis in scope)
    for place, length in zip(index, buffer.shape, strict=True):
        if not isinstance(place, Affine):
            if place.dtype != _WHOLE:
                yield "a position in {} is {}, not int64", buffer, place.dtype
            continue
        yield from affine_faults(place, scope)
        least, most = _range_of(place, bounds)
        if is_run and not 0 <= least <= most < length:
            yield (
                "index {} runs from {} to {}, outside of an axis of {} with {} entries",
                *(place, least, most, buffer, length),
            )


def affine_faults(index: Affine, scope: Collection[Axis]) -> Iterator[Fault]:
    """Find terms of axes that are not defined, or that are out of order."""
    for axis, _ in index.terms:
        if axis not in scope:
            yield "axis {} is not defined here", axis
    serials = [axis.serial for axis, _ in index.terms]
    if serials != sorted(set(serials)) or not all(c for _, c in index.terms):
        yield "the terms of index {} are not in the order of their axes, each once", index


def _range_of(index: Affine, bounds: Sequence[IterationBound]) -> tuple[int, int]:
    ends = [(0, c * (axis.extent - 1)) for axis, c in index.terms]
    least = index.constant + sum(map(min, ends))
    most = index.constant + sum(map(max, ends))
    for bound in bounds:
        if bound.index.terms == index.terms:
            first = index.constant - bound.index.constant
            least, most = max(least, first), min(most, first + bound.length - 1)
    return least, most
