"""Value numbering of memory: the elements whose values are known at a point of a nest.

A store changes what may alias it. The elements are grouped so that few need a look: by the buffer
that has the memory, by its alias, and by whether all indices are integers, as such elements of one
buffer are distinct unless they are equal.
"""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compiler.analysis.dependence import are_distinct
from chainrule.compiler.backends.llvm import ir
from chainrule.compiler.loop_ir.loops import Affine, Buffer, Expression

__all__ = ["Key", "KnownValues"]

Key = tuple[Buffer, tuple[Affine | Expression, ...]]
"""An element: its buffer and index, with the integers of the point substituted."""
Group = tuple[Buffer, bool]
"""A buffer, and whether all indices are integers."""


class KnownValues:
    """A mapping from elements to values, from which stores remove what they may change."""

    def __init__(self) -> None:
        self._groups: dict[Buffer, dict[Group, dict[Key, ir.Value]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __setitem__(self, key: Key, value: ir.Value) -> None:
        values = self._groups.setdefault(key[0].root, {}).setdefault(_group(key), {})
        self._count += key not in values
        values[key] = value

    def __getitem__(self, key: Key) -> ir.Value:
        value = self.get(key)
        assert value is not None
        return value

    def get(self, key: Key) -> ir.Value | None:
        """Return the value of an element, None if it is not known."""
        groups = self._groups.get(key[0].root)
        values = groups.get(_group(key)) if groups else None
        return values.get(key) if values else None

    def copy(self) -> KnownValues:
        """Return a copy that stores leave as it is."""
        return self.filtered(lambda _key, _value: True)

    def filtered(self, is_kept: Callable[[Key, ir.Value], bool]) -> KnownValues:
        """Return the elements that a predicate of element and value holds for."""
        kept = KnownValues()
        for groups in self._groups.values():
            for values in groups.values():
                for key, value in values.items():
                    if is_kept(key, value):
                        kept[key] = value
        return kept

    def invalidate(self, key: Key) -> None:
        """Drop the values that a store may change: all of its memory that may alias."""
        own = _group(key)
        for group, values in self._groups.get(key[0].root, {}).items():
            if group == own and own[1]:
                stale = [key] if key in values else []
            elif group[0] is own[0]:
                stale = [each for each in values if not are_distinct(each[1], key[1])]
            else:
                stale = list(values)
            for each in stale:
                del values[each]
            self._count -= len(stale)


def _group(key: Key) -> Group:
    return key[0], all(isinstance(each, Affine) and not each.terms for each in key[1])
