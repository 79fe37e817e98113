"""``net.program()``: report on the compiled training program, nest by nest."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from chainrule.arguments.checks import checked_flag
from chainrule.insight.nests import nests_of
from chainrule.insight.profiling import (
    BRIEF,
    THOROUGH,
    MachinePeak,
    Profile,
    measure_peak,
    profile,
    time_step,
)
from chainrule.insight.program_report import NestReport, ProgramReport
from chainrule.insight.training_program import TrainingProgram, training_program
from chainrule.train.network import Network

__all__ = ["Measurement", "program", "report_on_program"]

Measurement = Literal["none", "step", "nests"]
"""What is measured: nothing, briefly the time of a step and the limits, or each nest as well."""

_BRIEF_BYTES = 2**22
"""Synthetic samples of a brief measurement fill so many bytes at most."""


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
    return report_on_program(training_program(net), "nests" if measure else "none")


def report_on_program(steps: TrainingProgram, measurement: Measurement) -> ProgramReport:
    """Report on a training program."""
    native, counts = steps.program, nests_of(steps)
    times: Profile | None = None
    step, peak = None, None
    if measurement == "nests":
        times = profile(native, steps.inputs(), steps.capacity, [inside for _, inside in counts])
        step = times.iteration
    elif measurement == "step":
        step = time_step(native, steps.inputs(_BRIEF_BYTES), steps.capacity)
    if measurement != "none":
        accessed = sum(each.bytes_moved for each, inside in counts if inside)
        effort = BRIEF if measurement == "step" else THOROUGH
        peak = measure_peak(steps.dtype, accessed, native.threads, effort)
    seconds = times.nests if times else [None] * len(counts)
    nests = [_timed(each, time, peak) for (each, _), time in zip(counts, seconds, strict=True)]
    inside = [is_inside for _, is_inside in counts]
    return ProgramReport(
        tuple(each for each, is_in in zip(nests, inside, strict=True) if is_in),
        tuple(each for each, is_in in zip(nests, inside, strict=True) if not is_in),
        steps.batch,
        steps.capacity,
        native.threads,
        native.arena_bytes,
        native.compile_seconds,
        native.is_from_cache,
        peak,
        step,
        times and times.barrier,
    )


def _timed(nest: NestReport, seconds: float | None, peak: MachinePeak | None) -> NestReport:
    if peak is None:
        return nest
    limit = max(nest.flops / peak.flops, nest.bytes_moved / peak.bytes)
    return replace(nest, seconds=seconds, limit_seconds=limit)
