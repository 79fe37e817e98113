"""Shape errors of layers, and layer names on the nodes of a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.array_classes import refuse_masked
from chainrule.errors import ArgumentError, DTypeError, ShapeError, counted, type_in_words
from chainrule.graph.node import Node, ancestors
from chainrule.nn.parameter import Parameter

__all__ = [
    "check_fixed_axes",
    "check_output",
    "check_returned",
    "checked_inputs",
    "is_about_shapes",
    "shape_error",
    "tag_nodes",
]

Shape = tuple[int | None, ...]


def checked_inputs(title: str, inputs: Sequence[Any]) -> list[Any]:
    """Return arrays or nodes; raise for masked ones, and for a scalar, which has no batch axis."""
    for each in inputs:
        refuse_masked(each, f"{title}: the input")
        if each is None or isinstance(each, str | dict):
            raise ArgumentError(f"{title}: its input is {type_in_words(each)}; pass an array")
        if hasattr(type(each), "toarray"):  # of the class: a node has hints for missing names
            raise ArgumentError(
                f"{title}: its input is a sparse {type(each).__name__}; pass x.toarray(), or give "
                "it to net.fit and net.predict, which read it batch by batch"
            )
    arrays = [each if hasattr(each, "shape") else np.asarray(each) for each in inputs]
    if arrays[0].ndim == 0:
        raise ShapeError(
            f"{title}: its input is a scalar; the first axis must count the samples, so pass "
            "np.array([[x]])"
        )
    return arrays


def check_returned(title: str, y: Any) -> None:
    """Raise for an output that is nothing, or text, as of a ``forward`` without ``return``."""
    if y is None or isinstance(y, str):
        raise ArgumentError(
            f"{title}: its forward returned {type_in_words(y)}; end it with `return y`, the output "
            "as an array, in training and otherwise"
        )


def check_output(layer: Any, y: Any, samples: int | None = None) -> None:
    """Raise for an output of a layer of a network that is not one array, a row for each sample."""
    title = layer._title()
    if not hasattr(y, "shape") or not hasattr(y, "dtype"):
        raise ArgumentError(
            f"{title}: its forward returned {type_in_words(y)}, but a layer of a network returns "
            "one array, (batch, ...); join several by np.concatenate([...], axis=-1), or use them "
            "within a layer of your own"
        )
    if y.dtype.kind not in "biuf":
        raise DTypeError(f"{title}: its forward returned {y.dtype}; it must return real numbers")
    if samples is not None and (not y.shape or y.shape[0] != samples):
        raise ShapeError(
            f"{title}: for {counted(samples, 'sample')} its output has shape {y.shape}; the first "
            "axis must count the samples"
        )


def check_fixed_axes(
    title: str,
    x: Any,
    built: Shape,
    axes: Sequence[int],
    parameters: Callable[[], Mapping[str, Parameter]],
) -> None:
    """Raise ShapeError unless the axes that the parameters fix have the lengths of the build."""
    for axis in axes:
        if x.ndim + axis < 1 or x.shape[axis] != built[axis]:
            raise ShapeError(
                f"{title}: its input has shape {x.shape}, but it was built for {built[axis]} on "
                f"axis {axis}, and {_shapes(parameters())}; pass inputs shaped "
                f"{_batch_shape(built)}, or create a new layer"
            )


def shape_error(
    title: str, x: Any, built: Shape | None, parameters: Mapping[str, Parameter], error: ValueError
) -> ShapeError:
    """Return a ShapeError that adds a layer's name and shapes to one from NumPy or a node."""
    size = "" if built is None else f"it was built for {_batch_shape(built)}, and "
    return ShapeError(
        f"{title} cannot compute with an input of shape {x.shape}: {error}; {size}"
        f"{_shapes(parameters)}"
    )


def _batch_shape(built: Shape) -> str:
    """Write the shape of a build with its first axis named, (batch, 4)."""
    return f"({', '.join(map(str, ('batch', *built[1:])))})"


def is_about_shapes(error: ValueError) -> bool:
    """Whether an error is about shapes, from NumPy or a node, not one of the user's own code."""
    if isinstance(error, ShapeError):
        return True
    words = ("shape", "dimension", "broadcast", "axis", "axes")
    return type(error) is ValueError and any(word in str(error) for word in words)


def tag_nodes(result: Any, start: int, name: str) -> None:
    """Set the layer name of the nodes created since serial number `start`, for printed graphs."""
    nodes = [each for each in tree.flatten(result)[0] if isinstance(each, Node)]
    for node in ancestors(nodes, lambda each: each.serial < start):
        node.layer = node.layer or name


def _shapes(parameters: Mapping[str, Parameter]) -> str:
    shapes = ", ".join(f"{name} {each.shape}" for name, each in parameters.items())
    return f"its parameters are {shapes}" if shapes else "it has no parameters"
