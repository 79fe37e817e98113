"""Thread limit: fewer threads while cores are oversubscribed, by CPU time against wall time.

The threads of a program wait for the slowest of them at each barrier, so two threads of which one
shares its core with another process are slower than a single one. If every thread had a core, their
CPU time is the wall time times their number. Results have the same bits for any number of threads,
so it may change from call to call.
"""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["ThreadLimit"]

LONG_SECONDS = 0.005
"""Shorter runs are not measured: the system schedules in slices of some milliseconds."""
EVIDENCE_SECONDS = 0.1
"""Total seconds of long runs before the measurement counts."""
MISSING_CORES = 0.4
"""Cores that may be missing on average: the number of threads less CPU time by wall time."""
FIRST_PAUSE, MAX_PAUSE = 0.1, 1.6
"""Seconds on fewer threads before the requested number is tried again. Oversubscription is mostly
short, such as by threads that another process has left spinning; so the first pause is
short, too, and each failed trial doubles the next."""


class ThreadLimit:
    """Measures runs, and lowers the number of threads while cores are oversubscribed.

    `cpu_time` returns the CPU time of the threads that run programs, in seconds. That of the
    process has the time of other threads too, such as those of BLAS, which go on spinning.

    Examples
    --------
    >>> limit = ThreadLimit()
    >>> limit.threads(2, now=0.0)
    2
    >>> limit.record(2, wall=0.1, cpu=0.12, now=0.1)  # one thread waited for its core
    >>> limit.threads(2, now=0.15), limit.threads(2, now=0.25)
    (1, 2)
    """

    def __init__(self, cpu_time: Callable[[], float] = time.process_time) -> None:
        self._cpu_time = cpu_time
        self._limit = 0
        self._limited_until = -1.0
        self._pause = FIRST_PAUSE
        self._was_long = False
        self._wall = self._cpu = 0.0
        self._threads = 0

    def threads(self, requested: int, now: float) -> int:
        """Return how many threads to run on."""
        return min(requested, self._limit) if now < self._limited_until else requested

    def start(self) -> tuple[float, float]:
        """Return wall time, and CPU time if this run is likely to be long enough to count."""
        # To read CPU time takes longer than a small program.
        return time.perf_counter(), self._cpu_time() if self._was_long else 0.0

    def stop(self, threads: int, started: tuple[float, float]) -> None:
        """Measure a run from what `start` returned before it."""
        now = time.perf_counter()
        wall, has_cpu = now - started[0], self._was_long
        self._was_long = wall >= LONG_SECONDS
        if has_cpu and self._was_long and threads > 1:
            self.record(threads, wall, self._cpu_time() - started[1], now)

    def record(self, threads: int, wall: float, cpu: float, now: float) -> None:
        """Record a long run, and adapt the limit when enough are measured."""
        if threads != self._threads:
            self._threads, self._wall, self._cpu = threads, 0.0, 0.0
        self._wall += wall
        self._cpu += cpu
        if self._wall < EVIDENCE_SECONDS:
            return
        cores = self._cpu / self._wall
        self._wall = self._cpu = 0.0
        if threads - cores >= MISSING_CORES:
            self._limit = max(1, int(cores + 0.25))
            self._limited_until = now + self._pause
            self._pause = min(2 * self._pause, MAX_PAUSE)
        elif now >= self._limited_until:
            self._pause = FIRST_PAUSE
