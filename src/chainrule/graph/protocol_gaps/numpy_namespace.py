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
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import itemgetter
from types import FunctionType
from typing import Any

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.graph.trace_errors import ConversionError
from chainrule.locks import fork_lock

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

    @property
    def __doc__(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.function.__doc__

    def __reduce__(self) -> str | tuple[Any, ...]:
        return _itself, (self.function,)


def _itself(function: Any) -> Any:
    return function


_MODULES = (
    "numpy", "numpy.linalg", "scipy.linalg", "scipy.special", "scipy.signal",
    "scipy.signal._sigtools",
)  # fmt: skip
_BRACKETS = (np.r_, np.c_)
_EXTREMES = (builtins.max, builtins.min)


@dataclass(slots=True, eq=False)
class _Replacement:
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
        if not self.traces:
            self.namespace.update(self.entries)
        self.traces += 1

    def remove(self) -> None:
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


class _Namespaces:
    """NumPy's namespaces, and those of functions being traced that import NumPy's names."""

    def __init__(self) -> None:
        self._lock = fork_lock()
        self._functions: Mapping[Any, Any] = {}
        self._retry: Callable[..., Any] = _itself
        self._modules: list[_Replacement] = []
        self._listed: tuple[int, int] = (0, 0)
        self._users: OrderedDict[int, _Replacement] = OrderedDict()

    def register(self, functions: Mapping[Any, Any], retry: Callable[..., Any]) -> None:
        """Set the functions to replace, the keys of a dispatch table, and what calls them again."""
        self._functions, self._retry = functions, retry

    def install(self, function: Any = None) -> list[_Replacement]:
        """Replace the entries of NumPy, and those that the module of a function imported from it.

        The entries are replaced until `remove` is called with what this returns.
        """
        namespace = _globals_of(function)
        with self._lock:
            replacements = list(self._of_modules())
            if namespace is not None:
                replacements.append(self._of_user(namespace))
            for replacement in replacements:
                replacement.install()
            np.vectorize.__call__ = self._vectorized_call
        return replacements

    def remove(self, replacements: list[_Replacement]) -> None:
        """Restore the entries for which no other trace is in progress."""
        with self._lock:
            for replacement in replacements:
                replacement.remove()
            if not self._modules[0].traces:
                np.vectorize.__call__ = _VECTORIZED_CALL

    def _of_modules(self) -> list[_Replacement]:
        """The entries of NumPy; listed again when the table has grown or a module was imported."""
        loaded = [sys.modules[name] for name in _MODULES if name in sys.modules]
        listed = len(self._functions), len(loaded)
        is_listed = self._listed == listed and all(each.is_current() for each in self._modules)
        if not (self._modules and self._modules[0].traces) and not is_listed:
            self._listed = listed
            self._modules = [
                self._replacement(vars(module), module.__name__) for module in (builtins, *loaded)
            ]
        return self._modules

    def _of_user(self, namespace: dict[str, Any]) -> _Replacement:
        """The entries of a user's module, listed again when it has got others."""
        found = self._users.get(id(namespace))
        is_same = found is not None and found.namespace is namespace
        if found is None or not (found.traces or (is_same and found.is_listed_whole())):
            found = self._users[id(namespace)] = self._replacement(namespace, "")
            idle = [key for key, each in self._users.items() if not each.traces]
            for key in idle[: max(len(self._users) - _MAX_USERS, 0)]:
                del self._users[key]
        return found

    def _replacement(self, namespace: dict[str, Any], module: str) -> _Replacement:
        # Functions of SciPy are operations by name; not all of them dispatch on their arguments.
        current = dict(namespace)  # a copy, as another thread may add names
        named = {
            name
            for name, value in current.items()
            if f"{module}.{name}" in self._functions or self._is_of_scipy(value)
        }
        originals = {
            name: value
            for name, value in current.items()
            if name in named or self._is_replaced(value)
        }
        entries = {
            name: _Retried(value, self._retry, name not in named)
            for name, value in originals.items()
        }
        return _Replacement(namespace, originals, entries, len(current))

    def _is_replaced(self, value: Any) -> bool:
        if value is _BRACKETS[0] or value is _BRACKETS[1]:
            return True
        try:
            is_function = callable(value) and not isinstance(value, type)
            return is_function and type(value) is not _Retried and value in self._functions
        except TypeError:  # unhashable
            return False

    def _is_of_scipy(self, value: Any) -> bool:
        """Whether a user's module has imported by name a function of SciPy that is an operation."""
        if type(value) is np.ufunc:
            return f"scipy.special.{value.__name__}" in self._functions and value != getattr(
                np, value.__name__, None
            )
        if type(value) is not FunctionType:
            return False
        package = ".".join(str(value.__module__).split(".")[:2])
        return f"{package}.{value.__name__}" in self._functions

    @property
    def _vectorized_call(self) -> Callable[..., Any]:
        def call(vectorized: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return _VECTORIZED_CALL(vectorized, *args, **kwargs)
            except ConversionError as error:
                return self._retry(np.vectorize, (vectorized, *args), kwargs, error)

        return call


def _globals_of(function: Any) -> dict[str, Any] | None:
    """The namespace of the module that defines a function, behind methods, partials, wrappers."""
    for _ in range(_MAX_WRAPPERS):
        inner = (
            getattr(function, "__wrapped__", None)
            or getattr(function, "__func__", None)
            or getattr(function, "func", None)
        )
        if inner is None:
            break
        function = inner
    namespace = getattr(function, "__globals__", None)
    is_library = namespace is None or str(namespace.get("__name__")).startswith("chainrule.")
    return None if is_library else namespace


_VECTORIZED_CALL = np.vectorize.__call__
_MAX_USERS = 64
_MAX_WRAPPERS = 20

namespaces = _Namespaces()
