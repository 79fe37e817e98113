"""A number that a layer within the network cannot look up, told in the words of that layer.

Native code only notes that a position lies outside of its array. The first layer's numbers are
checked beforehand; those of a layer further in are only known once the layers before have run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from chainrule.errors import DataError

__all__ = ["explain_position"]

ROWS = 1024


def explain_position(network: Callable[[Any], Any], X: NDArray[Any]) -> None:
    """Run the layers one after the other, with arrays, so that the one concerned can object."""
    for start in range(0, len(X), ROWS):
        try:
            network(X[start : start + ROWS])
        except DataError as error:
            since = f" (counted from sample {start})" if start else ""
            raise DataError(f"{error}{since}") from None
        except IndexError:
            return
