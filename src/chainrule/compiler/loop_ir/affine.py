"""Indices of loops, and sums of whole multiples of them: where elements lie."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Affine", "Axis"]

_serials = itertools.count()


@dataclass(frozen=True, eq=False, slots=True)
class Axis:
    """A loop index that runs from 0 to `extent` - 1; `is_loop_index` for the turns of a loop."""

    extent: int
    name: str = "i"
    is_loop_index: bool = False
    serial: int = field(default_factory=lambda: next(_serials))


@dataclass(frozen=True, slots=True)
class Affine:
    """A sum ``constant + coefficient * axis + ...``; terms stand in the order of their axes."""

    constant: int = 0
    terms: tuple[tuple[Axis, int], ...] = ()

    @staticmethod
    def of(axis: Axis, coefficient: int = 1, constant: int = 0) -> Affine:
        """Return ``constant + coefficient * axis``."""
        return Affine(constant, ((axis, coefficient),) if coefficient else ())

    def __add__(self, other: Affine) -> Affine:
        if not other.terms:
            return Affine(self.constant + other.constant, self.terms)
        found = dict(self.terms)
        for axis, coefficient in other.terms:
            found[axis] = found.get(axis, 0) + coefficient
        terms = sorted(((a, c) for a, c in found.items() if c), key=lambda term: term[0].serial)
        return Affine(self.constant + other.constant, tuple(terms))

    def scaled(self, factor: int) -> Affine:
        """Return the sum with everything multiplied by `factor`."""
        terms = tuple((axis, factor * c) for axis, c in self.terms) if factor else ()
        return Affine(factor * self.constant, terms)

    def coefficient(self, axis: Axis) -> int:
        """Return what `axis` is multiplied by; 0 where it does not occur."""
        return next((c for each, c in self.terms if each is axis), 0)

    def substitute(self, meaning: Mapping[Axis, Affine]) -> Affine:
        """Put other sums in the place of axes."""
        if not any(axis in meaning for axis, _ in self.terms):
            return self
        result = Affine(self.constant)
        for axis, coefficient in self.terms:
            result += meaning.get(axis, Affine.of(axis)).scaled(coefficient)
        return result
