"""The inference program of a network, with the type of each value for any number of samples.

The description is that of files, see `train.files.programs`: its sizes are polynomials of the
numbers of samples and steps. Here each value has its type besides, whose lengths are such sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import UnsupportedError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.graph import Graph
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import Node, ancestors, as_node, variable
from chainrule.train.files.programs import NotDescribable, Traced, describe_program
from chainrule.train.files.programs.sizes import POINTS, POINTS_OF_STEPS, Point, fitted
from chainrule.train.model.model import Model

__all__ = ["Instruction", "Size", "TypedProgram", "ValueType", "points_of", "trace_network"]

Size = int | dict[str, int]
"""A length: a number, or a polynomial of the numbers of samples and steps."""


@dataclass(frozen=True)
class ValueType:
    """Dtype and lengths of a value."""

    dtype: np.dtype[Any]
    shape: tuple[Size, ...]


@dataclass(frozen=True, eq=False)
class Instruction:
    """One application of an operation; its operands are numbers of values before it.

    `graphs` are the programs among the parameters, by name.
    """

    name: str
    operands: list[int]
    params: dict[str, Any]
    types: tuple[ValueType, ...]
    layer: str
    graphs: dict[str, TypedProgram]


@dataclass(frozen=True, eq=False)
class TypedProgram:
    """A program: values are numbered, first its inputs, then the results of the instructions."""

    inputs: list[ValueType]
    instructions: list[Instruction]
    outputs: list[int]
    tensors: dict[str, NDArray[Any]]


def points_of(shape: Sequence[int | None], samples: int | None, steps: int | None) -> list[Point]:
    """Return the points at which an input of a shape, without the batch axis, is traced.

    Parameters
    ----------
    shape : sequence of (int or None)
        None where the number of steps varies.
    samples, steps : int or None
        Their numbers if they are to be fixed, else None.
    """
    if None not in shape:
        return list(POINTS) if samples is None else [Point(samples, 1)]
    if steps is None:
        return list(POINTS_OF_STEPS)
    return [Point(samples or n, steps) for n in ([1] if samples else [6, 13, 17])]


def trace_network(model: Model, dtype: np.dtype[Any], points: Sequence[Point]) -> TypedProgram:
    """Return the program of inference of a built network: of the input and its parameters.

    Parameters
    ----------
    model : Model
        Built.
    dtype : numpy.dtype
        What it computes with.
    points : sequence of Point
        Where it is traced: one point for a program of that size alone; see `points_of`.

    Raises
    ------
    UnsupportedError
        If its layers cannot be traced for any number of samples.
    """
    shape = cast(Any, model.input_shape)[1:]
    stack = replace(model.stack, dtype=dtype)
    traces: list[Traced] = []

    def trace(point: Point) -> Traced:
        def run() -> Traced:
            with run_on_types(*stack.layers):
                lengths = [point.steps if each is None else each for each in shape]
                x = variable(ArrayType(dtype, (point.samples, *lengths)), name="x")
                values = {
                    name: variable(ArrayType(_as(each.array.dtype, dtype), each.array.shape))
                    for name, each in stack.parameters().items()
                }
                y = as_node(stack.with_values(values, x, None))
            return Traced([x, *values.values()], [y])

        traces.append(with_filled_arrays(run, *stack.layers))
        return traces[-1]

    tensors: dict[str, NDArray[Any]] = {}

    def store(array: NDArray[Any]) -> str:
        name = f"constant{len(tensors)}"
        tensors[name] = array
        return name

    try:
        description = describe_program(trace, points, store)
        return _typed(description, traces, points, tensors)
    except NotDescribable as reason:
        raise UnsupportedError(
            f"to_onnx: the network cannot be written for batches of any size, as {reason}; "
            "net.to_onnx(path, batch_size=1) writes it for one size"
        ) from None


def _as(dtype: np.dtype[Any], wanted: np.dtype[Any]) -> np.dtype[Any]:
    return wanted if dtype.kind == "f" else dtype


def _typed(
    description: dict[str, Any],
    traces: Sequence[Traced],
    points: Sequence[Point],
    tensors: dict[str, NDArray[Any]],
) -> TypedProgram:
    known = [{node.serial for node in each.inputs} for each in traces]
    columns = [
        ancestors(each.outputs, lambda node, k=k: node.serial in k)
        for each, k in zip(traces, known, strict=True)
    ]
    rows = zip(*map(list, columns), strict=True)
    merge = _merger_of(points)
    instructions = [
        Instruction(
            name, operands, params, _types(row, merge), row[0].layer,
            _graphs(params, row, points, tensors),
        )
        for (name, operands, params), row in zip(description["nodes"], rows, strict=True)
    ]  # fmt: skip
    inputs = [_types(row, merge)[0] for row in zip(*(each.inputs for each in traces), strict=True)]
    return TypedProgram(inputs, instructions, description["outputs"], tensors)


def _graphs(
    params: dict[str, Any], row: Sequence[Node], points: Sequence[Point], tensors: Any
) -> dict[str, TypedProgram]:
    graphs = {key: value for key, value in row[0].params.items() if isinstance(value, Graph)}
    return {
        key: _typed(
            params[key],
            [Traced(each.params[key].inputs, each.params[key].outputs) for each in row],
            points,
            tensors,
        )
        for key in graphs
    }


def _types(row: Sequence[Node], merge: Callable[[Sequence[int]], Size]) -> tuple[ValueType, ...]:
    """Return the types of the results of a node, from those at each point."""
    types = [each.type if isinstance(each.type, tuple) else (each.type,) for each in row]
    return tuple(
        ValueType(each[0].dtype, tuple(map(merge, zip(*(one.shape for one in each), strict=True))))
        for each in zip(*types, strict=True)
    )


def _merger_of(points: Sequence[Point]) -> Callable[[Sequence[int]], Size]:
    def merge(lengths: Sequence[int]) -> Size:
        size = fitted(list(lengths), points)
        if size is None:
            raise NotDescribable("a length is no polynomial of the number of samples and steps")
        return size

    return merge
