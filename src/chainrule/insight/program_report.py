"""Report on a compiled training program, printed as a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainrule.console import left_aligned, right_aligned, shortened, width_of
from chainrule.rich_display import html_of

if TYPE_CHECKING:
    from chainrule.insight.profiling import MachinePeak

__all__ = [
    "NestReport", "ProgramReport", "format_count", "format_time", "header_lines", "note_lines",
    "table_cells",
]  # fmt: skip

_HEADINGS = ("nest", "layer", "pass", "operation", "FLOPs", "read", "written")
_MEASURED = ("time", "of step", "of roofline")
_RIGHT_ALIGNED = ("nest", "FLOPs", "read", "written", *_MEASURED)
_MAX_WIDTH = 40


@dataclass(frozen=True)
class NestReport:
    """A loop nest of the compiled training step.

    Parameters
    ----------
    layers : tuple of str
        Names of the layers it computes for; "batch" for values that depend on the samples alone,
        "loss" for loss and metrics, "optimizer" for scalars of the update; full names of the
        parameters that it updates.
    passes : tuple of str
        Those of "forward", "backward" and "update" it is part of; empty outside of the steps.
    does : str
        Its iteration space and operation, such as ``"64×100×784 product + map"``.
    flops : int
        Floating-point operations in a step. An elementary function counts as 20; casts, selects and
        integer operations count 0.
    bytes_read, bytes_written : int
        Bytes of the elements it accesses in memory in a step, each counted once.
    seconds : float or None
        Measured time in a step.
    limit_seconds : float or None
        Roofline bound of that time: max(FLOPs / peak FLOP rate, bytes / bandwidth).
    """

    layers: tuple[str, ...]
    passes: tuple[str, ...]
    does: str
    flops: int
    bytes_read: int
    bytes_written: int
    seconds: float | None = None
    limit_seconds: float | None = None

    @property
    def bytes_moved(self) -> int:
        """The bytes that it reads and writes in a step."""
        return self.bytes_read + self.bytes_written


@dataclass(frozen=True, repr=False)
class ProgramReport:
    """The compiled training program of a network; prints as a table.

    Parameters
    ----------
    nests : tuple of NestReport
        The nests of a step, in order.
    once : tuple of NestReport
        The nests executed once per call, before and after the steps.
    batch, capacity : int
        Samples a step, and the largest number of steps in a call.
    threads : int
        Number of threads.
    arena_bytes : int
        Size of the memory for intermediate values.
    compile_seconds : float
        Compile time, from the graph to a callable function.
    is_from_cache : bool
        Whether the machine code is from the disk cache.
    limit : MachinePeak or None
        Measured peak FLOP/s and bandwidth of this machine.
    step_seconds, waiting_seconds : float or None
        Measured time of a step, and how much of it the first thread waits at barriers.
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
        """Floating-point operations of a step."""
        return sum(each.flops for each in self.nests)

    @property
    def bytes_moved(self) -> int:
        """The bytes that the nests of a step read and write."""
        return sum(each.bytes_moved for each in self.nests)

    def __str__(self) -> str:
        return _formatted(self)

    __repr__ = __str__
    _repr_html_ = html_of


def _formatted(report: ProgramReport) -> str:
    """Format a header, the table of nests with its total, and notes."""
    headings, (*rows, total) = table_cells(report)
    widths = [max(map(width_of, column)) for column in zip(headings, *rows, total, strict=True)]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    table = [_line(cells, headings, widths) for cells in (headings, *rows)]
    foot = [rule, _line(total, headings, widths), *note_lines(report)]
    return "\n".join([*header_lines(report), table[0], rule, *table[1:], *foot])


def table_cells(report: ProgramReport) -> tuple[Sequence[str], list[tuple[str, ...]]]:
    """Return the headings of the table and its rows, the last of which is the total."""
    headings = _HEADINGS if report.step_seconds is None else (*_HEADINGS, *_MEASURED)
    rows = [_row(str(n), each, report) for n, each in enumerate(report.nests, 1)]
    return headings, [*rows, _total(report)]


def header_lines(report: ProgramReport) -> list[str]:
    """Return what is said above the table."""
    threads = _threads(report)
    origin = "from the cache" if report.is_from_cache else "generated"
    seconds, arena = format_time(report.compile_seconds), format_count(report.arena_bytes, "B")
    return [
        f"batch of {report.batch:,} samples, up to {report.capacity:,} steps per call, {threads}",
        f"compiled in {seconds} (machine code {origin}); arena {arena}",
    ]


def _row(number: str, nest: NestReport, report: ProgramReport) -> tuple[str, ...]:
    cells = (
        number,
        _shortened(", ".join(nest.layers)),
        "+".join(nest.passes),
        _shortened(nest.does),
        format_count(nest.flops),
        format_count(nest.bytes_read, "B"),
        format_count(nest.bytes_written, "B"),
    )
    if report.step_seconds is None:
        return cells
    seconds, limit = nest.seconds or 0.0, nest.limit_seconds or 0.0
    fraction = seconds / report.step_seconds
    return (*cells, format_time(seconds), f"{fraction:.0%}", _percent(limit, seconds))


def _total(report: ProgramReport) -> tuple[str, ...]:
    cells = (
        "",
        "step",
        "",
        "",
        format_count(report.flops),
        format_count(sum(each.bytes_read for each in report.nests), "B"),
        format_count(sum(each.bytes_written for each in report.nests), "B"),
    )
    if report.step_seconds is None:
        return cells
    limit = sum(each.limit_seconds or 0.0 for each in report.nests)
    return (*cells, format_time(report.step_seconds), "100%", _percent(limit, report.step_seconds))


def note_lines(report: ProgramReport) -> list[str]:
    """Return what is said below the table."""
    once = sum(each.bytes_written for each in report.once)
    notes = [f"once per call: {format_count(once, 'B')} of training state copied"]
    if report.limit is not None:
        notes.append(
            f"roofline of {_threads(report)}: {format_count(report.limit.flops, 'FLOP/s')} peak, "
            f"{format_count(report.limit.bytes, 'B/s')} bandwidth"
        )
    if report.waiting_seconds and report.step_seconds:
        fraction = report.waiting_seconds / report.step_seconds
        notes.append(f"barrier wait of the first thread: {fraction:.0%} of the step")
    return notes


def _threads(report: ProgramReport) -> str:
    return "1 thread" if report.threads == 1 else f"{report.threads} threads"


def _line(cells: Sequence[str], headings: Sequence[str], widths: Sequence[int]) -> str:
    padded = [
        right_aligned(cell, size) if heading in _RIGHT_ALIGNED else left_aligned(cell, size)
        for cell, size, heading in zip(cells, widths, headings, strict=True)
    ]
    return "  ".join(padded).rstrip()


def _shortened(text: str) -> str:
    return shortened(text, _MAX_WIDTH)


def format_count(number: float, unit: str = "") -> str:
    """Format a number with three significant digits and an SI prefix.

    Examples
    --------
    >>> [format_count(10), format_count(10_035_200), format_count(999_950, "B")]
    ['10', '10.0 M', '1.00 MB']
    """
    prefixes = ["", "k", "M", "G", "T"]
    while number >= 999.5 and len(prefixes) > 1:
        number /= 1000
        prefixes.pop(0)
    decimals = 0 if not prefixes[0] or number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{decimals}f} {prefixes[0]}{unit}".strip()


def format_time(number: float) -> str:
    """Format a time in seconds with three significant digits, in ns, µs, ms or s.

    Examples
    --------
    >>> [format_time(0.0), format_time(2.5e-8), format_time(0.0123), format_time(3.0)]
    ['0 ns', '25 ns', '12.3 ms', '3.00 s']
    """
    for factor, unit in ((1e9, "ns"), (1e6, "µs"), (1e3, "ms")):
        value = number * factor
        if value < 999.5:
            is_whole = unit == "ns" or value >= 99.95
            return f"{value:.0f} {unit}" if is_whole else f"{value:.3g} {unit}"
    return f"{number:.2f} s"


def _percent(limit: float, seconds: float) -> str:
    return f"{limit / seconds:.0%}" if seconds > 0 else ""
