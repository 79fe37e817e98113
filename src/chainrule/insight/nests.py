"""The loop nests of a training program with their layers, passes, FLOPs and bytes.

They are written into the object cache, as machine code from there comes without loops, and
lowering a graph takes as long as the rest of a report.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chainrule.compiler.cache.graph_key import graph_text
from chainrule.compiler.cache.object_cache import program_key, read_entry, write_entry
from chainrule.compiler.loop_ir.loops import Axis, Call, Contraction, Nest, Statement
from chainrule.insight.op_counts import (
    NestCost,
    classify_passes,
    count_costs,
    statements_of,
    written_by,
)
from chainrule.insight.program_report import NestReport
from chainrule.insight.training_program import TrainingProgram

__all__ = ["NestCounts", "nests_of"]

PASSES = ("forward", "backward", "update")

NestCounts = tuple[NestReport, bool]
"""A nest, and whether each step executes it."""


def nests_of(steps: TrainingProgram) -> list[NestCounts]:
    """Return the nests of a training program in order, from the cache if they are there."""
    key = _key(steps)
    entry = read_entry(key)
    if entry is not None:
        return [_from_fields(*each) for each in json.loads(entry)]
    labels = _Labels(steps)
    nests = [(_report(labels, cost), cost.is_repeated) for cost in count_costs(steps.program.loops)]
    write_entry(key, json.dumps([_fields(*each) for each in nests]).encode())
    return nests


def _key(steps: TrainingProgram) -> bytes | None:
    """Return the key of the graph with the names that its text lacks."""
    graph = steps.program.graph
    cacheable = graph_text(graph)
    if cacheable is None:
        return None
    names = [each.name for each in graph.inputs] + [each.layer for each in graph.nodes]
    threads = steps.program.threads
    return program_key(f"nests {threads} {json.dumps([*steps.names, *names])} {cacheable[0]}")


def _fields(nest: NestReport, is_repeated: bool) -> list[Any]:
    counts = nest.flops, nest.bytes_read, nest.bytes_written
    return [is_repeated, nest.layers, nest.passes, nest.does, *counts]


def _from_fields(
    is_repeated: bool, layers: list[str], passes: list[str], does: str, *counts: int
) -> NestCounts:
    return NestReport(tuple(layers), tuple(passes), does, *counts), is_repeated


def _report(labels: _Labels, cost: NestCost) -> NestReport:
    return NestReport(
        labels.layers(cost.nest),
        labels.passes(cost),
        _operation(cost),
        cost.flops,
        cost.bytes_read,
        cost.bytes_written,
    )


class _Labels:
    """Layer and pass of the nests of a training program."""

    def __init__(self, steps: TrainingProgram) -> None:
        loops = steps.program.loops
        data = [buffer for buffer in loops.inputs if buffer.name.startswith("samples.")]
        self.pass_of: Mapping[int, str] = classify_passes(loops, len(steps.names), data)
        self.parameters = dict(zip(loops.outputs, map(_parameter, steps.names), strict=False))

    def passes(self, cost: NestCost) -> tuple[str, ...]:
        """Return the passes a nest is part of, in the order of training."""
        if not cost.is_repeated:
            return ()
        passes = {self.pass_of[id(statement)] for statement in statements_of(cost.nest)}
        passes = {"forward" if name == "batch" else name for name in passes}
        return tuple(name for name in PASSES if name in passes)

    def layers(self, nest: Nest | Call) -> tuple[str, ...]:
        """Return the layers, or the parameters it updates, that a nest computes for."""
        return tuple(dict.fromkeys(self._layer(statement) for statement in statements_of(nest)))

    def _layer(self, statement: Contraction | Statement | Call) -> str:
        others = {"batch": "batch", "update": "optimizer"}
        updated = [self.parameters[b] for b in written_by(statement) if b in self.parameters]
        name = updated[0] if updated else statement.layer
        return name or others.get(self.pass_of[id(statement)], "loss")


def _parameter(name: str) -> str:
    """Return the parameter of an array of the training state.

    Examples
    --------
    >>> _parameter("params.dense.weight"), _parameter("slots.dense.weight.mean")
    ('dense.weight', 'dense.weight')
    """
    kind, _, rest = name.partition(".")
    return ".".join(rest.split(".")[:2]) if kind == "slots" else rest


def _operation(cost: NestCost) -> str:
    """Describe a nest: iteration space and kind of its statements (map, reduction, product)."""
    nest = cost.nest
    if isinstance(nest, Call):
        operation = nest.routine.split(" ")[0]
        return f"{operation}, {cost.runs} times" if cost.runs > 1 else operation
    kinds = ", ".join(dict.fromkeys(each.reduction or "map" for each in nest.statements))
    if nest.contraction is not None:
        operation = f"{_size(nest.contraction.axes)}×{_size(nest.contraction.depth)} product"
        operation += " + map" if kinds else ""
    elif nest.axes:
        operation = f"{_size(nest.axes)} {kinds}"
    else:
        operation = f"{len(nest.statements)} scalar: {kinds}"
    return f"{operation}, {cost.runs} times" if cost.runs > 1 else operation


def _size(axes: Iterable[Axis]) -> str:
    return "×".join(str(axis.extent) for axis in axes)
