"""The time of training, and the compiled step against the limits of the machine."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.pages.markup import Markup, element, note, section, table
from chainrule.insight.program import Measurement, report_on_program
from chainrule.insight.program_report import (
    NestReport,
    ProgramReport,
    format_count,
    format_time,
)
from chainrule.insight.training_program import training_program
from chainrule.train.history import History
from chainrule.train.network import Network, model_of

__all__ = ["time_section"]

_SHARE = 0.03
"""Of the training, that timing each nest may take."""


def time_section(net: Network) -> Markup:
    """Return the section on the time of training, and the work of a compiled step."""
    # That of a file has no times.
    history = net.history if net.history is not None and "seconds" in net.history else None
    try:
        steps = training_program(net)
        report = report_on_program(steps, _measurement(history, steps.program.compile_seconds))
        report = _bounded(report, history, -(-steps.samples // steps.batch))
    except ChainruleError as error:
        rows = [] if history is None else _rows(history)
        content = [table(["", "time"], rows)] if rows else []
        return section("time", "Time", *content, note(f"No compiled steps: {error}."))
    rows = [] if history is None else _rows(history)
    if history is not None:
        rows += _of_steps(model_of(net).counter.steps, report, sum(history["seconds"]))
    content = [table(["", "time"], rows), element("h3", "The compiled step")]
    content += [element("p", each) for each in (_program(report), _limits(report))]
    content.append(_nests(report))
    if report.waiting_seconds is None:
        content.append(
            note("Timing each operation takes a second or two: net.program(measure=True) does.")
        )
    return section("time", "Time", *content)


def _measurement(history: History | None, compile_seconds: float) -> Measurement:
    """Return what may be measured: each nest takes a compilation and some calls."""
    seconds = 1.5 + 2 * compile_seconds
    is_long = history is not None and seconds < _SHARE * sum(history["seconds"])
    return "nests" if is_long else "step"


def _bounded(report: ProgramReport, history: History | None, steps: int) -> ProgramReport:
    """Return the report with the time that a step had in the fastest epoch, if that is shorter.

    What else runs on the machine may slow the step that is measured now.
    """
    if history is None or report.waiting_seconds is not None or report.step_seconds is None:
        return report
    fastest = min(history["seconds"]) / steps
    return replace(report, step_seconds=min(report.step_seconds, fastest or report.step_seconds))


def _rows(history: History) -> list[list[str]]:
    seconds = np.array(history["seconds"])
    slowest = f"{format_time(float(seconds.max()))} (epoch {seconds.argmax() + 1})"
    return [
        ["training", format_time(float(seconds.sum()))],
        ["an epoch, median", format_time(float(np.median(seconds)))],
        ["the slowest epoch", slowest],
    ]


def _of_steps(count: int, report: ProgramReport, total: float) -> list[list[str]]:
    """Return the time of a step and of all; none where earlier trainings had steps as well."""
    step = report.step_seconds or 0.0
    rows = [["a step", format_time(step)]]
    if 0 < count * step <= total:
        share = f"{format_time(count * step)}, {count * step / total:.0%} of the training"
        rows.append([f"its {count:,} steps at that pace", share])
    return rows


def _program(report: ProgramReport) -> str:
    origin = ", its machine code from the cache" if report.is_from_cache else ""
    return (
        f"A step takes {report.batch:,} samples on {_threads(report)}: "
        f"{format_count(report.flops)} floating-point operations, "
        f"{format_count(report.bytes_moved, 'B')} read and written. The program was compiled in "
        f"{format_time(report.compile_seconds)}{origin}; its intermediate values take "
        f"{format_count(report.arena_bytes, 'B')}."
    )


def _limits(report: ProgramReport) -> str:
    """Tell the limits of the machine, and how near the step comes to them."""
    limit, step = report.limit, report.step_seconds
    assert limit is not None, "it was measured"
    assert step, "it was measured"
    least = sum(each.limit_seconds or 0.0 for each in report.nests)
    return (
        f"On {_threads(report)} this machine reaches {format_count(limit.flops, 'FLOP/s')} in a "
        f"product of large matrices and {format_count(limit.bytes, 'B/s')} in reading and writing "
        f"as much memory as a step uses, as measured now. At these limits a step would take "
        f"{format_time(least)}; it takes {format_time(step)}, so that it reaches "
        f"{least / step:.0%} of what the machine can do."
    )


def _threads(report: ProgramReport) -> str:
    return "1 thread" if report.threads == 1 else f"{report.threads} threads"


def _nests(report: ProgramReport) -> Markup:
    """Return the loop nests of a step with their work, their limit and their time."""
    headings = ["layer", "pass", "operation", "FLOPs", "read", "written", "at the limit"]
    is_timed = report.waiting_seconds is not None
    headings += ["measured", "of the step"] if is_timed else ["share"]
    least = sum(each.limit_seconds or 0.0 for each in report.nests) or 1.0
    rows: list[list[str]] = []
    for nest in report.nests:
        limit, seconds = nest.limit_seconds or 0.0, nest.seconds or 0.0
        cells = [*_work(nest), format_time(limit)]
        if is_timed:
            cells += [format_time(seconds), f"{seconds / (report.step_seconds or 1.0):.0%}"]
        else:
            cells.append(f"{limit / least:.0%}")
        rows.append(cells)
    return table(headings, rows)


def _work(nest: NestReport) -> list[str]:
    return [
        ", ".join(nest.layers),
        " + ".join(nest.passes),
        nest.does,
        format_count(nest.flops),
        format_count(nest.bytes_read, "B"),
        format_count(nest.bytes_written, "B"),
    ]
