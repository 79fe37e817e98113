"""The figures as a table for the terminal, as Markdown for the README and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measure import Row
from benchmarks.rivals import CONTESTANTS

__all__ = ["HEADINGS", "Table", "cells", "markdown", "show", "write_json"]

HEADINGS = (
    *("contestant", "µs a step", "IQR", "× chainrule", "× best rival", "× floor"),
    *("loss", "first call, s", "import, s", "peak MB", "note"),
)


@dataclass(frozen=True)
class Table:
    """All rows of one workload.

    Parameters
    ----------
    name, title, dataset : str
    flops : float
        Of one step.
    floor_seconds : float
        ``flops`` at the machine's best rate.
    rows : sequence of Row
    """

    name: str
    title: str
    dataset: str
    flops: float
    floor_seconds: float
    rows: Sequence[Row]

    @property
    def heading(self) -> str:
        """One line above the table."""
        floor = significant(self.floor_seconds * 1e6)
        return f"{self.name}: {self.title} ({self.dataset}; floor {floor} µs)"


def significant(value: float | None) -> str:
    """Write a number with three significant digits, in full.

    Examples
    --------
    >>> [significant(value) for value in (0.31234, 9.4, 223.4, 14500.0, None)]
    ['0.312', '9.40', '223', '14500', '–']
    """
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:#.3g}"


def cells(row: Row) -> list[str]:
    """Return a row's texts in the order of ``HEADINGS``."""
    label = CONTESTANTS.get(row.contestant, row.contestant)
    o = row.outcome
    if o is None:
        return [label, *["–"] * (len(HEADINGS) - 2), row.note]
    ratios = (row.to_chainrule, row.to_best_rival, row.to_floor)
    return [
        label,
        significant(o.median * 1e6),
        significant(o.spread * 1e6),
        *map(significant, ratios),
        f"{o.loss:.4g}",
        f"{o.first_call_seconds:.2f}",
        f"{o.import_seconds:.2f}",
        f"{o.peak_bytes / 1e6:.0f}",
        row.note,
    ]


def show(table: Table) -> None:
    """Print a table to the terminal."""
    from rich.console import Console
    from rich.table import Table as RichTable

    shown = RichTable(title=table.heading, title_justify="left")
    for index, heading in enumerate(HEADINGS):
        last = index == len(HEADINGS) - 1
        shown.add_column(heading, justify="left" if index == 0 or last else "right")
    for row in table.rows:
        ours = row.contestant.startswith("chainrule")
        shown.add_row(*cells(row), style="bold" if ours else "" if row.outcome else "dim")
    console = Console()
    console.print(shown) if console.is_terminal else Console(width=140).print(shown)


def markdown(tables: Sequence[Table], machine: Mapping[str, object]) -> str:
    """Return the tables as Markdown, with the machine beneath."""
    blocks: list[str] = []
    for table in tables:
        lines = [f"**{table.heading}**", "", "| " + " | ".join(HEADINGS) + " |"]
        lines.append("| --- " + "| ---: " * (len(HEADINGS) - 2) + "| --- |")
        lines += ["| " + " | ".join(cells(row)) + " |" for row in table.rows]
        blocks.append("\n".join(lines))
    versions = machine.get("versions")
    named = versions.items() if isinstance(versions, Mapping) else ()
    listed = ", ".join(f"{package} {number}" for package, number in named if number)
    blocks.append(
        "A ratio is the row's median over the other's: above 1, the row is slower. "
        "The floor is the step's arithmetic at the rate of this machine's best matrix product.\n"
        f"{machine['processor']}, cores: {machine['cores']}, Python {machine['python']}, {listed}; "
        f"{machine['date']}."
    )
    return "\n\n".join(blocks) + "\n"


def write_json(path: Path, tables: Sequence[Table], machine: Mapping[str, object]) -> None:
    """Write everything that was measured, every repetition included."""
    document = {"machine": machine, "workloads": [asdict(table) for table in tables]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
