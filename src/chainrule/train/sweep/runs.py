"""The run of a sweep: its fits, rung by rung, on threads or by joblib, and what is kept of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from chainrule.errors import ArgumentError, counted
from chainrule.storage import locked_folder
from chainrule.train.fit.termination import ends_on_termination, forget_interrupts
from chainrule.train.network import Network
from chainrule.train.sweep.halving import rank, rungs_of, survivors
from chainrule.train.sweep.journal import Journal, digest_of, key_of
from chainrule.train.sweep.report import Report
from chainrule.train.sweep.result import SweepResult
from chainrule.train.sweep.settings import Setting
from chainrule.train.sweep.threads import run_on_threads
from chainrule.train.sweep.training import Fit, Outcome, Problem, train

__all__ = ["SweepRun", "fits_of"]


def fits_of(
    problem: Problem, choices: Sequence[Setting], seeds: Sequence[int | None], folder: Path | None
) -> list[Fit]:
    """Return the fits: of each setting one for each seed and fold."""
    fits = [
        Fit(0, index, setting, seed, fold)
        for index, setting in enumerate(choices)
        for seed in seeds
        for fold in range(len(problem.folds))
    ]
    fits = [replace(each, number=number) for number, each in enumerate(fits)]
    if folder is None:
        return fits
    digests = [digest_of(each.X, each.y, each.weight, each.validation) for each in problem.folds]
    keys = [key_of(problem, each, digests[each.fold]) for each in fits]
    return [
        replace(each, folder=folder / "fits" / key) for each, key in zip(fits, keys, strict=True)
    ]


@dataclass
class SweepRun:
    """One call of `sweep`."""

    problem: Problem
    fits: list[Fit]
    metric: str
    is_maximized: bool
    factor: int | None  # of successive halving
    threads: int
    is_distributed: bool
    folder: Path | None
    has_folds: bool

    def __post_init__(self) -> None:
        self._reached: dict[int, Outcome] = {}  # by number of the fit
        self._journal: Journal | None = None

    def result(self, verbose: Any) -> SweepResult:
        """Run all fits; after an interrupt, return those that are finished, if there are some."""
        report = Report(verbose, len(self.fits))
        is_interrupted = False
        lock = nullcontext() if self.folder is None else locked_folder(self.folder)
        with ends_on_termination(), lock:
            self._journal = None if self.folder is None else Journal(self.folder)
            try:
                self._run_rungs(report)
            except KeyboardInterrupt:
                if not self._reached:
                    raise
                is_interrupted = True
                forget_interrupts()
                report.note(
                    f"interrupted: {counted(len(self._reached), 'fit')} of {len(self.fits)} are "
                    "in the result"
                )
            finally:
                report.close()
        return SweepResult(
            list(self._reached.values()), self.metric, self.is_maximized, self._trained,
            self.has_folds, is_interrupted,
        )  # fmt: skip

    def _run_rungs(self, report: Report) -> None:
        chosen = self.fits
        count = len({each.index for each in chosen})
        rungs = rungs_of(count, self.problem.fit["epochs"], self.factor)
        for rung, epochs in enumerate(rungs):
            self._run(chosen, epochs, rung, report)
            if rung == len(rungs) - 1:
                return
            assert self.factor is not None, "there are several rungs"
            values: dict[int, list[float]] = {}
            for each in chosen:
                values.setdefault(each.index, []).append(self._value(self._reached[each.number]))
            kept = set(survivors(values, self.factor, self.is_maximized))
            for each in chosen:
                self._reached[each.number].is_stopped = each.index not in kept
            chosen = [each for each in chosen if each.index in kept]
            report.note(
                f"after {counted(epochs, 'epoch')}: {len(kept)} of "
                f"{counted(len(values), 'setting')} go on to {rungs[rung + 1]}"
            )
            report.add(len(chosen))

    def _run(self, fits: Sequence[Fit], epochs: int, rung: int, report: Report) -> None:
        """Train fits to a number of epochs, those that are not finished yet."""
        jobs: list[tuple[Fit, int, Outcome | None]] = []

        def take(outcome: Outcome, is_new: bool = True) -> None:
            outcome.rung, outcome.is_stopped = rung, False
            self._check_metric(outcome)
            if is_new and self._journal is not None:
                self._journal.add(outcome, epochs)
            self._reached[outcome.fit.number] = outcome
            report.finished(self._best())

        for fit in fits:
            before = self._reached.get(fit.number)
            known = None if self._journal is None else self._journal.find(fit, epochs)
            if before is not None and before.is_diverged:
                take(before, is_new=False)
            elif known is not None:
                take(known, is_new=False)
            else:
                jobs.append((fit, self._epochs_of(fit, epochs), before))
        if not self.is_distributed:
            run_on_threads([partial(train, self.problem, *job) for job in jobs], self.threads, take)
        elif jobs:
            from chainrule.train.sweep.joblib_batches import run_by_joblib

            run_by_joblib(self.problem, jobs, take)

    def _epochs_of(self, fit: Fit, epochs: int) -> int:
        names = self.problem.fit_names
        return fit.setting["epochs"] if "epochs" in names and "epochs" in fit.setting else epochs

    def _check_metric(self, outcome: Outcome) -> None:
        if outcome.is_diverged or self.metric in outcome.values:
            return
        raise ArgumentError(
            f"sweep: metric is {self.metric!r}, but the fits report {', '.join(outcome.values)}; "
            "name one of them, or give metrics to net.compile"
        )

    def _value(self, outcome: Outcome) -> float:
        return float("nan") if outcome.is_diverged else outcome.values[self.metric]

    def _best(self) -> str:
        best = min(
            self._reached.values(), key=lambda each: rank([self._value(each)], self.is_maximized)
        )
        return f"best {self.metric} {self._value(best):.4g} ({best.fit})"

    def _trained(self, outcome: Outcome) -> Network:
        """Return the network of a fit that an earlier process has finished, by its checkpoint."""
        again = train(self.problem, outcome.fit, outcome.epochs)
        assert again.net is not None, "it has been trained"
        return again.net
