"""``np.vectorize``: a Python function of scalars, called for each element of traced arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.node import Node
from chainrule.ops.numpy_api.shape_manipulation import ravel, reshape
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.promotion import as_array

__all__ = ["call_vectorized"]


def call_vectorized(vectorized: np.vectorize, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call the function of an `numpy.vectorize` object for each element, and join the results."""
    if vectorized.signature is not None or kwargs:
        raise UnsupportedError(
            "np.vectorize: with signature= or keyword arguments it cannot be traced; write the "
            "loop, and np.stack the results"
        )
    excluded: Any = vectorized.excluded
    arrays = {i: as_array(x) for i, x in enumerate(args) if i not in excluded}
    shape = np.broadcast_shapes(*(x.shape for x in arrays.values()))
    flat = {i: ravel(broadcast_to(x, shape)) for i, x in arrays.items()}
    results: list[Any] = []
    for k in range(int(np.prod(shape))):
        elements = [flat[i][k] if i in flat else x for i, x in enumerate(args)]
        results.append(vectorized.pyfunc(*elements))
    if not results:
        raise UnsupportedError("np.vectorize: arrays without elements cannot be traced")
    if isinstance(results[0], tuple):
        return tuple(_joined(part, shape) for part in zip(*results, strict=True))
    return _joined(results, shape)


def _joined(results: Any, shape: tuple[int, ...]) -> Node:
    return reshape(np.stack([as_array(each) for each in results]), shape)
