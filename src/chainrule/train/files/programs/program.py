"""A program of a file: checked, and computed for arrays or traced values of any batch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.captured_arrays import capturing_in
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, as_node, variable
from chainrule.ops.primitives.custom_derivative import custom_vjp_call
from chainrule.train.files.programs.form import DTYPES, check_form
from chainrule.train.files.programs.sizes import (
    POINTS_OF_STEPS,
    Point,
    indices_of,
    size_at,
)
from chainrule.train.files.programs.vocabulary import OPERATIONS

__all__ = ["Program", "with_constants_renamed"]

MAX_ELEMENTS = 2**60
"""Of any value of a program, at the points where it is traced."""


Values = list[Any]


@dataclass(frozen=True)
class Program:
    """A function of arrays that a file describes; see `description`.

    Parameters
    ----------
    description : dict
        What the file holds; checked by `checked`.
    tensors : mapping of str to array
        Constants by name.
    """

    description: dict[str, Any]
    tensors: Mapping[str, NDArray[Any]]

    @property
    def input_count(self) -> int:
        """The number of inputs."""
        return len(self.description["inputs"])

    def checked(self) -> Program:
        """Return the program; raise a FormatError unless it is one for all sizes."""
        check_form(self.description, self.tensors)
        for point in (POINTS_OF_STEPS[0], POINTS_OF_STEPS[-1]):
            try:
                self.types_at(point)
            except Exception as error:  # noqa: BLE001 (rules of primitives raise several kinds)
                raise FormatError(
                    f"load: a program is inconsistent: {ascii(str(error))[:100]}"
                ) from None
        return self

    def types_at(self, point: Point) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the shapes of the first input and of the first output; no array is computed."""
        inputs = [variable(_array_type(x, point)) for x in self.description["inputs"]]
        values: Values = list(inputs)
        _run(self.description["nodes"], values, _Place(self.tensors, point, is_checked=True))
        first = [values[each] for each in (0, *self.description["outputs"])[:2]]
        shapes = [tuple(each.shape) for each in first]
        return shapes[0], shapes[-1]

    def __call__(self, point: Point, *inputs: Any) -> Values:
        """Compute the outputs for a number of samples and steps."""
        values = list(inputs)
        # In a trace constants are nodes, too: what is computed from them is left to the compiler.
        is_traced = any(isinstance(each, Node) for each in inputs)
        _run(self.description["nodes"], values, _Place(self.tensors, point, is_traced))
        return [values[each] for each in self.description["outputs"]]


class _Place(NamedTuple):
    """Where a program is computed: its constants, the point, and what constants are there."""

    tensors: Mapping[str, NDArray[Any]]
    point: Point
    is_traced: bool = False
    is_checked: bool = False  # on types alone


def _run(nodes: Sequence[Any], values: Values, place: _Place) -> None:
    """Append the values of nodes to those before them."""
    for name, operands, parameters in nodes:
        arguments = [values[each] for each in operands]
        if name == "constant":
            value = _constant(parameters["value"], place)
            values.append(as_node(value) if place.is_traced else value)
        elif name == "custom_derivative":
            values.append(_with_derivative(arguments, parameters, list(values), place))
        elif name == "get_result" and not isinstance(arguments[0], Node):
            values.append(arguments[0][parameters["index"]])
        else:
            operation = OPERATIONS[name]
            decoded = {
                key: _decoded(value, operation.parameters[key], place)
                for key, value in parameters.items()
            }
            values.append(_bounded(operation.apply(*arguments, **decoded)))


def _bounded(result: Any) -> Any:
    types = getattr(result, "type", None)
    for each in types if isinstance(types, tuple) else (types,):
        if isinstance(each, ArrayType) and each.size > MAX_ELEMENTS:
            raise FormatError(f"load: a value of a program has {each.size} elements")
    return result


@dataclass(frozen=True, eq=False)
class _Pullback:
    """The derivatives that a program has for the operands of a node."""

    run: Callable[[Sequence[Any]], list[Any]]
    is_regular: bool

    def __call__(self, cotangents: Sequence[Any]) -> list[Any]:
        return self.run(cotangents)


def _with_derivative(
    arguments: Values,
    parameters: dict[str, Any],
    before: Values,
    place: _Place,
) -> Any:
    count, backward = parameters["count"], parameters["backward"]
    if not any(isinstance(each, Node) for each in arguments):
        return tuple(arguments[:count])

    def run(cotangents: Sequence[Any]) -> list[Any]:
        values = [*before, *cotangents]
        _run(backward["nodes"], values, place)
        outputs = backward["outputs"]
        return [None if each is None else as_node(values[each]) for each in outputs]

    nodes = map(as_node, arguments)
    return custom_vjp_call(*nodes, count=count, backward=_Pullback(run, parameters["regular"]))


def _constant(value: dict[str, Any], place: _Place) -> Any:
    if "tensor" in value:
        array = place.tensors[value["tensor"]]
        return variable(type_of(array)) if place.is_checked else array
    dtype = DTYPES[value["dtype"]]
    shape = tuple(size_at(each, place.point) for each in value["shape"])
    if place.is_checked:
        return _bounded(variable(ArrayType(dtype, shape)))
    if "breaks" in value:
        return _banded(value, shape, place)
    number = value["number"]
    if "strides" in value:
        strides = [size_at(each, place.point) for each in value["strides"]]
        return indices_of(shape, size_at(number, place.point), strides).astype(dtype)
    if isinstance(number, dict) and "over" in number:
        with np.errstate(all="ignore"):
            over, under = (size_at(number[each], place.point) for each in ("over", "under"))
            number = np.float64(over) / np.float64(under)
    elif isinstance(number, dict):
        number = size_at(number, place.point)
    return np.broadcast_to(np.asarray(number, dtype), shape) if shape else np.asarray(number, dtype)


def _banded(value: dict[str, Any], shape: tuple[int, ...], place: _Place) -> Any:
    """Return a matrix that is constant on bands of diagonals."""
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    breaks = [size_at(each, place.point) for each in value["breaks"]]
    bands = sum(((columns - rows >= each).astype(np.intp) for each in breaks), np.intp(0))
    return place.tensors[value["values"]["tensor"]][np.broadcast_to(bands, shape)]


def _decoded(value: Any, kind: str, place: _Place) -> Any:
    match kind:
        case "sizes":
            return tuple(size_at(each, place.point) for each in value)
        case "slices":
            return tuple(tuple(size_at(x, place.point) for x in each) for each in value)
        case "size" | "size or null":
            return None if value is None else size_at(value, place.point)
        case "dtype":
            return DTYPES[value]
        case "graph":
            return _graph(value, place)
        case _:
            return value


def _graph(description: dict[str, Any], place: _Place) -> Graph:
    inputs = [variable(_array_type(each, place.point)) for each in description["inputs"]]
    values: Values = list(inputs)
    with capturing_in(None):  # the body of a loop has no constants from outside
        _run(description["nodes"], values, place._replace(is_traced=True))
        outputs = tuple(as_node(values[each]) for each in description["outputs"])
    return Graph(tuple(inputs), outputs)


def _array_type(type_: Sequence[Any], point: Point) -> ArrayType:
    dtype, shape = type_
    return ArrayType(DTYPES[dtype], tuple(size_at(each, point) for each in shape))


def with_constants_renamed(
    description: Any, tensors: Mapping[str, NDArray[Any]], store: Callable[[NDArray[Any]], str]
) -> Any:
    """Return a description for another file, whose tensors have the names that `store` gives."""
    names: dict[str, str] = {}

    def renamed(value: Any) -> Any:
        if isinstance(value, list):
            return [renamed(each) for each in cast(list[Any], value)]
        if not isinstance(value, dict):
            return value
        entry = cast(dict[str, Any], value)
        if entry.keys() == {"tensor"}:
            name = entry["tensor"]
            if name not in names:
                names[name] = store(tensors[name])
            return {"tensor": names[name]}
        return {key: renamed(each) for key, each in entry.items()}

    return renamed(description)
