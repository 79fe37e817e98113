"""Interleaved rounds, medians, ratios, and the check that all contestants did the same work."""

import math
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

from benchmarks.benchmark import Benchmark, Figure
from benchmarks.rivals import OURS
from benchmarks.worker import Absence, Fresh, Ready, Worker

__all__ = ["Outcome", "Row", "compare", "interleave", "measure"]

REST_SECONDS = 0.3
"""Between two repetitions: idle threads of a matrix product spin for a tenth of a second, and would
take a core from the next contestant."""


class Runner(Protocol):
    """A contestant that can be measured repeatedly."""

    def repeat(self) -> Figure | Absence:
        """Measure once."""
        ...


@dataclass(frozen=True)
class Outcome:
    """The results of one contestant in one benchmark.

    Parameters
    ----------
    values : tuple of float
        One per repetition.
    check : float or None
        Of the last repetition.
    data : str
        The data set.
    """

    values: tuple[float, ...]
    check: float | None
    data: str

    @property
    def median(self) -> float:
        """Median of the repetitions."""
        return statistics.median(self.values)

    @property
    def spread(self) -> float:
        """Interquartile range of the repetitions; 0 for a single one."""
        if len(self.values) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.values, n=4, method="inclusive")
        return high - low


@dataclass(frozen=True)
class Row:
    """One line of the table; a figure is None where there is nothing to compare with.

    Parameters
    ----------
    to_chainrule, to_best_rival, to_floor : float or None
        This contestant's median over theirs: above 1, this one is slower. Of chainrule's forms, the
        first that takes part counts.
    same_work : bool
        Whether its check is the common one within the benchmark's tolerance.
    note : str
        Why it is absent, or that its work differs.
    """

    contestant: str
    outcome: Outcome | None
    to_chainrule: float | None = None
    to_best_rival: float | None = None
    to_floor: float | None = None
    same_work: bool = True
    note: str = ""


def interleave(
    runners: Mapping[str, Runner], repeats: int, rest: float = 0.0
) -> dict[str, list[Figure] | Absence]:
    """Measure the contestants in interleaved rounds, so that drift of the machine affects all.

    Parameters
    ----------
    runners : mapping of name to Runner
    repeats : int, at least 1
        Rounds that count, after one warm-up round (which also fills the caches of fresh processes).
    rest : float, seconds
        Before each repetition.

    Returns
    -------
    dict
        The figures of each, or why it is absent.
    """
    results: dict[str, list[Figure] | Absence] = {name: [] for name in runners}
    for number in range(repeats + 1):
        for name in rotate(list(runners), number):
            so_far = results[name]
            if isinstance(so_far, Absence):
                continue
            time.sleep(rest)
            answer = runners[name].repeat()
            if isinstance(answer, Absence):
                results[name] = answer
            elif number > 0:
                so_far.append(answer)
    return results


def rotate(names: list[str], count: int) -> Iterator[str]:
    """Rotate the order of the contestants, so that each round starts with another one."""
    shift = count % len(names) if names else 0
    yield from names[shift:]
    yield from names[:shift]


def measure(
    benchmark: Benchmark, contestants: Sequence[str], repeats: int
) -> dict[str, Outcome | Absence]:
    """Measure a benchmark: every contestant in a process of its own, in interleaved rounds.

    Parameters
    ----------
    benchmark : Benchmark
    contestants : sequence of str
        Names from ``rivals.CONTESTANTS``.
    repeats : int

    Returns
    -------
    dict of str to Outcome or Absence
    """
    make = Fresh if benchmark.fresh else Worker
    with TemporaryDirectory() as folder, ExitStack() as stack:
        runners = {
            name: stack.enter_context(make(benchmark.name, name, Path(folder)))
            for name in contestants
        }
        rounds = min(repeats, benchmark.most_repeats or repeats)
        results = interleave(runners, rounds, REST_SECONDS)
    return {name: outcome(runner.ready, results[name]) for name, runner in runners.items()}


def outcome(ready: Ready | Absence, results: list[Figure] | Absence) -> Outcome | Absence:
    """Join the first answer of a contestant with the results of its rounds."""
    if isinstance(ready, Absence) or isinstance(results, Absence):
        return ready if isinstance(ready, Absence) else results
    return Outcome(tuple(figure.value for figure in results), results[-1].check, ready.data)


def compare(
    outcomes: Mapping[str, Outcome | Absence], tolerance: float, floor: float | None
) -> list[Row]:
    """Compare the outcomes.

    The common check is the median of all finite ones. A contestant whose check differs did other
    work: its row says so, and no ratio is taken against it.

    Parameters
    ----------
    outcomes : mapping of str to Outcome or Absence
    tolerance : float
        Relative difference of checks that still counts as the same work.
    floor : float or None
        The time of the required arithmetic at the machine's peak rate.
    """
    present = {name: o for name, o in outcomes.items() if isinstance(o, Outcome)}
    checks = [o.check for o in present.values() if o.check is not None and math.isfinite(o.check)]
    common = statistics.median(checks) if checks else math.nan
    comparable = {
        name: o.median
        for name, o in present.items()
        if o.check is None or math.isclose(o.check, common, rel_tol=tolerance)
    }
    best = min((value for name, value in comparable.items() if name not in OURS), default=None)
    ours = next((comparable[name] for name in OURS if name in comparable), None)
    return [
        Row(
            contestant=name,
            outcome=o,
            to_chainrule=o.median / ours if ours else None,
            to_best_rival=o.median / best if best else None,
            to_floor=o.median / floor if floor else None,
            same_work=name in comparable,
            note="" if name in comparable else f"other work: the common check is {common:.4g}",
        )
        if isinstance(o, Outcome)
        else Row(contestant=name, outcome=None, note=o.reason)
        for name, o in outcomes.items()
    ]
