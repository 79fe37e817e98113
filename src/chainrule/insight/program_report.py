"""The report on a compiled program, and how it prints."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainrule.insight.profiling import MachinePeak

__all__ = ["NestReport", "ProgramReport", "count_in_words", "time_in_words"]

_HEADINGS = ("nest", "layer", "pass", "does", "FLOPs", "read", "written")
_MEASURED = ("time", "share", "of limit")
_NUMBERS = ("nest", "FLOPs", "read", "written", *_MEASURED)
_WIDEST = 40


@dataclass(frozen=True)
class NestReport:
    """A nest of loops of the compiled training step, which runs over its points once.

    Parameters
    ----------
    layers : tuple of str
        The layers it computes for, by name; "batch" for what only the samples are needed for,
        "loss" for loss and metrics; for parameters that it changes their full names.
    passes : tuple of str
        Of "forward", "backward" and "update" those it does; none for what is done once a call.
    does : str
        Its points and what it computes at each.
    flops : int
        Operations on real numbers in a step. An elementary function counts as 20; conversions,
        choices and whole numbers count nothing.
    bytes_read, bytes_written : int
        Of the numbers it touches in memory in a step, each counted once.
    seconds : float or None
        What it takes in a step, if that was measured.
    limit_seconds : float or None
        What it would take at the machine's limit: of calculating or of moving bytes, the longer.
    """

    layers: tuple[str, ...]
    passes: tuple[str, ...]
    does: str
    flops: int
    bytes_read: int
    bytes_written: int
    seconds: float | None = None
    limit_seconds: float | None = None


@dataclass(frozen=True, repr=False)
class ProgramReport:
    """What was compiled for a network's training; prints as a table.

    Parameters
    ----------
    nests : tuple of NestReport
        What a step does, in order.
    once : tuple of NestReport
        What is done once a call, before and after the steps.
    batch, capacity : int
        Samples a step, and steps that can be made in one call.
    threads : int
        How many work on it.
    arena_bytes : int
        Memory of its own.
    compile_seconds : float
        What it took to make, from the graph to a function that is ready.
    is_from_cache : bool
        Whether the machine code was found on the disk.
    limit : MachinePeak or None
        Operations and bytes a second that this machine can do, if that was measured.
    step_seconds, waiting_seconds : float or None
        What a step takes, and how much of that the first thread waits for others, if measured.
    """

    nests: tuple[NestReport, ...]
    once: tuple[NestReport, ...]
    batch: int
    capacity: int
    threads: int
    arena_bytes: int
    compile_seconds: float
    is_from_cache: bool
    limit: MachinePeak | None = None
    step_seconds: float | None = None
    waiting_seconds: float | None = None

    @property
    def flops(self) -> int:
        """How many operations on real numbers a step takes."""
        return sum(each.flops for each in self.nests)

    @property
    def bytes_moved(self) -> int:
        """How many bytes the nests of a step read and write."""
        return sum(each.bytes_read + each.bytes_written for each in self.nests)

    def __str__(self) -> str:
        return _formatted(self)

    __repr__ = __str__


def _formatted(report: ProgramReport) -> str:
    """A table, with the whole above and beneath."""
    headings = _HEADINGS if report.step_seconds is None else (*_HEADINGS, *_MEASURED)
    rows = [_row(str(n), each, report) for n, each in enumerate(report.nests, 1)]
    total = _total(report)
    widths = [max(map(len, column)) for column in zip(headings, *rows, total, strict=True)]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    table = [_line(cells, headings, widths) for cells in (headings, *rows)]
    foot = [rule, _line(total, headings, widths), *_notes(report)]
    return "\n".join([*_head(report), table[0], rule, *table[1:], *foot])


def _head(report: ProgramReport) -> list[str]:
    threads = _threads(report)
    origin = "machine code from the cache" if report.is_from_cache else "machine code made anew"
    ready, own = time_in_words(report.compile_seconds), count_in_words(report.arena_bytes, "B")
    return [
        f"a step of {report.batch:,} samples, up to {report.capacity:,} steps in a call, {threads}",
        f"ready in {ready} ({origin}); own memory {own}",
    ]


def _row(number: str, nest: NestReport, report: ProgramReport) -> tuple[str, ...]:
    cells = (
        number,
        _shortened(", ".join(nest.layers)),
        "+".join(nest.passes),
        _shortened(nest.does),
        count_in_words(nest.flops),
        count_in_words(nest.bytes_read, "B"),
        count_in_words(nest.bytes_written, "B"),
    )
    if report.step_seconds is None:
        return cells
    seconds, limit = nest.seconds or 0.0, nest.limit_seconds or 0.0
    share = seconds / report.step_seconds
    return (*cells, time_in_words(seconds), f"{share:.0%}", _part(limit, seconds))


def _total(report: ProgramReport) -> tuple[str, ...]:
    cells = (
        "",
        "step",
        "",
        "",
        count_in_words(report.flops),
        count_in_words(sum(each.bytes_read for each in report.nests), "B"),
        count_in_words(sum(each.bytes_written for each in report.nests), "B"),
    )
    if report.step_seconds is None:
        return cells
    limit = sum(each.limit_seconds or 0.0 for each in report.nests)
    return (*cells, time_in_words(report.step_seconds), "100%", _part(limit, report.step_seconds))


def _notes(report: ProgramReport) -> list[str]:
    once = sum(each.bytes_written for each in report.once)
    notes = [f"once a call, besides: {count_in_words(once, 'B')} of the state are taken over"]
    if report.limit is not None:
        notes.append(
            f"limit on {_threads(report)}: {count_in_words(report.limit.flops, 'FLOP/s')}, "
            f"{count_in_words(report.limit.bytes, 'B/s')}"
        )
    if report.waiting_seconds and report.step_seconds:
        share = report.waiting_seconds / report.step_seconds
        notes.append(f"the first thread waits for others {share:.0%} of the time")
    return notes


def _threads(report: ProgramReport) -> str:
    return "1 thread" if report.threads == 1 else f"{report.threads} threads"


def _line(cells: Sequence[str], headings: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        cell.rjust(width) if heading in _NUMBERS else cell.ljust(width)
        for cell, width, heading in zip(cells, widths, headings, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _shortened(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"


def count_in_words(number: float, unit: str = "") -> str:
    """Write a number with three digits and a prefix.

    Examples
    --------
    >>> [count_in_words(10), count_in_words(10_035_200), count_in_words(999_950, "B")]
    ['10', '10.0 M', '1.00 MB']
    """
    prefixes = ["", "k", "M", "G", "T"]
    while number >= 999.5 and len(prefixes) > 1:
        number /= 1000
        prefixes.pop(0)
    places = 0 if not prefixes[0] or number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{places}f} {prefixes[0]}{unit}".strip()


def time_in_words(number: float) -> str:
    """Write a time with three digits, in the unit that suits it.

    Examples
    --------
    >>> [time_in_words(0.0), time_in_words(2.5e-8), time_in_words(0.0123), time_in_words(3.0)]
    ['0 ns', '25 ns', '12.3 ms', '3.00 s']
    """
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        value = number * factor
        if value < 999.5:
            is_whole = unit == "ns" or value >= 99.95
            return f"{value:.0f} {unit}" if is_whole else f"{value:.3g} {unit}"
    return f"{number:.2f} s"


def _part(limit: float, seconds: float) -> str:
    return f"{limit / seconds:.0%}" if seconds > 0 else ""
