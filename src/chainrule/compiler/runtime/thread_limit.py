"""How many threads pay while other processes hold some of the cores.

Threads that share a program wait for the slowest of them. Where one has to share its core with
another process, two threads are slower than one that has a core to itself. The processor time they
got tells: where all had a core, it is the time that passed, for each of them. As results are the
same bits for any number of threads, it may change from one run to the next.
"""

from __future__ import annotations

import time

__all__ = ["ThreadLimit"]

LONG_SECONDS = 0.005
"""Runs shorter than this tell nothing: a process is given a core for some milliseconds at once."""
EVIDENCE_SECONDS = 0.1
"""Long runs of so many seconds together tell whether the cores are free."""
MISSING_CORES = 0.4
"""So much processor time less than the threads could have had, for each second, is too little: all
of them wait for the one that lacks it."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 1.6
"""Seconds for which a smaller number of threads is kept before the wanted number is tried again.
Most crowds are short, such as what another process leaves spinning when it has just finished; so
the first pause is, too, and each that follows upon a vain trial is twice as long as the last."""


class ThreadLimit:
    """Watches how long runs take, and lowers the number of threads while cores are taken.

    Examples
    --------
    >>> allowance = ThreadLimit()
    >>> allowance.threads(2, now=0.0)
    2
    >>> allowance.note(2, passed=0.1, processor=0.12, now=0.1)  # one waited for its core
    >>> allowance.threads(2, now=0.15), allowance.threads(2, now=0.25)
    (1, 2)
    """

    def __init__(self) -> None:
        self._most = 0
        self._until = -1.0
        self._pause = FIRST_PAUSE
        self._is_long = False
        self._passed = self._processor = 0.0
        self._threads = 0

    def threads(self, wanted: int, now: float) -> int:
        """Return how many threads to run on."""
        return min(wanted, self._most) if now < self._until else wanted

    def start(self) -> tuple[float, float]:
        """Return the clock, and the processor time of this process if it is going to count."""
        # Asking for processor time takes longer than a small program.
        return time.perf_counter(), time.process_time() if self._is_long else 0.0

    def stop(self, threads: int, started: tuple[float, float]) -> None:
        """Draw conclusions from a run that began at a certain time."""
        now = time.perf_counter()
        passed, was_long = now - started[0], self._is_long
        self._is_long = passed >= LONG_SECONDS
        if was_long and self._is_long and threads > 1:
            self.note(threads, passed, time.process_time() - started[1], now)

    def note(self, threads: int, passed: float, processor: float, now: float) -> None:
        """Draw conclusions from a long run."""
        if threads != self._threads:
            self._threads, self._passed, self._processor = threads, 0.0, 0.0
        self._passed += passed
        self._processor += processor
        if self._passed < EVIDENCE_SECONDS:
            return
        cores = self._processor / self._passed
        self._passed = self._processor = 0.0
        if threads - cores >= MISSING_CORES:
            self._most = max(1, int(cores + 0.25))
            self._until = now + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        elif now >= self._until:
            self._pause = FIRST_PAUSE
