"""One contestant in a process of its own, so that none disturbs another.

A waiting process sleeps on its pipe, its threads asleep after a pause: it takes no core from who is
timed, its memory is its own, and its crash is a row in the table.
"""

import multiprocessing
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.benchmark import Benchmark, Figure
from benchmarks.workloads import BENCHMARKS

__all__ = ["Absence", "Fresh", "Ready", "Worker"]

PAUSE_SECONDS = 0.1
"""Before each repetition: threads that had work look for more, for milliseconds, on the cores that
the next contestant is timed on."""
PATIENCE_SECONDS = 300.0
"""A contestant that does not answer for so long is left out."""


@dataclass(frozen=True)
class Absence:
    """Why a contestant has no figures."""

    reason: str


@dataclass(frozen=True)
class Ready:
    """A contestant has started.

    Parameters
    ----------
    data : str
        What it works on.
    """

    data: str


class Worker:
    """The parent's end: starts the process, asks for repetitions, ends it.

    Parameters
    ----------
    benchmark, contestant : str
        Keys of ``BENCHMARKS`` and ``CONTESTANTS``.
    scratch : Path
        A folder for what the processes of a benchmark leave to one another.
    patience : float
        Seconds to wait for any answer.
    """

    def __init__(
        self,
        benchmark: str,
        contestant: str,
        scratch: Path,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.patience = patience
        self.connection, theirs = context.Pipe()
        arguments = (theirs, benchmark, contestant, scratch)
        self.process = context.Process(target=serve, args=arguments)
        self.process.start()
        theirs.close()
        answer = self.answer()
        self.ready = Absence("answered out of turn") if isinstance(answer, Figure) else answer

    def __enter__(self) -> Self:
        """Return the worker itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Hang up, which ends the process, and see that it has ended."""
        self.connection.close()
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.kill()

    def repeat(self) -> Figure | Absence:
        """Measure once more."""
        time.sleep(PAUSE_SECONDS)
        with suppress(OSError):  # a dead process shows, with its exit code, in the answer
            self.connection.send(None)
        answer = self.answer()
        return Absence("answered out of turn") if isinstance(answer, Ready) else answer

    def answer(self) -> Ready | Figure | Absence:
        """Wait for the next answer, and not for ever."""
        try:
            if self.connection.poll(self.patience):
                return self.connection.recv()
        except (EOFError, OSError):
            self.process.join(timeout=10)
            return Absence(f"its process ended with code {self.process.exitcode}")
        self.process.kill()
        return Absence(f"no answer within {self.patience:.0f} s")


def serve(connection: Connection, benchmark: str, contestant: str, scratch: Path) -> None:
    """Answer until the parent hangs up; runs in the child."""
    try:
        answer_requests(connection, BENCHMARKS[benchmark], contestant, scratch)
    except EOFError:
        return
    except ModuleNotFoundError as error:  # a distribution that is not found is one too
        connection.send(Absence(f"not installed: {error.name}"))
    except Exception as error:  # noqa: BLE001 - however a rival fails, it is a row, not a crash
        connection.send(Absence(one_line(error)))


def one_line(error: Exception) -> str:
    """Say what went wrong without traceback and without the folders of this machine.

    Examples
    --------
    >>> one_line(ImportError("cannot import name 'a' from 'b' (b.py)"))
    "ImportError: cannot import name 'a' from 'b'"
    """
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first.partition(' (/')[0][:90]}"


def answer_requests(
    connection: Connection, benchmark: Benchmark, contestant: str, scratch: Path
) -> None:
    """Start the contestant, then repeat as often as asked."""
    session = benchmark.start(contestant, scratch)
    connection.send(Ready(session.data))
    while True:
        connection.recv()
        connection.send(session.repeat())


@dataclass
class Fresh:
    """Whoever makes each repetition in a new process; it answers as a worker does.

    Parameters
    ----------
    benchmark, contestant, scratch : str, str and Path
        As a worker's.
    ready : Ready or Absence
        What the latest process said when it had started.
    """

    benchmark: str
    contestant: str
    scratch: Path
    ready: Ready | Absence = Absence("never started")

    def __enter__(self) -> Self:
        """Return it; nothing runs between two repetitions."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""

    def repeat(self) -> Figure | Absence:
        """Start a process, repeat once, end the process."""
        with Worker(self.benchmark, self.contestant, self.scratch) as worker:
            self.ready = worker.ready
            return self.ready if isinstance(self.ready, Absence) else worker.repeat()
