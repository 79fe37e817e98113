"""Arrays that a traced function makes and fills: ``a = np.zeros(3); a[0] = x``.

NumPy's own arrays hold no traced values. A trace that fails as it stores one into such an array is
repeated, after what it changed is undone. Then the arrays that NumPy makes for the user's code are
traced ones: at first those of floats, and if this is not enough, those of integers and booleans,
whose values may be keys of dictionaries. An array made outside the function remains a plain one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any, TypeVar

import numpy as np

from chainrule.graph.left_behind import Snapshot, release_constants, take_left_behind
from chainrule.graph.protocol_gaps.array_makers import makers
from chainrule.graph.protocol_gaps.plain_store import plain_stores
from chainrule.graph.random_draws import restorer_of_generators
from chainrule.graph.reachable_state import find_reachable_state

__all__ = ["with_filled_arrays"]

_Result = TypeVar("_Result")

_KINDS = ("f", "fiub")

_CACHED: Any = type(lru_cache(lambda: None))


def with_filled_arrays(
    attempt: Callable[[], _Result], *roots: Any, restores: bool = False
) -> _Result:
    """Run a trace of code that `roots` reach; again, where it fails as it fills a plain array.

    What an attempt changed is undone, unless it `restores` that itself. A trace within another one
    leaves this to the outermost.
    """
    if plain_stores.get() is not None:
        return attempt()
    code = getattr(roots[0], "__code__", None)
    is_known = restores or _complete.get(id(code)) is code is not None
    undo = None if is_known else _restorer(roots)
    refused: list[str] = []
    token = plain_stores.set(refused)
    try:
        result = attempt()
        if not is_known and code is not None:
            if len(_complete) >= _MAX_CODES:
                _complete.clear()
            _complete[id(code)] = code
        return result
    except Exception:
        if not refused:
            raise
        _complete.pop(id(code), None)
    finally:
        plain_stores.reset(token)
    return _again(attempt, roots, undo)


_complete: dict[int, CodeType] = {}
"""Code that has been traced as it is: its next traces do not look for what there is to undo."""

_MAX_CODES = 4096


def _again(
    attempt: Callable[[], _Result], roots: Sequence[Any], undo: Callable[[], None] | None
) -> _Result:
    for kinds in _KINDS:
        if undo is not None:
            undo()
        refused: list[str] = []
        known = find_reachable_state(*roots).known.values()
        functions = [each for each in known if type(each) is FunctionType]
        cached = [each.__wrapped__ for each in known if type(each) is _CACHED]
        token = plain_stores.set(refused)
        try:
            with makers.replaced(kinds, functions, cached):
                result = attempt()
                release_constants(find_reachable_state(*roots))
                return result
        except Exception:
            if not refused or kinds == _KINDS[-1]:
                raise
        finally:
            plain_stores.reset(token)
    raise AssertionError("the last attempt returns or raises")


def _restorer(roots: Sequence[Any]) -> Callable[[], None]:
    """Return a function that undoes what a trace changes: variables, containers, generators."""
    before = Snapshot.of(state := find_reachable_state(*roots))
    restore_generators = restorer_of_generators(state)
    contents = [
        (value, value.copy())
        for value in before.values.values()
        if type(value) is np.ndarray and value.flags.writeable and value.size <= _MAX_SIZE
    ]

    def restore() -> None:
        after = find_reachable_state(*roots)
        take_left_behind(before, after)
        before.restore(after)
        restore_generators()
        for array, copy in contents:
            array[...] = copy

    return restore


_MAX_SIZE = 10_000
"""Elements of the arrays whose content is restored."""
