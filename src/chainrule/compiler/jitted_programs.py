"""The programs of a jitted function: compiled traces, run where their guards hold."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.call_signature import has_numbers
from chainrule.compiler.driver import ArrayFunction, compile_graph
from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.errors import TraceError
from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.graph.trace import Traced, is_number
from chainrule.locks import ReentrantLock

__all__ = ["OUT_OF_DATE", "JittedPrograms"]

_MAX_PROGRAMS = 128
"""Capacity of a jitted function's cache; the least recently used program is evicted."""

_MAX_VARIANTS = 8
"""Programs for the same types of arguments under other guards, the latest first."""

_MAX_TRACES = 10
"""Another thread may change what a function reads between its trace and its run."""

_TRACING = ReentrantLock()
"""Held by the thread that traces: while it does, places that the function rebinds may hold nodes. A
program that writes places runs under it too, so that no write is lost."""

FastPath = Callable[[Sequence[Any]], Any]
"""From the leaves of the arguments to the result."""

OUT_OF_DATE: Any = object()
"""The result of a fast path whose guards do not hold."""


class JittedPrograms:
    """The programs of a jitted function, by the types of its arguments.

    Guards start from `root`, the user's function; `function` is traced, which unwraps static
    arguments. With `discards`, what a trace has changed outside is undone.
    """

    def __init__(
        self, root: Callable[..., Any], function: Callable[..., Any], discards: bool = False
    ) -> None:
        self.function, self._discards = function, discards
        self.fast_paths: dict[Any, FastPath] = {}
        self._root = root
        self._programs: OrderedDict[Any, list[_Program]] = OrderedDict()
        self._graphs: OrderedDict[str, ArrayFunction] = OrderedDict()

    def run(
        self,
        key: Any,
        signature: Any,
        leaves: Sequence[Any],
        static: Sequence[Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        """Run the program whose guards hold, traced first if there is none."""
        program, captured = _current(self._programs.get(key, ()))
        if program is not None and not program.kept.writes:
            return self._run(program, captured, key, signature, leaves)
        with _TRACING:
            # Again, as another thread may have traced it, or written what it reads.
            program, captured = _current(self._programs.get(key, ()))
            if program is None:
                roots = self._root, *static
                trace = partial(
                    trace_kept,
                    "jit",
                    self.function,
                    args,
                    kwargs,
                    roots,
                    captures=True,
                    discards=self._discards,
                )
                program, captured = _trace(trace, self._graphs)
                self._add(key, program)
            return self._run(program, captured, key, signature, leaves)

    def _add(self, key: Any, program: _Program) -> None:
        self._programs[key] = [program, *self._programs.get(key, ())][:_MAX_VARIANTS]
        if len(self._programs) > _MAX_PROGRAMS:
            self._programs.popitem(last=False)
            self.fast_paths.clear()

    def _run(
        self, program: _Program, captured: list[Any], key: Any, signature: Any, leaves: Any
    ) -> Any:
        with suppress(KeyError):  # another thread may have evicted it
            self._programs.move_to_end(key)
        if signature and program.is_native:
            fast_path = program.fast_path
            numeric = has_numbers(signature)
            self.fast_paths[signature] = _of_numbers(fast_path) if numeric else fast_path
        inputs = [native_byte_order(np.asarray(leaf)) for leaf in leaves if is_number(leaf)]
        return program(inputs, captured)


def _nesting(traced: Traced) -> Callable[[list[Any]], Any]:
    """Return what makes the results of a function of the outputs of its graph."""
    structure, count = traced.structure, len(traced.leaves)
    if traced.leaves != (None,) * count:
        return traced.nest
    return itemgetter(0) if structure == tree.LEAF else tree.unflattener(structure)


class _Program:
    """A compiled trace, run on arguments and on what it has captured."""

    def __init__(self, kept: KeptTrace, program: ArrayFunction) -> None:
        self.kept = kept
        self._program, self._run = program, getattr(program, "run", program)
        self.is_native = self._run is not program
        outputs = kept.traced.graph.outputs
        self._results = len(outputs) - kept.outputs_written
        self._has_scalars = any(not each.shape for each in outputs)
        self._nest = _nesting(kept.traced)

    @property
    def fast_path(self) -> FastPath:
        """The native program as a function of native arrays; its results are always new arrays.

        Not an attribute: in a cycle, programs would be freed by the garbage collector alone.
        """
        run, nest, hold = self._run, self._nest, self.kept.guards.hold
        if self.kept.inputs or self.kept.writes:
            return self._run_guarded
        if self._has_scalars:
            nest = _with_scalars(nest)
        if not self.kept.is_fixed:
            return lambda args: nest(run(args)) if hold() else OUT_OF_DATE
        return lambda args: nest(run(args))

    def __call__(self, inputs: list[Any], captured: list[Any]) -> Any:
        outputs = self._program([*inputs, *captured])
        return self._finish(_detached(outputs, [*inputs, *captured]))

    def _finish(self, outputs: list[Any]) -> Any:
        if self.kept.writes:
            self.kept.write(outputs[self._results :])
        return self._nest(outputs[: self._results])

    def _run_guarded(self, args: Sequence[Any]) -> Any:
        if not self.kept.writes:
            return self._run_where_guards_hold(args)
        with _TRACING:
            return self._run_where_guards_hold(args)

    def _run_where_guards_hold(self, args: Sequence[Any]) -> Any:
        kept = self.kept
        if not kept.guards.hold():
            return OUT_OF_DATE
        if kept.inputs:
            captured = kept.read_inputs()
            if captured is None:
                return OUT_OF_DATE
            args = (*args, *captured)
        outputs = [_scalar_or_array(each) for each in self._run(args)]
        return self._finish(outputs) if kept.writes else self._nest(outputs)


def _trace(
    trace: Callable[[], KeptTrace], graphs: OrderedDict[str, ArrayFunction]
) -> tuple[_Program, list[Any]]:
    """Trace and compile a call; return the program and what it has captured."""
    for _ in range(_MAX_TRACES):
        kept = trace()
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


def _of_numbers(fast_path: FastPath) -> FastPath:
    """Return a fast path that takes numbers, too, as arrays of shape ()."""

    def run(args: Sequence[Any]) -> Any:
        try:
            arrays = [
                x if type(x) is np.ndarray else np.array(x, np.int64 if type(x) is int else None)
                for x in args
            ]
        except OverflowError:  # refused there
            return OUT_OF_DATE
        return fast_path(arrays)

    return run


def _with_scalars(nest: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    """Return `nest` of outputs of which some have shape (), which become scalars."""
    return lambda outputs: nest([_scalar_or_array(each) for each in outputs])


def _scalar_or_array(array: Any) -> Any:
    return array if array.shape else array[()]


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
