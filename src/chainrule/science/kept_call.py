"""A function traced for types of arguments: the graph it shares with others, and what it reads.

::

    kept = KeptCall.of(function, (x, *args), roots)        one trace; what it changed is undone
    operands = kept.operands()                             None where it is to be traced anew
    kept.graph.program(key, make)(x, *numbers(args), *operands)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chainrule.graph.kept_trace import KeptTrace, trace_kept
from chainrule.graph.node import ancestors
from chainrule.graph.reachable_state import find_reachable_state
from chainrule.science.effects import may_have_effects
from chainrule.science.shared_graph import SharedGraph, shared_graph

__all__ = ["KeptCall"]


@dataclass(frozen=True, eq=False)
class KeptCall:
    """A trace of a function whose result is one array.

    Attributes
    ----------
    graph : SharedGraph
        Takes the numbers of the arguments, then the `operands`.
    has_effects : bool
        Whether a call may do more than return a value.
    depends_on_first : bool
        Whether the result depends on the first argument.
    size : int
        The number of components of the result.
    """

    graph: SharedGraph
    has_effects: bool
    depends_on_first: bool
    size: int
    _kept: KeptTrace
    _constants: tuple[Any, ...]

    @staticmethod
    def of(function: Callable[..., Any], args: tuple[Any, ...], roots: tuple[Any, ...]) -> KeptCall:
        """Trace a call; `roots` are what it may read, and what may have effects.

        Raises whatever tracing raises, errors of the function itself included.
        """
        has_effects = may_have_effects(find_reachable_state(*roots))
        kept = trace_kept("science", function, args, None, roots, captures=True, discards=True)
        graph = kept.traced.graph
        first = graph.inputs[0].serial
        found = ancestors(graph.outputs, lambda _: False)
        shared, constants = shared_graph(graph)
        return KeptCall(
            shared,
            has_effects or bool(kept.discarded),
            any(each.serial == first for each in found),
            graph.outputs[0].size,
            kept,
            constants,
        )

    def operands(self) -> tuple[Any, ...] | None:
        """Return what the graph takes besides arguments; None if something else has changed."""
        kept = self._kept
        if not kept.guards.hold():
            return None
        if not kept.inputs:
            return self._constants
        captured = kept.read_inputs()
        return None if captured is None else (*captured, *self._constants)
