"""``net.program()``: report on the compiled training program, nest by nest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chainrule.arguments.checks import checked_flag
from chainrule.compiler.loop_ir.loops import Axis, Call, Contraction, Nest, Statement
from chainrule.insight.op_counts import (
    NestCost,
    classify_passes,
    count_costs,
    statements_of,
    written_by,
)
from chainrule.insight.profiling import MachinePeak, Profile, measure_peak, profile
from chainrule.insight.program_report import NestReport, ProgramReport
from chainrule.insight.training_program import TrainingProgram, training_program
from chainrule.train.network import Network

__all__ = ["program"]

PASSES = ("forward", "backward", "update")


def program(net: Network, measure: bool = False) -> ProgramReport:
    """Report on the compiled training program of a network.

    Training is one native function that runs many steps; a step is a sequence of loop nests. The
    report lists them with their layers, passes, FLOPs and bytes, and with `measure` their times.

    Examples
    --------
    >>> import numpy as np
    >>> from chainrule import nn
    >>> net = Network([nn.Dense(100, activation="relu"), nn.Dense(10)])
    >>> net.compile(loss="mse", optimizer="sgd")
    >>> X = np.random.default_rng(0).random((640, 784), "float32")
    >>> history = net.fit(X, X[:, :10], batch_size=64, verbose=0)
    >>> report = net.program()
    >>> dense = next(each for each in report.nests if "dense" in each.layers)
    >>> report.batch, dense.passes
    (64, ('forward',))
    >>> 2 * 64 * 784 * 100 <= dense.flops <= 2 * 64 * 784 * 100 + 3 * 64 * 100
    True
    """
    measure = checked_flag("program", "measure", measure)
    steps = training_program(net)
    native = steps.program
    costs = count_costs(native.loops)
    labels = _Labels(steps)
    times, peak = _measured(steps, costs) if measure else (None, None)
    reports = [
        _report(labels, cost, times.nests[number] if times else None, peak)
        for number, cost in enumerate(costs)
    ]
    inside = [cost.is_repeated for cost in costs]
    return ProgramReport(
        tuple(each for each, is_in in zip(reports, inside, strict=True) if is_in),
        tuple(each for each, is_in in zip(reports, inside, strict=True) if not is_in),
        steps.batch,
        steps.capacity,
        native.threads,
        native.arena_bytes,
        native.compile_seconds,
        native.is_from_cache,
        peak,
        times and times.iteration,
        times and times.barrier,
    )


def _measured(steps: TrainingProgram, costs: Sequence[NestCost]) -> tuple[Profile, MachinePeak]:
    inside = [cost.is_repeated for cost in costs]
    times = profile(steps.program, steps.inputs(), steps.capacity, inside)
    accessed = sum(cost.bytes_read + cost.bytes_written for cost in costs if cost.is_repeated)
    return times, measure_peak(steps.dtype, accessed, steps.program.threads)


def _report(
    labels: _Labels, cost: NestCost, seconds: float | None, peak: MachinePeak | None
) -> NestReport:
    moved = cost.bytes_read + cost.bytes_written
    return NestReport(
        labels.layers(cost.nest),
        labels.passes(cost),
        _operation(cost),
        cost.flops,
        cost.bytes_read,
        cost.bytes_written,
        seconds,
        None if peak is None else max(cost.flops / peak.flops, moved / peak.bytes),
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
