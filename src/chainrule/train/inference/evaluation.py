"""`Evaluation`: what ``net.evaluate`` returns, a dictionary that unpacks into its values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule.arguments.checks import shown
from chainrule.errors import MissingKeyError
from chainrule.tracebacks import boundary

__all__ = ["Evaluation"]


class Evaluation(dict[str, float]):
    """Loss and metrics by name, in order; iteration gives the values, as unpacking needs them.

    ``keys()``, ``items()``, ``in``, ``dict(result)`` and ``**result`` give the names as of any
    dictionary. An integer in brackets is a position.

    Examples
    --------
    >>> result = Evaluation(loss=0.25, accuracy=0.875)
    >>> loss, accuracy = result
    >>> loss, result["accuracy"], result[1], "loss" in result, dict(result)
    (0.25, 0.875, 0.875, True, {'loss': 0.25, 'accuracy': 0.875})
    """

    def __iter__(self) -> Iterator[Any]:
        return iter(self.values())

    @boundary
    def __missing__(self, key: object) -> float:
        if isinstance(key, int) and -len(self) <= key < len(self):
            return list(self.values())[key]
        raise MissingKeyError(
            f"the evaluation has no {shown(key)}; it has {', '.join(self.keys())}"
        )
