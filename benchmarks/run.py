"""Entry of ``make bench``: measure, print tables, write JSON, Markdown and a chart.

::

    python -m benchmarks                      everything, every contestant
    python -m benchmarks W1 W9 --repeats 3    one network's step, and all first calls
    python -m benchmarks products             matrix products; only if requested
    python -m benchmarks crowded              training beside a process that holds a core; likewise
    python -m benchmarks growth               steps over depth, width, rows and so on, with slopes
    python -m benchmarks --rivals numpy,jax   against these alone
    python -m benchmarks --threads 1          every contestant on one core
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.benchmark import Benchmark
from benchmarks.chart import draw, draw_summary
from benchmarks.machine import describe, limit_threads, peak_flops
from benchmarks.measure import Outcome, compare, measure
from benchmarks.report import Table, growth_markdown, markdown, show, summary, write_json
from benchmarks.rivals import CONTESTANTS, OURS, PACKAGES
from benchmarks.workloads import BENCHMARKS

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks; return 1 if two contestants did not do the same work, else 0."""
    options = parse(arguments)
    if options.threads is not None:
        limit_threads(options.threads)
    rate = peak_flops()
    machine = describe(PACKAGES) | {"threads": options.threads, "peak_flops": rate}
    tables: list[Table] = []
    for benchmark in options.benchmarks:
        tables.append(tabulate(benchmark, options.rivals, options.repeats, rate))
        show(tables[-1])
    print(growth_markdown(tables), end="")
    write_files(options.json, tables, machine)
    return 0 if all(row.same_work for table in tables for row in table.rows) else 1


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line; a wrong one ends with status 2 and one line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add = parser.add_argument
    add("benchmarks", nargs="*", metavar="NAME", help=f"of {', '.join(families())}; default all")
    add("--repeats", type=positive, default=7, help="timed repetitions of each (default 7)")
    add("--rivals", type=names, help=f"comma-separated, of {', '.join(CONTESTANTS)}")
    add("--threads", type=positive, help="threads and cores of every contestant; default their own")
    add(
        "--json",
        type=output_path,
        default=Path("build/bench/bench.json"),
        help="default %(default)s",
    )
    options = parser.parse_args(arguments)
    for name in options.benchmarks:
        if not chosen(name):
            parser.error(f"no benchmark {name!r}; there are {', '.join(BENCHMARKS)}")
    options.benchmarks = [
        each
        for name in options.benchmarks or families()
        for each in chosen(name)
        if options.benchmarks or not each.on_request
    ]
    return options


def families() -> list[str]:
    """Return the prefixes of the names up to the first dash: W9 for W9-W1 and W9-W1-cached."""
    return list(dict.fromkeys(name.partition("-")[0] for name in BENCHMARKS))


def chosen(name: str) -> list[Benchmark]:
    """Return the benchmark of that name, and those of which it is the prefix before a dash."""
    return [each for key, each in BENCHMARKS.items() if f"{key}-".startswith(f"{name}-")]


def positive(text: str) -> int:
    """Read a count of at least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1. Got {number} instead.")
    return number


def output_path(text: str) -> Path:
    """Read the output path: an invalid one is refused before anything is measured."""
    path = Path(text)
    for folder in path.parents:
        if folder.exists() and not folder.is_dir():
            raise argparse.ArgumentTypeError(f"{folder} is a file, not a folder to write into.")
    return path


def names(text: str) -> list[str]:
    """Read names of contestants; chainrule always takes part."""
    listed = [name.strip() for name in text.split(",")]
    for name in listed:
        if name not in CONTESTANTS:
            known = ", ".join(CONTESTANTS)
            raise argparse.ArgumentTypeError(f"no contestant {name!r}; there are {known}")
    return [*listed, *OURS]


def tabulate(
    benchmark: Benchmark, rivals: Sequence[str] | None, repeats: int, rate: float
) -> Table:
    """Measure one benchmark."""
    contestants = [name for name in benchmark.contestants if rivals is None or name in rivals]
    outcomes = measure(benchmark, contestants, repeats)
    data = {o.data for o in outcomes.values() if isinstance(o, Outcome)}
    floor = benchmark.flops / rate if benchmark.flops else None
    rows = compare(outcomes, benchmark.tolerance, floor)
    joined = " / ".join(sorted(data))
    return Table(benchmark.name, benchmark.title, joined, benchmark.quantity, floor, rows)


def write_files(path: Path, tables: Sequence[Table], machine: dict[str, object]) -> None:
    """Write the JSON, and beside it tables as Markdown and charts: in full, and a row each."""
    write_json(path, tables, machine)
    text, chart = path.with_suffix(".md"), path.with_suffix(".svg")
    short, small = (path.with_name(f"{path.stem}-summary{end}") for end in (".md", ".svg"))
    text.write_text(markdown(tables, machine), encoding="utf-8")
    short.write_text(summary(tables), encoding="utf-8")
    written = [path, text, short]
    if draw(chart, tables) and draw_summary(small, tables):
        written += [chart, small]
    print("written: " + ", ".join(map(str, written)))
