"""Reports an index out of range by the embedding layer that it belongs to.

Native code only sets a flag for an index out of bounds. Inputs of the first layer are checked
beforehand; those of an inner layer are known once the layers before it have run.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule.errors import DataError

__all__ = ["explain_lookup_error"]

ROWS = 1024


def explain_lookup_error(network: Callable[[Any], Any], X: Any) -> None:
    """Run the layers eagerly, in blocks of samples, so that the layer concerned raises."""
    for start in range(0, len(X), ROWS):
        try:
            network(X[start : start + ROWS])
        except DataError as error:
            since = f" (counted from sample {start})" if start else ""
            raise type(error)(f"{error}{since}") from None
        except IndexError:
            return
