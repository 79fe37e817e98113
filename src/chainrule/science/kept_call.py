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
from chainrule.science.undone import undone

__all__ = ["KeptCall"]


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
    """

    graph: SharedGraph
    effect: str
    depends_on_first: bool
    size: int
    _kept: KeptTrace
    _constants: tuple[Any, ...]

    @staticmethod
    def of(function: Callable[..., Any], args: tuple[Any, ...], roots: tuple[Any, ...]) -> KeptCall:
        """Trace a call; `roots` are what it may read, and what may have effects.

        Raises whatever tracing raises, errors of the function itself included.
        """
        state = find_reachable_state(*roots)
        with undone(*roots, state=state) as changed:
            kept = trace_kept("science", function, args, None, roots, captures=True, discards=True)
        changed = [*[place.label for place in kept.discarded], *changed]
        effect = f"each call changes {' and '.join(changed[:3])}" if changed else ""
        if may_have_effects(state):
            effect = "it may do more than return a value, such as printing or counting"
        graph = kept.traced.graph
        first = graph.inputs[0].serial
        found = ancestors(graph.outputs, lambda _: False)
        shared, constants = shared_graph(graph)
        depends_on_first = any(each.serial == first for each in found)
        return KeptCall(shared, effect, depends_on_first, graph.outputs[0].size, kept, constants)

    def operands(self) -> tuple[Any, ...] | None:
        """Return what the graph takes besides arguments; None if something else has changed."""
        kept = self._kept
        if not kept.guards.hold():
            return None
        if not kept.inputs:
            return self._constants
        captured = kept.read_inputs()
        return None if captured is None else (*captured, *self._constants)
