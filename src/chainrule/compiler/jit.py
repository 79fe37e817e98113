"""jit: trace and compile a function once for each signature, the types of its arguments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.array_classes import refuse_other_arithmetic
from chainrule.arguments.function_aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.errors import ArgumentError
from chainrule.graph.array_type import type_of
from chainrule.graph.node import Node
from chainrule.graph.trace import Traced, is_number, trace_call
from chainrule.graph.trace_errors import check_function

__all__ = ["jit"]

_MAX_PROGRAMS = 128
"""Capacity of a jitted function's cache; the least recently used program is evicted."""


@answers_foreign_names(CORE_ALIASES)
def jit(
    function: Callable[..., Any],
    static_argnums: int | Iterable[int] = (),
    static_argnames: str | Iterable[str] = (),
) -> Callable[..., Any]:
    """Compile a function, traced once for each combination of argument types.

    Parameters
    ----------
    function : callable
        Plain NumPy code whose steps depend on shapes and dtypes alone, not on values.
    static_argnums, static_argnames : int, str or several of them
        Arguments whose value is part of the program; they must be hashable. Strings, functions and
        whatever else is not numeric are always static.

    Returns
    -------
    callable
        Takes and returns nested containers of arrays, as `function` does.

    Raises
    ------
    TraceError
        If control flow depends on a value, as in ``if x > 0``; the message says what to write.

    Examples
    --------
    >>> fast = jit(lambda x, y: x @ y)
    >>> fast(np.eye(2), np.ones(2))
    array([1., 1.])
    """
    check_function("jit", function)
    programs: OrderedDict[Any, tuple[ArrayFunction, Traced]] = OrderedDict()
    fast_paths: dict[Any, Callable[[tuple[Any, ...]], Any]] = {}
    positions = {static_argnums} if isinstance(static_argnums, int) else set(static_argnums)
    names = {static_argnames} if isinstance(static_argnames, str) else set(static_argnames)

    @wraps(function)
    def compiled(*args: Any, **kwargs: Any) -> Any:
        # For arrays alone, as the general key takes longer than a small program.
        signature: Any = None
        if args and not kwargs:
            signature = tuple([(x.dtype, x.shape) if type(x) is np.ndarray else None for x in args])
            if (fast_path := fast_paths.get(signature)) is not None:
                return fast_path(args)
        args = tuple(_Static(x) if i in positions else x for i, x in enumerate(args))
        kwargs = {key: _Static(x) if key in names else x for key, x in kwargs.items()}
        leaves, structure = tree.flatten((args, kwargs))
        if any(type(leaf) is Node for leaf in leaves):
            return _unwrapped(function)(*args, **kwargs)
        key = (structure, *map(_leaf_key, leaves))
        entry = programs.get(key)
        if entry is None:
            traced = trace_call(_unwrapped(function), args, kwargs, "refuse")
            entry = programs[key] = compile_graph(traced.graph), traced
            if len(programs) > _MAX_PROGRAMS:
                programs.popitem(last=False)
                fast_paths.clear()
            is_fast = signature and not positions and all(t and t[0].isnative for t in signature)
            if is_fast and (fast_path := _fast_path(*entry)):
                fast_paths[signature] = fast_path
        else:
            programs.move_to_end(key)
        program, traced = entry
        inputs = [native_byte_order(np.asarray(leaf)) for leaf in leaves if is_number(leaf)]
        return traced.nest(_detached(program(inputs), inputs))

    return compiled


class _Static:
    """A static argument: equal to another one of the same type and an equal value."""

    def __init__(self, value: Any) -> None:
        self.value = value
        try:
            hash(value)
        except TypeError:
            refuse_other_arithmetic(value, "jit: an argument")
            raise ArgumentError(
                f"jit: a static argument must be hashable, got a {type(value).__name__}; pass a "
                "tuple instead of a list, or leave arrays to be traced"
            ) from None

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))

    def __eq__(self, other: object) -> bool:
        same_type = isinstance(other, _Static) and type(self.value) is type(other.value)
        return same_type and self.value == other.value  # pyright: ignore[reportAttributeAccessIssue]


def _unwrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that takes static arguments as `_Static`."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        plain = [x.value if isinstance(x, _Static) else x for x in args]
        named = {key: x.value if isinstance(x, _Static) else x for key, x in kwargs.items()}
        return function(*plain, **named)

    return call


def _fast_path(program: ArrayFunction, traced: Traced) -> Callable[[tuple[Any, ...]], Any] | None:
    """A native program as a function of arrays of its types; its results are always new arrays."""
    run = getattr(program, "run", None)
    if run is None:
        return None
    if traced.structure == tree.LEAF and traced.leaves == (None,):
        return lambda args: _scalar_or_array(run(args)[0])
    return lambda args: traced.nest([_scalar_or_array(each) for each in run(args)])


def _scalar_or_array(array: Any) -> Any:
    return array if array.shape else array[()]


def _leaf_key(leaf: Any) -> Any:
    if is_number(leaf):
        return type_of(leaf)
    return leaf if isinstance(leaf, _Static) else _Static(leaf)


def _detached(outputs: list[Any], inputs: Sequence[Any]) -> list[Any]:
    """Copy results that are read-only or share memory; return scalars for shape ()."""
    used = {id(each) for each in inputs}
    results: list[Any] = []
    for value in outputs:
        if not value.shape:
            value = value[()]
        elif not value.flags.owndata or not value.flags.writeable or id(value) in used:
            value = np.array(value)
        used.add(id(value))
        results.append(value)
    return results
