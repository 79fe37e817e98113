"""Functions of NumPy that make arrays, while user's code is traced that fills them by index.

They return what is given to `register`, a traced array, in place of a plain one. They are replaced
in NumPy's namespaces, and in modules and closure cells that hold them by names of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from types import BuiltinFunctionType, CellType, FunctionType
from typing import Any

import numpy as np

from chainrule.graph.protocol_gaps.numpy_namespace import namespaces
from chainrule.graph.protocol_gaps.plain_store import cached_codes, fillable_kinds
from chainrule.graph.protocol_gaps.replacement import ClosureCell, Replacement, Retried
from chainrule.graph.source_location import is_library_file
from chainrule.locks import fork_lock

__all__ = ["makers"]

_GRIDS = (np.r_, np.c_, np.mgrid, np.ogrid)


class _Makers:
    """The replacements in progress, which lie within those of `namespaces`."""

    def __init__(self) -> None:
        self._lock = fork_lock()
        self._make_fillable: Callable[..., Any] = lambda function, result, arguments: result
        self._found: dict[int, Replacement | ClosureCell] = {}

    def register(self, make_fillable: Callable[..., Any]) -> None:
        """Set ``make_fillable(function, result, arguments)``, which gives a traced array."""
        self._make_fillable = make_fillable

    @contextmanager
    def replaced(
        self, kinds: str, functions: Sequence[FunctionType], cached: Sequence[Any]
    ) -> Generator[None]:
        """Let the code of functions make traced arrays of some kinds of dtypes in this thread.

        Functions whose results are `cached`, and so outlive the trace, make plain ones.
        """
        users = {
            id(each.__globals__): each.__globals__
            for each in functions
            if not is_library_file(each.__code__.co_filename)
        }
        cells = [cell for each in functions for cell in each.__closure__ or ()]
        outer = namespaces.install_in(list(users.values()))
        modules = [np.__dict__, np.linalg.__dict__]
        inner = self._install([*modules, *users.values()], cells)
        codes = frozenset([each.__code__ for each in cached if type(each) is FunctionType])
        outer_codes = cached_codes.set(codes)
        token = fillable_kinds.set(kinds)
        try:
            yield
        finally:
            fillable_kinds.reset(token)
            cached_codes.reset(outer_codes)
            self._remove(inner)
            namespaces.remove(outer)

    def _install(
        self, users: Sequence[dict[str, Any]], cells: Sequence[CellType]
    ) -> list[Replacement | ClosureCell]:
        with self._lock:
            for namespace in users:
                found = self._found.get(id(namespace))
                if found is None or not (found.traces or found.is_current()):
                    self._found[id(namespace)] = self._replacement(namespace)
            for cell in cells:
                if id(cell) not in self._found and _is_maker(value := _content(cell)):
                    self._found[id(cell)] = ClosureCell(cell, value, self._maker(value))
            places = dict.fromkeys(map(id, [*users, *cells]))
            replacements = [self._found[each] for each in places if each in self._found]
            for each in replacements:
                each.install()
        return replacements

    def _remove(self, replacements: Sequence[Replacement | ClosureCell]) -> None:
        with self._lock:
            for each in replacements:
                each.remove()
            numpy = id(np.__dict__), id(np.linalg.__dict__)  # which stay the same
            kept = self._found.items()
            self._found = {key: each for key, each in kept if each.traces or key in numpy}

    def _replacement(self, namespace: dict[str, Any]) -> Replacement:
        current = namespace.copy()  # as another thread may add names
        originals = {name: value for name, value in current.items() if _is_maker(value)}
        entries = {name: self._maker(value) for name, value in originals.items()}
        return Replacement(namespace, originals, entries, len(current))

    def _maker(self, value: Any) -> Retried:
        function = value.function if type(value) is Retried else value
        return namespaces.maker(function, self._make_fillable)


@cache
def _functions_of_numpy() -> dict[int, Any]:
    """The functions of NumPy by their ids; of what is replaced while traces run, the originals."""
    kinds = (FunctionType, BuiltinFunctionType, np.ufunc, type(_original(np.sum)))
    values = [_original(each) for module in (np, np.linalg) for each in vars(module).values()]
    return {id(each): each for each in values if type(each) in kinds or _is_any(each, _GRIDS)}


def _original(value: Any) -> Any:
    return value.function if type(value) is Retried else value


def _is_any(value: Any, others: Sequence[Any]) -> bool:
    return any(value is each for each in others)


def _is_maker(value: Any) -> bool:
    return id(_original(value)) in _functions_of_numpy()


def _content(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # not assigned yet
        return None


makers = _Makers()
