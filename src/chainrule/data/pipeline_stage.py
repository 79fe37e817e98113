"""Pipeline stages: iteration, length and repr of each step of a `chainrule.data.Pipeline`.

Each transform of a pipeline is a function from an iterator to an iterator.
"""

import collections
import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import shown
from chainrule.data.collate import stack
from chainrule.errors import ArgumentError, DataError, type_in_words

__all__ = [
    "Source",
    "Stage",
    "batches",
    "chained",
    "endless",
    "filtered",
    "first",
    "mapped",
    "name_of",
    "ordered",
    "windows",
    "zipped",
]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Stage(Generic[T]):
    """One stage: the pass of an epoch, the length and the repr; and the stage before it."""

    iterate: Callable[[int], Iterator[T]]  # epoch -> elements, the same ones for the same epoch
    length: int | None  # where it is known without iterating
    text: str
    before: "Stage[Any] | None" = None


Source = Iterable[T] | Callable[[], Iterable[T]] | Stage[T]


def first(source: Any, *others: Any) -> Stage[Any]:
    """Return the stage of a source; others are refused."""
    if others:
        raise ArgumentError(
            f"Pipeline: got {1 + len(others)} sources; arrays of the same rows are one, a "
            "tuple, as in data.Pipeline((X, y))"
        )
    if isinstance(source, str | bytes | bytearray):
        raise ArgumentError(
            f"Pipeline: the source is the text {source[:40]!r}; "
            "to read a file give lambda: open(path), to iterate over its characters list(text)"
        )
    if _is_table(source):
        return _table(source)
    if _is_function(source):
        return _called(source)
    try:
        iterator = iter(source)
    except TypeError:
        raise ArgumentError(
            f"Pipeline: the source is {type(source).__name__} {source!r}, which is not "
            "iterable; give a list, an array, a function that returns one, or a tuple of arrays"
        ) from None
    if iterator is source:
        return _once(iterator)
    length = _length_of(source)
    name = type(source).__name__
    text = f"Pipeline({name})" if length is None else f"Pipeline({name} of {length})"
    return Stage(lambda _: iter(source), length, text)


def _once(iterator: Iterator[Any]) -> Stage[Any]:
    """Return the stage of an iterator, which refuses a second pass."""
    passes = itertools.count()

    def iterate(_: int) -> Iterator[Any]:
        if next(passes):
            raise ArgumentError(
                f"Pipeline: the source is {type_in_words(iterator)}, which can be iterated only "
                "once; give list(source), or a function that returns a new one"
            )
        yield from iterator

    return Stage(iterate, None, f"Pipeline({type(iterator).__name__})")


def _called(function: Callable[[], Any]) -> Stage[Any]:
    """Return the stage of a function, which must give a new iterable in each pass."""
    name = _function_name(function)
    latest: list[Any] = [None]

    def iterate(_: int) -> Iterator[Any]:
        given = function()
        try:
            iterator = iter(given)
        except TypeError:
            raise ArgumentError(
                f"Pipeline: the function {name} returned {type_in_words(given)}, which is not "
                "iterable; return a list, an array or an iterator"
            ) from None
        if iterator is given and iterator is latest[0]:
            raise ArgumentError(
                f"Pipeline: the function {name} returned the same {type(given).__name__} again, "
                "which can be iterated only once; make a new one in the function"
            )
        latest[0] = iterator
        return iterator

    return Stage(iterate, None, f"Pipeline({name})")


def _is_function(source: Any) -> bool:
    return callable(source) and not isinstance(source, Iterable)


def _length_of(source: Any) -> int | None:
    return len(source) if isinstance(source, Sized) else None


def _is_table(source: Any) -> bool:
    if not isinstance(source, tuple | dict) or not source:
        return False
    columns = cast(Iterable[Any], source.values() if isinstance(source, dict) else source)
    return all(isinstance(column, np.ndarray) and column.ndim > 0 for column in columns)


def _table(source: tuple[NDArray[Any], ...] | dict[Any, NDArray[Any]]) -> Stage[Any]:
    columns = list(source.values()) if isinstance(source, dict) else list(source)
    lengths = [len(column) for column in columns]
    if len(set(lengths)) > 1:
        raise DataError(
            f"Pipeline: the arrays of the source have lengths {lengths}; a table needs "
            "arrays of one length"
        )

    def iterate(_: int) -> Iterator[Any]:
        rows = zip(*columns, strict=True)
        if isinstance(source, dict):
            return (dict(zip(source, row, strict=True)) for row in rows)
        return rows

    plural = "s" if len(columns) > 1 else ""
    return Stage(iterate, lengths[0], f"Pipeline({len(columns)} array{plural} of {lengths[0]})")


def mapped(elements: Iterator[T], function: Callable[[T], U], text: str) -> Iterator[U]:
    """Yield ``function(x)`` for each x; errors carry a note with the index of the element."""
    for index, element in enumerate(elements):
        try:
            result = function(element)
        except Exception as error:
            error.add_note(f"Raised in a data pipeline by {text} for element {index}.")
            raise
        yield result


def filtered(elements: Iterator[T], predicate: Callable[[T], Any], text: str) -> Iterator[T]:
    """Yield each x for which the predicate is true."""
    tested = mapped(elements, lambda element: (bool(predicate(element)), element), text)
    return (element for holds, element in tested if holds)


def ordered(
    elements: Iterator[T], key: Callable[[T], Any] | None, reverse: bool, text: str
) -> Iterator[T]:
    """Yield all elements sorted."""
    values = list(elements)
    keys: list[Any] = values if key is None else list(mapped(iter(values), key, text))
    try:
        order = sorted(range(len(values)), key=keys.__getitem__, reverse=reverse)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"sorted: the elements cannot be compared ({error}); give key=, a function that "
            "returns a number or text of each"
        ) from error
    yield from (values[index] for index in order)


def batches(elements: Iterator[Any], size: int, drop_last: bool) -> Iterator[Any]:
    """Yield batches of ``size`` elements stacked, then the remainder."""
    while batch := list(itertools.islice(elements, min(size, sys.maxsize))):
        if len(batch) == size or not drop_last:
            yield stack(batch, "batch")


def windows(elements: Iterator[Any], size: int, stride: int) -> Iterator[Any]:
    """Yield sliding windows of ``size`` elements stacked."""
    window: collections.deque[Any] = collections.deque(maxlen=min(size, sys.maxsize))
    for index, element in enumerate(elements):
        window.append(element)
        start = index - size + 1
        if start >= 0 and start % stride == 0:
            yield stack(window, "window")


def chained(stage: Stage[T], epochs: Iterable[int]) -> Iterator[T]:
    """Chain the passes of several epochs."""
    return itertools.chain.from_iterable(map(stage.iterate, epochs))


def endless(stage: Stage[T], epoch: int) -> Iterator[T]:
    """Chain the passes of all epochs from one on; refuse an empty one, after which none ends."""
    for number in itertools.count(epoch):
        is_empty = True
        for element in stage.iterate(number):
            is_empty = False
            yield element
        if is_empty:
            raise DataError(
                f"repeat: {stage.text} has no elements, and would be repeated for ever; give "
                "repeat(times)"
            )


def zipped(stages: list[Stage[Any]]) -> Stage[tuple[Any, ...]]:
    """Return the stage of tuples of the elements of several stages."""
    lengths = [stage.length for stage in stages]
    known = {length for length in lengths if length is not None}
    if len(known) > 1:
        raise DataError(
            f"zip: the sources have {lengths} elements; their lengths must be equal: "
            "shorten with take(...)"
        )

    def iterate(epoch: int) -> Iterator[tuple[Any, ...]]:
        return zip(*(stage.iterate(epoch) for stage in stages), strict=False)

    # One unknown length may be the shortest.
    length = None if None in lengths else lengths[0]
    others = ", ".join(stage.text for stage in stages[1:])
    return Stage(iterate, length, f"{stages[0].text}.zip({others})", stages[0])


def name_of(method: str, function: Any) -> str:
    """Return the name of a function, or raise an ArgumentError if it is not callable."""
    if not callable(function):
        raise ArgumentError(f"{method}: needs a function, got {shown(function)}")
    return _function_name(function)


def _function_name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
