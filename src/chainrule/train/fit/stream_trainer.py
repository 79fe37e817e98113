"""Runs the steps of an epoch on batches that an iterable yields, none of which is kept."""

from __future__ import annotations

import math
import time
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, counted, warn
from chainrule.train.fit.batch_steps import BatchSteps, StepProgram
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.pauses import Pauses
from chainrule.train.fit.publication import Publication
from chainrule.train.fit.step_runner import REPORT_SECONDS
from chainrule.train.fit.termination import raise_if_terminated, release_signals
from chainrule.train.fit.train_state import TrainState, check_trainable
from chainrule.train.fit.trainer import Report
from chainrule.train.inputs.batch_stream import BatchStream
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.model.running_metrics import RunningMetrics
from chainrule.train.model.step_counter import StepCounter

__all__ = ["StreamTrainer"]

Array = NDArray[Any]

_GATHER_SECONDS = 0.05
"""How long batches are joined at most before their steps are made."""


@dataclass(frozen=True)
class _Block:
    """Batches of one type, joined: the first `steps` · `program.size` rows of some arrays."""

    program: StepProgram
    arrays: list[Array]
    steps: int

    def batch(self, step: int) -> Samples:
        """Return copies of the arrays of a batch."""
        rows = slice(step * self.program.size, (step + 1) * self.program.size)
        return Samples(*(each[rows].copy() for each in self.arrays))


class StreamTrainer:
    """Train state of a network between steps on the batches of a stream; see `Trainer`.

    How many batches are joined for a native call changes no bit. A batch that cannot be read, as
    the iterable raises or yields what is refused, is met after the steps on those before it.
    """

    epochs_per_call = 0

    def __init__(
        self,
        model: Model,
        objective: Objective,
        stream: BatchStream,
        counter: StepCounter,
        pauses: Pauses | None = None,
    ) -> None:
        self.objective, self.counter, self.stream = objective, counter, stream
        self.after_step: Callable[[RunningMetrics], None] | None = None
        self.samples_done = 0  # of the present epoch, or of the last one
        self.end = ""  # why no further epoch can begin
        self.evidence: dict[int, Samples] = {}  # the batches around a step that is not finite
        self._model, self._pauses = model, pauses
        self._present: RunningMetrics | None = None
        self._resumed: dict[str, Any] | None = None
        self._ahead: list[Array] | None = None
        self._failure: Exception | None = None
        self._is_over = False  # whether the epoch has no batch after those that are joined
        self._full = 0  # samples of the first batch of the epoch
        self._digest = 0  # of the last batch
        self._limit = 1  # batches that are joined, by the time that a step takes
        self._rate = math.nan
        self._begin()

    def _begin(self) -> None:
        """Start from the parameters and optimiser slots of the model."""
        model, optimizer = self._model, self.objective.optimizer
        missed = model.missed_steps()
        self._state = model.parameter_lock.read(
            lambda: TrainState(model.stack, optimizer, model.optimizer_slots, missed)
        )
        self._publication = Publication(model, self._state, self.counter, False)
        self._steps = BatchSteps(model, self.objective, self._state)
        self._buffers: dict[int, list[Array]] = {}  # by the identity of the program

    def finish_compiling(self) -> None:
        """Compile the steps on batches of the first one's type, which raises errors of shapes."""
        first = self.stream.first
        self._steps.program(first.arrays(), len(first)).load()

    @property
    def nonfinite_parameter(self) -> str:
        """Name of the first parameter that is not finite, or ""."""
        state = self._state.tree
        named: dict[str, Array] = state["params"] | state["non_trainable"]
        return next((name for name, each in named.items() if not np.isfinite(each).all()), "")

    def run_epoch(self, order: Any, report: Report) -> dict[str, float]:
        """Run one epoch; return its metrics. The order is that of the stream."""
        running = RunningMetrics(self.objective)
        if self._resumed is None:
            self.samples_done = self._full = 0
        else:
            running.resume(self._resumed)
        self._resumed, self._present = None, running
        self._steps.refresh()
        with np.errstate(all="ignore"):
            self._run_blocks(running, report)
        self._present = None
        self._end_epoch()
        self._publication.publish_at_intervals()
        return running.results() | {"learning_rate": self._rate}

    def _run_blocks(self, running: RunningMetrics, report: Report) -> None:
        reported, step = time.perf_counter(), 0
        while (block := self._next_block()) is not None:
            if self._pauses is not None:
                self._pauses.before_steps()
            step = self.counter.step
            self._run_block(block, running)
            if self.after_step is not None:
                self.after_step(running)
            if self._pauses is not None:
                self._pauses.after_steps()
            if time.perf_counter() - reported > REPORT_SECONDS:
                report(self.counter.step, running)
                reported = time.perf_counter()
            raise_if_terminated()
        if not self._state.is_finite:
            raise self._not_finite(math.nan, step, running)

    def _end_epoch(self) -> None:
        """Count the epoch, which has at least one step; say whether it is the last one."""
        if not self.counter.step:
            raise DataError(
                f"fit: {self.stream.source.title} has no batches in epoch {self.counter.epoch}; "
                "give an iterable that yields (X, y) in each pass, such as a data.Pipeline, a "
                "list, or a function that returns a new generator"
            )
        if self.stream.is_exhausted and not self.end:
            done, planned = counted(self.counter.step, "batch"), self.stream.steps
            if planned is not None and self.counter.step < planned:
                self._end_early(f"after {done} of the {planned} of steps_per_epoch")
        if self._pauses is not None:
            self._pauses.before_steps()
        self.stream.last_steps = self.counter.step
        self.counter.end_epoch()

    def has_next_epoch(self) -> bool:
        """Whether the stream has a batch for another epoch; warn if it has ended."""
        if self.end or not self.stream.source.is_once:
            return not self.end
        if self.stream.is_over(self.counter.epoch):
            self._end_early("with the last epoch")
        return not self.end

    def _end_early(self, when: str) -> None:
        self.end = (
            f"{self.stream.source.title} has ended {when}, in epoch {self.counter.epoch}, and the "
            "training with it"
        )
        warn(
            f"fit: {self.end}; give fewer epochs or steps_per_epoch, or what can be iterated "
            "again: a data.Pipeline, a list, or the function that makes the generator"
        )

    def _next_block(self) -> _Block | None:
        """Join the next batches, as many as are of one type and make a short native call."""
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        start = time.perf_counter()
        batch = None if self._is_over else self._ahead or self._read(0)
        self._ahead, self._is_over = None, False
        if batch is None:
            return None
        self._full = self._full or len(batch[0])
        program = self._steps.program(batch, self._full)
        if program.capacity == 1:
            return _Block(program, batch, 1)
        arrays, limit, steps = self._buffer(program, batch), self._limit_of(program), 1
        while steps < limit and time.perf_counter() - start < _GATHER_SECONDS:
            try:
                batch = self._read(steps)
            except Exception as error:  # noqa: BLE001 (raised after the steps before it)
                self._failure = error
                break
            if batch is None:
                self._is_over = True
                break
            if self._steps.program(batch, self._full) is not program:
                self._ahead = batch
                break
            rows = slice(steps * program.size, (steps + 1) * program.size)
            for array, part in zip(arrays, batch, strict=True):
                array[rows] = part
            steps += 1
        return _Block(program, arrays, steps)

    def _read(self, ahead: int) -> list[Array] | None:
        step = self.counter.step + ahead
        if self._pauses is not None and step == 0:
            # Ctrl-C reaches an iterable that is slow; no position can be saved here.
            release_signals()
        return self.stream.read(self.counter.epoch, step)

    def _limit_of(self, program: StepProgram) -> int:
        """Return how many batches the next native call takes at most."""
        if self.after_step is not None:  # it may change what the iterable yields
            return 1
        left = None if self._pauses is None else self._pauses.steps_left()
        limit = min(program.capacity, self._limit)
        return limit if left is None else max(1, min(limit, left))

    def _buffer(self, program: StepProgram, batch: list[Array]) -> list[Array]:
        """Return arrays that hold all batches of a call, the first one written into them."""
        buffers = self._buffers.get(id(program))
        if buffers is None:
            rows = program.capacity * program.size
            buffers = [np.zeros((rows, *each.shape[1:]), each.dtype) for each in batch]
            self._buffers = {id(program): buffers}  # those of one type are kept
        for buffer, array in zip(buffers, batch, strict=True):
            buffer[: program.size] = array
        return buffers

    def _run_block(self, block: _Block, running: RunningMetrics) -> None:
        """Make the steps on joined batches in one call."""
        start, program, count = time.perf_counter(), block.program, block.steps
        program.fill(self._rates(count), self.counter.steps, self.counter.epoch, self.counter.step)
        values, columns = program.run(self._state, block.arrays, 0, count)
        if not np.isfinite(columns[0]).all():
            raise self._replay(block, columns, running)
        self._advance(values, count)
        # Checked before the next call, which overwrites the previous values; of a single step the
        # next loss tells.
        if count > 1 and not self._state.is_finite:
            self.counter.steps -= self._state.roll_back()
            raise self._replay(block, columns, running)
        self._add(block, columns, count, running)
        target = count * REPORT_SECONDS / max(time.perf_counter() - start, 1e-9)
        self._limit = int(np.clip(target, 1, 8 * self._limit))

    def _add(
        self, block: _Block, columns: list[Array], count: int, running: RunningMetrics
    ) -> None:
        size = block.program.size
        y = block.arrays[1][: count * size if self.objective.gathers else 0].copy()
        running.add_steps(size, columns, y)
        self.samples_done += count * size
        self._last = block

    def _rates(self, count: int) -> list[float]:
        """Return the learning rates of the next steps."""
        optimizer, epoch, steps = self.objective.optimizer, self.counter.epoch, self.counter.steps
        if optimizer.has_schedule:
            rates = [float(optimizer.rate(steps + i, epoch)) for i in range(count)]
        elif self.counter.step == 0 or math.isnan(self._rate):
            rates = [float(optimizer.rate(steps, epoch))] * count
        else:
            return [self._rate] * count
        self._rate = float(np.asarray(rates[-1], self._model.dtype))
        return rates

    def _advance(self, values: list[Array], steps: int) -> None:
        """Replace the state by what some steps have written."""
        state, counter = self._state, self.counter
        # Without a call between these lines, an interrupt cannot come between them.
        state.previous, state.values, state.steps_since_previous = state.values, values, steps
        counter.steps += steps

    def _replay(self, block: _Block, columns: list[Array], running: RunningMetrics) -> NotFinite:
        """Repeat steps up to the first one that is not finite; return the error."""
        is_finite, first = np.isfinite(columns[0]), self.counter.step
        limit = block.steps if is_finite.all() else int(np.argmin(is_finite))
        count = 0
        while count < limit and self._state.is_finite:
            values, _ = block.program.run(self._state, block.arrays, count, count + 1)
            self._advance(values, 1)
            count += 1
        self._add(block, [each[:count] for each in columns], count, running)
        self.evidence = {first + step: block.batch(step) for step in range(block.steps)}
        if self._state.is_finite:
            return self._not_finite(float(columns[0][count]), first + count, running)
        return self._not_finite(math.nan, first + max(count - 1, 0), running)

    def _not_finite(self, loss: float, step: int, running: RunningMetrics) -> NotFinite:
        """Return the error, after rolling back an update that only this loss reveals."""
        parameters: dict[str, Array] = self._state.tree["params"]
        if self._state.steps_since_previous and not self._state.is_finite:
            self.counter.steps -= self._state.roll_back()
        return NotFinite(loss, running.latest_losses(), step, self._rate, parameters)

    def batch_of(self, step: int) -> Samples:
        """Return the batch of a step that is not finite, or of the one after it."""
        return self.evidence.get(step) or next(iter(self.evidence.values()), self.stream.first)

    def resume(self, unfinished: dict[str, Any] | None) -> None:
        """Take up the live parameters, and the metrics of an epoch that is not finished."""
        self.read_back()
        self._resumed = unfinished
        if unfinished is None:
            return
        self._full, self.samples_done, digest = unfinished["stream"]
        batch = self.stream.read(self.counter.epoch, self.counter.step - 1)
        if batch is None or _digest_of(batch) != digest:
            raise DataError(
                f"fit: batch {self.counter.step - 1} of epoch {self.counter.epoch} is another than "
                "in the run of the checkpoint; exact resume needs batches that are a function of "
                "the epoch, as of data.Pipeline(...).shuffle(seed=0).batch(32); to begin anew, "
                "give another folder"
            )

    def unfinished(self) -> dict[str, Any] | None:
        """Return the metrics of an epoch that is not finished, and its last batch."""
        if self._present is None:
            return self._resumed
        if not self.counter.step:
            return None
        last = self._last.batch(self._last.steps - 1).arrays()
        stream = [self._full, self.samples_done, _digest_of(last)]
        return self._present.state() | {"stream": stream}

    def write_back(self) -> None:
        """Publish the state of the last finished step: parameters, slots and counters."""
        self._publication.publish()

    def read_back(self) -> bool:
        """Take what a callback has written into the live parameters; return whether it has."""
        if self._state.trained == tuple(self._model.stack.parameters(trainable=True)):
            return self._publication.read_back()
        self.write_back()
        check_trainable(self._model.stack)
        self._begin()
        return True

    def deferred(self) -> AbstractContextManager[None]:
        """Publish what the block reads of the parameters, where that is after a step."""
        return self._publication.deferred()


def _digest_of(batch: list[Array]) -> int:
    digest = 0
    for each in batch:
        digest = zlib.crc32(np.ascontiguousarray(each).data.cast("B"), digest)
    return digest
