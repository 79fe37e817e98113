"""External routines: their names in the loop IR, and which of them there are.

::

    lapack.dpotrf, blas.dtrsm     routines of LAPACK and BLAS whose addresses SciPy publishes
    small.getrf 3 float64         functions of the program itself, which the backend generates
    sort.order 1000 float32
    python {...}                  a call back into Python, of a primitive's NumPy evaluation

The text behind ``python`` is JSON: the primitive's name and parameters, and the types of operands
and results. It is part of a cached program, so it refers to nothing of the process that wrote it.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

from chainrule.graph.array_type import ArrayType
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive

__all__ = [
    "LAPACK_PRIMITIVES",
    "Callback",
    "callback_name",
    "has_lapack",
    "parse_callback",
    "result_types",
]

LAPACK_PRIMITIVES = (
    "cholesky", "cholesky_pullback", "cofactors", "det", "eigh", "least_squares", "qr", "slogdet",
    "solve", "svd", "triangular_solve", "unchecked_solve",
)  # fmt: skip
"""Primitives that are lowered to calls of LAPACK, where SciPy is installed."""

PREFIX = "python "

OPERATIONS = "chainrule.ops."

_found: dict[str, Primitive] = {}

Type = tuple[np.dtype[Any], tuple[int, ...]]


class Callback(NamedTuple):
    """A primitive that is evaluated by NumPy in the middle of a compiled program."""

    primitive: Primitive
    params: dict[str, Any]
    operands: tuple[Type, ...]
    results: tuple[Type, ...]


@cache
def has_lapack() -> bool:
    """Whether SciPy is installed, without importing it."""
    try:
        return find_spec("scipy") is not None
    except (ImportError, ValueError):  # of a finder that hides it, or a module made by hand
        return False


def result_types(node: Node) -> tuple[ArrayType, ...]:
    """Return the types of a node's results; one or several."""
    return node.type if isinstance(node.type, tuple) else (node.type,)


def callback_name(node: Node) -> str | None:
    """Return the routine that evaluates a node by NumPy; None if the node has no such text."""
    primitive = node.primitive
    if primitive is None or _primitive(primitive.name) is not primitive:
        return None
    if not all(map(_is_plain, node.params.values())):
        return None
    fields = {
        "primitive": primitive.name,
        "params": node.params,
        "operands": [_type(each.array_type) for each in node.inputs],
        "results": [_type(each) for each in result_types(node)],
    }
    return PREFIX + json.dumps(fields)


def parse_callback(routine: str) -> Callback | None:
    """Return the callback that a routine is, or None for one of LAPACK."""
    if not routine.startswith(PREFIX):
        return None
    fields = json.loads(routine.removeprefix(PREFIX))
    params = {name: _as_tuple(value) for name, value in fields["params"].items()}
    operands, results = (
        tuple((np.dtype(dtype), tuple(shape)) for dtype, shape in fields[key])
        for key in ("operands", "results")
    )
    primitive = _primitive(fields["primitive"])
    assert primitive is not None, fields["primitive"]
    return Callback(primitive, params, operands, results)


def _type(array_type: ArrayType) -> tuple[str, tuple[int, ...]]:
    return array_type.dtype.str, array_type.shape


def _is_plain(value: Any) -> bool:
    """Whether a parameter is restored from JSON as it was."""
    if isinstance(value, tuple):
        return all(map(_is_plain, value))
    return value is None or type(value) in (bool, int, float, str)


def _as_tuple(value: Any) -> Any:
    return tuple(map(_as_tuple, value)) if isinstance(value, list) else value


def _primitive(name: str) -> Primitive | None:
    """Return a primitive by its name, from the modules of operations that have been imported."""
    if name not in _found:
        modules = [each for path, each in sys.modules.items() if path.startswith(OPERATIONS)]
        values = [value for module in modules for value in vars(module).values()]
        _found.update((each.name, each) for each in values if isinstance(each, Primitive))
    return _found.get(name)
