"""Kept traces: what ``jit``, ``fit`` and ``predict`` trace once and run many times.

::

    program: arguments, captured arrays -> results, written places

Beyond the graph, a kept trace has the guards under which it stands for the function, the places of
the captured arrays that it reads at each call, and the places that it writes at each call because
the function stored traced values in them.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

import numpy as np

from chainrule import tree
from chainrule.errors import TraceError
from chainrule.graph.array_reads import is_only_counted
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.captured_arrays import CapturedArray, CapturedArrays, capturing
from chainrule.graph.environment import Environment
from chainrule.graph.filled_arrays import with_filled_arrays
from chainrule.graph.guards import Guards, guarded_values
from chainrule.graph.left_behind import Snapshot, refuse_left_behind, take_left_behind
from chainrule.graph.node import Node, next_serial, variable
from chainrule.graph.place import MISSING, Place
from chainrule.graph.random_draws import RandomDraws, refuse_draws
from chainrule.graph.reachable_state import ReachableState, find_reachable_state
from chainrule.graph.trace import Traced, is_number, trace_call
from chainrule.locks import cached_property

__all__ = ["KeptTrace", "run_on_types", "trace_kept", "traced_once"]


@dataclass(frozen=True)
class _Write:
    """What is written to a place: a tree, with None in place of each output of the program.

    A weakly typed output is written as a number of Python's.
    """

    place: Place
    structure: tree.Structure
    leaves: tuple[Any, ...]
    is_weak: tuple[bool, ...]


@dataclass(frozen=True)
class KeptTrace:
    """A trace with what it reads and writes outside; `traced` nests the results alone.

    `inputs` are the places of the last inputs of the graph, with structure and types, and `writes`
    what becomes of its last outputs. `discarded` are places whose change was undone.
    """

    traced: Traced
    guards: Guards
    inputs: tuple[tuple[Place, tree.Structure, tuple[ArrayType, ...]], ...] = ()
    writes: tuple[_Write, ...] = ()
    discarded: tuple[Place, ...] = ()

    @property
    def is_fixed(self) -> bool:
        """Whether it reads and writes nothing outside."""
        return not (self.guards or self.inputs or self.writes)

    @property
    def outputs_written(self) -> int:
        """How many of the last outputs are written to places."""
        return sum(leaf is None for each in self.writes for leaf in each.leaves)

    def referring_weakly(self, objects: set[int]) -> KeptTrace | None:
        """Return a trace that keeps no object alive whose id is in `objects`; None if it must.

        It is one without writes, and does not say what it has discarded.
        """
        guards = self.guards.referring_weakly(objects)
        if guards is None or self.writes:
            return None
        inputs = [(x.referring_weakly(objects), form, types) for x, form, types in self.inputs]
        return KeptTrace(self.traced, guards, tuple(inputs))

    def read_inputs(self) -> list[Any] | None:
        """Return the captured inputs; None if one has another type than when it was traced."""
        values: list[Any] = []
        try:
            for read, argument, dtype, shape in self._arrays:
                value = read(argument)
                if type(value) is not np.ndarray or value.dtype != dtype or value.shape != shape:
                    return self._read_trees()
                values.append(value)
        except (AttributeError, LookupError, ValueError):
            return None
        return values if len(values) == len(self.inputs) else self._read_trees()

    @cached_property
    def _arrays(self) -> list[tuple[Callable[[Any], Any], Any, Any, tuple[int, ...]]]:
        """How each input is read, and its type, if all are single arrays."""
        if any(structure != tree.LEAF for _, structure, _ in self.inputs):
            return []
        return [(*place.reader, each.dtype, each.shape) for place, _, (each,) in self.inputs]

    def _read_trees(self) -> list[Any] | None:
        """Read inputs that are trees, or numbers of Python's and arrays of foreign byte order."""
        values: list[Any] = []
        for place, structure, types in self.inputs:
            leaves, found = tree.flatten(place.read())
            if found != structure:
                return None
            for leaf, expected in zip(leaves, types, strict=True):
                # A node is there while another thread traces.
                if type(leaf) is Node or not is_number(leaf) or type_of(leaf) != expected:
                    return None
                values.append(np.asarray(leaf, expected.dtype))
        return values

    def write(self, outputs: Sequence[Any]) -> None:
        """Write the last outputs of the program to their places."""
        remaining = iter(outputs)
        for each in self.writes:
            values = [
                leaf if leaf is not None else next(remaining).item() if is_weak else next(remaining)
                for leaf, is_weak in zip(each.leaves, each.is_weak, strict=True)
            ]
            each.place.write(tree.unflatten(each.structure, values))


def trace_kept(
    operation: str,
    function: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any] | None = None,
    roots: Sequence[Any] = (),
    captures: bool = False,
    arguments: Sequence[Any] = (),
    discards: bool = False,
) -> KeptTrace:
    """Trace a call to keep it; `roots` are what it reads, by default itself.

    Objects in `arguments` are left out, as their content is passed in.

    With `captures`, captured arrays become inputs and rebound places outputs of the program;
    otherwise they are constants, and a place that the function rebinds is refused. With `discards`,
    whatever the trace has changed is undone instead: the caller runs the function itself, too.
    """

    def reach() -> ReachableState:
        return find_reachable_state(*(roots or (function,)), arguments=arguments)

    recorder = _Recorder(operation, function, args, kwargs or {}, reach, captures, discards)
    return with_filled_arrays(recorder.trace_whole, *(roots or (function,)), restores=True)


@contextmanager
def traced_once(operation: str, function: Callable[..., Any]) -> Generator[None]:
    """Refuse random draws and traced values left behind while the body of a loop is traced.

    Within a trace that is kept, this is left to that trace.
    """
    if capturing.get() is not None:
        yield
        return
    before = Snapshot.of(find_reachable_state(function))
    draws, labels = RandomDraws(before.state), list[str]()
    try:
        yield
    finally:
        drawn = draws.end()
        labels += _clear(before, (function,))
    refuse_draws(operation, drawn)
    refuse_left_behind(operation, labels)


@contextmanager
def run_on_types(*roots: Any) -> Generator[None]:
    """Trace a run on types alone; take away the traced values left behind where `roots` reach.

    Its inputs are created within the block, so that the run may store into them.
    """
    if capturing.get() is not None:
        yield
        return
    before = Snapshot.of(find_reachable_state(*roots))
    try:
        with Environment(None, next_serial(), is_abstract=True):
            yield
    finally:
        _clear(before, roots)


def _clear(before: Snapshot, roots: Sequence[Any]) -> list[str]:
    """Take the nodes out of all places within reach, and return labels of these."""
    reached = find_reachable_state(*roots)
    writes, others = take_left_behind(before, reached)
    if others:
        before.restore(reached)
    return [*(place.label for place, _ in writes), *others]


class _Recorder:
    """Traces one call, more than once if need be: all that it changes is restored before."""

    def __init__(
        self,
        operation: str,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        reach: Callable[[], ReachableState],
        captures: bool,
        discards: bool,
    ) -> None:
        self._operation, self._function, self._reach = operation, function, reach
        self._arguments, self._captures = (args, kwargs), captures
        self._discards, self._discarded = discards, list[Place]()
        self._before = Snapshot.of(reach())
        self._is_first = True
        self.rebound: list[Place] = []

    def old(self, place: Place) -> Any:
        """The value of a place before the first trace."""
        return self._before.values.get(place.identity, MISSING)

    def trace_whole(self) -> KeptTrace:
        """Trace the function, and again with nodes in the places that it rebinds."""
        kept = self.trace()
        if not self._captures or not (rebound := self.rebound):
            return kept
        # What the function rebinds, it may have read before: bound to nodes, this too is traced.
        try:
            return self.trace(rebound)
        except TraceError:  # a number that decides shapes or branches: traced at each call
            arrays = [place for place in rebound if isinstance(self.old(place), np.ndarray)]
            return self.trace(arrays)

    def trace(self, bound: Sequence[Place] = ()) -> KeptTrace:
        """Trace the function with nodes in the places `bound`; set `rebound`."""
        state = self._before.state
        if not self._is_first:
            self._before.restore(self._reach())
        self._is_first = False
        captured = CapturedArrays(state.values() if self._captures else (), _new_input)
        writes: list[tuple[Place, Any]] = []
        draws = RandomDraws(state)
        try:
            run = self._run_on_nodes(captured, bound, writes)
            stores = "refuse" if self._captures else "allow"
            traced = trace_call(run, *self._arguments, stores, captured)
        finally:
            drawn = draws.end()
        refuse_draws(self._operation, drawn)
        after = self._reach()
        places = [place for place, _ in writes]
        values, numbers = guarded_values(self._before, after)
        values += [(place, MISSING) for place in places if self.old(place) is MISSING]
        arrays = [each for each in places if _holds_arrays(self.old(each))]
        self.rebound = [*arrays, *numbers]
        read = [*captured.read_by_operations_alone(state.codes), *bound]
        read += [each for each in self._discarded if not self._decides(each, after)]
        kept = _split(traced, Guards(values, read), captured.inputs(), places)
        return replace(kept, discarded=tuple(self._discarded)) if self._discards else kept

    def _decides(self, place: Place, after: ReachableState) -> bool:
        """Whether a place is a number that the function does more with than to count its calls."""
        is_number = isinstance(self.old(place), int | float | np.generic)
        return is_number and place.kind != "content" and not is_only_counted(place, after.codes)

    def _run_on_nodes(
        self,
        captured: CapturedArrays,
        bound: Sequence[Place],
        writes: list[tuple[Place, Any]],
    ) -> Callable[..., Any]:
        """The function, but it returns also what it has stored in places, which are restored."""

        @wraps(self._function)
        def run(*args: Any, **kwargs: Any) -> Any:
            try:
                captured.bind(bound)
                result = self._function(*args, **kwargs)
            finally:
                reached = self._reach()
                if self._discards:
                    self._discarded = self._before.changed(reached)
                    self._before.restore(reached)
                    reached = self._reach()
                found, others = take_left_behind(self._before, reached)
                if others:
                    self._before.restore(reached)
            refuse_left_behind(self._operation, others)
            writes.extend(each for each in found if not captured.is_bound(each[1]))
            if not self._captures:
                refuse_left_behind(self._operation, [place.label for place, _ in writes])
            return result, [value for _, value in writes]

        return run


def _new_input(value: Any, name: str) -> Node:
    return variable(type_of(value), name=name)


def _split(
    traced: Traced,
    guards: Guards,
    captured: Sequence[CapturedArray],
    places: Sequence[Place],
) -> KeptTrace:
    """Split the outputs of a trace into results and what is written to places."""
    _, _, (structure, (_, _, written)) = traced.structure
    end = _count(structure)
    leaves = iter(traced.leaves[end:])
    outputs = iter(traced.graph.outputs[sum(each is None for each in traced.leaves[:end]) :])
    writes: list[_Write] = []
    for place, each in zip(places, written, strict=True):
        found = tuple(next(leaves) for _ in range(_count(each)))
        is_weak = tuple(leaf is None and next(outputs).array_type.weak for leaf in found)
        writes.append(_Write(place, each, found, is_weak))
    inputs = tuple(
        (each.place, each.structure, tuple(node.array_type for node in each.nodes))
        for each in captured
    )
    results = Traced(traced.graph, structure, traced.leaves[:end])
    return KeptTrace(results, guards, inputs, tuple(writes))


def _count(structure: tree.Structure) -> int:
    """The number of leaves of a structure."""
    if structure is None or structure == tree.LEAF:
        return int(structure is not None)
    return sum(_count(each) for each in structure[2])


def _holds_arrays(value: Any) -> bool:
    """Whether a place that holds it may hold a node instead while the function is traced."""
    leaves, _ = tree.flatten(value)
    return bool(leaves) and all(
        (type(leaf) is np.ndarray or isinstance(leaf, np.generic | float))
        and type_of(leaf).dtype.kind in "fiub"
        for leaf in leaves
    )
