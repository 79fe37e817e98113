"""One contestant in a process of its own, isolated from the others.

A waiting process blocks on its pipe, and its threads sleep after a pause: it takes no core from the
contestant being timed, shares no memory with it, and its crash is a row in the table.
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
"""Before each repetition: idle threads spin for milliseconds before they sleep, on the cores on
which the next contestant is timed."""
PATIENCE_SECONDS = 300.0
"""The timeout after which a contestant is left out."""


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
        The data set it trains on.
    """

    data: str


class Worker:
    """The parent's side: starts the process, requests repetitions, ends it.

    Parameters
    ----------
    benchmark, contestant : str
        Keys of ``BENCHMARKS`` and ``CONTESTANTS``.
    scratch : Path
        A folder that the processes of a benchmark share.
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
        self.ready = Absence("unexpected answer") if isinstance(answer, Figure) else answer

    def __enter__(self) -> Self:
        """Return the worker itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the pipe, which ends the process, and wait for its end."""
        self.connection.close()
        self.process.join(timeout=10)
        if self.process.is_alive():
            self.process.kill()

    def repeat(self) -> Figure | Absence:
        """Measure one repetition."""
        time.sleep(PAUSE_SECONDS)
        with suppress(OSError):  # a dead process shows, with its exit code, in the answer
            self.connection.send(None)
        answer = self.answer()
        return Absence("unexpected answer") if isinstance(answer, Ready) else answer

    def answer(self) -> Ready | Figure | Absence:
        """Wait for the next answer, up to the timeout."""
        try:
            if self.connection.poll(self.patience):
                return self.connection.recv()
        except (EOFError, OSError):
            self.process.join(timeout=10)
            return Absence(f"its process ended with code {self.process.exitcode}")
        self.process.kill()
        return Absence(f"no answer within {self.patience:.0f} s")


def serve(connection: Connection, benchmark: str, contestant: str, scratch: Path) -> None:
    """Answer requests until the parent closes the pipe; runs in the child."""
    try:
        answer_requests(connection, BENCHMARKS[benchmark], contestant, scratch)
    except EOFError:
        return
    except ModuleNotFoundError as error:  # a distribution that is not found is one too
        connection.send(Absence(f"not installed: {error.name}"))
    except Exception as error:  # noqa: BLE001 - however a rival fails, it is a row, not a crash
        connection.send(Absence(one_line(error)))


def one_line(error: Exception) -> str:
    """Return an error as one line, without traceback and without local paths.

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
    """Start the contestant, then measure one repetition for each request."""
    session = benchmark.start(contestant, scratch)
    connection.send(Ready(session.data))
    while True:
        connection.recv()
        connection.send(session.repeat())


@dataclass
class Fresh:
    """A runner that makes each repetition in a new process, with the interface of `Worker`.

    Parameters
    ----------
    benchmark, contestant, scratch : str, str and Path
        As a worker's.
    ready : Ready or Absence
        The first answer of the latest process.
    """

    benchmark: str
    contestant: str
    scratch: Path
    ready: Ready | Absence = Absence("never started")

    def __enter__(self) -> Self:
        """Return the runner; no process runs between repetitions."""
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to release."""

    def repeat(self) -> Figure | Absence:
        """Start a process, repeat once, end the process."""
        with Worker(self.benchmark, self.contestant, self.scratch) as worker:
            self.ready = worker.ready
            return self.ready if isinstance(self.ready, Absence) else worker.repeat()
