"""One step of a pipeline: how to go through its elements, how many there are, how it reads.

Each verb of `chainrule.data.Pipeline` is a function from an iterator to an iterator, here.
"""

import collections
import itertools
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.data.collate import stack
from chainrule.errors import ArgumentError, DataError, type_in_words

__all__ = [
    "Source",
    "Stage",
    "arranged",
    "batches",
    "chained",
    "filtered",
    "first",
    "mapped",
    "name_of",
    "windows",
    "zipped",
]

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True)
class Stage(Generic[T]):
    """What a pipeline knows.

    Parameters
    ----------
    iterate : function (epoch) -> iterator
        Starts one pass; the same epoch always gives the same elements.
    length : int or None
        The number of elements, where it is known without counting.
    text : str
        The chain of verbs, for people.
    """

    iterate: Callable[[int], Iterator[T]]
    length: int | None
    text: str


Source = Iterable[T] | Callable[[], Iterable[T]] | Stage[T]


def first(source: Any) -> Stage[Any]:
    """Return the stage that reads from what the user gave."""
    if isinstance(source, str | bytes | bytearray):
        raise ArgumentError(
            f"Pipeline: the source is the text {source[:40]!r}; "
            "to read a file give lambda: open(path), to go through the characters list(text)"
        )
    if _is_table(source):
        return _table(source)
    if _is_function(source):
        return Stage(lambda _: iter(source()), None, f"Pipeline({_function_name(source)})")
    try:
        iterator = iter(source)
    except TypeError:
        raise ArgumentError(
            f"Pipeline: the source is {type(source).__name__} {source!r}, which cannot be gone "
            "through; give a list, an array, a function that returns one, or a tuple of arrays"
        ) from None
    if iterator is source:
        return _once(iterator)
    length = _length_of(source)
    kind = type(source).__name__
    text = f"Pipeline({kind})" if length is None else f"Pipeline({kind} of {length})"
    return Stage(lambda _: iter(source), length, text)


def _once(iterator: Iterator[Any]) -> Stage[Any]:
    """Return the stage of an iterator, which would give nothing, silently, the second time."""
    passes = itertools.count()

    def iterate(_: int) -> Iterator[Any]:
        if next(passes):
            raise ArgumentError(
                f"Pipeline: the source is {type_in_words(iterator)}, which can be gone through "
                "once, and was; give list(source), or a function that returns a fresh one"
            )
        yield from iterator

    return Stage(iterate, None, f"Pipeline({type(iterator).__name__})")


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
            f"Pipeline: the arrays of the source have lengths {lengths}; a table needs one "
            "length, since its element i is made of their rows i"
        )

    def iterate(_: int) -> Iterator[Any]:
        rows = zip(*columns, strict=True)
        if isinstance(source, dict):
            return (dict(zip(source, row, strict=True)) for row in rows)
        return rows

    plural = "s" if len(columns) > 1 else ""
    return Stage(iterate, lengths[0], f"Pipeline({len(columns)} array{plural} of {lengths[0]})")


def mapped(elements: Iterator[T], function: Callable[[T], U], text: str) -> Iterator[U]:
    """Yield ``function(x)`` for each x; an error is told which element it was."""
    for index, element in enumerate(elements):
        try:
            result = function(element)
        except Exception as error:
            error.add_note(f"Raised in a data pipeline by {text} for element {index}.")
            raise
        yield result


def filtered(elements: Iterator[T], predicate: Callable[[T], Any], text: str) -> Iterator[T]:
    """Yield each x for which the predicate is true."""
    kept = mapped(elements, lambda element: (bool(predicate(element)), element), text)
    return (element for keep, element in kept if keep)


def arranged(elements: Iterator[T], key: Callable[[T], Any] | None, reverse: bool) -> Iterator[T]:
    """Yield all elements in order, sorting when the first is asked for."""
    yield from sorted(cast(Iterator[Any], elements), key=key, reverse=reverse)


def batches(elements: Iterator[Any], size: int, drop_last: bool) -> Iterator[Any]:
    """Yield each ``size`` elements stacked, and at the end what is left."""
    while batch := list(itertools.islice(elements, size)):
        if len(batch) == size or not drop_last:
            yield stack(batch, "batch")


def windows(elements: Iterator[Any], size: int, stride: int) -> Iterator[Any]:
    """Yield each run of ``size`` neighbours stacked."""
    window: collections.deque[Any] = collections.deque(maxlen=size)
    for index, element in enumerate(elements):
        window.append(element)
        start = index - size + 1
        if start >= 0 and start % stride == 0:
            yield stack(window, "window")


def chained(stage: Stage[T], epochs: Iterable[int]) -> Iterator[T]:
    """Go through the passes of these epochs, one after another."""
    return itertools.chain.from_iterable(map(stage.iterate, epochs))


def zipped(stages: list[Stage[Any]]) -> Stage[tuple[Any, ...]]:
    """Return the stage whose elements are tuples of theirs."""
    lengths = [stage.length for stage in stages]
    known = {length for length in lengths if length is not None}
    if len(known) > 1:
        raise DataError(
            f"zip: the sources have {lengths} elements; elements are paired by their place, "
            "so the numbers must be equal: shorten with take(...)"
        )

    def iterate(epoch: int) -> Iterator[tuple[Any, ...]]:
        return zip(*(stage.iterate(epoch) for stage in stages), strict=False)

    # One unknown length may be the shortest.
    length = None if None in lengths else lengths[0]
    others = ", ".join(stage.text for stage in stages[1:])
    return Stage(iterate, length, f"{stages[0].text}.zip({others})")


def name_of(verb: str, function: Any) -> str:
    """Return how a function is called, or raise an ArgumentError if it cannot be called."""
    if not callable(function):
        raise ArgumentError(f"{verb}: needs a function, got {function!r}")
    return _function_name(function)


def _function_name(function: Any) -> str:
    return getattr(function, "__name__", type(function).__name__)
