"""Leftover nodes: traced values that a function under ``grad`` has stored where they outlive it.

Under ``grad`` values are known, so each is replaced by its value. They are searched for only if
there may be some: a leftover node holds the variables that it depends on, which shows in their
reference counts. After stores, whose cells form cycles, these do not tell; then the places that
the function can reach are looked at each time.
"""

from __future__ import annotations

import gc
import sys
import threading
from collections.abc import Sequence
from types import CellType
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import TraceError
from chainrule.graph.environment import Environment
from chainrule.graph.node import Node, ancestors, as_node
from chainrule.graph.reachable_state import find_reachable_state

__all__ = ["reference_counts", "replace_leftovers", "replace_unreachable_leftovers"]


def reference_counts(nodes: Sequence[Node]) -> list[int]:
    """Return how often each node is referred to."""
    return [sys.getrefcount(node) for node in nodes]


def replace_leftovers(
    roots: Sequence[Any], variables: Sequence[Node], environment: Environment
) -> None:
    """Replace the nodes of a trace by their values in all places reachable from `roots`."""
    own = {node.serial for node in variables}
    state = find_reachable_state(*roots)
    with environment:  # in which arrays have the content that was stored in them
        for place, value in state.values():
            replaced = _replaced(value, own)
            if replaced is not value and place.kind != "content":
                place.write(replaced)
        for container in state.lists.values():
            if isinstance(container, set):
                _replace_members(container, own)


def replace_unreachable_leftovers(
    variables: Sequence[Node], counts: list[int], environment: Environment
) -> None:
    """Replace the nodes of a trace by their values wherever the garbage collector sees them.

    `counts` are the reference counts before the trace. Not beside other threads, which may be
    building the tuples that the collector lists.
    """
    if any(map(_runs_python, threading.enumerate())):
        return
    for generation in (1, 2):  # the young one is that of the trace, and takes little time
        gc.collect(generation)
        if reference_counts(variables) == counts:
            return
    own = {node.serial for node in variables}
    left = [each for each in gc.get_objects() if type(each) is Node and each.serial > min(own)]
    with environment:
        for node in left:
            if (value := _replaced(node, own)) is not node:
                for holder in gc.get_referrers(node):
                    _replace_in(holder, node, value)


def _runs_python(thread: threading.Thread) -> bool:
    """Whether a thread is another one that runs Python, as those of the thread pool do not."""
    is_of_pool = thread.name.startswith("chainrule-") and thread.daemon
    return thread is not threading.current_thread() and not is_of_pool


def _replace_in(holder: Any, node: Node, value: Any) -> None:
    """Replace a node within a container, a closure cell or the attributes of an object."""
    if isinstance(holder, dict):
        for key in [key for key, each in holder.items() if each is node]:
            holder[key] = value
    elif isinstance(holder, list):
        for index in [index for index, each in enumerate(holder) if each is node]:
            holder[index] = value
    elif isinstance(holder, CellType):
        holder.cell_contents = value
    elif type(holder) is not Node and not isinstance(holder, tuple):
        for name in {*getattr(holder, "__dict__", ()), *_slots(holder)}:
            if getattr(holder, name, None) is node:
                setattr(holder, name, value)


def _slots(holder: Any) -> list[str]:
    names = [vars(kind).get("__slots__", ()) for kind in type(holder).__mro__]
    return [each for group in names for each in ([group] if isinstance(group, str) else group)]


def _replace_members(members: set[Any], own: set[int]) -> None:
    for node in [each for each in members if type(each) is Node]:
        value = _replaced(node, own)
        if value is not node:
            members.remove(node)
            if value.shape:
                raise TraceError("grad: a traced array is stored in a set; arrays cannot be hashed")
            members.add(value)


def _replaced(value: Any, own: set[int]) -> Any:
    """The tree with the values of the nodes that depend on `own` and on no other variables."""
    leaves, structure = tree.flatten(value)
    if not any(type(leaf) is Node and _depends(leaf, own) for leaf in leaves):
        return value
    return tree.unflatten(
        structure,
        [_value(x) if type(x) is Node and _depends(x, own) else x for x in leaves],
    )


def _depends(node: Node, own: set[int]) -> bool:
    """Whether a node is computed from variables in `own` and from no others."""
    content = as_node(node)
    inner = ancestors([content], lambda each: each.serial in own)
    if not content.is_known or any(x.primitive is None and not x.is_constant for x in inner):
        return False
    return content.serial in own or any(x.serial in own for each in inner for x in each.inputs)


def _value(node: Node) -> Any:
    value = node.value
    return np.array(value) if node.shape else node.dtype.type(value)
