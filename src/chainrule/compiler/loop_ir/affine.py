"""Axes, and affine functions of them: the indices of elements."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Affine", "Axis"]

_serials = itertools.count()


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """An index from 0 to `extent` - 1; `is_loop_index` if it counts the iterations of a loop."""

    extent: int
    name: str = "i"
    is_loop_index: bool = False
    serial: int = field(default_factory=lambda: next(_serials))


@dataclass(frozen=True, slots=True)
class Affine:
    """An affine function ``constant + coefficient * axis + ...``; terms in order of the axes."""

    constant: int = 0
    terms: tuple[tuple[Axis, int], ...] = ()

    @staticmethod
    def of(axis: Axis, coefficient: int = 1, constant: int = 0) -> Affine:
        """Return ``constant + coefficient * axis``."""
        return Affine(constant, ((axis, coefficient),) if coefficient else ())

    def __add__(self, other: Affine) -> Affine:
        if not other.terms:
            return Affine(self.constant + other.constant, self.terms)
        total = dict(self.terms)
        for axis, coefficient in other.terms:
            total[axis] = total.get(axis, 0) + coefficient
        terms = sorted(((a, c) for a, c in total.items() if c), key=lambda term: term[0].serial)
        return Affine(self.constant + other.constant, tuple(terms))

    def scaled(self, factor: int) -> Affine:
        """Return the function multiplied by `factor`."""
        terms = tuple((axis, factor * c) for axis, c in self.terms) if factor else ()
        return Affine(factor * self.constant, terms)

    def coefficient(self, axis: Axis) -> int:
        """Return the coefficient of an axis, 0 where it does not occur."""
        return next((c for each, c in self.terms if each is axis), 0)

    def substitute(self, substitution: Mapping[Axis, Affine]) -> Affine:
        """Replace axes by affine functions of others."""
        if not any(axis in substitution for axis, _ in self.terms):
            return self
        result = Affine(self.constant)
        for axis, coefficient in self.terms:
            result += substitution.get(axis, Affine.of(axis)).scaled(coefficient)
        return result
