"""The dispatch table of NumPy's protocols: NumPy function or array method -> operation on nodes.

``Node.__array_ufunc__`` and ``Node.__array_function__`` look the called function up in
`OPERATIONS`. The modules of ``ops/numpy_api`` use NumPy's names, so the table is built from their
``__all__``, and what follows below are aliases, methods and methods of ufuncs.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.graph.node import ATTRIBUTES, OPERATIONS
from chainrule.graph.protocol_gaps.array_makers import makers
from chainrule.graph.protocol_gaps.numpy_namespace import namespaces
from chainrule.ops.functionalization import VIEWING, detached, with_views
from chainrule.ops.late_operations import late_operations
from chainrule.ops.numpy_api import (
    arithmetic,
    array_attributes,
    array_creation,
    array_methods,
    array_queries,
    assignment,
    bessel,
    bits,
    comparison,
    concatenation,
    correlation,
    editing,
    einsum,
    extrema,
    floating_point,
    function_application,
    histogram,
    indexing,
    interpolation,
    known_values,
    made_arrays,
    nan_reductions,
    padding,
    polynomial,
    products,
    quantiles,
    ranges,
    reductions,
    searching,
    set_operations,
    shape_manipulation,
    sorting,
    tiling,
    trigonometry,
    ufunc_methods,
    writing,
)
from chainrule.ops.numpy_api.keywords import of_ufunc, with_keywords
from chainrule.ops.primitives import elementwise, windows
from chainrule.ops.scipy_api import signal

__all__: list[str] = []

_NAMED_AS_IN_NUMPY = (
    elementwise, arithmetic, trigonometry, reductions, extrema, sorting, shape_manipulation,
    concatenation, padding, tiling, indexing, products, einsum, polynomial, array_queries,
    bessel, bits, comparison, correlation, editing, floating_point, function_application,
    histogram, interpolation, nan_reductions, quantiles, ranges, searching, set_operations,
    array_creation, writing,
)  # fmt: skip


def _register(module: ModuleType, numpy_module: Any = np) -> None:
    for name in module.__all__:
        if hasattr(numpy_module, name):
            _add(name, getattr(numpy_module, name), getattr(module, name))


def _add(name: str, function: Any, operation: Callable[..., Any]) -> None:
    """Enter an operation, with the keywords that NumPy's function of that name has."""
    is_ufunc = isinstance(function, np.ufunc)
    wrapped = (
        of_ufunc(function, operation) if is_ufunc else with_keywords(name, operation, function)
    )
    OPERATIONS[function] = wrapped


for _module in _NAMED_AS_IN_NUMPY:
    _register(_module)
OPERATIONS.update(late_operations())
_add("sliding_window_view", np.lib.stride_tricks.sliding_window_view, windows.sliding_window_view)

# Aliases; some are newer than NumPy 2.0.

_ALIASES: dict[str, Callable[..., Any]] = {
    "amax": extrema.max,
    "amin": extrema.min,
    "matrix_transpose": lambda x: shape_manipulation.swapaxes(x, -1, -2),
}
_LINALG_ALIASES: dict[str, Callable[..., Any]] = {
    "cross": lambda x1, x2, *, axis=-1: products.cross(x1, x2, axis=axis),
    "matmul": products.matmul,
    "outer": products.outer,
    "tensordot": products.tensordot,
    "vecdot": products.vecdot,
    "trace": lambda x, *, offset=0: indexing.trace(x, offset, -2, -1),
    "diagonal": lambda x, *, offset=0: indexing.diagonal(x, offset, -2, -1),
    "matrix_transpose": lambda x: shape_manipulation.swapaxes(x, -1, -2),
}
for _module, _names in ((np, _ALIASES), (np.linalg, _LINALG_ALIASES)):
    for _name, _operation in _names.items():
        if hasattr(_module, _name):
            _add(_name, getattr(_module, _name), _operation)

OPERATIONS[np.fft.fftshift] = tiling.fftshift
OPERATIONS[np.fft.ifftshift] = tiling.ifftshift

# Results without a derivative, by NumPy itself.

for _name in known_values.OF_KNOWN_VALUES:
    _function: Any = getattr(np, _name)
    OPERATIONS[_function] = known_values.of_known_values(
        f"np.{_name}", _function, "call it outside the function and pass the result in"
    )
for _name in known_values.OF_TYPES:
    OPERATIONS[getattr(np, _name)] = known_values.of_types(getattr(np, _name))

# Array methods.

_METHODS = (
    "all", "any", "argmax", "argmin", "argpartition", "argsort", "choose", "clip", "copy",
    "cumprod", "cumsum", "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel",
    "repeat", "round", "searchsorted", "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
)  # fmt: skip
for _name in _METHODS:
    OPERATIONS[_name] = OPERATIONS[getattr(np, _name)]
# The method clip of plain arrays calls a ufunc that NumPy does not export.
OPERATIONS[np._core.umath.clip] = with_keywords("clip", arithmetic.clip)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
OPERATIONS["conj"] = OPERATIONS["conjugate"] = OPERATIONS[np.conjugate]
for _name in array_methods.__all__:
    OPERATIONS[_name] = with_keywords(_name, getattr(array_methods, _name))
OPERATIONS["fill"], OPERATIONS["put"] = writing.fill, writing.put
OPERATIONS["sort"] = writing.sort_in_place
OPERATIONS["__getitem__"] = assignment.get_item
OPERATIONS["__setitem__"] = assignment.set_item
OPERATIONS["__detached__"] = detached
ATTRIBUTES["flat"] = assignment.FlatIterator
for _name in array_attributes.__all__:
    ATTRIBUTES[_name] = getattr(array_attributes, _name)
for _name in ("mT", "real"):
    ATTRIBUTES[_name] = with_views(ATTRIBUTES[_name])

# Methods of ufuncs: np.add.reduce, np.maximum.accumulate, np.multiply.outer.

for _ufunc, _operation in list(OPERATIONS.items()):
    if isinstance(_ufunc, np.ufunc) and (_ufunc.nin, _ufunc.nout, _ufunc.signature) == (2, 1, None):
        for _name, _method in ufunc_methods.methods(_ufunc, _operation).items():
            OPERATIONS[_ufunc, _name] = _method

# Functions of scipy.signal by name, since SciPy is not imported and may not be installed.

for _name in signal.__all__:
    OPERATIONS[f"scipy.signal.{_name}"] = with_keywords(
        f"scipy.signal.{_name}", getattr(signal, _name)
    )
# What functions call that were imported by name, whose module's entry is not looked up.
for _prefix in ("scipy.signal", "scipy.signal._sigtools"):
    OPERATIONS[f"{_prefix}._convolve2d"] = signal.convolve2d_compiled

for _ufunc, _operation in list(OPERATIONS.items()):
    if isinstance(_ufunc, np.ufunc) and _ufunc.signature is None:
        OPERATIONS[_ufunc, "at"] = assignment.accumulate_at(_ufunc, _operation)

# Operations whose results are views of their operand, as in NumPy.

_VIEWS = (
    "array_split", "broadcast_to", "diagonal", "dsplit", "expand_dims", "flip", "fliplr", "flipud",
    "hsplit", "matrix_transpose", "moveaxis", "permute_dims", "real", "reshape", "rollaxis",
    "rot90", "split", "squeeze", "swapaxes", "transpose", "unstack", "vsplit",
)  # fmt: skip
_VIEWS_OF_EACH = ("atleast_1d", "atleast_2d", "atleast_3d", "broadcast_arrays")
_VIEW_METHODS = (
    "diagonal", "reshape", "squeeze", "swapaxes", "to_device", "transpose", "view",
)  # fmt: skip
_AS_ARRAY = (np.array, np.asarray, np.asanyarray, np.ascontiguousarray, np.asfortranarray)
_sliding_windows = np.lib.stride_tricks.sliding_window_view


def _with_views_of_each(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Record the results as views of the operands, one for one."""

    def viewing(*arrays: Any, **keywords: Any) -> Any:
        if len(arrays) == 1:
            return with_views(operation)(*arrays, **keywords)
        results = operation(*arrays, **keywords)
        pairs = zip(arrays, results, strict=True)
        return type(results)(with_views(lambda _, y=y: y)(x) for x, y in pairs)

    return viewing


for _function in (getattr(np, _name, None) for _name in _VIEWS):
    if _function in OPERATIONS:
        OPERATIONS[_function] = with_views(OPERATIONS[_function])
for _function in (getattr(np, _name) for _name in _VIEWS_OF_EACH):
    OPERATIONS[_function] = _with_views_of_each(OPERATIONS[_function])
for _name in _VIEW_METHODS:
    OPERATIONS[_name] = with_views(OPERATIONS[_name])
OPERATIONS[_sliding_windows] = with_views(OPERATIONS[_sliding_windows])
for _key in (np.ravel, "ravel", np.ascontiguousarray):
    OPERATIONS[_key] = with_views(OPERATIONS[_key], "c_contiguous")
OPERATIONS[np.asfortranarray] = with_views(OPERATIONS[np.asfortranarray], "f_contiguous")
VIEWING.update(getattr(np, _name, None) for _name in (*_VIEWS, *_VIEWS_OF_EACH, "ravel"))
VIEWING.update((_sliding_windows, *_AS_ARRAY, *_VIEW_METHODS, "ravel"))

# Calls that NumPy's protocols do not see.

OPERATIONS[builtins.max] = array_creation.greatest
OPERATIONS[builtins.min] = array_creation.least
namespaces.register(OPERATIONS, partial(array_creation.call_again, operations=OPERATIONS))
makers.register(made_arrays.made_fillable)
