"""The operations that a program of a file may have, by names that are the file's own.

A name, once written, keeps its meaning for ever, whatever the code calls the primitive; a new
meaning gets a new name, and a later version of the vocabulary.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

from chainrule.autodiff.control_flow.cond_primitive import cond
from chainrule.autodiff.control_flow.scan_primitive import scan
from chainrule.autodiff.control_flow.while_loop_primitive import while_loop
from chainrule.ops.primitives import (
    array_update,
    broadcasting,
    contraction,
    elementwise,
    gather_scatter,
    movement,
    philox,
    reduction,
    requirement,
    selection,
    sorting,
    special,
    windows,
)
from chainrule.ops.primitives.linear_algebra import (
    cholesky,
    cholesky_pullback,
    determinant,
    least_squares,
    linear_system,
    matrix_exponential,
    orthogonal,
    singular_values,
    spectral,
    triangular,
)

__all__ = ["OPERATIONS", "VERSION", "Kind", "Operation"]

VERSION = 1

Kind = Literal[
    "bool", "dtype", "float or null", "graph", "int", "int or null", "size", "size or null",
    "sizes", "slices", "text",
]  # fmt: skip
"""What a parameter of an operation is: a size may depend on samples and steps."""


class Operation(NamedTuple):
    """A primitive, and the kinds of its parameters by name."""

    apply: Callable[..., Any]
    parameters: dict[str, Kind]


_PLAIN = (
    elementwise.absolute, elementwise.add, elementwise.arctan2, elementwise.bitwise_and,
    elementwise.bitwise_xor, elementwise.ceil, elementwise.copysign, elementwise.cos,
    elementwise.divide, elementwise.equal, elementwise.exp, elementwise.expm1, elementwise.floor,
    elementwise.floor_divide, elementwise.less, elementwise.less_equal, elementwise.log,
    elementwise.log1p, elementwise.logaddexp, elementwise.logical_and, elementwise.logical_not,
    elementwise.logical_or, elementwise.maximum, elementwise.minimum, elementwise.multiply,
    elementwise.negative, elementwise.not_equal, elementwise.power, elementwise.remainder,
    elementwise.rint, elementwise.select, elementwise.sigmoid, elementwise.sign, elementwise.sin,
    elementwise.sqrt, elementwise.subtract, elementwise.tanh, special.erf,
    selection.identity, selection.stop_gradient, array_update.scatter, gather_scatter.gather,
    cholesky.cholesky, cholesky_pullback.cholesky_pullback, determinant.cofactors,
    determinant.det, linear_system.slogdet, matrix_exponential.matrix_exponential,
)  # fmt: skip

_SIZED: dict[Any, dict[str, Kind]] = {
    array_update.update_slice: {"slices": "slices"},
    contraction.contract: {"spec": "text"},
    gather_scatter.scatter_add: {"shape": "sizes"},
    least_squares.least_squares: {"rcond": "float or null"},
    linear_system.solve: {"is_transposed": "bool"},
    linear_system.unchecked_solve: {"is_transposed": "bool"},
    movement.concatenate: {"axis": "int"},
    movement.pad_into: {"slices": "slices", "shape": "sizes"},
    movement.reshape: {"shape": "sizes"},
    movement.strided_slice: {"slices": "slices"},
    movement.transpose: {"axes": "sizes"},
    orthogonal.qr: {"is_complete": "bool"},
    philox.uniform: {"shape": "sizes", "dtype": "dtype"},
    reduction.argmax: {"axis": "int"},
    reduction.argmin: {"axis": "int"},
    sorting.argsort: {"axis": "int"},
    sorting.sort: {"axis": "int"},
    reduction.cumulative_sum: {"axis": "int"},
    reduction.reduce_max: {"axes": "sizes"},
    reduction.reduce_min: {"axes": "sizes"},
    requirement.require: {"message": "text"},
    selection.get_result: {"index": "int"},
    singular_values.svd: {"is_full": "bool"},
    spectral.eigh: {"is_lower": "bool"},
    triangular.triangular_solve: {
        "lower": "bool", "is_transposed": "bool", "unit_diagonal": "bool",
    },
    windows.fold: {
        "axes": "sizes", "sizes": "sizes", "strides": "sizes", "dilations": "sizes",
        "shape": "sizes",
    },
    windows.unfold: {
        "axes": "sizes", "sizes": "sizes", "strides": "sizes", "dilations": "sizes",
    },
    scan: {
        "body": "graph", "carries": "int", "shared": "int", "length": "size", "reverse": "bool",
    },
    cond: {"if_true": "graph", "if_false": "graph"},
    while_loop: {
        "condition": "graph", "body": "graph", "condition_shared": "int", "body_shared": "int",
        "max_steps": "size or null",
    },
}  # fmt: skip

OPERATIONS: dict[str, Operation] = {
    "broadcast_to": Operation(broadcasting.broadcast_to, {"shape": "sizes"}),
    "cast": Operation(broadcasting.cast, {"dtype": "dtype"}),
    "reduce_to": Operation(broadcasting.reduce_to, {"shape": "sizes"}),
    "uninitialized": Operation(broadcasting.uninitialized, {"shape": "sizes"}),
    **{each.name: Operation(each, {}) for each in _PLAIN},
    **{each.name: Operation(each, parameters) for each, parameters in _SIZED.items()},
}
