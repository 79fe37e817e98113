"""Turns, medians, ratios, and the check that all contestants did the same work."""

import math
import statistics
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Protocol

from benchmarks.rivals import OURS
from benchmarks.worker import Absence, Ready, Repetition, Worker
from benchmarks.workload import Workload

__all__ = ["Outcome", "Row", "compare", "interleave", "measure"]


class Runner(Protocol):
    """Whoever can train from the start for so many epochs and say how long it took."""

    def repeat(self, epochs: int) -> Repetition | Absence:
        """Train once."""
        ...


@dataclass(frozen=True)
class Outcome:
    """All that one contestant did in one workload.

    Parameters
    ----------
    seconds_per_step : tuple of float
        One per repetition.
    loss : float
        After the last repetition.
    """

    seconds_per_step: tuple[float, ...]
    loss: float
    peak_bytes: int
    import_seconds: float
    first_call_seconds: float
    dataset: str

    @property
    def median(self) -> float:
        """Median seconds of one step."""
        return statistics.median(self.seconds_per_step)

    @property
    def spread(self) -> float:
        """Interquartile range of the seconds of one step; 0 for a single repetition."""
        if len(self.seconds_per_step) < 2:
            return 0.0
        low, _, high = statistics.quantiles(self.seconds_per_step, n=4, method="inclusive")
        return high - low


@dataclass(frozen=True)
class Row:
    """One line of the table; a figure is None where there is nothing to compare with.

    Parameters
    ----------
    to_chainrule, to_best_rival, to_floor : float or None
        This contestant's median over theirs: above 1, this one is slower.
    same_work : bool
        Whether its final loss is the common one within the workload's tolerance.
    note : str
        Why it is absent, or what is odd.
    """

    contestant: str
    outcome: Outcome | None
    to_chainrule: float | None = None
    to_best_rival: float | None = None
    to_floor: float | None = None
    same_work: bool = True
    note: str = ""


def interleave(
    runners: Mapping[str, Runner], repeats: int, epochs: int
) -> dict[str, list[Repetition] | Absence]:
    """Let the contestants train in turns, so that a drifting machine hits all alike.

    Parameters
    ----------
    runners : mapping of name to Runner
    repeats : int, at least 1
        Timed rounds; one round before them warms up and is thrown away.
    epochs : int
        Length of one repetition.

    Returns
    -------
    dict
        The repetitions of each, or why it dropped out.
    """
    results: dict[str, list[Repetition] | Absence] = {name: [] for name in runners}
    for turn in range(repeats + 1):
        for name in rotated(list(runners), turn):
            so_far = results[name]
            if isinstance(so_far, Absence):
                continue
            answer = runners[name].repeat(epochs)
            if isinstance(answer, Absence):
                results[name] = answer
            elif turn > 0:
                so_far.append(answer)
    return results


def rotated(names: list[str], turn: int) -> Iterator[str]:
    """Begin each round with another contestant: nobody always follows the same one."""
    shift = turn % len(names) if names else 0
    yield from names[shift:]
    yield from names[:shift]


def measure(
    workload: Workload, contestants: Sequence[str], repeats: int
) -> dict[str, Outcome | Absence]:
    """Measure a workload: every contestant in its own process, in turns.

    Parameters
    ----------
    workload : Workload
    contestants : sequence of str
        Names from ``rivals.CONTESTANTS``.
    repeats : int

    Returns
    -------
    dict of str to Outcome or Absence
    """
    with ExitStack() as stack:
        workers = {name: stack.enter_context(Worker(workload.name, name)) for name in contestants}
        started = {name: w for name, w in workers.items() if isinstance(w.ready, Ready)}
        results = interleave(started, repeats, workload.epochs)
    steps = workload.epochs * workload.steps_per_epoch
    return {
        name: outcome(worker.ready, results.get(name, Absence("never started")), steps)
        for name, worker in workers.items()
    }


def outcome(
    ready: Ready | Repetition | Absence, results: list[Repetition] | Absence, steps: int
) -> Outcome | Absence:
    """Join what a worker said first with what it said in its turns."""
    if isinstance(ready, Absence):
        return ready
    if isinstance(results, Absence) or not isinstance(ready, Ready):
        return results if isinstance(results, Absence) else Absence("answered out of turn")
    return Outcome(
        seconds_per_step=tuple(result.seconds / steps for result in results),
        loss=results[-1].loss,
        peak_bytes=results[-1].peak_bytes,
        import_seconds=ready.import_seconds,
        first_call_seconds=ready.first_call_seconds,
        dataset=ready.dataset,
    )


def compare(
    outcomes: Mapping[str, Outcome | Absence], tolerance: float, floor_seconds: float
) -> list[Row]:
    """Put the outcomes side by side.

    The common loss is the median of all finite final losses. Who ends elsewhere did other work:
    the row stays and says so, but nobody is measured against it.

    Parameters
    ----------
    outcomes : mapping of str to Outcome or Absence
    tolerance : float
        Relative difference of losses that still counts as the same work.
    floor_seconds : float
        Time of a step if the machine did nothing but multiply and add.
    """
    present = {name: o for name, o in outcomes.items() if isinstance(o, Outcome)}
    losses = [o.loss for o in present.values() if math.isfinite(o.loss)]
    common = statistics.median(losses) if losses else math.nan
    honest = {
        name: o.median
        for name, o in present.items()
        if math.isclose(o.loss, common, rel_tol=tolerance)
    }
    best = min((value for name, value in honest.items() if name not in OURS), default=None)
    ours = honest.get("chainrule")
    return [
        Row(
            contestant=name,
            outcome=o,
            to_chainrule=o.median / ours if ours else None,
            to_best_rival=o.median / best if best else None,
            to_floor=o.median / floor_seconds,
            same_work=name in honest,
            note="" if name in honest else f"other work: the common loss is {common:.4g}",
        )
        if isinstance(o, Outcome)
        else Row(contestant=name, outcome=None, note=o.reason)
        for name, o in outcomes.items()
    ]
