"""Lists of traced values given to NumPy's functions: ``np.array([a, b])``, ``np.sum([a, b])``.

NumPy dispatches on arguments, not on what a list holds: it converts the list, and the conversion of
a node raises `ConversionError`. While functions are traced, the entries of NumPy's namespace are
replaced by `_Retried` ones, which call the original and, upon that error, make one traced array of
each list and call the operation on nodes. Calls without traced values, those of other threads
among them, return what the original returns. The builtins ``max`` and ``min`` are treated alike.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

import numpy as np

from chainrule.graph.trace_errors import ConversionError

__all__ = ["namespaces"]


class _Retried:
    """A function or ufunc of NumPy, called again with traced arrays in place of lists of nodes."""

    __slots__ = ("dispatches", "function", "retry")

    def __init__(self, function: Any, retry: Callable[..., Any], dispatches: bool = True) -> None:
        self.function = function
        self.retry = retry
        self.dispatches = dispatches

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function; again, with arrays, where a list holds nodes."""
        if not self.dispatches and any(hasattr(type(x), "is_convertible") for x in args):
            return self.retry(self.function, args, kwargs, None)
        try:
            return self.function(*args, **kwargs)
        except ConversionError as error:
            return self.retry(self.function, args, kwargs, error)

    def __getitem__(self, index: Any) -> Any:  # np.r_[...], np.c_[...]
        try:
            return self.function[index]
        except ConversionError as error:
            return self.retry(self.function, index, {}, error)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.function, name)
        return _Retried(attribute, self.retry) if callable(attribute) else attribute

    @property
    def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
        return type(self.function)

    def __eq__(self, other: object) -> bool:
        return self.function == (other.function if type(other) is _Retried else other)

    def __hash__(self) -> int:
        return hash(self.function)

    def __repr__(self) -> str:
        return repr(self.function)

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _itself, (self.function,)


def _itself(function: Any) -> Any:
    return function


_MODULES = ("numpy", "numpy.linalg", "scipy.special", "scipy.signal")
_BRACKETS = (np.r_, np.c_)


class _Namespaces:
    """The replaced namespaces; counts the traces in progress, in all threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._traces = 0
        self._functions: Mapping[Any, Any] = {}
        self._retry: Callable[..., Any] = _itself
        self._replaced: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = []
        self._listed: tuple[int, int] = (0, 0)

    def register(self, functions: Mapping[Any, Any], retry: Callable[..., Any]) -> None:
        """Set the functions to replace, the keys of a dispatch table, and what calls them again."""
        self._functions, self._retry = functions, retry

    def install(self) -> None:
        """Replace the entries of the namespaces, unless another trace in progress has."""
        with self._lock:
            self._traces += 1
            if self._traces == 1:
                self._list_entries()
                for namespace, entries, _ in self._replaced:
                    namespace.update(entries)

    def remove(self) -> None:
        """Restore the entries at the end of the last trace in progress."""
        with self._lock:
            self._traces -= 1
            if self._traces == 0:
                for namespace, _, originals in self._replaced:
                    namespace.update(originals)

    def _list_entries(self) -> None:
        """List the entries to replace; again when the table has grown or a module was imported."""
        loaded = [sys.modules[name] for name in _MODULES if name in sys.modules]
        if self._listed == (len(self._functions), len(loaded)):
            return
        self._listed = len(self._functions), len(loaded)
        self._replaced = []
        for module in (builtins, *loaded):
            # Functions of SciPy are operations by name; not all of them dispatch on arguments.
            named = {n for n in vars(module) if f"{module.__name__}.{n}" in self._functions}
            originals = {
                name: value
                for name, value in vars(module).items()
                if name in named or self._is_replaced(value)
            }
            entries = {
                name: _Retried(value, self._retry, name not in named)
                for name, value in originals.items()
            }
            self._replaced.append((vars(module), entries, originals))

    def _is_replaced(self, value: Any) -> bool:
        if value is _BRACKETS[0] or value is _BRACKETS[1]:
            return True
        try:
            return callable(value) and not isinstance(value, type) and value in self._functions
        except TypeError:  # unhashable
            return False


namespaces = _Namespaces()
