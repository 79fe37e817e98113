"""``net.program()``: what was compiled for training, nest by nest, in the user's words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from chainrule.compiler.loop_ir.loops import Axis, Contraction, Nest, Statement
from chainrule.insight.op_counts import Work, items_of, passes_of, work_of
from chainrule.insight.profiling import MachinePeak, Times, measure_peak, profile
from chainrule.insight.program_report import NestReport, ProgramReport
from chainrule.insight.training_program import TrainingProgram, training_program
from chainrule.train.network import Network

__all__ = ["program"]

PASSES = ("forward", "backward", "update")


def program(net: Network, measure: bool = False) -> ProgramReport:
    """Show what was compiled for the training of a network.

    Training runs as one native function that makes many steps; a step is a row of loop nests. This
    lists them, with what each does and for which layer.

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
    steps = training_program(net)
    loops, made = steps.program.loops, steps.program
    work = work_of(loops)
    words = _Words(steps)
    times, limit = _measured(steps, work) if measure else (None, None)
    reports = [
        _report(words, each, times.nests[number] if times else None, limit)
        for number, each in enumerate(work)
    ]
    inside = [each.is_repeated for each in work]
    return ProgramReport(
        tuple(each for each, is_in in zip(reports, inside, strict=True) if is_in),
        tuple(each for each, is_in in zip(reports, inside, strict=True) if not is_in),
        steps.batch,
        steps.capacity,
        made.threads,
        made.arena_bytes,
        made.compile_seconds,
        made.is_from_cache,
        limit,
        times and times.turn,
        times and times.waiting,
    )


def _measured(steps: TrainingProgram, work: Sequence[Work]) -> tuple[Times, MachinePeak]:
    inside = [each.is_repeated for each in work]
    times = profile(steps.program, steps.inputs(), steps.capacity, inside)
    touched = sum(each.bytes_read + each.bytes_written for each in work if each.is_repeated)
    return times, measure_peak(steps.dtype, touched, steps.program.threads)


def _report(
    words: _Words, work: Work, seconds: float | None, limit: MachinePeak | None
) -> NestReport:
    moved = work.bytes_read + work.bytes_written
    return NestReport(
        words.layers(work.nest),
        words.passes(work),
        _does(work),
        work.flops,
        work.bytes_read,
        work.bytes_written,
        seconds,
        None if limit is None else max(work.flops / limit.flops, moved / limit.bytes),
    )


class _Words:
    """What people call the parts of a training program."""

    def __init__(self, steps: TrainingProgram) -> None:
        loops = steps.program.loops
        data = [buffer for buffer in loops.inputs if buffer.name.startswith("samples.")]
        self.kinds: Mapping[int, str] = passes_of(loops, len(steps.names), data)
        self.names = dict(zip(loops.outputs, map(_parameter, steps.names), strict=False))

    def passes(self, work: Work) -> tuple[str, ...]:
        """Return the passes a nest is part of, in the order of training."""
        if not work.is_repeated:
            return ()
        found = {self.kinds[id(item)] for item in items_of(work.nest)}
        found = {"forward" if name == "batch" else name for name in found}
        return tuple(name for name in PASSES if name in found)

    def layers(self, nest: Nest) -> tuple[str, ...]:
        """Return the layers a nest computes for."""
        return tuple(dict.fromkeys(self._layer(item) for item in items_of(nest)))

    def _layer(self, item: Contraction | Statement) -> str:
        others = {"batch": "batch", "update": "optimizer"}
        named = self.names.get(item.target.root) or item.layer
        return named or others.get(self.kinds[id(item)], "loss")


def _parameter(name: str) -> str:
    """Return the parameter that an array of the state belongs to.

    Examples
    --------
    >>> _parameter("params.dense.weight"), _parameter("slots.dense.weight.mean")
    ('dense.weight', 'dense.weight')
    """
    kind, _, rest = name.partition(".")
    return ".".join(rest.split(".")[:2]) if kind == "slots" else rest


def _does(work: Work) -> str:
    """Say over how many points a nest runs and what it does there."""
    nest = work.nest
    done = ", ".join(dict.fromkeys(each.reduction or "map" for each in nest.statements))
    if nest.contraction is not None:
        told = f"{_size(nest.contraction.axes)}×{_size(nest.contraction.depth)} product"
        told += " + map" if done else ""
    elif nest.axes:
        told = f"{_size(nest.axes)} {done}"
    else:
        told = f"{len(nest.statements)} short: {done}"
    return f"{told}, {work.runs} times" if work.runs > 1 else told


def _size(axes: Iterable[Axis]) -> str:
    return "×".join(str(axis.extent) for axis in axes)
