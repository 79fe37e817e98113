"""The dispatch table of NumPy's protocols: NumPy function or array method -> operation on nodes.

``Node.__array_ufunc__`` and ``Node.__array_function__`` look the called function up in
`OPERATIONS`. The modules of ``ops/numpy_api`` use NumPy's names, so the table is built from their
``__all__``, and what follows below are aliases, methods and methods of ufuncs.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from types import ModuleType
from typing import Any

import numpy as np

from chainrule.errors import UnsupportedError
from chainrule.graph.node import OPERATIONS
from chainrule.graph.primitive import Primitive
from chainrule.ops.numpy_api import (
    arithmetic,
    array_methods,
    array_queries,
    concatenation,
    einsum,
    indexing,
    linear_algebra,
    padding_and_tiling,
    polynomial,
    products,
    reductions,
    shape_manipulation,
    sorting,
    trigonometry,
)
from chainrule.ops.primitives import elementwise, windows

__all__: list[str] = []

_NAMED_AS_IN_NUMPY = (
    elementwise, arithmetic, trigonometry, reductions, sorting, shape_manipulation, concatenation,
    padding_and_tiling, indexing, products, einsum, polynomial, array_queries,
)  # fmt: skip

# Keywords that an operation need not have, with the values that do not change its result.
_NEUTRAL_VALUES: dict[str, tuple[Any, ...]] = {
    "out": (None, (None,)),
    "where": (True,),
    "dtype": (None,),
    "casting": ("same_kind", "safe"),
    "returned": (False,),
    "order": ("K", "C", "A", None),
    "subok": (True, False),
    "overwrite_input": (False,),
    "correction": (0,),
    "like": (None,),
    "device": (None, "cpu"),
}


def _strict(name: str, operation: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an operation to refuse keywords it lacks, except with neutral values."""
    known = _parameters(operation)

    @wraps(operation)
    def checked(*args: Any, **keywords: Any) -> Any:
        if not keywords:
            return operation(*args)
        for key in [key for key in keywords if key not in known]:
            value = keywords.pop(key)
            if not _is_neutral(key, value):
                raise UnsupportedError(_keyword_message(name, key, value))
        return operation(*args, **keywords)

    return checked


def _is_neutral(key: str, value: Any) -> bool:
    return any(
        value is each or (type(value) is type(each) and value == each)
        for each in _NEUTRAL_VALUES.get(key, ())
    )


def _parameters(operation: Callable[..., Any]) -> frozenset[str]:
    if isinstance(operation, Primitive):
        return frozenset()
    return frozenset(inspect.signature(operation).parameters)


def _keyword_message(name: str, key: str, value: Any) -> str:
    if key == "out":
        return f"np.{name}: out= would change an array in place; use the result instead"
    if key == "where":
        return f"np.{name}: the keyword where= cannot be traced; use np.where on the input"
    if key == "dtype":
        return f"np.{name}: the keyword dtype={value!r} cannot be traced; use x.astype(dtype) first"
    return f"np.{name}: the keyword {key}={value!r} cannot be traced; leave it out"


def _register(module: ModuleType, numpy_module: Any = np) -> None:
    for name in module.__all__:
        if hasattr(numpy_module, name):
            OPERATIONS[getattr(numpy_module, name)] = _strict(name, getattr(module, name))


for _module in _NAMED_AS_IN_NUMPY:
    _register(_module)
_register(linear_algebra, np.linalg)
OPERATIONS[np.lib.stride_tricks.sliding_window_view] = _strict(
    "sliding_window_view", windows.sliding_window_view
)

# Aliases; some are newer than NumPy 2.0.

_ALIASES: dict[str, Callable[..., Any]] = {
    "amax": reductions.max,
    "amin": reductions.min,
    "cumulative_sum": sorting.cumsum,
    "cumulative_prod": sorting.cumprod,
    "matrix_transpose": lambda x: shape_manipulation.swapaxes(x, -1, -2),
}
_LINALG_ALIASES: dict[str, Callable[..., Any]] = {
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
            OPERATIONS[getattr(_module, _name)] = _strict(_name, _operation)

# Array methods.

_METHODS = (
    "all", "any", "argmax", "argmin", "argsort", "astype", "clip", "copy", "cumprod", "cumsum",
    "diagonal", "dot", "max", "mean", "min", "nonzero", "prod", "ravel", "repeat", "round",
    "squeeze", "std", "sum", "swapaxes", "take", "trace", "var",
)  # fmt: skip
for _name in _METHODS:
    OPERATIONS[_name] = OPERATIONS[getattr(np, _name)]
# The method clip of plain arrays calls a ufunc that NumPy does not export.
OPERATIONS[np._core.umath.clip] = _strict("clip", arithmetic.clip)  # pyright: ignore[reportPrivateUsage, reportAttributeAccessIssue]
OPERATIONS["conj"] = OPERATIONS["conjugate"] = OPERATIONS[np.conjugate]
for _name in array_methods.__all__:
    OPERATIONS[_name] = _strict(_name, getattr(array_methods, _name))
OPERATIONS["__getitem__"] = indexing.get_item

# Methods of ufuncs: np.add.reduce, np.maximum.accumulate, np.multiply.outer.

_REDUCTIONS: dict[Any, Callable[..., Any]] = {
    np.add: reductions.sum,
    np.multiply: reductions.prod,
    np.maximum: reductions.max,
    np.minimum: reductions.min,
    np.logical_and: reductions.all,
    np.logical_or: reductions.any,
    np.logaddexp: reductions.log_sum_exp,
}
_ACCUMULATIONS: dict[Any, Callable[..., Any]] = {
    np.add: sorting.cumsum,
    np.multiply: sorting.cumprod,
}


def _along_first(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Change the default to axis 0, as methods of ufuncs have; functions reduce over all axes."""

    @wraps(operation)
    def along(x: Any, axis: Any = 0, dtype: Any = None, **keywords: Any) -> Any:
        return operation(x, axis, **keywords, **({} if dtype is None else {"dtype": dtype}))

    return along


def _outer(operation: Callable[..., Any]) -> Callable[..., Any]:
    """Apply a binary operation to every pair of elements of two arrays."""

    def outer(a: Any, b: Any) -> Any:
        return operation(shape_manipulation.reshape(a, np.shape(a) + (1,) * np.ndim(b)), b)

    return outer


for _ufunc, _operation in _REDUCTIONS.items():
    OPERATIONS[_ufunc, "reduce"] = _along_first(_strict(f"{_ufunc.__name__}.reduce", _operation))
for _ufunc, _operation in _ACCUMULATIONS.items():
    OPERATIONS[_ufunc, "accumulate"] = _along_first(
        _strict(f"{_ufunc.__name__}.accumulate", _operation)
    )
for _key, _operation in list(OPERATIONS.items()):
    if isinstance(_key, np.ufunc) and _key.nin == 2 and _key.signature is None:
        OPERATIONS[_key, "outer"] = _strict(f"{_key.__name__}.outer", _outer(_operation))
