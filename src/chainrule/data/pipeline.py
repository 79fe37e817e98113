"""Data as a chain of verbs, done lazily: ``Pipeline(source).map(f).shuffle(seed=0).batch(64)``.

A pipeline is a value. Each verb returns a new one and leaves the old as it was; nothing is computed
until somebody asks for elements; going through it twice gives the same elements twice. A shuffled
order is new in each *epoch*, and the epoch is named, never counted behind the scenes:
``pipe.epoch(3)`` is the fourth pass, ``pipe.repeat(10)`` the passes 0 to 9, one after another.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar, cast, final

from chainrule.arguments.checks import checked_count, checked_seed
from chainrule.data import pipeline_stage
from chainrule.data.collate import stack
from chainrule.data.pipeline_stage import Source, Stage, name_of
from chainrule.data.shuffling import permutation
from chainrule.errors import DataError, UnsupportedError

__all__ = ["Pipeline"]

T = TypeVar("T")
U = TypeVar("U")
NOTHING = object()


@final
class Pipeline(Generic[T]):
    """A lazy sequence of elements that can be gone through again and again.

    Every verb returns a new pipeline, checks its arguments at once and does its work when elements
    are asked for. ``list(pipe)`` and ``for x in pipe`` ask; ``len(pipe)`` works where the length
    is known without asking.

    Parameters
    ----------
    source : iterable, function, or tuple or dict of arrays
        Anything ``for`` goes through: a list, an array (its rows), another pipeline. A function
        without arguments is called for a fresh iterable on every pass. A tuple or dict of arrays
        is a table: its element i is the tuple or dict of their rows i. A generator, or any other
        iterator, can be gone through once; a second pass raises an ArgumentError.

    Raises
    ------
    ArgumentError
        If the source is nothing to go through, or a text.
    DataError
        If the arrays of a table differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> X, y = np.arange(8.0).reshape(4, 2), np.array([0, 1, 1, 0])
    >>> pipe = Pipeline((X, y)).filter(lambda row: row[1] == 1).batch(2)
    >>> pipe
    Pipeline(2 arrays of 4).filter(<lambda>).batch(2)
    >>> list(pipe)
    [(array([[2., 3.],
           [4., 5.]]), array([1, 1]))]
    """

    def __init__(self, source: Source[T]) -> None:
        if isinstance(source, Pipeline):
            self._stage: Stage[T] = source._stage
        elif isinstance(source, Stage):
            self._stage = cast(Stage[T], source)
        else:
            self._stage = pipeline_stage.first(source)

    def __iter__(self) -> Iterator[T]:
        return self._stage.iterate(0)

    def __len__(self) -> int:
        if self._stage.length is None:
            raise UnsupportedError(f"len: {self} has no length known beforehand; use list(...)")
        return self._stage.length

    def __bool__(self) -> bool:
        # Otherwise `if pipe:` would ask for a length that may be unknown.
        return self._stage.length != 0

    def __repr__(self) -> str:
        return self._stage.text

    def map(self, function: Callable[[T], U]) -> "Pipeline[U]":
        """Replace each element x by ``function(x)``.

        Parameters
        ----------
        function : callable
            Called with one element; with the whole tuple, where elements are tuples.

        Examples
        --------
        >>> list(Pipeline([1, 2, 3]).map(lambda x: x * x))
        [1, 4, 9]
        """
        text = f"map({name_of('map', function)})"
        return self._each(
            lambda xs: pipeline_stage.mapped(xs, function, text), self._stage.length, text
        )

    def filter(self, predicate: Callable[[T], Any]) -> "Pipeline[T]":
        """Keep the elements for which ``predicate`` is true.

        Parameters
        ----------
        predicate : callable
            Called with one element.

        Examples
        --------
        >>> list(Pipeline(range(6)).filter(lambda x: x % 2))
        [1, 3, 5]
        """
        text = f"filter({name_of('filter', predicate)})"
        return self._each(lambda xs: pipeline_stage.filtered(xs, predicate, text), None, text)

    def sorted(
        self, key: Callable[[T], Any] | None = None, *, reverse: bool = False
    ) -> "Pipeline[T]":
        """Sort all elements, as Python's ``sorted`` does; a pass holds all of them in memory.

        Parameters
        ----------
        key : callable, optional
            What to compare of an element; the element itself where absent.
        reverse : bool
            Largest first.

        Examples
        --------
        >>> list(Pipeline(["ccc", "a", "bb"]).sorted(key=len))
        ['a', 'bb', 'ccc']
        """
        text = "sorted()" if key is None else f"sorted(key={name_of('sorted', key)})"
        return self._each(
            lambda xs: pipeline_stage.arranged(xs, key, reverse), self._stage.length, text
        )

    def shuffle(self, seed: int = 0) -> "Pipeline[T]":
        """Put all elements in an order that depends on (seed, epoch) only.

        A pass holds all elements in memory.

        Parameters
        ----------
        seed : int in [0, 2**64)
            Another seed, another order. Epochs are chosen by `epoch` and `repeat`.

        Examples
        --------
        >>> pipe = Pipeline(range(5)).shuffle(seed=0)
        >>> list(pipe), list(pipe), list(pipe.epoch(1))
        ([0, 2, 1, 4, 3], [0, 2, 1, 4, 3], [3, 2, 4, 1, 0])
        """
        seed = checked_seed("shuffle", seed)

        def iterate(epoch: int) -> Iterator[T]:
            elements = list(self._stage.iterate(epoch))
            for index in permutation(len(elements), seed, epoch):
                yield elements[index]

        return self._with(iterate, self._stage.length, f"shuffle(seed={seed})")

    def epoch(self, number: int) -> "Pipeline[T]":
        """Return the pass of this number: the same elements, shuffled in that epoch's order.

        Parameters
        ----------
        number : int >= 0
            0 is what the pipeline itself gives.

        Examples
        --------
        >>> list(Pipeline(range(5)).shuffle(seed=0).batch(3).epoch(1))
        [array([3, 2, 4]), array([1, 0])]
        """
        number = checked_count("epoch", "number", number, 0)
        return self._with(
            lambda epoch: self._stage.iterate(number + epoch),
            self._stage.length,
            f"epoch({number})",
        )

    def repeat(self, times: int | None = None) -> "Pipeline[T]":
        """Go through the elements several times, each time as the next epoch.

        Parameters
        ----------
        times : int >= 0, optional
            How often; without end where absent.

        Examples
        --------
        >>> list(Pipeline([1, 2]).repeat(3))
        [1, 2, 1, 2, 1, 2]
        """
        if times is None:
            return self._with(
                lambda epoch: pipeline_stage.chained(self._stage, itertools.count(epoch)),
                None,
                "repeat()",
            )
        times = checked_count("repeat", "times", times, 0)
        # A repetition that is itself repeated goes on where the one before ended.
        return self._with(
            lambda epoch: pipeline_stage.chained(
                self._stage, range(epoch * times, (epoch + 1) * times)
            ),
            None if self._stage.length is None else times * self._stage.length,
            f"repeat({times})",
        )

    def batch(self, size: int, *, drop_last: bool = False) -> "Pipeline[Any]":
        """Stack each ``size`` elements; arrays get a new first axis, in tuples and dicts too.

        Parameters
        ----------
        size : int >= 1
            Elements a batch; the last one may have fewer.
        drop_last : bool
            Leave out a last batch that is not full.

        Examples
        --------
        >>> list(Pipeline(range(5)).batch(2))
        [array([0, 1]), array([2, 3]), array([4])]
        """
        size = checked_count("batch", "size", size, 1)
        length = self._stage.length
        if length is not None:
            length = length // size if drop_last else -(-length // size)
        text = f"batch({size}, drop_last=True)" if drop_last else f"batch({size})"
        return self._each(lambda xs: pipeline_stage.batches(xs, size, drop_last), length, text)

    def window(self, size: int, stride: int = 1) -> "Pipeline[Any]":
        """Stack each run of ``size`` neighbours; the runs start ``stride`` elements apart.

        Parameters
        ----------
        size : int >= 1
            Elements a window; there are no windows that are not full.
        stride : int >= 1
            Elements from the start of one window to that of the next.

        Examples
        --------
        >>> list(Pipeline(range(5)).window(3))
        [array([0, 1, 2]), array([1, 2, 3]), array([2, 3, 4])]
        """
        size = checked_count("window", "size", size, 1)
        stride = checked_count("window", "stride", stride, 1)
        length = self._stage.length
        if length is not None:
            length = max(0, (length - size) // stride + 1)
        return self._each(
            lambda xs: pipeline_stage.windows(xs, size, stride),
            length,
            f"window({size}, stride={stride})",
        )

    def take(self, count: int) -> "Pipeline[T]":
        """Keep the first ``count`` elements, or all if there are fewer.

        Parameters
        ----------
        count : int >= 0
            No more than these are asked for.

        Examples
        --------
        >>> list(Pipeline([1, 2]).repeat().take(3))
        [1, 2, 1]
        """
        count = checked_count("take", "count", count, 0)
        length = None if self._stage.length is None else min(count, self._stage.length)
        return self._each(lambda xs: itertools.islice(xs, count), length, f"take({count})")

    def skip(self, count: int) -> "Pipeline[T]":
        """Leave out the first ``count`` elements.

        Parameters
        ----------
        count : int >= 0
            Nothing remains if there are fewer.

        Examples
        --------
        >>> list(Pipeline(range(5)).skip(3))
        [3, 4]
        """
        count = checked_count("skip", "count", count, 0)
        length = None if self._stage.length is None else max(0, self._stage.length - count)
        return self._each(lambda xs: itertools.islice(xs, count, None), length, f"skip({count})")

    def zip(self, *others: Source[Any]) -> "Pipeline[tuple[Any, ...]]":
        """Pair each element with those of other sources at the same place.

        Parameters
        ----------
        *others : sources
            Anything a pipeline can be made of. Known lengths must be equal; otherwise the
            shortest decides.

        Raises
        ------
        DataError
            If known lengths differ.

        Examples
        --------
        >>> list(Pipeline(["x", "y"]).zip([1, 2]))
        [('x', 1), ('y', 2)]
        """
        stages = [self._stage, *(Pipeline[Any](other)._stage for other in others)]
        return Pipeline(pipeline_stage.zipped(stages))

    def reduce(self, function: Callable[[Any, T], Any], initial: Any = NOTHING) -> Any:
        """Fold all elements into one value: ``function(... function(initial, x0) ..., xn)``.

        This one works at once.

        Parameters
        ----------
        function : callable
            Called with the value so far and one element.
        initial : optional
            The value to start from; the first element where absent.

        Returns
        -------
        object
            The last value.

        Raises
        ------
        DataError
            If there are neither elements nor an initial value.

        Examples
        --------
        >>> Pipeline([1, 2, 3]).reduce(lambda total, x: total + x, 0)
        6
        """
        name_of("reduce", function)
        elements = iter(self)
        value = next(elements, NOTHING) if initial is NOTHING else initial
        if value is NOTHING:
            raise DataError("reduce: there are no elements; give an initial value")
        return functools.reduce(function, elements, value)

    def arrays(self) -> Any:
        """Stack all elements into arrays, as `fit` takes them. This one works at once.

        Returns
        -------
        array, or tuple or dict of arrays
            The first axis counts the elements.

        Raises
        ------
        DataError
            If there are no elements, or they differ in structure or shape.

        Examples
        --------
        >>> Pipeline([(1.0, 0), (2.0, 1)]).arrays()
        (array([1., 2.]), array([0, 1]))
        """
        elements = list(self)
        if not elements:
            raise DataError(f"arrays: {self} has no elements to stack")
        return stack(elements, "arrays")

    def _each(
        self, transform: Callable[[Iterator[T]], Iterator[U]], length: int | None, verb: str
    ) -> "Pipeline[U]":
        """Return the pipeline whose elements are made from these, epoch by epoch."""
        return self._with(lambda epoch: transform(self._stage.iterate(epoch)), length, verb)

    def _with(
        self, iterate: Callable[[int], Iterator[U]], length: int | None, verb: str
    ) -> "Pipeline[U]":
        return Pipeline(Stage(iterate, length, f"{self._stage.text}.{verb}"))
