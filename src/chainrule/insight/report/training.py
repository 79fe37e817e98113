"""How a network was trained: the curves of its history, and where the time went."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule.errors import ChainruleError
from chainrule.insight.program_report import NestReport, format_count, format_time
from chainrule.insight.report.chart import Series, chart
from chainrule.insight.report.markup import Markup, element, note, section, table
from chainrule.train.history import History
from chainrule.train.metrics.direction import direction
from chainrule.train.network import Network

__all__ = ["time_section", "training_section"]

_UNSHOWN = {"seconds", "epoch"}
_POINTS = 1000
"""Epochs of a curve that are drawn at most."""


def training_section(history: History | None) -> Markup:
    """Return the section on the curves of loss and metrics."""
    if history is None or not history.epochs:
        return section("training", "Training", element("p", _UNTRAINED))
    content = [_table(history), *(element("p", each) for each in history.notes)]
    names = [each for each in history if each not in _UNSHOWN and not each.startswith("val_")]
    for name in names:
        if name != "learning_rate" or len(set(history[name])) > 1:
            content += [element("h3", _in_words(name)), _curves(history, name)]
    if history.epochs > _POINTS:
        content.append(note(f"Drawn are {_POINTS:,} of {history.epochs:,} epochs."))
    return section("training", "Training", *content)


_UNTRAINED = "The network has no history: it was not trained since it was made or loaded."


def _table(history: History) -> Markup:
    """Return the first, last and best value of each quantity."""
    rows: list[list[str]] = []
    for name in history:
        values = np.array(history[name], float)
        if name in _UNSHOWN or not values.size:
            continue
        is_maximized = direction(name)
        best, epoch = "", ""
        if is_maximized is not None and np.isfinite(values).any():
            place = int(np.nanargmax(values) if is_maximized else np.nanargmin(values))
            best, epoch = f"{values[place]:.4g}", str(place + 1)
        rows.append([_in_words(name), f"{values[0]:.4g}", f"{values[-1]:.4g}", best, epoch])
    return table(["", "first epoch", "last", "best", "in epoch"], rows)


def _in_words(name: str) -> str:
    is_validation = name.startswith("val_")
    return name.removeprefix("val_").replace("_", " ") + (", validation" if is_validation else "")


def _curves(history: History, name: str) -> Markup:
    """Draw a quantity by epoch, of training and of validation; a ring marks the best epoch."""
    parts = [("training", name, 0), ("validation", f"val_{name}", 1)]
    series: list[Series] = []
    for label, key, colour in parts:
        if key in history:
            values = np.array(history[key], float)
            shown = np.unique(np.linspace(0, len(values) - 1, _POINTS).astype(int))
            kind = "dashed" if colour else "line"
            series.append(Series(label, shown + 1.0, values[shown], kind, colour))
    measured = np.array(history[parts[-1][1] if len(series) > 1 else name], float)
    is_maximized, ring = direction(name), None
    if is_maximized is not None and np.isfinite(measured).any():
        place = int(np.nanargmax(measured) if is_maximized else np.nanargmin(measured))
        ring = place + 1.0, float(measured[place])
    return chart(series, "epoch", _in_words(name), ring=ring, counts=True)


def time_section(net: Network) -> Markup:
    """Return the section on the time of training, and the work of a compiled step."""
    content: list[Markup] = []
    history = net.history
    if history is not None and history.epochs:
        seconds = np.array(history["seconds"])
        rows = [
            ["training", format_time(float(seconds.sum()))],
            ["an epoch, median", format_time(float(np.median(seconds)))],
            [
                "the slowest epoch",
                f"{format_time(float(seconds.max()))} (epoch {seconds.argmax() + 1})",
            ],
        ]
        content.append(table(["", "time"], rows))
    try:
        report = net.program()
    except ChainruleError as error:
        return section("time", "Time", *content, note(f"No compiled steps: {error}."))
    threads = "1 thread" if report.threads == 1 else f"{report.threads} threads"
    origin = ", its machine code from the cache" if report.is_from_cache else ""
    line = (
        f"A step takes {report.batch:,} samples on {threads}: {format_count(report.flops)} "
        f"floating-point operations, {format_count(report.bytes_moved, 'B')} read and written. The "
        f"program was compiled in {format_time(report.compile_seconds)}{origin}; its intermediate "
        f"values take {format_count(report.arena_bytes, 'B')}."
    )
    content += [element("h3", "The compiled step"), element("p", line), _nests(report.nests)]
    content.append(note("net.program(measure=True) times each against the limit of the machine."))
    return section("time", "Time", *content)


def _nests(nests: Sequence[NestReport]) -> Markup:
    """Return the loop nests of a step with their work."""
    total = sum(each.flops for each in nests) or 1
    headings = ["layer", "pass", "operation", "FLOPs", "share", "read", "written"]
    rows = [
        [
            ", ".join(each.layers),
            " + ".join(each.passes),
            each.does,
            format_count(each.flops),
            f"{each.flops / total:.0%}",
            format_count(each.bytes_read, "B"),
            format_count(each.bytes_written, "B"),
        ]
        for each in nests
    ]
    return table(headings, rows)
