"""Collation: stack elements of one structure into arrays with a new first axis."""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.array_classes import refuse_masked
from chainrule.errors import DataError, type_in_words

__all__ = ["stack"]


def stack(elements: Sequence[Any], method: str) -> Any:
    """Stack elements: tuples and dicts item by item, everything else into one array.

    Examples
    --------
    >>> stack([(1.0, True), (2.0, False)], "batch")
    (array([1., 2.]), array([ True, False]))
    """
    first = elements[0]
    for index, element in enumerate(elements):
        if _structure(element) != _structure(first):
            raise DataError(
                f"{method}: element 0 is {_described(first)}, element {index} is "
                f"{_described(element)}; elements of a batch need one structure"
            )
    if isinstance(first, dict):
        keys = cast(dict[Any, Any], first)
        return {key: stack([element[key] for element in elements], method) for key in keys}
    if isinstance(first, tuple):
        parts = [stack(items, method) for items in zip(*elements, strict=True)]
        make = getattr(cast(Any, first), "_make", tuple)  # a named tuple stays one
        return make(parts)
    return _stack_arrays(elements, method)


def _structure(element: object) -> object:
    """Return what must be equal for two elements to be stacked: keys, length or nothing."""
    if isinstance(element, dict):
        return set(cast(dict[Any, Any], element))
    return len(cast(tuple[Any, ...], element)) if isinstance(element, tuple) else None


def _described(element: object) -> str:
    if isinstance(element, dict):
        return f"a dict with keys {list(cast(dict[Any, Any], element))}"
    if isinstance(element, tuple):
        return f"a tuple of {len(cast(tuple[Any, ...], element))}"
    return type_in_words(element)


def _stack_arrays(elements: Sequence[Any], method: str) -> NDArray[Any]:
    arrays = [_as_array(element, method) for element in elements]
    for index, array in enumerate(arrays):
        if array.shape != arrays[0].shape:
            raise DataError(
                f"{method}: element 0 has shape {arrays[0].shape}, element {index} has shape "
                f"{array.shape}; elements of a batch need one shape: pad or crop them"
            )
    return np.stack(arrays)


def _as_array(element: object, method: str) -> NDArray[Any]:
    refuse_masked(element, f"{method}: an element")
    try:
        array = np.asarray(element)
    except ValueError:
        raise DataError(f"{method}: a list has rows of unequal length; pad or crop them") from None
    if array.dtype.hasobject:
        raise DataError(
            f"{method}: an element is {_described(element)}, which is no array of numbers or "
            "strings; convert it with map(...)"
        )
    return array
