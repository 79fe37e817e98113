"""Rules of the loop language for axes, buffers, and indices within bounds.

Every rule yields its violations: a sentence with ``{}`` for parts of the program, and these parts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import numpy as np

from chainrule.compiler.loop_ir.loops import Affine, Axis, Buffer, Expression, IterationBound

__all__ = ["Fault", "Index", "affine_faults", "axis_faults", "index_faults", "target_faults"]

Fault = tuple[Any, ...]
"""A sentence, then the parts of the program that fill its ``{}``."""

Index = Sequence[Affine | Expression]

_KINDS = ("input", "output", "constant", "arena", "thread_local", "alias")
_INDEX_DTYPE = np.dtype("int64")


def axis_faults(axes: Sequence[Axis]) -> Iterator[Fault]:
    """Yield axes that are repeated, of negative length, or loop indices."""
    for number, axis in enumerate(axes):
        if axis in axes[:number]:
            yield "axis {} occurs twice", axis
        if axis.is_loop_index:
            yield "axis {} is the index of a loop, not of a statement", axis
        if axis.extent < 0:
            yield "axis {} has length {}", axis, axis.extent


def target_faults(target: Buffer) -> Iterator[Fault]:
    """Yield a target in memory that a program may not write."""
    if target.root.kind not in ("arena", "thread_local", "output"):
        yield "{} is {} memory, which is read-only", target, target.root.kind


def _buffer_faults(buffer: Buffer) -> Iterator[Fault]:
    """An alias has all bytes of one buffer, and constants alone have a value."""
    base, value = buffer.base, buffer.value
    if buffer.kind not in _KINDS:
        yield "{} is of unknown kind {}", buffer, buffer.kind
    if (buffer.kind == "alias") != (base is not None):
        yield "{} is of kind {}: aliases, and no others, have a base", buffer, buffer.kind
    elif base is not None:
        if base.base is not None:
            yield "{} is an alias of an alias", buffer
        if (base.size, base.dtype) != (buffer.size, buffer.dtype):
            yield (
                "{} is an alias of {}, which has {} elements of {} and not {} of {}",
                *(buffer, base, base.size, base.dtype, buffer.size, buffer.dtype),
            )
    if (buffer.kind == "constant") != (value is not None):
        yield "{} is of kind {}: constants, and no others, have a value", buffer, buffer.kind
    elif value is not None and (value.shape, value.dtype) != (buffer.shape, buffer.dtype):
        yield "{} and its value differ in shape or dtype", buffer


def index_faults(
    buffer: Buffer, index: Index, scope: Collection[Axis], bounds: Sequence[IterationBound] = ()
) -> Iterator[Fault]:
    """Yield indices that do not match the axes of a buffer, are undefined, or out of bounds."""
    yield from _buffer_faults(buffer)
    if len(index) != len(buffer.shape):
        yield "{} has {} axes and {} indices", buffer, len(buffer.shape), len(index)
        return
    is_run = all(axis.extent for axis in scope)
    for i, length in zip(index, buffer.shape, strict=True):
        if not isinstance(i, Affine):
            if i.dtype != _INDEX_DTYPE:
                yield "a gather index of {} is {}, not int64", buffer, i.dtype
            continue
        yield from affine_faults(i, scope)
        least, most = _range_of(i, bounds)
        if is_run and not 0 <= least <= most < length:
            yield (
                "index {} ranges from {} to {}, out of bounds for an axis of {} of length {}",
                *(i, least, most, buffer, length),
            )


def affine_faults(index: Affine, scope: Collection[Axis]) -> Iterator[Fault]:
    """Yield terms of undefined axes, and indices that are not in canonical form."""
    for axis, _ in index.terms:
        if axis not in scope:
            yield "axis {} is undefined", axis
    serials = [axis.serial for axis, _ in index.terms]
    if serials != sorted(set(serials)) or not all(c for _, c in index.terms):
        yield "the terms of index {} are not in canonical order, each axis once", index


def _range_of(index: Affine, bounds: Sequence[IterationBound]) -> tuple[int, int]:
    ends = [(0, c * (axis.extent - 1)) for axis, c in index.terms]
    least = index.constant + sum(map(min, ends))
    most = index.constant + sum(map(max, ends))
    for bound in bounds:
        if bound.index.terms == index.terms:
            first = index.constant - bound.index.constant
            least, most = max(least, first), min(most, first + bound.length - 1)
    return least, most
