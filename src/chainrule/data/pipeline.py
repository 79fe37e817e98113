"""Lazy data pipelines: ``Pipeline(source).map(f).shuffle(seed=0).batch(64)``.

A pipeline is immutable: each method returns a new one. Nothing is computed until it is iterated;
iterating twice yields the same elements. The shuffled order differs by *epoch*, which is explicit,
never hidden state: ``pipe.epoch(3)`` is the fourth pass, ``pipe.repeat(10)`` the passes 0 to 9.
"""

import functools
import itertools
from collections.abc import Callable, Iterator
from sys import maxsize
from typing import Any, Generic, NoReturn, TypeVar, cast, final

from chainrule.arguments.aliases import PIPELINE_ALIASES, PIPELINE_ATTRIBUTES
from chainrule.arguments.checks import checked_count, checked_flag, checked_seed
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.data import pipeline_stage
from chainrule.data.collate import stack
from chainrule.data.pipeline_stage import Source, Stage, name_of
from chainrule.data.shuffling import permutation
from chainrule.errors import DataError, UnsupportedError
from chainrule.rich_display import html_of

__all__ = ["Pipeline"]

T = TypeVar("T")
U = TypeVar("U")
MISSING = object()


@answers_foreign_names(PIPELINE_ALIASES, "pipe", PIPELINE_ATTRIBUTES)
@final
class Pipeline(Generic[T]):
    """A lazy, re-iterable sequence of elements.

    Every method returns a new pipeline, checks its arguments at once and computes when the pipeline
    is iterated, as in ``list(pipe)`` or ``for x in pipe``; ``len(pipe)`` works where the length is
    known without iterating. Batches of (X, y) go into `Network.fit` as they are.

    Parameters
    ----------
    source : iterable, function, or tuple or dict of arrays
        Any iterable: a list, an array (its rows), another pipeline. A function without arguments
        is called for a new iterable in every pass. A tuple or dict of arrays is a table: its
        element i is the tuple or dict of their rows i. A generator, or any other iterator, can be
        iterated once; a second pass raises an ArgumentError.

    Raises
    ------
    ArgumentError
        If the source is not iterable, or a text.
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

    def __init__(self, source: Source[T], *others: Any) -> None:
        if isinstance(source, Pipeline):
            self._stage: Stage[T] = source._stage
        elif isinstance(source, Stage):
            self._stage = cast(Stage[T], source)
        else:
            self._stage = pipeline_stage.first(source, *others)

    def __iter__(self) -> Iterator[T]:
        return self._stage.iterate(0)

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise UnsupportedError(
            f"Pipeline: {self!r} consists of functions, which cannot be pickled; pickle what it "
            "reads, and make the pipeline again in the other process"
        )

    def __copy__(self, *_: Any) -> "Pipeline[T]":
        return self  # it is immutable

    __deepcopy__ = __copy__

    def __len__(self) -> int:
        if self._stage.length is None:
            raise UnsupportedError(f"len: {self} has no known length; use list(...)")
        return self._stage.length

    def __bool__(self) -> bool:
        # Otherwise `if pipe:` would need a length that may be unknown.
        return self._stage.length != 0

    def __repr__(self) -> str:
        return self._stage.text

    def _repr_html_(self) -> str | None:
        return html_of(self._stage)

    def map(self, function: Callable[[T], U]) -> "Pipeline[U]":
        """Replace each element x by ``function(x)``.

        Parameters
        ----------
        function : callable
            Called with one element; with the whole tuple if elements are tuples.

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
        """Sort all elements by Python's ``sorted``; a pass holds all of them in memory.

        Parameters
        ----------
        key : callable, optional
            The sort key of an element; the element itself where absent.
        reverse : bool
            Largest first.

        Examples
        --------
        >>> list(Pipeline(["ccc", "a", "bb"]).sorted(key=len))
        ['a', 'bb', 'ccc']
        """
        reverse = checked_flag("sorted", "reverse", reverse)
        text = "sorted()" if key is None else f"sorted(key={name_of('sorted', key)})"
        return self._each(
            lambda xs: pipeline_stage.ordered(xs, key, reverse, text), self._stage.length, text
        )

    def shuffle(self, seed: int = 0) -> "Pipeline[T]":
        """Permute all elements by a permutation that depends on (seed, epoch) only.

        A pass holds all elements in memory.

        Parameters
        ----------
        seed : int in [0, 2**64)
            Seed of the permutation. Epochs are chosen by `epoch` and `repeat`.

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
        """Return the pass of an epoch: the same elements, in the order of that epoch.

        Parameters
        ----------
        number : int >= 0
            0 is the pipeline itself.

        Examples
        --------
        >>> list(Pipeline(range(5)).shuffle(seed=0).batch(3).epoch(1))
        [array([3, 2, 4]), array([1, 0])]
        """
        number = min(checked_count("epoch", "number", number, 0), maxsize)
        text = f"epoch({number})"
        return self._with(lambda e: self._stage.iterate(number + e), self._stage.length, text)

    def repeat(self, times: int | None = None) -> "Pipeline[T]":
        """Iterate several times, each as the next epoch.

        Parameters
        ----------
        times : int >= 0, optional
            The number of epochs; infinite where absent, for which each must have elements.

        Examples
        --------
        >>> list(Pipeline([1, 2]).repeat(3))
        [1, 2, 1, 2, 1, 2]
        """
        if times is None:
            stage = self._stage
            return self._with(lambda epoch: pipeline_stage.endless(stage, epoch), None, "repeat()")
        times = checked_count("repeat", "times", times, 0)
        # A repetition that is itself repeated continues with the next epochs.
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
            Elements per batch; the last one may have fewer.
        drop_last : bool
            Drop an incomplete last batch.

        Examples
        --------
        >>> list(Pipeline(range(5)).batch(2))
        [array([0, 1]), array([2, 3]), array([4])]
        """
        size = checked_count("batch", "size", size, 1)
        drop_last = checked_flag("batch", "drop_last", drop_last)
        length = self._stage.length
        if length is not None:
            length = length // size if drop_last else -(-length // size)
        text = f"batch({size}, drop_last=True)" if drop_last else f"batch({size})"
        return self._each(lambda xs: pipeline_stage.batches(xs, size, drop_last), length, text)

    def window(self, size: int, stride: int = 1) -> "Pipeline[Any]":
        """Stack sliding windows of ``size`` elements, ``stride`` elements apart.

        Parameters
        ----------
        size : int >= 1
            Elements per window; incomplete windows are dropped.
        stride : int >= 1
            Distance between the starts of windows.

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
        text = f"window({size}, stride={stride})"
        return self._each(lambda xs: pipeline_stage.windows(xs, size, stride), length, text)

    def take(self, count: int) -> "Pipeline[T]":
        """Keep the first ``count`` elements, or all if there are fewer.

        Parameters
        ----------
        count : int >= 0
            No further elements are computed.

        Examples
        --------
        >>> list(Pipeline([1, 2]).repeat().take(3))
        [1, 2, 1]
        """
        count = min(checked_count("take", "count", count, 0), maxsize)
        length = None if self._stage.length is None else min(count, self._stage.length)
        return self._each(lambda xs: itertools.islice(xs, count), length, f"take({count})")

    def skip(self, count: int) -> "Pipeline[T]":
        """Drop the first ``count`` elements.

        Parameters
        ----------
        count : int >= 0
            The result is empty if there are fewer.

        Examples
        --------
        >>> list(Pipeline(range(5)).skip(3))
        [3, 4]
        """
        count = min(checked_count("skip", "count", count, 0), maxsize)
        length = None if self._stage.length is None else max(0, self._stage.length - count)
        return self._each(lambda xs: itertools.islice(xs, count, None), length, f"skip({count})")

    def zip(self, *others: Source[Any]) -> "Pipeline[tuple[Any, ...]]":
        """Pair each element with those of other sources at the same index.

        Parameters
        ----------
        *others : sources
            Any sources of a pipeline. Known lengths must be equal; otherwise the shortest
            decides.

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

    def reduce(self, function: Callable[[Any, T], Any], initial: Any = MISSING) -> Any:
        """Fold all elements into one value: ``function(... function(initial, x0) ..., xn)``.

        It computes at once.

        Parameters
        ----------
        function : callable
            Called with the accumulated value and one element.
        initial : optional
            The initial value; the first element where absent.

        Returns
        -------
        object
            The final value.

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
        value = next(elements, MISSING) if initial is MISSING else initial
        if value is MISSING:
            raise DataError("reduce: there are no elements; give an initial value")
        return functools.reduce(function, elements, value)

    def arrays(self) -> Any:
        """Stack all elements into arrays, as `fit` takes them. It computes at once.

        Returns
        -------
        array, or tuple or dict of arrays
            The first axis indexes the elements.

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
        self, transform: Callable[[Iterator[T]], Iterator[U]], length: int | None, method: str
    ) -> "Pipeline[U]":
        """Return the pipeline of a transform applied to each epoch."""
        return self._with(lambda epoch: transform(self._stage.iterate(epoch)), length, method)

    def _with(
        self, iterate: Callable[[int], Iterator[U]], length: int | None, method: str
    ) -> "Pipeline[U]":
        text = f"{self._stage.text}.{method}"
        return Pipeline(Stage(iterate, length, text, self._stage))
