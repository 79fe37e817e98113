"""Which layer it was: names on the nodes of a graph, and what is said of inputs that do not fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule import tree
from chainrule.errors import ShapeError
from chainrule.graph.node import Node, ancestors
from chainrule.nn.parameter import Parameter

__all__ = ["check_fixed_axes", "check_has_samples", "is_about_shapes", "shape_error", "tag_nodes"]

Shape = tuple[int | None, ...]


def check_has_samples(title: str, x: Any) -> None:
    """Refuse a single number, which has no axis that counts samples."""
    if x.ndim == 0:
        raise ShapeError(
            f"{title}: its input is a single number; the first axis must count the samples, so "
            "pass np.reshape(x, (1, 1))"
        )


def check_fixed_axes(
    title: str, x: Any, built: Shape, axes: Sequence[int], parameters: Mapping[str, Parameter]
) -> None:
    """Refuse an input that misfits the parameters, or would be stretched over them unasked."""
    for axis in axes:
        if x.ndim + axis < 1 or x.shape[axis] != built[axis]:
            shape = ", ".join(map(str, ("batch", *built[1:])))
            raise ShapeError(
                f"{title}: its input has shape {x.shape}, but it was built for {built[axis]} on "
                f"axis {axis}, and {_told(parameters)}; pass inputs shaped ({shape}), or make a "
                "new layer"
            )


def shape_error(
    title: str, x: Any, built: Shape | None, parameters: Mapping[str, Parameter], error: ValueError
) -> ShapeError:
    """Return the error of a layer for one of NumPy's or of a node, with what the layer has."""
    return ShapeError(
        f"{title} cannot compute with an input of shape {x.shape}: {error}; it was built for "
        f"{built}, and {_told(parameters)}"
    )


def is_about_shapes(error: ValueError) -> bool:
    """Whether NumPy or a node refused the shapes, rather than the user's code something else."""
    if isinstance(error, ShapeError):
        return True
    words = ("shape", "dimension", "broadcast", "axis", "axes")
    return type(error) is ValueError and any(word in str(error) for word in words)


def tag_nodes(result: Any, start: int, name: str) -> None:
    """Write a layer's name on the nodes made since `start`, for printed graphs."""
    nodes = [each for each in tree.flatten(result)[0] if isinstance(each, Node)]
    for node in ancestors(nodes, lambda each: each.serial < start):
        node.layer = node.layer or name


def _told(parameters: Mapping[str, Parameter]) -> str:
    made = ", ".join(f"{name} {each.shape}" for name, each in parameters.items())
    return f"its parameters are {made}" if made else "it has no parameters"
