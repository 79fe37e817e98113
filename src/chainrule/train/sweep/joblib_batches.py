"""Fits on other processes and machines by joblib: a batch of networks is one task of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.compiler.runtime.thread_count import single_threaded
from chainrule.train.sweep.training import Fit, Outcome, Problem, train

__all__ = ["run_by_joblib"]

_BATCHES_EACH = 16
"""Batches for each worker: fewer tasks than fits, and enough to spread unequal ones evenly, and to
show progress."""

Job = tuple[Fit, int, Outcome | None]
"""A fit, the epochs to train to, and what it has reached before."""


def run_by_joblib(problem: Problem, jobs: Sequence[Job], take: Callable[[Outcome], None]) -> None:
    """Run fits by the backend of ``joblib.parallel_config``; `take` is called with each outcome."""
    joblib = _joblib()
    workers = max(1, joblib.effective_n_jobs())
    count = min(len(jobs), _BATCHES_EACH * workers)
    batches = [jobs[number::count] for number in range(count)]
    run: Any = joblib.delayed(_run_batch)
    for outcomes in _parallel(joblib)(run(problem, batch) for batch in batches):
        for each in outcomes:
            take(each)


def _parallel(joblib: Any) -> Any:
    """Return what gives results as they are ready, where the backend can, else all at the end."""
    backend, _ = joblib.parallel.get_active_backend()
    if not getattr(backend, "supports_return_generator", False):
        return joblib.Parallel()
    return joblib.Parallel(return_as="generator_unordered")


def _run_batch(problem: Problem, jobs: Sequence[Job]) -> list[Outcome]:
    with single_threaded():
        return [train(problem, *job) for job in jobs]


def _joblib() -> Any:
    try:
        import joblib
    except ImportError as error:
        raise ImportError(
            "sweep: backend='joblib' needs joblib, which is not installed; "
            "run: pip install 'chainrule[joblib]'"
        ) from error
    return joblib
