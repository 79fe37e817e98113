"""The axes of a batch: where the entries lie in each argument of ``vmap``, and in each result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import tree
from chainrule.arguments.checks import as_position, bad_argument, shown
from chainrule.errors import ArgumentError, ShapeError, counted
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.node import Node
from chainrule.graph.trace import is_number
from chainrule.ops.primitives.broadcasting import broadcast_to
from chainrule.ops.primitives.movement import transpose

__all__ = ["Argument", "axes_of_arguments", "batch_size", "checked_axes", "placed_axis"]

_RULE = "an axis, an integer, or None, or for each argument one of them, as in in_axes=(0, None)"


@dataclass(frozen=True)
class Argument:
    """A leaf of the arguments, and the axis along which its entries lie."""

    name: str
    value: Any
    axis: int
    type: ArrayType

    @property
    def length(self) -> int:
        """The number of entries."""
        return self.type.shape[self.axis]

    @property
    def type_of_entry(self) -> ArrayType:
        """The type without the axis."""
        shape = self.type.shape
        return ArrayType(self.type.dtype, shape[: self.axis] + shape[self.axis + 1 :])

    def to_front(self, node: Node) -> Node:
        """Make the axis of an array of this type its first."""
        return node if not self.axis else _moved(node, self.axis, 0)


def checked_axes(argument: str, axes: Any) -> None:
    """Refuse axes that are no integers, in all containers."""
    for leaf in tree.flatten(axes)[0]:
        if as_position(leaf) is None:
            raise bad_argument("vmap", argument, leaf, _RULE)
    if argument == "in_axes" and isinstance(axes, dict):
        rule = "an axis or a tuple with one for each positional argument, as in in_axes=(axes,)"
        raise bad_argument("vmap", argument, axes, rule)  # pyright: ignore[reportUnknownArgumentType]


def axes_of_arguments(
    function: Callable[..., Any], in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> list[Argument | None]:
    """List the leaves of the arguments with their axes, None for one that all entries share.

    Keyword arguments have axis 0.
    """
    per_argument: Any = in_axes if isinstance(in_axes, tuple | list) else [in_axes] * len(args)
    if len(per_argument) != len(args):
        raise ArgumentError(
            f"vmap: in_axes={shown(in_axes)} has {counted(len(per_argument), 'entry')} for "
            f"{counted(len(args), 'positional argument')}; give one for each, or one for all"
        )
    names = [*_argument_names(function, len(args)), *kwargs]
    found: list[Argument | None] = []
    for name, axes, value in zip(
        names, (*per_argument, *[0] * len(kwargs)), (*args, *kwargs.values()), strict=True
    ):
        each = tree.broadcast_prefix(axes, value, f"vmap: in_axes of {name}")
        paths, leaves = tree.paths(value, name), tree.flatten(value)[0]
        remedy = _shared_by_keyword(name) if name in kwargs else _SHARED
        for path, leaf, axis in zip(paths, leaves, each, strict=True):
            found.append(None if axis is None else _argument(path, leaf, axis, remedy))
    return found


def _argument_names(function: Callable[..., Any], count: int) -> list[str]:
    """The parameters that `count` positional arguments are passed to."""
    names: list[str] = []
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    for each in parameters:
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD):
            names.append(each.name)
        elif each.kind is each.VAR_POSITIONAL:
            names += [f"{each.name}[{i}]" for i in range(count)]
    return [*names, *(f"argument {i}" for i in range(len(names), count))][:count]


_SHARED = "give in_axes=None for an argument that all entries share, as in in_axes=(0, None)"


def _shared_by_keyword(name: str) -> str:
    return (
        "keyword arguments are taken along axis 0; give one that all entries share in the function,"
        f" as in cr.vmap(lambda x: f(x, {name}=...))"
    )


def _argument(name: str, leaf: Any, axis: Any, remedy: str) -> Argument:
    """Check that a leaf has its axis; `remedy` is for what all entries share."""
    if name.endswith("]"):
        remedy += ", and np.array(x) for a list of numbers, which is a container of arguments"
    if type(leaf) is not Node and not is_number(leaf) and not hasattr(leaf, "shape"):
        raise ArgumentError(f"vmap: {name} is {shown(leaf)}, which has no axis; {remedy}")
    type_ = leaf.array_type if type(leaf) is Node else type_of(leaf, f"vmap: {name}")
    ndim, position = type_.ndim, as_position(axis)
    assert position is not None
    if not ndim:
        what = "a number" if type(leaf) is Node else shown(leaf)
        raise ShapeError(f"vmap: {name} is {what}, which has no axis; {remedy}")
    if not -ndim <= position < ndim:
        raise ShapeError(
            f"vmap: axis {position} does not exist in {name} of shape {type_.shape}; choose one "
            f"from {-ndim} to {ndim - 1}"
        )
    return Argument(name, leaf, position % ndim, type_)


def batch_size(mapped: Sequence[Argument], axis_size: int | None) -> int:
    """Return the number of entries, on which all arguments and `axis_size` must agree."""
    seen: dict[int, str] = {} if axis_size is None else {axis_size: f"axis_size is {axis_size}"}
    for each in mapped:
        seen.setdefault(each.length, f"{each.name} has {each.length} along axis {each.axis}")
    if not seen:
        raise ArgumentError(
            "vmap: no argument has an axis of the batch; give in_axes= with an axis of at least "
            "one argument, or axis_size=, the number of entries"
        )
    if len(seen) > 1:
        raise ShapeError(
            f"vmap: {', but '.join(seen.values())}; all must have the same number of entries, "
            "and in_axes is None for an argument that all entries share"
        )
    return next(iter(seen))


def placed_axis(node: Node, is_batched: bool, axis: Any, size: int, name: str) -> Node:
    """Move the first axis of a result to where it is wanted; repeat what all entries share."""
    if axis is None:
        if is_batched:
            raise ArgumentError(
                f"vmap: out_axes is None for {name}, but it depends on an argument with an axis of "
                "the batch, so it differs from entry to entry; give it an axis, as in out_axes=0"
            )
        return node
    ndim = node.ndim + (not is_batched)
    position = as_position(axis)
    assert position is not None
    if not -ndim <= position < ndim:
        raise ShapeError(
            f"vmap: out_axes={position} for {name}, which has {counted(ndim, 'axis')} with that of "
            f"the batch; choose one from {-ndim} to {ndim - 1}"
        )
    full = node if is_batched else broadcast_to(node, (size, *node.shape))
    return full if not position % ndim else _moved(full, 0, position % ndim)


def _moved(node: Node, source: int, target: int) -> Node:
    """Move an axis; the others keep their order."""
    order = [i for i in range(node.ndim) if i != source]
    order.insert(target, source)
    return transpose(node, axes=tuple(order))
