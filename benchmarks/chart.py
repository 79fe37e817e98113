"""Charts of the figures: one bar a contestant, and one bar a benchmark beside the best rival."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.report import Table, label_of, significant, standings

__all__ = ["draw", "draw_summary"]

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


def draw_summary(path: Path, tables: Sequence[Table]) -> bool:
    """Draw how many times as fast as the best rival chainrule is; return whether it was drawn."""
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    found = standings(tables)[::-1]
    if not found:
        return False
    ratios = [each.ratio for each in found]
    figure = Figure(figsize=(10, 0.8 + 0.34 * len(found)), layout="constrained")
    axes = figure.subplots()
    colours = ["tab:orange" if ratio >= 1 else "tab:gray" for ratio in ratios]
    names = [f"{each.table.name}: {each.table.title}" for each in found]
    axes.barh(names, [ratio - 1 for ratio in ratios], left=1, color=colours)
    for row, each in enumerate(found):
        text = f"{significant(each.ratio)} × {label_of(each.rival)}"
        axes.annotate(text, (max(each.ratio, 1), row), (4, 0), "data", "offset points", va="center")
    axes.axvline(1, color="black", linewidth=1)
    axes.set(xscale="log", xlabel="times as fast as the best rival (logarithmic)")
    axes.set_xlim(min(0.5, *ratios) / 1.3, max(2, *ratios) * 4)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path)
    return True
