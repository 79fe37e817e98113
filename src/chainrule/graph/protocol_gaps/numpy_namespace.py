"""Lists of traced values given to NumPy's functions: ``np.array([a, b])``, ``np.sum([a, b])``.

NumPy dispatches on arguments, not on what a list holds: it converts the list, and the conversion of
a node raises `ConversionError`; functions of SciPy convert every argument. While functions are
traced, the entries of NumPy's namespace are replaced by `Retried` ones, which call the original
and, upon that error, make one traced array of each list and call the operation on nodes. Calls
without traced values, those of other threads among them, return what the original returns. The
builtins ``max`` and ``min`` are treated alike.
"""

from __future__ import annotations

import builtins
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import CellType, FunctionType
from typing import Any

import numpy as np

from chainrule.graph.protocol_gaps.replacement import ClosureCell, Replacement, Retried
from chainrule.graph.trace_errors import ConversionError
from chainrule.locks import fork_lock

__all__ = ["namespaces"]


_MODULES = (
    "numpy", "numpy.linalg", "scipy.linalg", "scipy.special", "scipy.signal",
    "scipy.signal._sigtools",
)  # fmt: skip
_BRACKETS = (np.r_, np.c_)


class _Namespaces:
    """NumPy's namespaces, and those of functions being traced that import NumPy's names."""

    def __init__(self) -> None:
        self._lock = fork_lock()
        self._functions: Mapping[Any, Any] = {}
        self._retry: Callable[..., Any] = lambda function, *_: function
        self._modules: list[Replacement] = []
        self._listed: tuple[int, int] = (0, 0)
        self._users: OrderedDict[int, Replacement] = OrderedDict()
        self._cells: dict[int, ClosureCell] = {}

    def register(self, functions: Mapping[Any, Any], retry: Callable[..., Any]) -> None:
        """Set the functions to replace, the keys of a dispatch table, and what calls them again."""
        self._functions, self._retry = functions, retry

    def traced(self, function: Any) -> Any:
        """Return a function to call with traced values: one of SciPy is called by its operation."""
        return self._entry(function, False) if self._is_of_scipy(function) else function

    def _entry(self, value: Any, dispatches: bool) -> Any:
        """What stands in for a function, or for one with some arguments given (a partial)."""
        if type(value) is partial:
            return partial(
                Retried(value.func, self._retry, dispatches), *value.args, **value.keywords
            )
        return Retried(value, self._retry, dispatches)

    def maker(self, function: Any, make_fillable: Callable[..., Any]) -> Retried:
        """What stands in for a function whose plain results ``make_fillable`` is given."""
        return Retried(function, self._retry, True, make_fillable)

    def has_operation(self, name: str) -> bool:
        """Whether a function of SciPy, given by its full name, is an operation on nodes."""
        return name in self._functions

    def install(self, function: Any = None) -> list[Replacement | ClosureCell]:
        """Replace the entries of NumPy, and those that the module of a function imported from it.

        The entries are replaced until `remove` is called with what this returns.
        """
        layers = _layers(function)
        users = _namespaces_of(layers[-1])
        cells = [cell for each in layers for cell in getattr(each, "__closure__", None) or ()]
        return self.install_in(users, cells)

    def install_in(
        self, users: Sequence[dict[str, Any]], cells: Sequence[CellType] = ()
    ) -> list[Replacement | ClosureCell]:
        """Replace the entries of NumPy, of the modules of users, and those in closure cells."""
        with self._lock:
            replacements: list[Replacement | ClosureCell] = list(self._of_modules())
            replacements += map(self._of_user, users)
            if cells:
                replacements += self._of_closure(cells)
            for replacement in replacements:
                replacement.install()
            np.vectorize.__call__ = self._vectorized_call
        return replacements

    def remove(self, replacements: list[Replacement | ClosureCell]) -> None:
        """Restore the entries for which no other trace is in progress."""
        with self._lock:
            for replacement in replacements:
                replacement.remove()
            if self._cells:
                self._cells = {key: each for key, each in self._cells.items() if each.traces}
            if not self._modules[0].traces:
                np.vectorize.__call__ = _VECTORIZED_CALL

    def _of_modules(self) -> list[Replacement]:
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

    def _of_user(self, namespace: dict[str, Any]) -> Replacement:
        """The entries of a user's module, listed again when it has got others."""
        found = self._users.get(id(namespace))
        is_same = found is not None and found.namespace is namespace
        if found is None or not (found.traces or (is_same and found.is_listed_whole())):
            found = self._users[id(namespace)] = self._replacement(namespace, "")
            idle = [key for key, each in self._users.items() if not each.traces]
            for key in idle[: max(len(self._users) - _MAX_USERS, 0)]:
                del self._users[key]
        return found

    def _of_closure(self, cells: Sequence[CellType]) -> Iterator[ClosureCell]:
        """The variables of enclosing functions that hold functions of SciPy."""
        for cell in cells:
            if id(cell) in self._cells:
                yield self._cells[id(cell)]
                continue
            try:
                value = cell.cell_contents
            except ValueError:  # not assigned yet
                continue
            if self._is_of_scipy(value):
                self._cells[id(cell)] = ClosureCell(cell, value, self._entry(value, False))
                yield self._cells[id(cell)]

    def _replacement(self, namespace: dict[str, Any], module: str) -> Replacement:
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
        entries = {name: self._entry(value, name not in named) for name, value in originals.items()}
        return Replacement(namespace, originals, entries, len(current))

    def _is_replaced(self, value: Any) -> bool:
        if value is _BRACKETS[0] or value is _BRACKETS[1]:
            return True
        try:
            is_function = callable(value) and not isinstance(value, type)
            return is_function and type(value) is not Retried and value in self._functions
        except TypeError:  # unhashable
            return False

    def _is_of_scipy(self, value: Any) -> bool:
        """Whether a value is a function of SciPy that is an operation, or a partial of one."""
        if type(value) is partial:
            value = value.func
        if type(value) is np.ufunc:
            return f"scipy.special.{value.__name__}" in self._functions and value != getattr(
                np, value.__name__, None
            )
        if type(value) is not FunctionType or not str(value.__module__).startswith("scipy."):
            return False
        package, name = ".".join(str(value.__module__).split(".")[:2]), value.__name__
        if f"{package}.{name}" not in self._functions:
            return False
        return getattr(sys.modules.get(package), name, None) == value

    @property
    def _vectorized_call(self) -> Callable[..., Any]:
        def call(vectorized: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return _VECTORIZED_CALL(vectorized, *args, **kwargs)
            except ConversionError as error:
                return self._retry(np.vectorize, (vectorized, *args), kwargs, error)

        return call


def _layers(function: Any) -> list[Any]:
    """A function, and those that it wraps: as a method, a partial or a wrapper."""
    layers = [function]
    for _ in range(_MAX_WRAPPERS):
        function = layers[-1]
        inner = (
            getattr(function, "__wrapped__", None)
            or getattr(function, "__func__", None)
            or getattr(function, "func", None)
        )
        if inner is None:
            break
        layers.append(inner)
    return layers


def _namespaces_of(function: Any, depth: int = 0) -> list[dict[str, Any]]:
    """The namespace of a function's module; for one of this package, of those that it encloses."""
    namespace = _globals_of(function)
    if namespace is not None:
        return [namespace]
    found: dict[int, dict[str, Any]] = {}
    for cell in getattr(function, "__closure__", None) or ():
        try:
            inner = _layers(cell.cell_contents)[-1]
        except ValueError:  # not assigned yet
            continue
        if type(inner) is FunctionType and depth < _MAX_DEPTH:
            found |= {id(each): each for each in _namespaces_of(inner, depth + 1)}
    return list(found.values())


def _globals_of(function: Any) -> dict[str, Any] | None:
    """The namespace of the module that defines a function, if it is not of this package."""
    method = getattr(type(function), "__call__", None)  # noqa: B004 (its code)
    namespace = getattr(function, "__globals__", getattr(method, "__globals__", None))
    is_library = namespace is None or str(namespace.get("__name__")).startswith("chainrule.")
    return None if is_library else namespace


_VECTORIZED_CALL = np.vectorize.__call__
_MAX_USERS = 64
_MAX_WRAPPERS = 20
_MAX_DEPTH = 4

namespaces = _Namespaces()
