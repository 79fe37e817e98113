"""Entry of ``make bench``: measure workloads, print tables, write JSON, Markdown and a chart.

::

    python -m benchmarks.run                      every workload, every contestant
    python -m benchmarks.run W1 W4 --repeats 3    two of them, quickly
    python -m benchmarks.run --rivals numpy,jax   against these alone
    python -m benchmarks.run --threads 1          everybody on one core
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.chart import draw
from benchmarks.machine import describe, limit_threads, peak_flops
from benchmarks.measure import Outcome, compare, measure
from benchmarks.report import Table, markdown, show, write_json
from benchmarks.rivals import CONTESTANTS, OURS, PACKAGES
from benchmarks.workload import Workload
from benchmarks.workloads import WORKLOADS

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; return 1 if two contestants did not do the same work, else 0."""
    options = parse(arguments)
    if options.threads is not None:
        limit_threads(options.threads)
    rate = peak_flops()
    machine = describe(PACKAGES) | {"threads": options.threads, "peak_flops": rate}
    tables: list[Table] = []
    for name in options.workloads or WORKLOADS:
        tables.append(tabulate(WORKLOADS[name], options.rivals, options.repeats, rate))
        show(tables[-1])
    write_files(options.json, tables, machine)
    return 0 if all(row.same_work for table in tables for row in table.rows) else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; a wrong one ends with status 2 and one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("workloads", nargs="*", metavar="WORKLOAD", help=f"of {', '.join(WORKLOADS)}; default all")
    add("--repeats", type=positive, default=7, help="timed repetitions of each (default 7)")
    add("--rivals", type=names, help=f"comma-separated, of {', '.join(CONTESTANTS)}")
    add("--threads", type=positive, help="threads and cores of everybody; default their own")
    add("--json", type=Path, default=Path("build/bench/bench.json"), help="default %(default)s")
    options = parser.parse_args(arguments)
    for name in options.workloads:
        if name not in WORKLOADS:
            parser.error(f"no workload {name!r}; there are {', '.join(WORKLOADS)}")
    return options


def positive(text: str) -> int:
    """Read a count of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1. Got {number} instead.")
    return number


def names(text: str) -> list[str]:
    """Read names of contestants; chainrule always takes part."""
    chosen = [name.strip() for name in text.split(",")]
    for name in chosen:
        if name not in CONTESTANTS:
            known = ", ".join(CONTESTANTS)
            raise argparse.ArgumentTypeError(f"no contestant {name!r}; there are {known}")
    return [*chosen, *OURS]


def tabulate(workload: Workload, rivals: Sequence[str] | None, repeats: int, rate: float) -> Table:
    """Measure one workload."""
    contestants = [name for name in workload.contestants if rivals is None or name in rivals]
    outcomes = measure(workload, contestants, repeats)
    datasets = {o.dataset for o in outcomes.values() if isinstance(o, Outcome)}
    floor = workload.flops_per_step / rate
    rows = compare(outcomes, workload.tolerance, floor)
    dataset = " / ".join(sorted(datasets)) or "no data"
    return Table(workload.name, workload.title, dataset, workload.flops_per_step, floor, rows)


def write_files(path: Path, tables: Sequence[Table], machine: dict[str, object]) -> None:
    """Write the JSON, and beside it the Markdown and the chart."""
    write_json(path, tables, machine)
    text = path.with_suffix(".md")
    text.write_text(markdown(tables, machine), encoding="utf-8")
    chart = path.with_suffix(".svg")
    drawn = draw(chart, tables)
    print(f"written: {path}, {text}" + (f", {chart}" if drawn else " (no chart: no matplotlib)"))


if __name__ == "__main__":
    sys.exit(main())
