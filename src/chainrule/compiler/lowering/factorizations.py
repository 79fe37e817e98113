"""Eigenvalues, QR and singular values by the routines of LAPACK that NumPy calls, on the same data.

Each works on copies by columns, in double precision, so that the signs of vectors are NumPy's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule.compiler.loop_ir.loops import (
    Affine,
    Apply,
    Argument,
    Buffer,
    Call,
    Expression,
    IndexValue,
    Literal,
    Load,
    Region,
    Statement,
)
from chainrule.compiler.lowering.graph_lowering import OTHERS, Lowering, Rule
from chainrule.compiler.lowering.loop_body import labelled, lower_into
from chainrule.compiler.lowering.routine_calls import RULES as CALLBACK
from chainrule.compiler.lowering.routine_calls import Matrices, append_calls
from chainrule.compiler.routine import result_types
from chainrule.graph.graph import Graph
from chainrule.graph.node import Node, variable
from chainrule.ops.primitives.linear_algebra.determinant import cofactors_from_singular_values
from chainrule.ops.primitives.linear_algebra.least_squares import from_singular_values
from chainrule.ops.primitives.linear_algebra.matrices import transposed
from chainrule.ops.primitives.linear_algebra.singular_values import svd
from chainrule.ops.primitives.movement import transpose

__all__ = ["FACTORIZATIONS"]

_INTEGER, _INT32, _BOOL = np.dtype("int64"), np.dtype("int32"), np.dtype(bool)
_DOUBLE = np.dtype("float64")

PANEL, CROSSOVER = 32, 128
"""Columns of a block in LAPACK's QR, and columns from which on it works by blocks (``ilaenv``)."""


class _Written(NamedTuple):
    """An argument of a routine that it only writes."""

    target: Matrices


class _Work(NamedTuple):
    """A work array of numbers, or of integers."""

    length: int
    is_integer: bool = False


_Argument = Matrices | _Written | _Work | int | str


def _eigh(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Expression]:
    """Eigenvalues, and the vectors in place of the matrix."""
    n = node.inputs[0].shape[-1]
    vectors, (values, _) = _copy(lowering, node, inputs[0]), _results(lowering, node)
    uplo = "L" if node.params["is_lower"] else "U"
    length, integers = 1 + 6 * n + 2 * n * n, 3 + 5 * n
    work = (_Work(length), length, _Work(integers, is_integer=True), integers)
    arguments = ("V", uplo, n, vectors, n, _Written(values), *work)
    failure = "Eigenvalues did not converge"
    _append_routine(lowering, node, "dsyevd", arguments, failure, 9 * n**3)
    return [_value(each, node) for each in (values, vectors)]


def _qr(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Expression]:
    """R, with reflections below it, in place of the matrix, and Q in place of the reflections."""
    a, (q_type, r_type) = node.inputs[0], result_types(node)
    (m, n), k, order = a.shape[-2:], min(a.shape[-2:]), q_type.shape[-1]
    factor, (q, _) = _copy(lowering, node, inputs[0]), _results(lowering, node)
    scales = Matrices.new(lowering, (*a.shape[:-2], k), 1, _DOUBLE, node)
    width = PANEL if k > CROSSOVER else 1
    flops = 2 * k * k * (max(m, n) - k // 3)
    arguments = (m, n, factor, m, _Written(scales), _Work(n * width), n * width)
    _append_routine(lowering, node, "dgeqrf", arguments, "", flops)
    copied = (*a.shape[:-1], min(n, order))
    index = lowering.canonical(copied)
    value = lowering.reindexed(factor.load, a.shape, index)
    target = lowering.reindexed(q.load, q_type.shape, index)
    assert isinstance(target, Load)
    lowering.items.append(Statement(target.buffer, target.index, value, layer=node.layer))
    arguments = (m, order, k, q, m, scales, _Work(order * width), order * width)
    _append_routine(lowering, node, "dorgqr", arguments, "", flops)
    position = lowering.canonical(r_type.shape)
    row, column = (IndexValue(each, _INTEGER) for each in position[-2:])
    is_below = Apply("less", (column, row), _BOOL)
    zero = Literal(a.dtype.type(0), a.dtype)
    above = lowering.reindexed(_value(factor, node), a.shape, position)
    return [_value(q, node), Apply("select", (is_below, zero, above), a.dtype)]


def _svd(lowering: Lowering, node: Node, inputs: list[Expression]) -> list[Expression]:
    """Singular values and both sets of vectors, of a copy that is overwritten."""
    (m, n), is_full = node.inputs[0].shape[-2:], node.params["is_full"]
    k, larger = min(m, n), max(m, n)
    a, (u, s, vh) = _copy(lowering, node, inputs[0]), _results(lowering, node)
    rows = n if is_full else k  # of Vᵀ
    written = (_Written(s), _Written(u), m, _Written(vh), rows)
    length = 4 * k * k + 7 * k + larger  # at least, for either job
    work = (_Work(length), length, _Work(8 * k, is_integer=True))
    arguments = ("A" if is_full else "S", m, n, a, m, *written, *work)
    failure, flops = "SVD did not converge", 12 * k * k * larger
    _append_routine(lowering, node, "dgesdd", arguments, failure, flops)
    return [_value(each, node) for each in (u, s, vh)]


def _least_squares(lowering: Lowering, node: Node, inputs: list[Expression]) -> Load:
    """V S⁺ (Uᵀ B), by one decomposition for all equations with a matrix or its transpose."""
    a, b = node.inputs
    is_transpose = a.primitive is transpose and a.params["axes"] == _swapped(len(a.shape))
    source = a.inputs[0] if is_transpose else a
    factors, values = _singular_values(lowering, source)
    u, s, vh = own = [variable(each) for each in result_types(factors)]
    right = variable(b.array_type)
    if is_transpose:
        u, vh = transposed(vh), transposed(u)
    x = from_singular_values(u, s, vh, right, node.params["rcond"])
    return _composed(lowering, node, Graph((*own, right), (x,)), [*values, inputs[1]])


def _cofactors(lowering: Lowering, node: Node, inputs: list[Expression]) -> Expression:
    """The gradient of a determinant; along directions it is computed by NumPy."""
    if len(inputs) > 1:
        return CALLBACK[OTHERS](lowering, node, inputs)
    factors, values = _singular_values(lowering, node.inputs[0])
    own = tuple(variable(each) for each in result_types(factors))
    return _composed(lowering, node, Graph(own, (cofactors_from_singular_values(*own),)), values)


def _singular_values(lowering: Lowering, a: Node) -> tuple[Node, list[Expression]]:
    """Decompose a node's value once for all equations; return also the node of the primitive."""
    factors, key = svd(a, is_full=False), ("svd", a.serial)
    if key not in lowering.factors:
        lowering.factors[key] = _svd(lowering, factors, [lowering.expressions[a.serial]])
    return factors, lowering.factors[key]


def _composed(lowering: Lowering, node: Node, graph: Graph, inputs: Sequence[Expression]) -> Load:
    """Lower a graph that computes a node's value."""
    target = lowering.scratch(node.shape, node.dtype, node), lowering.canonical(node.shape)
    items = lower_into(lowering, graph, inputs, [target])
    lowering.items += [labelled(item, node.layer) for item in items]
    return Load(*target)


def _swapped(rank: int) -> tuple[int, ...]:
    return (*range(rank - 2), rank - 1, rank - 2)


def _copy(lowering: Lowering, node: Node, value: Expression) -> Matrices:
    """Copy the matrices of a node's operand to where LAPACK works on them, by columns."""
    a = node.inputs[0]
    copy = Matrices.new(lowering, a.shape, 2, _DOUBLE, node, is_transposed=True)
    return copy.store(lowering, _cast(value, _DOUBLE), node)


def _value(result: Matrices, node: Node) -> Expression:
    """Return a result in the precision of the node's operand."""
    return _cast(result.load, node.inputs[0].dtype)


def _cast(value: Expression, dtype: np.dtype[Any]) -> Expression:
    return value if value.dtype == dtype else Apply("cast", (value,), dtype)


def _results(lowering: Lowering, node: Node) -> list[Matrices]:
    """Reserve memory for the results of a node, of which matrices are stored by columns."""
    stack = len(node.inputs[0].shape) - 2
    return [
        Matrices.new(lowering, each.shape, rank, _DOUBLE, node, is_transposed=rank == 2)
        for each in result_types(node)
        for rank in [len(each.shape) - stack]
    ]


def _append_routine(
    lowering: Lowering,
    node: Node,
    name: str,
    arguments: Sequence[_Argument],
    failure: str,
    flops: int,
) -> None:
    """Append a call for each matrix of a node's operand; matrices are updated unless `_Written`.

    A thread that executes calls of a batch has work arrays of its own.
    """
    a = node.inputs[0]
    kind = "thread_local" if math.prod(a.shape[:-2]) > 1 else "arena"

    def calls(position: Affine | None) -> list[Call]:
        found: list[Argument] = []
        for each in arguments:
            match each:
                case Matrices():
                    found.append(each.region(position))
                case _Written():
                    found.append(each.target.region(position, is_read=False))
                case _Work():
                    dtype = _INT32 if each.is_integer else _DOUBLE
                    buffer = Buffer(kind, dtype, (each.length,), "work", node.layer)
                    found.append(Region(buffer, lowering.canonical((each.length,)), False, True))
                case _:
                    found.append(each)
        return [Call(f"lapack.{name}", (*found, None), failure, flops, node.layer)]

    append_calls(lowering, a.shape[:-2], calls)


FACTORIZATIONS: dict[str, Rule] = {
    "cofactors": _cofactors, "eigh": _eigh, "least_squares": _least_squares, "qr": _qr, "svd": _svd,
}  # fmt: skip
"""Rules of primitives, for matrices that have elements."""
