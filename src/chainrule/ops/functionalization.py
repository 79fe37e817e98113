"""Functionalization: stores into traced arrays as new values of the graph.

``x[i] = v`` and ``x += v`` change an array, and with it every array that shares its memory. In the
graph a store is an operation from the old content to the new one; the node that the user's code
holds gets a `Cell` with the new content. A view is an index map from the content of its base: a
store into the view goes through the inverse map into the base, and a read after a store applies
the map again. (PyTorch calls this functionalization.)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, cast

import numpy as np

from chainrule.errors import DTypeError, ShapeError, TraceError
from chainrule.errors import warn as warn_user
from chainrule.graph import trace_errors
from chainrule.graph.environment import Environment, current_environment
from chainrule.graph.node import Cell, Node, as_node, constant, is_differentiable, view_steps
from chainrule.graph.protocol_gaps.plain_store import fillable_kinds
from chainrule.ops.primitives import movement
from chainrule.ops.primitives.array_update import update_slice
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.broadcasting import cast as cast_to
from chainrule.ops.primitives.gather_scatter import gather
from chainrule.ops.primitives.promotion import as_array
from chainrule.ops.primitives.selection import identity
from chainrule.ops.primitives.windows import unfold

__all__ = [
    "VIEWING", "assign", "detached", "fitted", "is_immutable", "item_view", "store",
    "store_result", "with_views",
]  # fmt: skip


# ---------------------------------------------------------------------------------------- views


def with_views(operation: Callable[..., Any], order: str = "") -> Callable[..., Any]:
    """Record that the results of an operation are views of its first operand, as in NumPy.

    With an order, "c_contiguous" or "f_contiguous", they are copies of operands in another one.
    """

    @wraps(operation)
    def viewing(*args: Any, **kwargs: Any) -> Any:
        if args:
            x, *args = args  # pyright: ignore[reportAssignmentType]
        else:  # np.expand_dims(a=x, axis=0)
            x = kwargs.pop(next(name for name in _FIRST_NAMES if name in kwargs))
        if type(x) is not Node:
            return operation(x, *args, **kwargs)
        source = as_node(x)
        result = operation(source, *args, **kwargs)
        is_ordered = not order or (x.view_of is None and order == "c_contiguous")
        if not is_ordered and not getattr(_layout(x).flags, order):
            return identity(result) if result is source else result
        if isinstance(result, list | tuple):
            views: list[Any] = [_as_view(each, x, source) for each in cast(Any, result)]
            return type(result)(views)
        return _as_view(result, x, source)

    return viewing


_FIRST_NAMES = ("a", "x", "m", "ary", "array", "arr", "A")
"""What NumPy's functions call their first parameter."""


def item_view(result: Node, x: Node, source: Node, is_scalar: bool) -> Node:
    """Return ``x[index]`` as a view of `x`, unless it is a scalar."""
    return result if is_scalar and not result.shape else _as_view(result, x, source, is_item=True)


def _as_view(result: Any, x: Node, source: Node, is_item: bool = False) -> Any:
    """Make `result` a view of the array `x`, if it is an index map of its content `source`."""
    if result is source:
        return x
    if type(result) is not Node:
        return result
    result.view_of = None
    if not result.shape:
        result.python_type = np.ndarray
    node = result
    while node is not source:
        assert node.primitive is not None
        is_read_only = node.primitive in _READ_ONLY or node.primitive.is_broadcast
        if node.primitive not in _WRITABLE and (is_item or not is_read_only):
            return result
        node = node.inputs[0]
    if not x.shape and is_immutable(x):
        return result
    result.view_of = (x, source, True)
    if result.primitive is movement.reshape and result.size:
        result.view_of = (x, source, not _has_order_of_operands(x))
        if _layout(result) is None:
            result.view_of = None
    return result


def _has_order_of_operands(x: Node) -> bool:
    """Whether a base is computed elementwise from transposed arrays, in whose memory order.

    NumPy's answer whether a reshape of it is a view or a copy is not known here.
    """
    nodes = [x] if x.view_of is None and x.ndim > 1 else []
    for _ in range(_LONGEST_CHAIN):
        nodes = [
            each
            for node in nodes
            if node.primitive is not None and node.primitive.ufunc is not None
            for each in node.inputs
            if each.shape == x.shape
        ][:2]
        if any(each.primitive is movement.transpose for each in nodes):
            return True
    return False


_LONGEST_CHAIN = 20


_WRITABLE = (movement.reshape, movement.transpose, movement.strided_slice)
_READ_ONLY = (gather, unfold)  # beside broadcasting


def _layout(view: Node) -> Any:
    """Return a plain array that views memory as `view` does; None where a reshape has to copy."""
    steps: list[Node] = []
    base = view
    while base.view_of is not None:
        steps = view_steps(base) + steps
        base = base.view_of[0]
    array: Any = np.empty(base.shape, bool)
    origin = array
    for step in steps:
        assert step.primitive is not None
        array = step.primitive.evaluate(array, *_known(step.inputs[1:]), **step.params)
    return array if np.may_share_memory(array, origin) else None


def _known(nodes: Sequence[Node]) -> list[Any]:
    return [node.value for node in nodes]


def detached(key: Any, result: Any, operands: Sequence[Any]) -> Any:
    """Make the result of an operation that is no view an array of its own."""
    if key in VIEWING:
        return result
    if type(result) is Node:
        result = _own(result, operands)
        if not result.shape and key in WITHOUT_SCALARS:
            result.python_type = np.ndarray
        return result
    if type(result) in (list, tuple):
        return type(result)(_own(x, operands) if type(x) is Node else x for x in result)
    return result


def _own(result: Node, operands: Sequence[Any]) -> Node:
    if any(result is each for each in operands):
        return identity(result)
    result.view_of = None
    return result


VIEWING: set[Any] = set()
"""The keys of operations whose results may be views; ``numpy_protocol`` fills it."""


WITHOUT_SCALARS: set[Any] = {
    np.broadcast_to, np.copy, np.cov, np.cross, np.empty_like, np.full_like, np.i0, np.ones_like,
    np.piecewise, np.resize, np.select, np.tensordot, np.where, np.zeros_like,
}  # fmt: skip
"""The functions of NumPy whose result without axes is an array and no scalar."""


def is_immutable(node: Node) -> bool:
    """Whether the value without tracing is a scalar, which ``+=`` replaces and does not change."""
    return not node.shape and not issubclass(node.__class__, np.ndarray)


# --------------------------------------------------------------------------------------- stores


def store(target: Node, content: Node) -> None:
    """Change the content of an array, and so of all arrays that share its memory."""
    environment = _writable(target)
    content = as_node(content)
    base = target
    while base.view_of is not None:
        content = _through_view(base, content)
        base = base.view_of[0]
    if fillable_kinds.get() and content.is_known and not is_differentiable(content):
        content = constant(content.value)  # so that its elements are read as plain numbers
    version = base.cell.version if base.cell else 0
    base.cell = Cell(environment, version + 1, content)
    outer: Environment | None = environment
    while outer is not None and not outer.has_stores:
        outer.has_stores, outer = True, outer.parent


def assign(target: Node, value: Any, warn: bool = True) -> None:
    """Store a value broadcast to the shape of an array and converted to its dtype."""
    node = fitted(value, target.dtype, target.shape, warn)
    # A content is no array of the user's code, which a later store would change.
    store(target, identity(node) if node is value else node)


def fitted(value: Any, dtype: Any, shape: tuple[int, ...], warn: bool = True) -> Node:
    """Return `value` in the dtype and shape of what it is stored into."""
    node = as_node(as_array(value))
    if node.dtype != dtype:
        if warn and node.dtype.kind == "f" and dtype.kind in "iub":
            warn_user(
                f"values of dtype {node.dtype} are stored into an array of dtype {dtype}, "
                "which truncates them and cuts their derivative; make the array with dtype=float"
            )
        node = cast_to(node, dtype)
    extra = node.ndim - len(shape)
    if extra > 0 and node.shape[:extra] == (1,) * extra:
        node = movement.reshape(node, shape=node.shape[extra:])
    if node.shape == shape:
        return node
    try:
        return broadcast_to(node, shape)
    except ShapeError:
        raise ShapeError(
            f"x[index] = value: a value of shape {node.shape} does not fit into the shape {shape} "
            "of x[index]"
        ) from None


def _writable(target: Node) -> Environment:
    """The environment of the trace in progress; raise where a store is not possible."""
    environment = current_environment()
    if environment is None:
        raise TraceError(trace_errors.OUTSIDE_TRACE)
    base = target
    while base.view_of is not None:
        if not base.view_of[2]:
            raise TraceError(trace_errors.UNKNOWN_ORDER)
        if any(step.primitive not in _WRITABLE for step in view_steps(base)):
            raise TraceError(trace_errors.READ_ONLY)
        base = base.view_of[0]
    if is_immutable(base):
        raise TraceError(
            "x[...] = value: x is a scalar, which cannot be changed; use an array without axes, "
            "np.array(x)"
        )
    name = environment.arguments.get(base.serial)
    if name is None and base.serial < environment.start:
        raise TraceError(trace_errors.OUTER_ARRAY)
    if name is not None and environment.argument_stores != "allow":
        is_refused = environment.argument_stores == "refuse"
        message = trace_errors.store_into_argument(environment.name, name, is_refused)
        if is_refused:
            raise TraceError(message)
        if base.cell is None or base.cell.environment is not environment:
            warn_user(message)
    return environment


def _through_view(view: Node, content: Node) -> Node:
    """The content of the base of a view after a store of `content` into the view."""
    assert view.view_of is not None
    before = [as_node(view.view_of[0])]
    steps = view_steps(view)
    for step in steps[:-1]:
        assert step.primitive is not None
        before.append(step.primitive(before[-1], *step.inputs[1:], **step.params))
    for step, old in zip(reversed(steps), reversed(before), strict=True):
        content = _inverse(step, old, content)
    return content


def _inverse(step: Node, old: Node, content: Node) -> Node:
    """Put the content of the result of an index map back into its operand."""
    if step.primitive is movement.reshape:
        return movement.reshape(content, shape=old.shape)
    if step.primitive is movement.transpose:
        axes = step.params["axes"]
        return movement.transpose(content, axes=tuple(axes.index(i) for i in range(len(axes))))
    assert step.primitive is movement.strided_slice
    return update_slice(old, content, slices=step.params["slices"])


def store_result(name: str, target: Node, result: Any) -> Any:
    """Store a result into the array of ``out=`` and return it; ``s += x`` of a scalar is ``s + x``.

    Augmented operators pass their left operand as ``out=``.
    """
    if is_immutable(target):
        return result
    if np.broadcast_shapes(result.shape, target.shape) != target.shape:
        raise ShapeError(
            f"np.{name}: a result of shape {result.shape} does not fit into an output of shape "
            f"{target.shape}"
        )
    if not np.can_cast(result.dtype, target.dtype, "same_kind"):
        raise DTypeError(
            f"np.{name}: a result of dtype {result.dtype} cannot be stored into an output of "
            f"dtype {target.dtype}; convert the output first, x = x.astype({result.dtype})"
        )
    assign(target, result, warn=False)
    return target
