"""Losses and metrics of one's own in files: a program for each kind of targets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, ChainruleError, FormatError
from chainrule.graph.array_type import ArrayType
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.kept_trace import run_on_types
from chainrule.graph.node import as_node, variable
from chainrule.train.files.programs.description import NotDescribable, Traced, describe_program
from chainrule.train.files.programs.form import DTYPES
from chainrule.train.files.programs.program import Program, with_constants_renamed
from chainrule.train.files.programs.sizes import (
    POINTS,
    POINTS_OF_PARTS,
    POINTS_OF_STEPS,
    Point,
    point_of,
    size_at,
)

__all__ = ["StoredFunction", "describe_function"]

Store = Callable[[NDArray[Any]], str]


class StoredFunction:
    """A function ``(y_true, y_pred)`` of a file, whose code is not at hand.

    Parameters
    ----------
    name : str
        What the function was called.
    descriptions : list
        A program for each kind of targets that it takes.
    tensors : mapping of str to array
        Constants of the programs, by name.

    Raises
    ------
    FormatError
        If they are no programs of two inputs and one output.
    """

    def __init__(self, name: str, descriptions: Any, tensors: Mapping[str, NDArray[Any]]) -> None:
        if not isinstance(descriptions, list) or not 0 < len(descriptions) <= 4:
            raise FormatError("load: a function has no programs")
        self.__name__, self._tensors = name, tensors
        self._programs = [Program(each, tensors).checked() for each in descriptions]
        if any(len(x.description["inputs"]) != 2 for x in self._programs) or any(
            len(x.description["outputs"]) != 1 for x in self._programs
        ):
            raise FormatError("load: a function has other inputs or outputs than a loss or metric")

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        """Compute the function by the program of these targets."""
        for program in self._programs:
            truth, outputs = program.description["inputs"]
            if _is_like(y_true, truth) and _has_sizes(y_pred, outputs[1]):
                is_index = DTYPES[truth[0]].kind == "i"
                target = y_true.astype(np.int64) if is_index else y_true
                (value,) = program(point_of(y_pred, outputs[1]), target, y_pred)
                return value
        kinds = [_in_words(*each.description["inputs"]) for each in self._programs]
        raise ArgumentError(
            f"{self.__name__}: the file holds this function for {' or '.join(kinds)}; these are "
            f"targets {y_true.dtype}{list(y_true.shape)} and outputs {list(y_pred.shape)}: compile "
            "the network with the function itself"
        )

    def described(self, store: Store) -> list[Any]:
        """Return the programs for another file."""
        programs = [each.description for each in self._programs]
        return with_constants_renamed(programs, self._tensors, store)

    def __repr__(self) -> str:
        return f"<stored function {self.__name__}>"


def _is_like(y: Any, type_: Sequence[Any]) -> bool:
    kind = DTYPES[type_[0]].kind
    return y.ndim == len(type_[1]) and (y.dtype.kind in "iub") == (kind in "iub")


def _has_sizes(p: Any, shape: Sequence[Any]) -> bool:
    if len(shape) != p.ndim:
        return False
    point = point_of(p, shape)
    return tuple(size_at(each, point) for each in shape) == p.shape


def _in_words(truth: Sequence[Any], outputs: Sequence[Any]) -> str:
    sizes = ", ".join("any" if isinstance(each, dict) else str(each) for each in outputs[1])
    return f"targets {truth[0]} of {len(truth[1])} axes and outputs ({sizes})"


def describe_function(
    function: Callable[..., Any],
    output_shape: Sequence[int | None],
    dtype: np.dtype[Any],
    store: Store,
) -> list[Any]:
    """Return the programs of a loss or metric for outputs of a shape.

    Targets are numbers of the shape of the outputs, or indices of classes along their last axis.

    Raises
    ------
    NotDescribable
        If it can be traced for neither.
    """
    if isinstance(function, StoredFunction):
        return function.described(store)
    programs: list[Any] = []
    reason = NotDescribable("it takes no targets")
    # With three axes or more, the second one may have any length.
    attempts = (POINTS_OF_STEPS, POINTS_OF_PARTS, POINTS) if len(output_shape) > 2 else (POINTS,)
    for target, last in ((dtype, len(output_shape)), (np.dtype("int64"), -1)):
        for points in attempts:
            trace = partial(_traced, function, output_shape, dtype, target, last, points is POINTS)
            try:
                programs.append(describe_program(trace, points, store, has_bands=True))
                break
            except NotDescribable as error:
                reason = error if not programs else reason
    if not programs:
        raise reason
    return programs


def _traced(
    function: Callable[..., Any],
    output_shape: Sequence[int | None],
    dtype: np.dtype[Any],
    target: np.dtype[Any],
    last: int,
    has_fixed_steps: bool,
    point: Point,
) -> Traced:
    sizes: list[Any] = list(output_shape[1:])
    if not has_fixed_steps:
        sizes[0] = point.steps
    shape = (point.samples, *sizes)

    def run() -> Traced:
        with run_on_types(function):
            y = variable(ArrayType(target, shape[:last]), name="y_true")
            p = variable(ArrayType(dtype, shape), name="y_pred")
            return Traced([y, p], [as_node(function(y, p))])

    try:
        return with_filled_arrays(run, function)
    except (ChainruleError, ValueError, TypeError, IndexError) as error:
        raise NotDescribable(f"it cannot be traced: {str(error)[:200]}") from None
