"""One bar for each contestant and workload, on a logarithmic axis."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Table, cells

__all__ = ["draw"]

AXIS = "µs a step (logarithmic; dotted: the machine's floor)"


def draw(path: Path, tables: Sequence[Table]) -> bool:
    """Draw the chart where matplotlib is installed.

    Returns
    -------
    bool
        Whether it was drawn.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(9, 1 + 2.2 * len(tables)), layout="constrained")
    for axes, table in zip(figure.subplots(len(tables), squeeze=False)[:, 0], tables, strict=True):
        rows = [row for row in table.rows if row.outcome][::-1]
        times = [row.outcome.median * 1e6 for row in rows if row.outcome]
        ours = [row.contestant.startswith("chainrule") for row in rows]
        colours = ["tab:orange" if own else "tab:blue" for own in ours]
        bars = axes.barh([cells(row)[0] for row in rows], times, color=colours)
        axes.bar_label(bars, [cells(row)[1] for row in rows], padding=3)
        axes.axvline(table.floor_seconds * 1e6, color="black", linestyle=":")
        axes.set(xscale="log", xlabel=AXIS, title=f"{table.name}: {table.title}")
        axes.margins(x=0.1)
    figure.savefig(path)
    return True
