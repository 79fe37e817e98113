"""Axes and indices of index notation: ``x[n, 2i + p - 1]``.

An `Axis` is a letter that runs over a range; an `Index` is an affine function of axes, so that
windows, strides and flips of an array are indices of it (as in the loop language of a polyhedral
compiler: Feautrier, 1991).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from chainrule.locks import cached_property

__all__ = ["Axis", "Index"]


@dataclass(frozen=True, eq=False)
class Axis:
    """A letter that runs from 0 to `length` - 1; equal only to itself.

    Parameters
    ----------
    length : int
        Its range; the batch has a length of its own, see `batch.Batch`.
    letter : str
        The letter to print, such as ``n`` for the samples of a batch; empty for any.
    is_step : bool
        Whether it counts the steps of a loop, which are subscripts in matrix notation too.
    """

    length: int
    letter: str = ""
    is_step: bool = False


@dataclass(frozen=True)
class Index:
    """``offset + Σ coefficient · axis``, each axis once and with a coefficient other than 0.

    Along an axis of length 1 the index is 0 and `is_only`: it is not printed. If an axis of an
    array is cut into blocks of one length, `block` is the name of the one that is run through, its
    number or that of the value computed with it. `is_part` says that it does not run through all
    of the axis of the array.
    """

    terms: tuple[tuple[Axis, int], ...] = ()
    offset: int = 0
    is_only: bool = False
    block: str | None = None
    is_part: bool = False

    @classmethod
    def of(cls, axis: Axis) -> Index:
        """Return the axis itself as an index."""
        return cls(((axis, 1),))

    @property
    def axis(self) -> Axis | None:
        """The axis, if the index is that axis alone."""
        return None if self.offset or self.is_part else self.axis_of_block

    @property
    def axis_of_block(self) -> Axis | None:
        """The axis, if the index is that axis alone, or runs through a block."""
        is_plain = len(self.terms) == 1 and self.terms[0][1] == 1
        is_whole = not (self.offset or self.is_part) or self.block is not None
        return self.terms[0][0] if is_plain and is_whole else None

    @cached_property
    def block_axes(self) -> tuple[Axis, Axis] | None:
        """The axes h and d of an index ``2h + d``, entry d < 2 of block h; None for others."""
        if len(self.terms) != 2 or self.offset or self.is_part:
            return None
        (outer, size), (inner, one) = sorted(self.terms, key=lambda term: -term[1])
        return (outer, inner) if one == 1 and inner.length == size else None

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """The axes that it depends on."""
        return tuple(axis for axis, _ in self.terms)

    @cached_property
    def is_only_entry(self) -> bool:
        """Whether it is along an axis of length 1 of the array."""
        is_short = bool(self.terms) and all(each.length == 1 for each in self.axes)
        return self.is_only or (is_short and not self.offset and self.block is None)

    @property
    def range(self) -> tuple[int, int]:
        """The least and the greatest value."""
        spans = [each * (axis.length - 1) for axis, each in self.terms]
        low, high = (sum(x for x in spans if x * sign > 0) for sign in (-1, 1))
        return self.offset + low, self.offset + high

    def __add__(self, other: Index) -> Index:
        return self._sum(other, 1)

    def __sub__(self, other: Index) -> Index:
        return self._sum(other, -1)

    def __mul__(self, factor: int) -> Index:
        terms = tuple((axis, factor * each) for axis, each in self.terms if factor)
        return Index(terms, factor * self.offset)

    def substitute(self, values: Mapping[Axis, Index]) -> Index:
        """Return the index with indices in place of axes."""
        if not any(axis in values for axis, _ in self.terms):
            return self
        only = all(axis in values and values[axis].is_only for axis, _ in self.terms)
        if only and not self.offset:
            return Index(is_only=True)
        result = Index((), self.offset)
        for axis, coefficient in self.terms:
            result += values.get(axis, Index.of(axis)) * coefficient
        with_block = replace(result, block=self.block)
        return with_block if with_block.axis_of_block is not None else result

    def digits(self, lengths: Sequence[int]) -> list[Index] | None:
        """Return indices i, j, ... of which this is ``(i · length_2 + j) · length_3 + ...``.

        None if its terms cannot be told apart, as those of one axis of the length of all.
        """
        found: list[Index] = []
        rest = self
        for length in reversed(lengths[1:]):
            low = tuple(each for each in rest.terms if each[1] % length)
            high = tuple((axis, each // length) for axis, each in rest.terms if not each % length)
            offset = rest.offset % length
            largest = offset + sum(each * (axis.length - 1) for axis, each in low)
            if largest >= length or any(each < 0 for _, each in low):
                return None
            found.insert(0, Index(low, offset))
            rest = Index(high, rest.offset // length)
        return [rest if found else self, *found]

    def _sum(self, other: Index, sign: int) -> Index:
        terms = dict(self.terms)
        for axis, coefficient in other.terms:
            terms[axis] = terms.get(axis, 0) + sign * coefficient
        kept = tuple((axis, each) for axis, each in terms.items() if each)
        return Index(kept, self.offset + sign * other.offset)
