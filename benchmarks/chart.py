"""One bar for each contestant and benchmark, on a logarithmic axis."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Table, label_of, significant

__all__ = ["draw"]

AXIS = "{} (logarithmic; dotted: the machine's floor)"
PLAIN_AXIS = "{} (logarithmic)"


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
    columns = 1 if len(tables) < 4 else 2
    lines = -(-len(tables) // columns)
    figure = Figure(figsize=(9 * columns, 1 + 2.2 * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    for spare in grid[len(tables) :]:
        spare.set_axis_off()
    for axes, table in zip(grid, tables, strict=False):
        rows = [row for row in table.rows if row.outcome][::-1]
        values = [row.outcome.median * table.quantity.scale for row in rows if row.outcome]
        ours = [row.contestant.startswith("chainrule") for row in rows]
        colours = ["tab:orange" if own else "tab:blue" for own in ours]
        bars = axes.barh([label_of(row.contestant) for row in rows], values, color=colours)
        axes.bar_label(bars, [significant(value) for value in values], padding=3)
        if table.floor:
            axes.axvline(table.floor * table.quantity.scale, color="black", linestyle=":")
        label = (AXIS if table.floor else PLAIN_AXIS).format(table.quantity.heading)
        axes.set(xscale="log", xlabel=label, title=f"{table.name}: {table.title}")
        axes.margins(x=0.1)
    figure.savefig(path)
    return True
