"""The value of an expression in NumPy, computed from the formula alone.

It shares nothing with the graph that the expression was made from but the arrays of its symbols, so
that it proves what is printed. Computed in float64, each axis of an expression is one of an array.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.graph.node import Node
from chainrule.insight.notation.algebra import as_factors
from chainrule.insight.notation.batch import BATCH_SIZE, for_batch
from chainrule.insight.notation.expression import (
    Addition,
    Application,
    Cases,
    Expression,
    Function,
    Name,
    Number,
    Place,
    Power,
    Product,
    Reduction,
    Relation,
    Symbol,
)
from chainrule.insight.notation.functions import FUNCTIONS
from chainrule.insight.notation.index import Axis, Index

__all__ = ["evaluate"]

Array = np.ndarray[Any, Any]
_Value = tuple[Any, tuple[Axis, ...]]
"""An array and the axis that each of its axes stands for."""


def evaluate(
    expression: Expression,
    axes: Sequence[Axis],
    values: Mapping[Name, Any],
    batch_size: int,
    counterpart: Callable[[Node], Node] = lambda node: node,
) -> Array:
    """Return the value of an expression for all values of `axes`, in their order.

    Parameters
    ----------
    expression : Expression
        What to evaluate; it may depend on `axes` alone.
    axes : sequence of Axis
        The axes of the result.
    values : mapping of Name to array
        The value of each symbol.
    batch_size : int
        The value of N.
    counterpart : callable
        Returns for a node of the graph that the one traced for this number of samples.
    """
    scope = _Scope({**values, BATCH_SIZE.name: float(batch_size)}, batch_size, counterpart)
    with np.errstate(all="ignore"):
        array = scope.aligned(scope.value(expression), tuple(axes))
    return np.broadcast_to(array, [scope.length(axis) for axis in axes])


class _Scope:
    """The values of symbols, for a number of samples."""

    def __init__(
        self,
        values: Mapping[Name, Any],
        batch_size: int,
        counterpart: Callable[[Node], Node],
    ) -> None:
        self.values = values
        self.batch_size = batch_size
        self.counterpart = counterpart

    def length(self, axis: Axis) -> int:
        return for_batch(axis.length, self.batch_size)

    def value(self, expression: Expression) -> _Value:
        match expression:
            case Number(value):
                return np.float64(value), ()
            case Symbol():
                return self.symbol(expression)
            case Place(index):
                return self.place(index, index.axes), index.axes
            case Addition(terms):
                return self.elementwise(lambda *x: sum(x[1:], x[0]), *terms)
            case Product(factors):
                return self.elementwise(lambda *x: np.prod(np.broadcast_arrays(*x), 0), *factors)
            case Power(base, exponent):
                return self.elementwise(np.power, base, exponent)
            case Function(name, _, arguments):
                return self.elementwise(FUNCTIONS[name].evaluate, *arguments)
            case Relation(sign, left, right):
                compare = _COMPARISONS[sign]
                return self.elementwise(lambda a, b: compare(a, b) * 1.0, left, right)
            case Cases(condition, if_true, if_false):
                return self.elementwise(
                    lambda c, a, b: np.where(c != 0, a, b), condition, if_true, if_false
                )
            case Reduction():
                return self.reduction(expression)
            case Application():
                return self.application(expression)

    def symbol(self, symbol: Symbol) -> _Value:
        array = np.asarray(self.values[symbol.name])
        array = array.astype("float64")
        axes = tuple(dict.fromkeys(axis for index in symbol.indices for axis in index.axes))
        indices = symbol.indices
        if any(symbol.first):
            count = len(symbol.first)
            steps = zip(indices, symbol.first, strict=False)
            indices = (*(i + Index((), first) for i, first in steps), *indices[count:])
        return self.entries(array, indices, axes, symbol.is_padded), axes

    def entries(
        self, array: Array, indices: Sequence[Index], axes: tuple[Axis, ...], is_padded: bool
    ) -> Array:
        """Return the entries of an array at indices, with one axis for each of `axes`."""
        places: list[Any] = []
        is_inside: Any = True
        for index, length in zip(indices, array.shape, strict=True):
            place = self.place(index, axes)
            if is_padded:
                is_inside = is_inside & (place >= 0) & (place < length)
                place = np.clip(place, 0, length - 1)
            places.append(place)
        found = array[tuple(places)] if places else array
        return np.where(is_inside, found, 0.0) if is_padded else found

    def place(self, index: Index, axes: tuple[Axis, ...]) -> Any:
        """Return the values of an index, with one axis for each of `axes`."""
        place: Any = np.full((1,) * len(axes), for_batch(index.offset, self.batch_size))
        for axis, coefficient in index.terms:
            shape = [1] * len(axes)
            shape[axes.index(axis)] = -1
            steps = np.arange(self.length(axis)).reshape(shape)
            place = place + for_batch(coefficient, self.batch_size) * steps
        return place

    def elementwise(self, function: Any, *operands: Expression) -> _Value:
        computed = [self.value(each) for each in operands]
        axes = tuple(dict.fromkeys(axis for _, own in computed for axis in own))
        return function(*(self.aligned(each, axes) for each in computed)), axes

    def aligned(self, value: _Value, axes: tuple[Axis, ...]) -> Any:
        """Return an array with an axis for each of `axes`, of length 1 where it has none."""
        array, own = value
        if own == axes:
            return array
        order = [own.index(axis) for axis in axes if axis in own]
        shape = [self.length(axis) if axis in own else 1 for axis in axes]
        return np.reshape(np.transpose(array, order), shape)

    def reduction(self, reduction: Reduction) -> _Value:
        if reduction.kind == "Σ":
            return self.contraction(reduction)
        array, axes = self.value(reduction.body)
        kept = tuple(axis for axis in axes if axis not in reduction.axes)
        over = tuple(i for i, axis in enumerate(axes) if axis in reduction.axes)
        if reduction.kind == "argmax":
            moved = self.aligned((array, axes), (*kept, *reduction.axes))
            return np.argmax(moved.reshape(*moved.shape[: len(kept)], -1), axis=-1), kept
        reduce: Any = {"max": np.max, "min": np.min}[reduction.kind]
        return reduce(array, axis=over), kept

    def contraction(self, reduction: Reduction) -> _Value:
        """Return a sum of products, which einsum computes without the array of all products."""
        computed = [self.value(each) for each in as_factors(reduction.body)]
        axes = tuple(dict.fromkeys(axis for _, own in computed for axis in own))
        kept = tuple(axis for axis in axes if axis not in reduction.axes)
        number = {axis: i for i, axis in enumerate(axes)}
        operands: list[Any] = []
        for array, own in computed:
            operands += [array, [number[axis] for axis in own]]
        return np.einsum(*operands, [number[axis] for axis in kept], optimize=True), kept

    def application(self, application: Application) -> _Value:
        """Return entries of the result of a primitive, for each value of the axes outside it."""
        computed = [self.value(each) for each, _ in application.arguments]
        outer = tuple(
            dict.fromkeys(
                axis
                for (_, axes), (_, own) in zip(computed, application.arguments, strict=True)
                for axis in axes
                if axis not in own
            )
        )
        arrays: list[Array] = []
        for value, (_, own) in zip(computed, application.arguments, strict=True):
            lengths = [self.length(axis) for axis in (*outer, *own)]
            arrays.append(np.broadcast_to(self.aligned(value, (*outer, *own)), lengths))
        lengths = tuple(self.length(axis) for axis in outer)
        results = [
            self.result(application, [each[place] for each in arrays])
            for place in np.ndindex(*lengths)
        ]
        stacked = np.reshape(np.stack(results), (*lengths, *results[0].shape))
        axes = tuple(dict.fromkeys(axis for x in application.indices for axis in x.axes))
        every = (*outer, *(axis for axis in axes if axis not in outer))
        indices = (*map(Index.of, outer), *application.indices)
        return self.entries(stacked, indices, every, False), every

    def result(self, application: Application, arrays: list[Array]) -> Array:
        node = self.counterpart(application.node)
        arrays = [
            array.astype(each.array_type.dtype)
            for array, each in zip(arrays, application.node.inputs, strict=True)
        ]
        result: Any = application.primitive.evaluate(*arrays, **node.params)
        return np.asarray(result if application.result is None else result[application.result])


_COMPARISONS: Mapping[str, Any] = {
    "=": np.equal,
    "≠": np.not_equal,
    "<": np.less,
    "≤": np.less_equal,
    ">": np.greater,
    "≥": np.greater_equal,
}
