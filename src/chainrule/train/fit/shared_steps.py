"""Train steps shared by networks of one structure, such as those of a sweep.

The step of such a network is traced once. Networks that differ in settings as well, such as
penalties or dropout rates, are traced each, and share a program whose inputs these numbers are.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from chainrule.compiler.driver import ArrayFunction, load_program
from chainrule.compiler.graph_passes.constant_inputs import Lifted
from chainrule.compiler.shared_programs import ProgramFamily, SharedProgram, family_of
from chainrule.graph.evaluate import prepare
from chainrule.graph.graph import Graph
from chainrule.graph.guards import Guards
from chainrule.graph.kept_trace import KeptTrace
from chainrule.locks import ReentrantLock
from chainrule.nn.random_stream import philox_key
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.objective import Objective
from chainrule.train.model.structure import StructureGuard, structure_of

__all__ = ["shared_function", "shared_program"]

_CAPACITY = 64
"""Traced steps that are kept; the least recently used one is dropped."""


@dataclass(frozen=True)
class _Step:
    """A traced step: its programs, the constants of its graph, and the seed if it has that."""

    family: ProgramFamily
    graph: Graph
    lifted: Lifted
    function: ArrayFunction | None  # by NumPy
    seed: int | None

    def values(self, seed: int) -> list[Any]:
        """Return the constants for a network with another seed."""
        keys = self.lifted.keys
        return [philox_key(seed) if n in keys else x for n, x in enumerate(self.lifted.values)]


_known: OrderedDict[Any, _Step] = OrderedDict()
_lock = ReentrantLock()


def shared_program(
    stack: LayerStack,
    objective: Objective,
    key: Any,
    trace: Callable[[], KeptTrace],
    donated: int,
) -> tuple[SharedProgram | None, Any]:
    """Return a native program of the step with a key, and the guards under which it is right.

    It updates its first `donated` inputs, the state, in place.
    """
    step, guards = _step(stack, objective, ("native", *key), trace, donated)
    return step.family.program(step.values(stack.seed), step.graph), guards


def shared_function(
    stack: LayerStack,
    objective: Objective,
    key: Any,
    trace: Callable[[], KeptTrace],
    natively: bool,
) -> tuple[ArrayFunction, Any]:
    """Return a step as a function of lists of arrays, native or evaluated by NumPy."""
    step, guards = _step(stack, objective, ("single", *key), trace)
    values = step.values(stack.seed)
    shared = step.family.program(values, step.graph) if natively else None
    if shared is not None:
        return _Native(shared), guards
    assert step.function is not None, "prepared"
    function = step.function
    return (lambda inputs: function([*inputs, *values])), guards


class _Native:
    """A native program without its last inputs."""

    def __init__(self, shared: SharedProgram) -> None:
        self._shared = shared

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        return self._shared.program([*inputs, *self._shared.constants])

    def load(self) -> None:
        """Wait for the machine code."""
        load_program(self._shared.program)


def _step(
    stack: LayerStack,
    objective: Objective,
    key: Any,
    trace: Callable[[], KeptTrace],
    donated: int = 0,
) -> tuple[_Step, Guards | StructureGuard]:
    def prepared(kept: KeptTrace) -> _Step:
        return _prepared(replace(kept.traced.graph, donated=donated), stack.seed, key)

    structure = structure_of(stack, objective)
    if structure is None:
        kept = trace()
        return prepared(kept), kept.guards
    whole = structure, key
    with _lock:
        known = _known.get(whole)
        if known is not None and known.seed in (None, stack.seed):
            _known.move_to_end(whole)
            return known, StructureGuard(stack, objective, structure)
    kept = trace()
    step = prepared(kept)
    with _lock:
        _known[whole] = step
        if len(_known) > _CAPACITY:
            _known.popitem(last=False)
    return step, kept.guards


def _prepared(graph: Graph, seed: int, key: Any) -> _Step:
    family, graph, lifted = family_of(graph)
    function = prepare(lifted.graph) if key[0] == "single" else None
    own = philox_key(seed)
    is_own = all(np.array_equal(lifted.values[number], own) for number in lifted.keys)
    depends = not is_own or _has_words(lifted.graph)
    return _Step(family, graph, lifted, function, seed if depends else None)


def _has_words(graph: Graph) -> bool:
    """Whether a graph has constants of the dtype of keys, which may depend on the seed."""
    for node in graph.nodes:
        if node.primitive is None and node.array_type.dtype.kind == "u":
            return True
        if any(isinstance(x, Graph) and _has_words(x) for x in node.params.values()):
            return True
    return False
