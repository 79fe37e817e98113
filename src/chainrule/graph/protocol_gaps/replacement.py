"""What stands in for functions of NumPy and SciPy while functions are traced, and where.

A `Retried` function calls the original, and upon the error of a conversion the operation on nodes.
In a trace of code that fills arrays, it makes traced arrays of the plain ones that are returned.
Replacements are entries of a namespace (`Replacement`) or the variable of an enclosing function
(`ClosureCell`), for as long as traces are in progress.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from types import CellType, FrameType
from typing import Any

from chainrule.errors import ChainruleError
from chainrule.graph.protocol_gaps.call_site import calls, takes_item
from chainrule.graph.protocol_gaps.plain_store import cached_codes, fillable_kinds
from chainrule.graph.source_location import frame_at, is_library_file
from chainrule.graph.trace_errors import ConversionError

__all__ = ["ClosureCell", "Replacement", "Retried"]


class Retried:
    """A function or ufunc of NumPy, called again with traced arrays in place of lists of nodes."""

    __slots__ = ("dispatches", "function", "make_fillable", "retry")

    def __init__(
        self,
        function: Any,
        retry: Callable[..., Any],
        dispatches: bool = True,
        make_fillable: Callable[..., Any] | None = None,
    ) -> None:
        self.function = function
        self.retry = retry
        self.dispatches = dispatches
        self.make_fillable = make_fillable

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; again, with arrays, where a list holds nodes."""
        if self.make_fillable is not None and fillable_kinds.get():
            return self._made(frame_at(1), args, kwargs)
        if not self.dispatches and any(hasattr(type(x), "is_convertible") for x in args):
            return self.retry(self.function, args, kwargs, None)
        if self.function in _EXTREMES and len(args) == 1 and hasattr(args[0], "__next__"):
            args = (list(args[0]),)  # which a second call can read again
        try:
            return self.function(*args, **kwargs)
        except ConversionError as error:
            return self.retry(self.function, args, kwargs, error)
        except (AttributeError, ChainruleError) as error:
            # NumPy's code in Python has made an array of a list and does more with it than a
            # traced array can: the operation on nodes does without.
            if not any(isinstance(each, list | tuple) for each in (*args, *kwargs.values())):
                raise
            return self.retry(self.function, args, kwargs, error)

    def _made(self, caller: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call the function; make traced arrays of what the user's code gets."""
        result = Retried(self.function, self.retry, self.dispatches)(*args, **kwargs)
        assert self.make_fillable is not None
        # Code in C, which takes memory from NumPy's functions too, has no frame of its own.
        if is_library_file(caller.f_code.co_filename) or not calls(caller, self):
            return result
        if _is_for_cache(caller):
            return result
        return self.make_fillable(self.function, result, (*args, *kwargs.values()))

    def __getitem__(self, index: Any) -> Any:  # np.r_[...], np.c_[...]
        try:
            result = self.function[index]
        except ConversionError as error:
            return self.retry(self.function, index, {}, error)
        if self.make_fillable is None or not fillable_kinds.get():
            return result
        caller = frame_at(1)
        if is_library_file(caller.f_code.co_filename) or not takes_item(caller, _GRIDS):
            return result
        if _is_for_cache(caller):
            return result
        return self.make_fillable(self.function, result, (index,))

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.function, name)
        if not callable(attribute):
            return attribute
        return Retried(attribute, self.retry, make_fillable=self.make_fillable)

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self.function)

    def __eq__(self, other: object) -> bool:
        return self.function == (other.function if type(other) is Retried else other)

    def __hash__(self) -> int:
        return hash(self.function)

    def __repr__(self) -> str:
        return repr(self.function)

    @property
    def __doc__(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.function.__doc__

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _itself, (self.function,)


def _itself(function: Any) -> Any:
    return function


def _is_for_cache(frame: FrameType | None) -> bool:
    """Whether a frame belongs to a call whose result is kept by ``functools.cache``."""
    codes = cached_codes.get()
    while codes and frame is not None:
        if frame.f_code in codes:
            return True
        frame = frame.f_back
    return False


_GRIDS = frozenset(["c_", "mgrid", "ogrid", "r_"])

_EXTREMES = (builtins.max, builtins.min)


@dataclass(slots=True, eq=False)
class Replacement:
    """Entries of one namespace and what replaces them while `traces` are in progress."""

    namespace: dict[str, Any]
    originals: dict[str, Any]
    entries: dict[str, Any]
    size: int
    traces: int = 0
    _values: tuple[Any, ...] = ()
    _read: Callable[[dict[str, Any]], Any] = dict.copy

    def __post_init__(self) -> None:
        if len(self.originals) > 1:
            self._values = tuple(self.originals.values())
            self._read = itemgetter(*self.originals)

    def install(self) -> None:
        """Replace for one more trace."""
        if not self.traces:
            self.namespace.update(self.entries)
        self.traces += 1

    def remove(self) -> None:
        """Restore, if this was the last trace."""
        self.traces -= 1
        if not self.traces:
            self.namespace.update(self.originals)

    def is_listed_whole(self) -> bool:
        """Whether the namespace has got no other names since."""
        return self.size == len(self.namespace) and self.is_current()

    def is_current(self) -> bool:
        """Whether the entries are those listed: other code may have replaced some of its own."""
        try:
            if self._values:  # of equal tuples, the items are compared by identity alone
                return self._read(self.namespace) == self._values
            return all(self.namespace[key] is value for key, value in self.originals.items())
        except (KeyError, ValueError):
            return False


class ClosureCell:
    """A variable of an enclosing function that holds a function of SciPy, as `Replacement`."""

    __slots__ = ("cell", "entry", "original", "traces")

    def __init__(self, cell: CellType, original: Any, entry: Any) -> None:
        self.cell, self.entry, self.original, self.traces = cell, entry, original, 0

    def is_current(self) -> bool:
        """Whether the variable is that listed."""
        return self.cell.cell_contents is self.original

    def install(self) -> None:
        """Replace for one more trace."""
        if not self.traces:
            self.cell.cell_contents = self.entry
        self.traces += 1

    def remove(self) -> None:
        """Restore, if this was the last trace."""
        self.traces -= 1
        if not self.traces and self.cell.cell_contents is self.entry:
            self.cell.cell_contents = self.original
