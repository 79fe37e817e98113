"""The figures as a table for the terminal, as Markdown for the README and as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.benchmark import Quantity
from benchmarks.measure import Row
from benchmarks.rivals import CONTESTANTS, OURS

__all__ = [
    "Slope",
    "Standing",
    "Table",
    "growth_markdown",
    "label_of",
    "markdown",
    "show",
    "significant",
    "slopes",
    "standings",
    "summary",
    "write_json",
]

FOOTNOTE = (
    "A ratio is the row's median over the other's: above 1, the row is slower, larger or heavier. "
    "The floor is the arithmetic at the rate of this machine's best matrix product. The check is "
    "the loss at the end, or what was computed: equal for all who did the same work in the same "
    "order. JAX runs all epochs in one scan."
)


@dataclass(frozen=True)
class Table:
    """All rows of one benchmark.

    Parameters
    ----------
    name, title, data : str
    quantity : Quantity
        What is measured, and how it is shown.
    floor : float or None
        The time of its arithmetic at the machine's best rate.
    rows : sequence of Row
    """

    name: str
    title: str
    data: str
    quantity: Quantity
    floor: float | None
    rows: Sequence[Row]

    @property
    def heading(self) -> str:
        """One line above the table."""
        shown = significant(self.floor * self.quantity.scale) if self.floor else None
        floor = f"floor {shown} {self.quantity.heading}" if shown else ""
        known = "; ".join(filter(None, (self.data, floor)))
        return f"{self.name}: {self.title}" + (f" ({known})" if known else "")

    @property
    def headings(self) -> tuple[str, ...]:
        """The names of the columns."""
        ratios = ("× chainrule", "× best rival", "× floor")
        return ("contestant", self.quantity.heading, "IQR", *ratios, "check", "note")

    def cells(self, row: Row) -> list[str]:
        """Return a row's texts in the order of the headings."""
        label, o = label_of(row.contestant), row.outcome
        if o is None:
            return [label, *["–"] * (len(self.headings) - 2), row.note]
        scaled = (o.median * self.quantity.scale, o.spread * self.quantity.scale)
        ratios = (row.to_chainrule, row.to_best_rival, row.to_floor)
        check = "–" if o.check is None else f"{o.check:.4g}"
        return [label, *map(significant, scaled), *map(significant, ratios), check, row.note]


def label_of(contestant: str) -> str:
    """Return the label of a contestant in tables and charts."""
    return CONTESTANTS[contestant].label if contestant in CONTESTANTS else contestant


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


def show(table: Table) -> None:
    """Print a table to the terminal."""
    from rich.console import Console
    from rich.table import Table as RichTable

    shown = RichTable(title=table.heading, title_justify="left")
    for index, heading in enumerate(table.headings):
        last = index == len(table.headings) - 1
        shown.add_column(heading, justify="left" if index == 0 or last else "right")
    for row in table.rows:
        ours = row.contestant.startswith("chainrule")
        shown.add_row(*table.cells(row), style="bold" if ours else "" if row.outcome else "dim")
    console = Console()
    console.print(shown) if console.is_terminal else Console(width=140).print(shown)


def markdown(tables: Sequence[Table], machine: Mapping[str, object]) -> str:
    """Return the tables as Markdown, with the machine beneath."""
    blocks: list[str] = []
    for table in tables:
        lines = [f"**{table.heading}**", "", "| " + " | ".join(table.headings) + " |"]
        lines.append("| --- " + "| ---: " * (len(table.headings) - 2) + "| --- |")
        lines += ["| " + " | ".join(table.cells(row)) + " |" for row in table.rows]
        blocks.append("\n".join(lines))
    if growth := growth_markdown(tables):
        blocks.append(growth.rstrip())
    versions = machine.get("versions")
    named = versions.items() if isinstance(versions, Mapping) else ()
    listed = ", ".join(f"{package} {number}" for package, number in named if number)
    blocks.append(
        f"{FOOTNOTE}\n"
        f"{machine['processor']}, cores: {machine['cores']}, Python {machine['python']}, {listed}; "
        f"{machine['date']}."
    )
    return "\n\n".join(blocks) + "\n"


@dataclass(frozen=True)
class Standing:
    """Chainrule beside the best rival in one benchmark."""

    table: Table
    ours: float
    rival: str
    best: float

    @property
    def ratio(self) -> float:
        """The rival's median over ours: above 1, chainrule is faster."""
        return self.best / self.ours


def standings(tables: Sequence[Table]) -> list[Standing]:
    """Compare with the best rival, wherever chainrule and a rival took part."""
    found: list[Standing] = []
    for table in tables:
        medians = {row.contestant: row.outcome.median for row in table.rows if row.outcome}
        ours = next((medians[name] for name in OURS if name in medians), None)
        rivals = {each: medians[each] for each in medians if not each.startswith("chainrule")}
        if ours is not None and rivals:
            best = min(rivals, key=rivals.__getitem__)
            found.append(Standing(table, ours, best, rivals[best]))
    return found


def summary(tables: Sequence[Table]) -> str:
    """Return one Markdown table, a row a benchmark: chainrule, the best rival, their ratio."""
    lines = ["| workload | chainrule | best rival | ratio |", "| --- | ---: | ---: | ---: |"]
    for each in standings(tables):
        scale, unit = each.table.quantity.scale, each.table.quantity.heading
        ours, best = (significant(value * scale) for value in (each.ours, each.best))
        title = f"{each.table.name}: {each.table.title}"
        rival = f"{label_of(each.rival)} {best}"
        lines.append(f"| {title} | {ours} {unit} | {rival} | {significant(each.ratio)} |")
    return "\n".join(lines) + "\n"


@dataclass(frozen=True)
class Slope:
    """How the median of a contestant grows with a size: the slope of its logarithm."""

    axis: str
    contestant: str
    value: float
    first: int
    last: int


def slopes(tables: Sequence[Table]) -> list[Slope]:
    """Fit log median over log size by least squares, for tables named growth-axis-size."""
    points: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for table in tables:
        family, *rest = table.name.split("-")
        if family != "growth" or len(rest) != 2:
            continue
        for row in table.rows:
            if row.outcome is not None:
                found = points.setdefault((rest[0], row.contestant), [])
                found.append((int(rest[1]), row.outcome.median))
    result: list[Slope] = []
    for (axis, contestant), found in points.items():
        if len(found) > 1:
            sizes, medians = (np.log(each) for each in zip(*sorted(found), strict=True))
            ends = min(found)[0], max(found)[0]
            result.append(Slope(axis, contestant, float(np.polyfit(sizes, medians, 1)[0]), *ends))
    return result


def growth_markdown(tables: Sequence[Table]) -> str:
    """Return the slopes as a Markdown table, a row an axis; empty if nothing grows."""
    found = slopes(tables)
    if not found:
        return ""
    contestants = list(dict.fromkeys(each.contestant for each in found))
    lines = ["**Slope of log time over log size** (1: proportional, 0: independent)", ""]
    lines.append("| axis | " + " | ".join(map(label_of, contestants)) + " |")
    lines.append("| --- " + "| ---: " * len(contestants) + "|")
    for axis in dict.fromkeys(each.axis for each in found):
        own = {each.contestant: each for each in found if each.axis == axis}
        ends = next(iter(own.values()))
        cells = (f"{own[name].value:.2f}" if name in own else "–" for name in contestants)
        lines.append(f"| {axis}, {ends.first} to {ends.last} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def write_json(path: Path, tables: Sequence[Table], machine: Mapping[str, object]) -> None:
    """Write all measurements, including every repetition."""
    document = {"machine": machine, "benchmarks": [asdict(table) for table in tables]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
