"""The keywords of NumPy's functions and ufuncs: names, positions, ``out=``, ``where=``, ``dtype=``.

`with_keywords` lets an operation be called as NumPy's function of that name: more positional
arguments than the operation takes, and NumPy's parameter names, are translated by position.
`of_ufunc` adds the keywords that every ufunc has.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError, UnsupportedError
from chainrule.graph.node import Node
from chainrule.graph.primitive import Primitive
from chainrule.graph.protocol_gaps.plain_store import plain_target_message, update_message
from chainrule.graph.source_location import frame_at
from chainrule.ops.functionalization import store_result
from chainrule.ops.numpy_api.shape_manipulation import expand_dims, moveaxis
from chainrule.ops.primitives.broadcasting import cast
from chainrule.ops.primitives.promotion import as_array, resolve_dtypes, type_of_operand
from chainrule.ops.primitives.selection import select

__all__ = ["of_ufunc", "with_keywords"]

# Keywords that an operation need not have, with the values that do not change its result.
_NEUTRAL_VALUES: dict[str, tuple[Any, ...]] = {
    "out": (None, (None,)),
    "where": (True,),
    "dtype": (None,),
    "casting": ("same_kind", "safe", "unsafe"),
    "order": ("K", "C", "A", "F", None),
    "subok": (True, False),
    "overwrite_input": (False,),
    "like": (None,),
    "device": (None, "cpu"),
    "copy": (True, False, None),
    "overwrite_a": (True, False),
    "overwrite_b": (True, False),
    "check_finite": (True, False),
    "lwork": (None,),
    "driver": (None, "ev", "evd", "evr", "evx", "gv", "gvd", "gvx"),
    "lapack_driver": (None, "gelsd", "gelsy", "gelss", "gesdd", "gesvd"),
}


def with_keywords(
    name: str, operation: Callable[..., Any], function: Any = None
) -> Callable[..., Any]:
    """Wrap an operation to take the arguments of NumPy's `function`, or refuse them by name.

    One with keywords of the user's own, such as ``np.piecewise``, has NumPy's signature itself.
    """
    names, limit, takes_any_keyword = _signature(operation)
    if takes_any_keyword:
        return operation
    known = frozenset(names)

    @wraps(operation)
    def call(*args: Any, **keywords: Any) -> Any:
        if len(args) > limit or not known.issuperset(keywords):
            args, keywords = _translated(_parameters(function), names, limit, args, keywords)
        if not keywords:
            return operation(*args)
        out = _given_array(keywords.pop("out", None))
        for key in [key for key in keywords if key not in known]:
            value = keywords.pop(key)
            if not _is_neutral(key, value):
                raise UnsupportedError(_keyword_message(name, key, value, names))
        result = operation(*args, **keywords)
        return result if out is None else _written(name, out, result)

    return call


def _translated(
    theirs: tuple[str, ...],
    ours: tuple[str, ...],
    limit: float,
    args: Any,
    keywords: dict[str, Any],
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Name the positional arguments beyond `limit`, and rename keywords, by NumPy's signature."""
    if len(args) > limit:
        surplus = dict(zip(theirs[int(limit) :], args[int(limit) :], strict=False))
        args, keywords = args[: int(limit)], keywords | surplus
    if limit < math.inf:
        here = dict(zip(theirs, ours[: int(limit)], strict=False))
        kept = (*ours, "out")  # wherever NumPy's signature has it
        keywords = {key if key in kept else here.get(key, key): x for key, x in keywords.items()}
    return args, keywords


@cache
def _parameters(function: Any) -> tuple[str, ...]:
    """Names of a function's parameters; of none for primitives and C functions without them."""
    if function is None or isinstance(function, Primitive):
        return ()
    try:
        return tuple(inspect.signature(function).parameters)
    except ValueError:
        return ()


def _signature(operation: Any) -> tuple[tuple[str, ...], float, bool]:
    """Return parameter names, the number of positional ones, and whether there is ``**keywords``.

    From the code object: `inspect.signature` of all operations would take 20 ms of the import.
    """
    if isinstance(operation, Primitive):
        return (), math.inf, False
    code = inspect.unwrap(operation).__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    has_varargs = code.co_flags & inspect.CO_VARARGS
    takes_any_keyword = bool(code.co_flags & inspect.CO_VARKEYWORDS)
    return names, math.inf if has_varargs else code.co_argcount, takes_any_keyword


def _is_neutral(key: str, value: Any) -> bool:
    return any(
        value is each or (type(value) is type(each) and value == each)
        for each in _NEUTRAL_VALUES.get(key, ())
    )


def _title(name: str) -> str:
    """The full name of a function: that of SciPy, or else of NumPy."""
    return name if "." in name else f"np.{name}"


def _keyword_message(name: str, key: str, value: Any, names: tuple[str, ...]) -> str:
    if key == "dtype":
        return (
            f"{_title(name)}: the keyword dtype={value!r} cannot be traced; "
            "use x.astype(dtype) first"
        )
    known = ", ".join(each for each in names if len(each) > 1) or "none"
    return f"{_title(name)}: the keyword {key}={value!r} cannot be traced, only these: {known}"


# The keywords of every ufunc, and those of generalized ufuncs.

_UFUNC_KEYWORDS = ("out", "where", "dtype", "signature", "casting", "order", "subok")
_CORE_AXES = ("axes", "axis", "keepdims")


def of_ufunc(ufunc: np.ufunc, operation: Callable[..., Any], name: str = "") -> Callable[..., Any]:
    """Wrap the operation of a ufunc to take ``out``, ``where``, ``dtype`` and ``axes``."""
    name = name or ufunc.__name__

    @wraps(operation)
    def call(*operands: Any, **keywords: Any) -> Any:
        if not keywords:
            return operation(*operands)
        out = _given_array(keywords.pop("out", None))
        where = keywords.pop("where", True)
        axes = {key: keywords.pop(key) for key in _CORE_AXES if key in keywords}
        for key in keywords.keys() - _parameters(_converted):
            message = _keyword_message(name, key, keywords[key], _UFUNC_KEYWORDS)
            raise UnsupportedError(message)
        operands = _converted(ufunc, operands, **keywords)
        if where is not True:
            operands = tuple(_safe_where_unselected(ufunc, x, where) for x in operands)
        result = _along_axes(ufunc, operation, operands, **axes) if axes else operation(*operands)
        if where is not True:
            result = _selected(name, where, result, out)
        return result if out is None else _written(name, out, result)

    return call


def _converted(
    ufunc: np.ufunc,
    operands: tuple[Any, ...],
    dtype: Any = None,
    signature: Any = None,
    sig: Any = None,
    casting: str = "same_kind",
    order: str = "K",
    subok: bool = True,
) -> tuple[Any, ...]:
    """Convert operands to the dtypes in which the ufunc computes, given that of its result."""
    chosen = signature if sig is None else sig
    if dtype is not None:
        chosen = (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout
    if chosen is None and casting == "same_kind":
        return operands
    types = [type_of_operand(x, ufunc.__name__) for x in operands]
    dtypes = resolve_dtypes(ufunc, ufunc.__name__, types, chosen, casting)
    return tuple(cast(as_array(x), dtype) for x, dtype in zip(operands, dtypes, strict=False))


def _along_axes(
    ufunc: np.ufunc,
    operation: Callable[..., Any],
    operands: tuple[Any, ...],
    axes: Any = None,
    axis: int = -1,
    keepdims: bool = False,
) -> Any:
    """Move the core axes of a generalized ufunc, such as matmul, to the end and back."""
    core = [_axis_tuple(each) for each in ([axis] * ufunc.nin if axes is None else axes)]
    moved = [
        moveaxis(as_array(x), each, range(-len(each), 0))
        for x, each in zip(operands, core, strict=False)
    ]
    result = operation(*moved)
    if keepdims:
        return expand_dims(result, core[0])
    target = core[ufunc.nin] if len(core) > ufunc.nin else ()
    return moveaxis(result, range(-len(target), 0), target)


def _axis_tuple(axes: Any) -> tuple[int, ...]:
    return tuple(axes) if isinstance(axes, tuple | list) else (axes,)


def _safe_where_unselected(ufunc: np.ufunc, x: Any, where: Any) -> Any:
    """Replace what ``where=`` leaves out, so that a logarithm of it warns of nothing."""
    x = as_array(x)
    safe = 2 if ufunc is np.arccosh else 0.5 if x.dtype.kind == "f" else 1
    return select(where, x, x.dtype.type(safe))


def _selected(name: str, where: Any, result: Any, out: Any) -> Any:
    """Take the result where `where` is true, elsewhere what `out` holds."""
    if out is None:
        raise ArgumentError(
            f"{_title(name)}: where= without out= leaves the other elements uninitialised; give "
            "out=np.zeros_like(x), or use np.where(mask, result, other)"
        )
    if isinstance(result, tuple):
        pairs = zip(result, out, strict=True)  # pyright: ignore[reportUnknownArgumentType]
        return tuple(select(where, each, old) for each, old in pairs)
    return select(where, result, out)


# Results written into a given array.


def _given_array(out: Any) -> Any:
    """Return the array of ``out=``: NumPy gives ufuncs a tuple, also of one or of None."""
    if not isinstance(out, tuple):
        return out
    arrays: tuple[Any, ...] = out
    if all(each is None for each in arrays):
        return None
    return arrays[0] if len(arrays) == 1 else arrays


def _written(name: str, out: Any, result: Any) -> Any:
    """Write a result into the array of ``out=`` and return that array."""
    if isinstance(out, tuple):
        return tuple(
            _written(name, each, value) if each is not None else value
            for each, value in zip(out, result, strict=True)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        )
    if not isinstance(out, Node):
        message = update_message(frame_at(1)) or plain_target_message(f"{_title(name)}: out=")
        raise UnsupportedError(message)
    return store_result(name, out, result)
