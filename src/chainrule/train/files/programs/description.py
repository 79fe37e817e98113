"""Describes a traced function as data, for any number of samples and of steps.

The function is traced at several points, and the traces are merged: what is equal in all is
written as it is, sizes that differ as polynomials. The description of a program, in JSON::

    {"inputs": [[DTYPE, [SIZE, ...]], ...],
     "nodes": [[NAME, [OPERAND, ...], {PARAMETER: VALUE, ...}], ...],  in topological order
     "outputs": [OPERAND, ...]}

An operand is a number: first of the inputs, then of the nodes. A node is an operation of the
`vocabulary`; a constant, whose array is a tensor of the file, a number, or made for a shape; or
``custom_derivative``, whose parameter ``backward`` has the nodes that give the derivatives from
cotangents, and may read all nodes before it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ChainruleError
from chainrule.graph.array_type import ArrayType, dtype_name
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, ancestors, as_node, variable
from chainrule.train.files.programs.sizes import Point, fitted, indices_of
from chainrule.train.files.programs.vocabulary import OPERATIONS

__all__ = ["NotDescribable", "Traced", "describe_program"]

MAX_BREAKS = 8
"""Diagonals of a constant matrix at which its value changes."""

_LARGEST = 10_000
"""The largest denominator of a ratio of sizes at the points."""

Store = Callable[[NDArray[Any]], str]


class NotDescribable(Exception):  # noqa: N818 (a reason, caught where a layer is saved)
    """Why a function cannot be described for all numbers of samples."""


class Traced(NamedTuple):
    """A function traced at one point: its inputs, and its outputs."""

    inputs: Sequence[Node]
    outputs: Sequence[Node]


@dataclass(frozen=True, eq=False)
class _Constant:
    array: NDArray[Any]


def describe_program(
    trace: Callable[[Point], Traced],
    points: Sequence[Point],
    store: Store,
    has_bands: bool = False,
) -> dict[str, Any]:
    """Return the description of a function, which `trace` traces at a point.

    Parameters
    ----------
    trace : callable
        ``trace(point)`` returns inputs and outputs.
    points : sequence of Point
        Of samples, and of steps if their number varies.
    store : callable
        ``store(array)`` keeps an array, and returns its name.
    has_bands : bool
        Whether the reader takes matrices that are constant on bands of diagonals.

    Raises
    ------
    NotDescribable
        If the function differs with its sizes by more than polynomials, or is no function of
        primitives.
    """
    described = [_program(trace(point)) for point in points]
    return _Merger(points, store, has_bands).merged(described)


def _program(traced: Traced) -> dict[str, Any]:
    writer = _Writer()
    writer.number_inputs(traced.inputs)
    outputs = writer.operands(traced.outputs)
    inputs = [_type(node.array_type) for node in traced.inputs]
    return {"inputs": inputs, "nodes": writer.nodes, "outputs": outputs}


@dataclass
class _Writer:
    """Numbers the nodes of a program, and those of its hand-written derivatives."""

    numbers: dict[int, int] = field(default_factory=dict[int, int])
    nodes: list[Any] = field(default_factory=list[Any])

    def number_inputs(self, nodes: Sequence[Node]) -> None:
        for node in nodes:
            self.numbers[node.serial] = len(self.numbers)

    def operands(self, roots: Sequence[Node]) -> list[int]:
        """Add what the roots are computed from; return their numbers."""
        for node in ancestors(roots, lambda each: each.serial in self.numbers):
            self.nodes.append(self._node(node))
            self.numbers[node.serial] = len(self.numbers)
        return [self.numbers[node.serial] for node in roots]

    def _node(self, node: Node) -> list[Any]:
        if node.primitive is None:
            if node.known_value is None:
                raise NotDescribable(f"it reads {node.name or 'a value'} of another trace")
            return ["constant", [], {"value": _Constant(np.asarray(node.known_value))}]
        operands = [self.numbers[each.serial] for each in node.inputs]
        name, params = node.primitive.name, node.params
        if name == "custom_vjp_call":
            return ["custom_derivative", operands, self._derivative(node)]
        if name not in OPERATIONS:
            raise NotDescribable(f"it computes {name}, which a file cannot hold")
        return [name, operands, {key: _parameter(value) for key, value in params.items()}]

    def _derivative(self, node: Node) -> dict[str, Any]:
        count, pull = node.params["count"], node.params["backward"]
        cotangents = [variable(each.array_type) for each in node.inputs[:count]]
        try:
            results = pull(cotangents)
        except ChainruleError as error:
            raise NotDescribable(f"its backward cannot be traced: {error}") from None
        inner = _Writer(dict(self.numbers))
        inner.number_inputs(cotangents)
        given = [None if each is None else as_node(each) for each in results]
        inner.operands([each for each in given if each is not None])
        outputs = [None if each is None else inner.numbers[each.serial] for each in given]
        backward = {"nodes": inner.nodes, "outputs": outputs}
        return {"count": count, "regular": bool(pull.is_regular), "backward": backward}


def _parameter(value: Any) -> Any:
    if isinstance(value, Graph):
        return _program(Traced(value.inputs, value.outputs))
    if isinstance(value, tuple):
        return [_parameter(each) for each in value]
    if isinstance(value, np.dtype):
        return dtype_name(value)
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise NotDescribable(f"a parameter of an operation is {value!r:.60}")


def _type(type_: ArrayType) -> list[Any]:
    return [dtype_name(type_.dtype), list(type_.shape)]


@dataclass(frozen=True)
class _Merger:
    """Merges what is described at several points into one description for all."""

    points: Sequence[Point]
    store: Store
    has_bands: bool

    def merged(self, values: Sequence[Any]) -> Any:
        """Return what describes a value that differs from point to point."""
        first = values[0]
        if isinstance(first, dict) and all(each.keys() == first.keys() for each in values):
            return {key: self.merged([each[key] for each in values]) for key in first}
        if isinstance(first, list) and all(len(each) == len(first) for each in values):
            return [self.merged(each) for each in zip(*values, strict=True)]
        if isinstance(first, _Constant):
            return self._constant([each.array for each in values])
        if all(type(each) is type(first) and each == first for each in values):
            return first
        if all(type(each) is int for each in values):
            if (size := fitted(values, self.points)) is not None:
                return size
            raise NotDescribable("a size is no polynomial of the number of samples and steps")
        raise NotDescribable("which operations it has depends on the number of samples or steps")

    def _constant(self, arrays: Sequence[NDArray[Any]]) -> dict[str, Any]:
        first = arrays[0]
        if any(each.dtype != first.dtype or each.ndim != first.ndim for each in arrays):
            raise NotDescribable("the kind of a constant depends on the number of samples or steps")
        dtype = dtype_name(first.dtype)
        shape = self.merged([list(each.shape) for each in arrays])
        if not any(each.size for each in arrays):
            return {"dtype": dtype, "shape": shape, "number": 0}
        if all(
            each.size and each.tobytes() == each.flat[0].tobytes() * each.size for each in arrays
        ):
            number = self._number([each.flat[0].item() for each in arrays], first.dtype)
            if number is not None:
                return {"dtype": dtype, "shape": shape, "number": number}
        if all(each.shape == first.shape and each.tobytes() == first.tobytes() for each in arrays):
            return {"tensor": self.store(first)}
        if first.ndim and all(found := [_affine(each) for each in arrays]):
            origin, strides = self.merged(found)
            return {"dtype": dtype, "shape": shape, "number": origin, "strides": strides}
        if self.has_bands and first.ndim == 2 and (found := self._banded(arrays)) is not None:
            return {"dtype": dtype, "shape": shape} | found
        sizes = " and ".join(str(list(each.shape)) for each in arrays[:2])
        raise NotDescribable(
            f"a constant array, of shape {sizes} at two numbers of samples or steps, has values "
            "that do not follow from its indices; compute it from x, or keep it in self.parameter"
        )

    def _banded(self, arrays: Sequence[NDArray[Any]]) -> dict[str, Any] | None:
        """Return the description of matrices that are constant on bands of diagonals."""
        found = [_bands(each) for each in arrays]
        values = found[0][1]
        if not values.size or any(each[1].tobytes() != values.tobytes() for each in found):
            return None
        breaks = self.merged([each[0] for each in found])
        return {"breaks": breaks, "values": {"tensor": self.store(values)}}

    def _number(self, values: Sequence[Any], dtype: np.dtype[Any]) -> Any:
        """Return a number, a polynomial of the sizes or a ratio of two; 1/0 for infinity."""
        if not np.isfinite(values).all():
            is_one = len(set(values)) == 1 and np.isinf(values[0])
            return {"over": 1 if values[0] > 0 else -1, "under": 0} if is_one else None
        if len(set(values)) == 1:
            return values[0]
        if all(value == int(value) for value in values):
            if (size := fitted([int(value) for value in values], self.points)) is not None:
                return size
        else:
            ratios = [Fraction(value).limit_denominator(_LARGEST) for value in values]
            over = fitted([each.numerator for each in ratios], self.points)
            under = fitted([each.denominator for each in ratios], self.points)
            exact = [dtype.type(each.numerator / each.denominator) for each in ratios]
            if over is not None and under is not None and exact == [dtype.type(x) for x in values]:
                return {"over": over, "under": under}
        raise NotDescribable(
            "a number is no ratio of polynomials of the number of samples and steps"
        )


def _bands(array: NDArray[Any]) -> tuple[list[int], NDArray[Any]]:
    """Return the diagonals where the values of a matrix change, and the values, if they are few.

    Such are the identity and triangles; of other matrices there are no values.
    """
    rows, columns = array.shape
    along = np.concatenate([array[:0:-1, 0], array[0]]) if array.size else array.ravel()
    ends = np.flatnonzero(along[1:] != along[:-1]) + 1
    offsets = np.arange(columns)[None] - np.arange(rows)[:, None] + rows - 1
    if len(ends) > MAX_BREAKS or not array.size or (along[offsets] != array).any():
        return [], array.ravel()[:0]
    starts = np.concatenate([[0], ends])
    return [int(each) - rows + 1 for each in ends], along[starts]


def _affine(array: NDArray[Any]) -> list[Any]:
    """Return first value and increment along each axis of indices, such as a range; else []."""
    first = array[(0,) * array.ndim] if array.size and array.dtype.kind in "iuf" else None
    if first is None or not np.isfinite(array).all() or first != int(first):
        return []
    origin, strides = int(first), list[int]()
    for axis, length in enumerate(array.shape):
        second = tuple(int(each == axis) for each in range(array.ndim))
        step = array[second] - first if length > 1 else 0
        if step != int(step):
            return []
        strides.append(int(step))
    return [origin, strides] if (array == indices_of(array.shape, origin, strides)).all() else []
