"""One contestant in a process of its own, so that none disturbs another.

A waiting process sleeps on its pipe: its idle threads take no core from the one that is timed, its
memory is its own, and its crash is a row in the table.
"""

import multiprocessing
import time
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.contestant import Contestant
from benchmarks.rivals import builder
from benchmarks.workload import Dataset, Workload
from benchmarks.workloads import WORKLOADS

__all__ = ["Absence", "Ready", "Repetition", "Worker"]

PATIENCE_SECONDS = 300.0
"""A contestant that does not answer for so long is left out."""


@dataclass(frozen=True)
class Absence:
    """Why a contestant has no figures."""

    reason: str


@dataclass(frozen=True)
class Ready:
    """A contestant is built and has trained once.

    Parameters
    ----------
    dataset : str
        What it trains on.
    import_seconds : float
        Time to import it, NumPy being there already.
    first_call_seconds : float
        The first training call of one epoch: tracing, deriving, compiling and the epoch itself.
    """

    dataset: str
    import_seconds: float
    first_call_seconds: float


@dataclass(frozen=True)
class Repetition:
    """One timed run from the initial weights.

    Parameters
    ----------
    seconds : float
        Of the training call.
    loss : float
        After it, by the judge that all contestants share.
    peak_bytes : int
        Most memory the process has ever held; 0 where the system does not tell.
    """

    seconds: float
    loss: float
    peak_bytes: int


class Worker:
    """The parent's end: starts the process, asks for repetitions, ends it.

    Parameters
    ----------
    workload, contestant : str
        Keys of ``WORKLOADS`` and ``CONTESTANTS``.
    patience : float
        Seconds to wait for any answer.
    """

    def __init__(self, workload: str, contestant: str, patience: float = PATIENCE_SECONDS) -> None:
        context = multiprocessing.get_context("spawn")
        self.patience = patience
        self.connection, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(theirs, workload, contestant))
        self.process.start()
        theirs.close()
        self.ready = self.answer()

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

    def repeat(self, epochs: int) -> Repetition | Absence:
        """Train once from the start for so many epochs."""
        with suppress(OSError):  # a dead process shows, with its exit code, in the answer
            self.connection.send(epochs)
        answer = self.answer()
        return Absence("answered out of turn") if isinstance(answer, Ready) else answer

    def answer(self) -> Ready | Repetition | Absence:
        """Wait for the next answer, and not for ever."""
        try:
            if self.connection.poll(self.patience):
                return self.connection.recv()
        except (EOFError, OSError):
            self.process.join(timeout=10)
            return Absence(f"its process ended with code {self.process.exitcode}")
        self.process.kill()
        return Absence(f"no answer within {self.patience:.0f} s")


def serve(connection: Connection, workload_name: str, contestant_name: str) -> None:
    """Answer until the parent hangs up; runs in the child."""
    try:
        answer_requests(connection, WORKLOADS[workload_name], contestant_name)
    except EOFError:
        return
    except ModuleNotFoundError as error:
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


def answer_requests(connection: Connection, workload: Workload, contestant_name: str) -> None:
    """Build the contestant, then train as often as asked."""
    start = time.perf_counter()
    build = builder(contestant_name)
    import_seconds = time.perf_counter() - start
    dataset = workload.load()
    start = time.perf_counter()
    contestant = build(workload, dataset)
    contestant.restart(workload.initial_parameters())
    contestant.train(1)
    connection.send(Ready(dataset.name, import_seconds, time.perf_counter() - start))
    while True:
        connection.send(repetition(workload, dataset, contestant, epochs=connection.recv()))


def repetition(
    workload: Workload, dataset: Dataset, contestant: Contestant, epochs: int
) -> Repetition:
    """Time one training call from the initial weights, then judge where it ended."""
    contestant.restart(workload.initial_parameters())
    start = time.perf_counter()
    contestant.train(epochs)
    seconds = time.perf_counter() - start
    return Repetition(seconds, workload.judge(contestant.parameters(), dataset), peak_bytes())


def peak_bytes() -> int:
    """Read the high-water mark of this process alone; ``getrusage`` would count its parent's."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return 0
    marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")]
    return marks[0] if marks else 0
