"""Iterables of batches as `fit`, `evaluate` and `predict` take them, and what each batch holds.

::

    data.Pipeline                          pass k is ``pipe.epoch(k)``
    function, as of a generator            called anew for each pass
    object with __len__ and __getitem__    batch i of each pass is ``source[i]``
    list of batches, DataLoader, ...       iterated anew in each pass
    generator or another iterator          one pass
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import partial
from inspect import signature
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, cast

import numpy as np

from chainrule.data.pipeline import Pipeline
from chainrule.errors import ArgumentError, DataError, UnsupportedError, type_in_words

__all__ = ["BatchSource", "Batches", "as_batch_source", "parts_of_batch"]

Batches = Iterable[Any] | Callable[[], Iterable[Any]]
"""An iterable of batches, or a function that returns one, such as a generator function."""

_ARRAY_PROTOCOLS = (
    "collect", "__array__", "__array_interface__", "__dlpack__", "__arrow_c_stream__",
    "__arrow_c_array__", "shape", "dtype", "columns", "column_names", "toarray",
)  # fmt: skip
"""Attributes of arrays and tables, which are no iterables of batches."""

_DATA = (str, bytes, bytearray, memoryview, Mapping, Set, range, os.PathLike, int, float, complex)


@dataclass(frozen=True)
class BatchSource:
    """An iterable of batches.

    Parameters
    ----------
    title : str
        What it is, for messages and checkpoints.
    start : callable
        Takes the number of a pass, and of a batch in it; returns the batches from there on.
    length : int or None
        Batches of a pass, if known.
    is_once : bool
        Whether there is one pass alone.
    on_begin, on_end : callable
        Called before and after each pass.
    """

    title: str
    start: Callable[[int, int], Iterator[Any]]
    length: int | None = None
    is_once: bool = False
    on_begin: Callable[[], Any] = lambda: None
    on_end: Callable[[], Any] = lambda: None


def as_batch_source(value: Any, function: str, name: str = "X") -> BatchSource | None:
    """Return the batches of an iterable; None for arrays, tables and other data.

    Examples
    --------
    >>> as_batch_source(iter([(np.ones((2, 3)), np.ones(2))]), "fit").is_once
    True
    >>> as_batch_source(np.ones((2, 3)), "fit") is None
    True
    """
    if value is None or isinstance(value, (np.ndarray, np.generic, *_DATA)):
        return None
    if isinstance(value, Sequence):
        rows = cast("Sequence[Any]", value)
        return _iterated(rows) if _are_batches(rows, function) else None
    if isinstance(value, type):
        raise ArgumentError(
            f"{function}: {name} is the class {value.__name__}; pass an instance, as in "
            f"{value.__name__}(...)"
        )
    if isinstance(value, Pipeline):
        return _of_pipeline(cast("Pipeline[Any]", value))
    if any(hasattr(value, each) for each in _ARRAY_PROTOCOLS) or _has_buffer(value):
        return None
    if isinstance(value, Iterator):
        return _once(cast("Iterator[Any]", value))
    if isinstance(value, Iterable):
        return _iterated(cast("Iterable[Any]", value))
    if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
        return _indexed(value)
    is_function = isinstance(value, FunctionType | MethodType | BuiltinFunctionType | partial)
    return _called(value, function, name) if is_function else None


def parts_of_batch(batch: Any) -> tuple[Any, Any, Any]:
    """Return X, y and sample_weight of a batch, None for what it lacks.

    A tuple has these parts, and so has a list of arrays; anything else is X.

    Examples
    --------
    >>> parts_of_batch((1, 2))
    (1, 2, None)
    """
    if isinstance(batch, tuple) or (isinstance(batch, list) and _is_list_of_arrays(batch)):
        parts = tuple(cast("Iterable[Any]", batch))
        if not 1 <= len(parts) <= 3:
            raise DataError(
                f"a batch has {len(parts)} parts; give (X, y) or (X, y, sample_weight), and "
                "several inputs as one array"
            )
        X, y, weight = (*parts, None, None)[:3]
        return X, y, weight
    return batch, None, None


def _of_pipeline(pipe: Pipeline[Any]) -> BatchSource:
    try:
        length = len(pipe)
    except UnsupportedError:
        length = None

    return BatchSource(repr(pipe), lambda n, first: _from(iter(pipe.epoch(n)), first), length)


def _once(iterator: Iterator[Any]) -> BatchSource:
    return BatchSource(
        type_in_words(iterator), lambda _, first: _from(iterator, first), is_once=True
    )


def _iterated(iterable: Iterable[Any]) -> BatchSource:
    return BatchSource(
        type_in_words(iterable), lambda _, first: _from(iter(iterable), first),
        _length_of(iterable), False, *_notifications(iterable),
    )  # fmt: skip


def _indexed(sequence: Any) -> BatchSource:
    """Return the batches of an object with ``len`` and indices, as a Sequence of Keras is."""

    def start(_: int, first: int) -> Iterator[Any]:
        return (sequence[index] for index in range(first, len(sequence)))

    return BatchSource(
        type_in_words(sequence), start, _length_of(sequence), False, *_notifications(sequence)
    )


def _called(function: Callable[[], Any], caller: str, name: str) -> BatchSource:
    title = getattr(function, "__name__", type(function).__name__)
    latest: list[Any] = [None]
    try:
        signature(function).bind()
    except TypeError:
        raise ArgumentError(
            f"{caller}: {name} is the function {title}, which needs arguments, and is called "
            "without any for the batches of each epoch; give functools.partial(function, ...)"
        ) from None
    except ValueError:  # a function in C may have no signature
        pass

    def start(_: int, first: int) -> Iterator[Any]:
        given = function()
        if not isinstance(given, Iterable):
            raise ArgumentError(
                f"{caller}: {name} is the function {title}, which returned "
                f"{type_in_words(given)}; it must return an iterable of batches"
            )
        iterator = iter(cast("Iterable[Any]", given))
        if iterator is latest[0]:
            raise ArgumentError(
                f"{caller}: {name} is the function {title}, which returned the same iterator "
                "again; it must make a new one for each epoch"
            )
        latest[0] = iterator
        return _from(iterator, first)

    return BatchSource(f"the function {title}", start)


def _from(iterator: Iterator[Any], first: int) -> Iterator[Any]:
    return itertools.islice(iterator, first, None) if first else iterator


def _notifications(source: Any) -> list[Callable[[], Any]]:
    """Return the methods that Keras calls before and after each epoch, or what does nothing."""
    found = [getattr(source, name, None) for name in ("on_epoch_begin", "on_epoch_end")]
    return [each if callable(each) else lambda: None for each in found]


def _has_buffer(value: Any) -> bool:
    """Whether an object has the buffer protocol, as an `array.array` does."""
    try:
        memoryview(value)
    except (TypeError, BufferError):
        return False
    return True


def _length_of(source: Any) -> int | None:
    try:
        return len(source)
    except (TypeError, NotImplementedError):
        return None


def _are_batches(rows: Sequence[Any], function: str) -> bool:
    """Whether a list holds batches: tuples or lists of arrays with rows, not rows of numbers.

    Where targets belong to them, tuples of lists are batches as well.
    """
    if not rows or not isinstance(rows[0], tuple | list):
        return False
    first = cast("list[Any] | tuple[Any, ...]", rows[0])
    if not 1 < len(first) <= 3:
        return False
    if isinstance(first[0], Mapping):
        return True
    has_targets = function in ("fit", "evaluate") and isinstance(first, tuple)
    is_list = has_targets and isinstance(first[0], list)
    return is_list or (_is_list_of_arrays(first[:2]) and getattr(first[0], "shape", ()) != ())


def _is_list_of_arrays(values: Any) -> bool:
    return 0 < len(values) <= 3 and all(_is_array(each) for each in values)


def _is_array(value: Any) -> bool:
    return isinstance(value, Mapping) or (
        not isinstance(value, np.generic)
        and any(hasattr(value, each) for each in ("__array__", "__dlpack__", "columns"))
    )
