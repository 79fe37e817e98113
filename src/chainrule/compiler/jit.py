"""jit: trace and compile a function once for each signature, the types of its arguments."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import wraps
from operator import itemgetter
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.arguments.array_classes import refuse_other_arithmetic
from chainrule.arguments.function_aliases import CORE_ALIASES
from chainrule.arguments.keywords import answers_foreign_names
from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.errors import ArgumentError, TraceError
from chainrule.graph.array_type import type_of
from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.graph.node import Node
from chainrule.graph.trace import is_number
from chainrule.graph.trace_errors import check_function
from chainrule.locks import ReentrantLock

__all__ = ["jit"]

_MAX_PROGRAMS = 128
"""Capacity of a jitted function's cache; the least recently used program is evicted."""

_MAX_VARIANTS = 8
"""Programs for the same types of arguments under other guards, the latest first."""


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
        If control flow depends on a value, as in ``if x > 0``, if random numbers are drawn, or if
        a traced value is stored where later calls could not store it again, as in a list that
        grows; the message says what to write.

    Notes
    -----
    What the function reads from outside counts as it is at each call: closure cells, globals,
    defaults, and the attributes and items of objects, in the functions and methods that it calls
    too. Arrays are inputs of the program; other values are compared before each call, and a change
    traces the function again (TorchDynamo's *guards*). A place that the function rebinds, as by
    ``self.w = self.w - rate * g``, is written at each call. Other effects, such as printing, happen
    only while it is traced. Not seen are changes inside installed packages, behind
    ``__getattr__``, of the clock and of files, and beyond the 5,000th object reached.

    Examples
    --------
    >>> fast = jit(lambda x, y: x @ y)
    >>> fast(np.eye(2), np.ones(2))
    array([1., 1.])
    """
    check_function("jit", function)
    programs: OrderedDict[Any, list[_Program]] = OrderedDict()
    graphs: OrderedDict[str, ArrayFunction] = OrderedDict()
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
                result = fast_path(args)
                if result is not _OUT_OF_DATE:
                    return result
        args = tuple(_Static(x) if i in positions else x for i, x in enumerate(args))
        kwargs = {key: _Static(x) if key in names else x for key, x in kwargs.items()}
        leaves, structure = tree.flatten((args, kwargs))
        if any(type(leaf) is Node for leaf in leaves):
            return _unwrapped(function)(*args, **kwargs)
        key = (structure, *map(_leaf_key, leaves))
        program, captured = _current(programs.get(key, ()))
        if program is not None and not program.kept.writes:
            return run(program, captured, key, signature, leaves)
        with _TRACING:
            # Again, as another thread may have traced it, or written what it reads.
            program, captured = _current(programs.get(key, ()))
            if program is None:
                program, captured = trace_and_compile(key, leaves, args, kwargs)
            return run(program, captured, key, signature, leaves)

    def trace_and_compile(
        key: Any, leaves: list[Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> tuple[_Program, list[Any]]:
        static = [_static_value(each) for each in leaves if not is_number(each)]
        roots = function, *static
        program, captured = _trace(_unwrapped(function), args, kwargs, roots, graphs)
        programs[key] = [program, *programs.get(key, ())][:_MAX_VARIANTS]
        if len(programs) > _MAX_PROGRAMS:
            programs.popitem(last=False)
            fast_paths.clear()
        return program, captured

    def run(
        program: _Program, captured: list[Any], key: Any, signature: Any, leaves: list[Any]
    ) -> Any:
        with suppress(KeyError):  # another thread may have evicted it
            programs.move_to_end(key)
        is_fast = signature and not positions and program.is_native
        if is_fast and all(t and t[0].isnative for t in signature):
            fast_paths[signature] = program.fast_path
        inputs = [native_byte_order(np.asarray(leaf)) for leaf in leaves if is_number(leaf)]
        return program(inputs, captured)

    return compiled


_MAX_TRACES = 10
"""Another thread may change what a function reads between its trace and its run."""

_TRACING = ReentrantLock()
"""Held by the thread that traces: while it does, places that the function rebinds may hold nodes. A
program that writes places runs under it too, so that no write is lost."""

_OUT_OF_DATE: Any = object()
"""The result of a fast path whose guards do not hold."""


class _Program:
    """A compiled trace, run on arguments and on what it has captured."""

    def __init__(self, kept: KeptTrace, program: ArrayFunction) -> None:
        self.kept = kept
        self._program, self._run = program, getattr(program, "run", program)
        self.is_native = self._run is not program
        self._results = len(kept.traced.graph.outputs) - kept.outputs_written
        is_alone = kept.traced.structure == tree.LEAF and kept.traced.leaves == (None,)
        self._nest: Callable[[list[Any]], Any] = itemgetter(0) if is_alone else kept.traced.nest

    @property
    def fast_path(self) -> Callable[[tuple[Any, ...]], Any]:
        """The native program as a function of native arrays; its results are always new arrays.

        Not an attribute: in a cycle, programs would be freed by the garbage collector alone.
        """
        run, nest, hold = self._run, self._nest, self.kept.guards.hold
        if self.kept.inputs or self.kept.writes:
            return self._run_guarded
        if not self.kept.is_fixed:
            return lambda args: (
                nest([_scalar_or_array(each) for each in run(args)]) if hold() else _OUT_OF_DATE
            )
        if isinstance(nest, itemgetter):
            return lambda args: _scalar_or_array(run(args)[0])
        return lambda args: nest([_scalar_or_array(each) for each in run(args)])

    def __call__(self, inputs: list[Any], captured: list[Any]) -> Any:
        outputs = self._program([*inputs, *captured])
        return self._finish(_detached(outputs, [*inputs, *captured]))

    def _finish(self, outputs: list[Any]) -> Any:
        if self.kept.writes:
            self.kept.write(outputs[self._results :])
        return self._nest(outputs[: self._results])

    def _run_guarded(self, args: tuple[Any, ...]) -> Any:
        if not self.kept.writes:
            return self._run_where_guards_hold(args)
        with _TRACING:
            return self._run_where_guards_hold(args)

    def _run_where_guards_hold(self, args: tuple[Any, ...]) -> Any:
        kept = self.kept
        if not kept.guards.hold():
            return _OUT_OF_DATE
        if kept.inputs:
            captured = kept.read_inputs()
            if captured is None:
                return _OUT_OF_DATE
            args = (*args, *captured)
        outputs = [_scalar_or_array(each) for each in self._run(args)]
        return self._finish(outputs) if kept.writes else self._nest(outputs)


def _trace(
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
    roots: Sequence[Any],
    graphs: OrderedDict[str, ArrayFunction],
) -> tuple[_Program, list[Any]]:
    """Trace and compile a call; return the program and what it has captured."""
    for _ in range(_MAX_TRACES):
        kept = trace_kept("jit", function, args, kwargs, roots, captures=True)
        program = _Program(kept, _compiled(kept, graphs))
        if (captured := kept.read_inputs()) is not None:
            return program, captured
    raise TraceError(
        "jit: the arrays that the function reads change their types each time it is traced, by "
        "another thread perhaps; pass them in as arguments"
    )


def _current(variants: Sequence[_Program]) -> tuple[_Program, list[Any]] | tuple[None, list[Any]]:
    """Return the program whose guards hold, with what it has captured."""
    for program in variants:
        if program.kept.guards.hold() and (captured := program.kept.read_inputs()) is not None:
            return program, captured
    return None, []


def _compiled(kept: KeptTrace, graphs: OrderedDict[str, ArrayFunction]) -> ArrayFunction:
    """Compile a graph, or return the program of an equal one, from before the guards changed."""
    text = None if kept.is_fixed else graph_text(kept.traced.graph)
    if text is None:
        return compile_graph(kept.traced.graph)
    if text[0] not in graphs:
        graphs[text[0]] = compile_graph(kept.traced.graph)
        if len(graphs) > _MAX_PROGRAMS:
            graphs.popitem(last=False)
    return graphs[text[0]]


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


def _static_value(leaf: Any) -> Any:
    return leaf.value if isinstance(leaf, _Static) else leaf


def _unwrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function that takes static arguments as `_Static`."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        named = {key: _static_value(x) for key, x in kwargs.items()}
        return function(*map(_static_value, args), **named)

    return call


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
