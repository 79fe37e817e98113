"""Arrays that NumPy makes for user's code which fills them: constants of the graph.

A store into one is functionalized like any other. An array counts as made by a call if it shares no
memory with the arguments: ``np.asarray(a)`` is `a` itself, which a store would change outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np

from chainrule.graph.environment import current_environment
from chainrule.graph.node import Node, constant
from chainrule.graph.protocol_gaps.plain_store import fillable_kinds
from chainrule.ops.functionalization import with_views
from chainrule.ops.primitives import movement

__all__ = ["made_fillable"]


def made_fillable(function: Any, result: Any, arguments: tuple[Any, ...]) -> Any:
    """Return the result of a function of NumPy, as traced arrays where it has made arrays."""
    results: list[Any] = list(result) if type(result) in (list, tuple) else [result]
    if current_environment() is None or not any(map(_can_be_constant, results)):
        return result
    try:
        owners = {id(each) for value in arguments for each in _owners(value)}
    except TypeError:
        return result
    if function in _UNINITIALIZED:
        result[...] = 0  # so that programs do not depend on what the memory held
    is_single = results[0] is result
    made = [_constant(each) if _is_own(each, owners, is_single) else each for each in results]
    return made[0] if is_single else type(result)(made)


_UNINITIALIZED = (np.empty, np.empty_like)

_WITHOUT_MEMORY = (
    bool, int, float, complex, str, type(None), np.generic, np.dtype, type, slice, range,
    type(Ellipsis), Node,
)  # fmt: skip


def _owners(value: Any) -> Iterator[Any]:
    """The arrays whose memory an argument has; TypeError for objects that may have others."""
    if type(value) is np.ndarray:
        yield _owner(value)
    elif isinstance(value, list | tuple):
        for each in cast(list[Any], value):
            yield from _owners(each)
    elif not isinstance(value, _WITHOUT_MEMORY):
        raise TypeError


def _owner(array: Any) -> Any:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _can_be_constant(value: Any) -> bool:
    if type(value) is not np.ndarray or value.dtype.kind not in fillable_kinds.get():
        return False
    return value.flags.writeable and value.dtype.isnative and value.dtype.itemsize <= 8


def _is_own(value: Any, owners: set[int], is_single: bool) -> bool:
    """Whether nothing but a result refers to its memory."""
    if not _can_be_constant(value) or (value.base is not None and not is_single):
        return False
    owner = _owner(value)
    return owner.base is None and id(owner) not in owners and _order(value) is not None


def _order(array: Any) -> tuple[int, ...] | None:
    """The axes from the outermost in memory to the innermost; None if there are gaps."""
    order = tuple(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    if array.flags.c_contiguous:
        return tuple(range(array.ndim))
    return order if array.transpose(order).flags.c_contiguous else None


def _constant(array: Any) -> Any:
    """The node of an array; a view of that in C order if the axes lie otherwise in memory."""
    order = _order(array)
    assert order is not None
    node = constant(array.transpose(order))
    node.python_type = np.ndarray if not node.shape else None
    if order == tuple(range(array.ndim)):
        return node
    axes = tuple(order.index(axis) for axis in range(array.ndim))
    return with_views(lambda x: movement.transpose(x, axes=axes))(node)
