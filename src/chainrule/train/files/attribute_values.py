"""Attributes of layers as data: a closed vocabulary, and the comparison of two values.

::

    value ::= null | true | false | integer | finite number | text
            | {"float": "nan" | "inf" | "-inf"} | {"scalar": [dtype, value]}
            | {"list" | "tuple" | "set" | "frozenset": [value, ...]}
            | {"dict": [[value, value], ...]}
            | {"array": name of a tensor} | {"texts": [shape, [text, ...]]} | {"dtype": name}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError, FormatError, type_in_words
from chainrule.nn.config import describe
from chainrule.nn.parameter import Parameter
from chainrule.nn.sublayers import holds_layers

__all__ = ["MAX_DEPTH", "NotDataError", "decoded", "encoded", "is_same", "stored_dtypes", "storing"]

MAX_DEPTH = 16
"""Of the nesting of a value."""

stored_dtypes = {
    "bool", "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32", "uint64",
}  # fmt: skip
"""The dtypes of arrays that a file can hold."""

_SEQUENCES: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


def storing(tensors: dict[str, NDArray[Any]], title: str) -> Callable[[NDArray[Any]], str]:
    """Return a function that adds an array to tensors under a new name, which it returns."""

    def store(array: NDArray[Any]) -> str:
        native = array.astype(array.dtype.newbyteorder("="), order="C", copy=False)
        tensors[name := f"{title}:{len(tensors)}"] = native
        return name

    return store


class NotDataError(Exception):
    """A value that cannot be written as data; its message names it."""


def encoded(value: Any, store: Callable[[NDArray[Any]], str], depth: int = 0) -> Any:
    """Return a value as JSON; arrays are given to `store`, which returns their names."""
    kind = type(value)
    if depth > MAX_DEPTH:
        raise NotDataError(f"nested more than {MAX_DEPTH} deep")
    if value is None or kind in (bool, str) or (kind is int and abs(value) < 2**63):
        return value
    if kind is float:
        return value if math.isfinite(value) else {"float": str(value)}
    if kind is np.ndarray:
        return _encoded_array(value, store)
    if isinstance(value, np.generic) and value.dtype.name in stored_dtypes:
        return {"scalar": [value.dtype.name, encoded(value.item(), store, depth + 1)]}
    if isinstance(value, np.dtype) and cast(Any, value).name in stored_dtypes:
        return {"dtype": cast(Any, value).name}
    if kind is dict:
        items = cast(dict[Any, Any], value).items()
        return {"dict": [[encoded(each, store, depth + 1) for each in pair] for pair in items]}
    for name, each in _SEQUENCES.items():
        if kind is each:
            members = list(cast(list[Any], value))
            if "set" in name:
                members.sort(key=repr)  # so that the same network gives the same bytes
            return {name: [encoded(member, store, depth + 1) for member in members]}
    raise NotDataError(type_in_words(value))


def _encoded_array(array: NDArray[Any], store: Callable[[NDArray[Any]], str]) -> Any:
    if array.dtype.kind == "U":
        return {"texts": [list(array.shape), array.ravel().tolist()]}
    if array.dtype.name not in stored_dtypes:
        raise NotDataError(f"an array of {array.dtype}")
    return {"array": store(array)}


def decoded(entry: Any, tensors: Mapping[str, NDArray[Any]], unread: set[str]) -> Any:
    """Return the value that a file has, or raise a FormatError."""
    if entry is None or type(entry) in (bool, int, float, str):
        return entry
    if not isinstance(entry, dict) or len(cast(dict[str, Any], entry)) != 1:
        raise FormatError("load: an attribute is described by neither a value nor one entry")
    ((kind, content),) = cast(dict[str, Any], entry).items()
    if kind == "array" and type(content) is str and content in unread:
        unread.discard(content)
        return np.array(tensors[content])
    if kind == "float" and type(content) is str and content in _FLOATS:
        return _FLOATS[content]
    if kind == "dtype" and type(content) is str and content in stored_dtypes:
        return np.dtype(content)
    if not isinstance(content, list):
        raise FormatError("load: an attribute is described by an unknown entry")
    members = cast(list[Any], content)
    try:
        return _decoded_members(kind, members, tensors, unread)
    except (ValueError, TypeError, OverflowError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"load: an attribute that is a {kind!r:.12} has a bad value") from error


def _decoded_members(
    kind: str, members: list[Any], tensors: Mapping[str, NDArray[Any]], unread: set[str]
) -> Any:
    if kind in _SEQUENCES:
        return _SEQUENCES[kind](decoded(each, tensors, unread) for each in members)
    if kind == "dict":
        return {decoded(k, tensors, unread): decoded(v, tensors, unread) for k, v in members}
    if kind == "scalar":
        name, value = members
        if type(name) is not str or name not in stored_dtypes:
            raise ValueError("unknown dtype")
        return np.dtype(name).type(decoded(value, tensors, unread))
    if kind == "texts":
        shape, texts = members
        if not all(type(each) is str for each in texts) or math.prod(shape) != len(texts):
            raise ValueError("not the texts of that shape")
        return np.array(texts, np.str_).reshape(shape)
    raise FormatError("load: an attribute is described by an unknown entry")


def is_same(one: Any, other: Any, compared: set[tuple[int, int]] | None = None) -> bool:
    """Whether two values are equal in type and content, functions and objects too.

    Parameters and layers, which a file describes elsewhere, equal one another; so do generators of
    random numbers.
    """
    compared = set() if compared is None else compared
    kind = type(one)
    if one is other or (id(one), id(other)) in compared:
        return True
    if kind is Parameter or holds_layers([one]):
        return kind is type(other) or holds_layers([other])
    if kind is not type(other):
        return _is_name_of(one, other) or _is_name_of(other, one)
    compared.add((id(one), id(other)))
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape) == (other.dtype, other.shape) and _content(one) == _content(
            other
        )
    if isinstance(one, np.random.Generator | np.random.RandomState):
        return True
    if kind is float:
        return one == other or (one != one and other != other)
    mine, others = _parts(one), _parts(other)
    if mine is None or others is None:
        return bool(one == other)
    return len(mine) == len(others) and all(
        is_same(a, b, compared) for a, b in zip(mine, others, strict=True)
    )


def _is_name_of(name: Any, function: Any) -> bool:
    """Whether a text is what a file has in place of a function of the library."""
    try:
        return isinstance(name, str) and callable(function) and describe(function, "") == name
    except ArgumentError:
        return False


def _content(array: NDArray[Any]) -> Any:
    return array.tolist() if array.dtype.hasobject else array.tobytes()


def _parts(value: Any) -> list[Any] | None:
    """Return what a container, a function or an object consists of; None for other values."""
    if isinstance(value, dict):
        items = cast(dict[Any, Any], value).items()
        return [each for pair in items for each in pair]
    if isinstance(value, list | tuple):
        return list(cast(list[Any], value))
    if isinstance(value, partial):
        return [value.func, value.args, value.keywords]
    if isinstance(value, FunctionType):
        cells = [each.cell_contents for each in value.__closure__ or () if _is_set(each)]
        return [value.__code__, value.__defaults__, value.__kwdefaults__, *cells]
    if isinstance(value, MethodType):
        return [value.__func__, value.__self__]
    is_plain = type(value).__eq__ is object.__eq__ and not isinstance(value, type)
    return list(vars(value).items()) if is_plain and hasattr(value, "__dict__") else None


def _is_set(cell: Any) -> bool:
    try:
        cell.cell_contents  # noqa: B018 (raises if it is empty)
    except ValueError:
        return False
    return True
