"""A function traced for types of arguments: the graph it shares with others, and what it reads.

::

    call = KeptCall.of(function, (x, *args), roots)        one trace; what it changed is undone
    operands = call.operands()                             None where it is to be traced anew
    call.graph.program(key, make)(x, *numbers(args), *operands)

    calls = KeptCalls(function, args)                      traced again where that is necessary
    call, operands = calls.current(x)                      the same, numbers of args included
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import TraceError
from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.graph.node import ancestors
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.graph.trace import is_number
from chainrule.science.effects import may_have_effects
from chainrule.science.function_cache import FunctionCache, owner_of, user_function
from chainrule.science.imported_names import imported_names_replaced
from chainrule.science.shared_graph import SharedGraph, shared_graph
from chainrule.science.signature import numbers, objects, signature
from chainrule.science.undone import undone

__all__ = ["KeptCall", "KeptCalls", "keep"]

_MOST_TRACES = 10


@dataclass(frozen=True, eq=False)
class KeptCall:
    """A trace of a function whose result is one array.

    Attributes
    ----------
    graph : SharedGraph
        Takes the numbers of the arguments, then the `operands`.
    effect : str
        What a call may do besides returning a value; empty if nothing.
    depends_on_first : bool
        Whether the result depends on the first argument.
    size : int
        The number of components of the result.
    is_array : bool
        Whether the result is an array, and no number.
    trace : KeptTrace
        Its guards and captured arrays.
    """

    graph: SharedGraph
    effect: str
    depends_on_first: bool
    size: int
    is_array: bool
    trace: KeptTrace
    _constants: tuple[Any, ...]

    @staticmethod
    def of(function: Callable[..., Any], args: tuple[Any, ...], roots: tuple[Any, ...]) -> KeptCall:
        """Trace a call; `roots` are what it may read, and what may have effects.

        Raises whatever tracing raises, errors of the function itself included.
        """
        state = find_reachable_state(*roots)
        with undone(*roots, state=state) as changed, imported_names_replaced(state):
            kept = trace_kept("science", function, args, None, roots, captures=True, discards=True)
        changed = [*[place.label for place in kept.discarded], *changed]
        effect = f"each call changes {' and '.join(changed[:3])}" if changed else ""
        if may_have_effects(state):
            effect = "it may do more than return a value, such as printing or counting"
        if kept.traced.structure != tree.LEAF or kept.traced.leaves != (None,):
            raise TypeError("it returned no array")
        graph = kept.traced.graph
        first = graph.inputs[0].serial
        found = ancestors(graph.outputs, lambda _: False)
        shared, constants = shared_graph(graph)
        depends_on_first = any(each.serial == first for each in found)
        output = graph.outputs[0]
        return KeptCall(
            shared, effect, depends_on_first, output.size, isinstance(output, np.ndarray), kept,
            constants,
        )  # fmt: skip

    def operands(self, is_new: bool = False) -> tuple[Any, ...] | None:
        """Return what the graph takes besides arguments; None if something else has changed.

        What has just been traced `is_new`, and is right even if it reads what is made anew each
        time.
        """
        kept = self.trace
        if not (is_new or kept.guards.hold()):
            return None
        if not kept.inputs:
            return self._constants
        captured = kept.read_inputs()
        return None if captured is None else (*captured, *self._constants)

    @staticmethod
    def new(
        function: Callable[..., Any], args: tuple[Any, ...], roots: tuple[Any, ...]
    ) -> tuple[KeptCall, tuple[Any, ...]]:
        """Trace a call; return also its operands. Another thread may change what it reads."""
        for _ in range(_MOST_TRACES):
            call = KeptCall.of(function, args, roots)
            operands = call.operands(is_new=True)
            if operands is not None:
                return call, operands
        raise TraceError("the arrays that it reads change their types each time it is traced")


def keep(
    cache: FunctionCache, function: Any, args: tuple[Any, ...], key: Any, call: KeptCall
) -> None:
    """Keep a trace of a function, without what it was called with and what it belongs to."""
    owners = [owner_of(user_function(function)[0])[0], *objects(args)]
    kept = call.trace.referring_weakly(set(map(id, owners)))
    if kept is not None:
        cache.put(function, key, replace(call, trace=kept))


_cache = FunctionCache()


class KeptCalls:
    """The traces of ``function(x, *args)`` for each type of x, for as long as they hold.

    The trace is that of ``traced(x, *args)``, which `key` tells from other ones of the function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        traced: Callable[..., Any] | None = None,
        key: Any = None,
    ) -> None:
        self._function, self._args, self._key = function, args, key
        self._traced = traced or function
        self._has_fixed_types = all(map(is_number, args))
        self._latest: tuple[Any, Any] | None = None

    def current(self, x: Any) -> tuple[KeptCall, tuple[Any, ...]]:
        """Return the trace for an x like this one, and what its graph takes besides x.

        Raises whatever tracing raises, errors of the function itself included.
        """
        of_x = (x.dtype, x.shape) if isinstance(x, np.ndarray) else type(x)
        latest = self._latest
        call: KeptCall | None = latest[1] if latest is not None and latest[0] == of_x else None
        key = None
        if call is None:
            types = signature(self._args)
            key = None if types is None else (self._key, of_x, types)
            call = _cache.get(self._function, key)
        operands = None if call is None else call.operands()
        if call is None or operands is None:
            roots = self._function, self._args
            call, operands = KeptCall.new(self._traced, (x, *self._args), roots)
            if key is not None:
                keep(_cache, self._function, self._args, key, call)
        if self._has_fixed_types:
            self._latest = of_x, call
        return call, numbers(self._args) + operands
