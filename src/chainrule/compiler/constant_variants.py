"""Constants that graphs differ in become inputs: the variants of one graph, by what they fix.

The first graph has all its constants. The second one, which differs in some of them, gets a variant
whose inputs these are, and which serves all graphs that differ in no others (TorchDynamo's
*automatic dynamic*).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chainrule.locks import ReentrantLock

__all__ = ["Variant", "Variants", "VariantsByKey"]

Made = TypeVar("Made")

_MOST_VARIANTS = 8
"""Of one graph; the oldest but the first is dropped."""


@dataclass(frozen=True)
class Variant(Generic[Made]):
    """What was made for a graph some of whose constants are fixed."""

    fixed: dict[int, Any]  # contents of constants, by their number
    made: Made

    def others(self, values: Sequence[Any]) -> list[Any]:
        """Return the values of the constants that are inputs."""
        return [each for number, each in enumerate(values) if number not in self.fixed]


class Variants(Generic[Made]):
    """The variants of graphs that are equal but for the contents of some constants.

    Examples
    --------
    >>> variants = Variants[list[int]]()
    >>> for contents in ("ab", "ac", "ad"):
    ...     found = variants.of(contents, lambda fixed: sorted(fixed))
    ...     print(found.made, found.others(contents))
    [0, 1] []
    [0] ['c']
    [0] ['d']
    """

    def __init__(self) -> None:
        self._variants: list[Variant[Made]] = []
        self._lock = ReentrantLock()

    def of(
        self, contents: Sequence[Any], make: Callable[[dict[int, Any]], Made | None]
    ) -> Variant[Made] | None:
        """Return the variant for these constants; ``make(fixed)`` makes one, or None."""
        with self._lock:
            for each in self._variants:
                if all(contents[number] == content for number, content in each.fixed.items()):
                    return each
            fixed = dict(enumerate(contents))
            if self._variants:  # what differs from the latest one becomes an input
                latest = self._variants[-1].fixed
                fixed = {n: each for n, each in latest.items() if contents[n] == each}
            made = make(fixed)
            if made is None:
                return None
            self._variants.append(Variant(fixed, made))
            del self._variants[1:-_MOST_VARIANTS]
            return self._variants[-1]


class VariantsByKey(Generic[Made]):
    """The variants of many graphs; those that were used least recently are dropped."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Variants[Made]] = OrderedDict()
        self._lock = ReentrantLock()

    def __getitem__(self, key: Hashable) -> Variants[Made]:
        with self._lock:
            variants = self._found.get(key)
            if variants is None:
                variants = self._found[key] = Variants[Made]()
            self._found.move_to_end(key)
            if len(self._found) > self._most:
                self._found.popitem(last=False)
            return variants

    def clear(self) -> None:
        """Drop all."""
        with self._lock:
            self._found.clear()
