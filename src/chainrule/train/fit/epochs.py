"""The epoch loop of a call of ``fit``: training, validation, callbacks, progress and history."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from chainrule.errors import DataError, counted
from chainrule.optim.minimizer import Minimizer
from chainrule.train.callbacks import Callback, check_monitors, defines, stops
from chainrule.train.fit.divergence import explained
from chainrule.train.fit.fit_run import PARTS, FitRun
from chainrule.train.fit.nonfinite import NotFinite, nonfinite_sample
from chainrule.train.fit.step_runner import REPORT_SECONDS
from chainrule.train.fit.stream_trainer import StreamTrainer
from chainrule.train.fit.termination import (
    forget_interrupts,
    raise_if_terminated,
    run_to_its_end,
)
from chainrule.train.fit.trainer import Trainer
from chainrule.train.history import History
from chainrule.train.inference.evaluate import evaluate
from chainrule.train.inference.validation_stream import ValidationStream
from chainrule.train.model.compile_arguments import CompileArguments
from chainrule.train.model.model import Model
from chainrule.train.model.running_metrics import RunningMetrics
from chainrule.train.model.step_counter import StepCounter

if TYPE_CHECKING:
    pass

__all__ = ["EpochLoop"]

_EPOCH_METHODS = ("on_epoch_start", "on_step_end", "on_epoch_end")
"""Methods of callbacks that are called between the steps of a call of ``fit``."""


class EpochLoop:
    """Runs the epochs of a call of ``fit`` and records their history."""

    def __init__(self, run: FitRun) -> None:
        monitor = None if run.checkpoints is None else run.checkpoints.monitor
        observers = [*run.callbacks, *([] if monitor is None else [monitor])]
        if observers:
            check_monitors(observers, run.reported_names())
        self._run, self._trainer, self._checkpoints = run, run.trainer, run.checkpoints
        resumed = None if run.checkpoints is None else run.checkpoints.resumed
        self.history = run.net.history = History() if resumed is None else run.net.history
        self._first_epoch = run.trainer.counter.epoch if resumed is None else resumed.start[0]
        # Whether native calls cover whole epochs, after each of which a checkpoint may be written.
        self.runs_epochs = False
        self._is_stopped = resumed is not None and resumed.is_stopped
        self.last_validation: dict[str, float] = {}  # if the run asks for it, after its end
        self._keeps_best = monitor is not None
        self._start_time, self._resumed_seconds = 0.0, 0.0
        self._observes_epochs = any(self._is_defined(each) for each in _EPOCH_METHODS)
        self._step_callbacks = [each for each in run.callbacks if defines(each, "on_step_end")]
        if isinstance(run.trainer, Trainer | StreamTrainer) and self._step_callbacks:
            run.trainer.after_step = self._end_step
        self._epochs_per_call = 1 if run.progress.is_shown else sys.maxsize
        has_schedule = run.trainer.objective.optimizer.has_schedule  # of the validation loss
        is_observed = self._observes_epochs or self._keeps_best or has_schedule
        self._validates_epochs = run.validation is not None and (
            is_observed or not run.validates_last
        )

    def run(self, epochs: int, shuffle: bool) -> None:
        """Run epochs until they are done, a callback stops them or an exception is raised."""
        run, trainer, checkpoints = self._run, self._trainer, self._checkpoints
        remaining = epochs - (trainer.counter.epoch - self._first_epoch)
        try:
            run.progress.start(epochs, run.steps or PARTS, min(epochs, epochs - remaining))
            if checkpoints is not None and checkpoints.resumed is not None:
                run.progress.note(f"goes on from {checkpoints.resumed.saved.path}")
            self._note_fusion()
            self._notify("on_fit_start", run.net)
            if checkpoints is not None:
                checkpoints.begin(self)
            if isinstance(trainer, Trainer | StreamTrainer):
                self._run_all(trainer, remaining, shuffle)
            else:
                trainer.minimize(epochs, self._begin_epoch, self._end_epoch)
            if checkpoints is not None:
                checkpoints.save(self)
            self._note_end(epochs)
            self._notify("on_fit_end", run.net)
            if run.validates_last:
                self.last_validation = self._validate()
        except NotFinite as error:
            raise self._explained(error, shuffle) from None
        except (KeyboardInterrupt, SystemExit):
            if checkpoints is not None:
                run_to_its_end(lambda: checkpoints.save_on_interrupt(self))
            self.history.notes.append(self._interrupted())
            raise
        finally:
            run_to_its_end(trainer.write_back)
            run.progress.close()
            if checkpoints is not None:
                checkpoints.close()

    @property
    def model(self) -> Model:
        """The model that is trained."""
        return self._run.model

    @property
    def counter(self) -> StepCounter:
        """The epochs and steps done."""
        return self._trainer.counter

    @property
    def seconds(self) -> float:
        """How long the present epoch has taken."""
        return time.perf_counter() - self._start_time

    def unfinished(self) -> dict[str, Any] | None:
        """Publish the position, and return the metrics of an epoch that is not finished."""
        assert isinstance(self._trainer, Trainer | StreamTrainer), "SciPy has no checkpoints"
        unfinished = self._trainer.unfinished()
        self._trainer.write_back()
        return unfinished

    def take_up(self, unfinished: dict[str, Any] | None, seconds: float) -> None:
        """Go on from a checkpoint: the live parameters, and an epoch that is not finished."""
        assert isinstance(self._trainer, Trainer | StreamTrainer), "SciPy has no checkpoints"
        self._trainer.resume(unfinished)
        self._adopt_optimizer()
        self._resumed_seconds = seconds

    def _run_all(self, trainer: Trainer | StreamTrainer, epochs: int, shuffle: bool) -> None:
        """Run epochs until they are done, a callback stops them or a method has ended."""
        remaining = 0 if self._is_stopped else epochs
        while remaining > 0:
            raise_if_terminated()
            if isinstance(trainer, StreamTrainer) and not trainer.has_next_epoch():
                return
            done = 0
            if isinstance(trainer, Trainer):
                done = self._run_epochs(trainer, remaining, shuffle)
            remaining -= done or 1
            if (not done and self._run_epoch(trainer, shuffle)) or trainer.end:
                return

    def _run_epochs(self, trainer: Trainer, limit: int, shuffle: bool) -> int:
        """Run several epochs in one native call; return how many, 0 if each must be observed."""
        run = self._run
        count = min(limit, trainer.epochs_per_call, self._epochs_per_call)
        objective = trainer.objective
        is_observed = self._observes_epochs or self._validates_epochs or objective.gathers
        is_observed = is_observed or self._keeps_best
        if count < 2 or trainer.counter.step or is_observed or objective.optimizer.has_schedule:
            return 0
        start = self._start_time = time.perf_counter()
        orders = run.orders(shuffle, trainer.counter.epoch, count)

        first_row = self.history.epochs

        def record(logs: dict[str, Any]) -> None:
            if done := len(logs.get("loss", ())):
                seconds = (time.perf_counter() - start) / done
                self.history.write_from(first_row, logs | {"seconds": [seconds] * done})

        self.runs_epochs = True
        try:
            trainer.run_epochs(count, orders, record)
        finally:
            self.runs_epochs = False
        count = self.history.epochs - first_row  # fewer where a full-batch method has ended
        seconds = (time.perf_counter() - start) / count

        def row(number: int) -> dict[str, float]:
            return {name: column[first_row + number] for name, column in self.history.items()}

        run.progress.finish_epochs(count, row, run.samples_of() / max(seconds, 1e-9))
        self._pace(count, seconds)
        return count

    def _pace(self, count: int, seconds: float) -> None:
        """Choose how many epochs of some seconds the next native call runs, if they are shown."""
        if self._run.progress.is_shown:
            target = int(REPORT_SECONDS / max(seconds, 1e-9))
            self._epochs_per_call = min(max(1, target), 8 * count)

    def _run_epoch(self, trainer: Trainer | StreamTrainer, shuffle: bool) -> bool:
        """Run one epoch; return whether a callback stops the training."""
        (order,) = self._run.orders(shuffle, trainer.counter.epoch, 1) or (None,)
        if self._checkpoints is not None:
            self._checkpoints.hold()
        if trainer.counter.step:  # it has begun before a checkpoint
            self._start_time = time.perf_counter() - self._resumed_seconds
        else:
            self._begin_epoch()
        return self._end_epoch(lambda: trainer.run_epoch(order, self._report))

    def _end_step(self, running: RunningMetrics) -> None:
        """Call the callbacks of a step that has ended; only what they read is published."""
        trainer = self._trainer
        assert isinstance(trainer, Trainer | StreamTrainer), "an iteration of SciPy's is one step"
        net, step, logs = self._run.net, self.counter.steps - 1, running.latest()
        for callback in self._step_callbacks:
            with trainer.deferred():
                callback.on_step_end(net, step, logs)
            self._take_changes(callback)
        self._adopt_optimizer()

    def _begin_epoch(self) -> None:
        raise_if_terminated()
        self._notify("on_epoch_start", self._run.net, self._trainer.counter.epoch)
        self._start_time = time.perf_counter()

    def _end_epoch(self, logs_of: Callable[[], dict[str, float]]) -> bool:
        """Record an epoch that ends with its logs; return whether a callback stops the training."""
        run = self._run
        logs = logs_of()
        epoch = self._trainer.counter.epoch - 1
        speed = self._speed(run.samples_of())
        self._pace(1, run.samples_of() / speed)
        rates = {name: logs.pop(name) for name in ("learning_rate",) if name in logs}
        logs |= self._validate() if self._validates_epochs else {}
        logs |= rates | {"seconds": time.perf_counter() - self._start_time}
        self.history.append(logs)
        run.progress.finish_epochs(1, lambda _: logs, speed)
        self._adapt_learning_rate(logs.get("val_loss", logs["loss"]))
        if not isinstance(
            self._trainer, Trainer | StreamTrainer
        ):  # an iteration of SciPy's is one step
            self._notify("on_step_end", run.net, self.counter.steps - 1, {"loss": logs["loss"]})
        names = set(logs)
        stopping = self._notify("on_epoch_end", run.net, epoch, logs)
        if len(logs) > len(names):
            self.history.append({name: each for name, each in logs.items() if name not in names})
        if self._checkpoints is not None:
            self._checkpoints.end_epoch(self, logs, any(stopping))
        return any(stopping)

    def _validate(self) -> dict[str, float]:
        run, trainer = self._run, self._trainer
        if run.validation is None:
            return {}
        trainer.write_back()
        model = run.model
        if isinstance(run.validation, ValidationStream):
            return {f"val_{name}": x for name, x in run.validation.evaluate().items()}
        results = evaluate(model.stack, trainer.objective, model.programs, run.validation)
        is_finite, every = all(map(math.isfinite, results.values())), {0: slice(None)}
        if not is_finite and (changed := nonfinite_sample(run.validation, every, 0, model.dtype)):
            raise DataError(
                f"fit: of the validation data, {changed}; they have been changed since the "
                "first step: give a copy, or correct what writes to them"
            )
        return {f"val_{name}": value for name, value in results.items()}

    def _adapt_learning_rate(self, loss: float) -> None:
        """Let a schedule that depends on the loss adapt the optimiser's learning rate."""
        objective = self._trainer.objective
        optimizer = objective.optimizer.observe(loss)
        if optimizer is not objective.optimizer:
            self._trainer.objective = replace(objective, optimizer=optimizer)
            self._run.model.compile_arguments = CompileArguments(
                objective.loss, optimizer, objective.metrics
            )

    def _is_defined(self, method: str) -> bool:
        return any(defines(each, method) for each in self._run.callbacks)

    def _notify(self, method: str, *arguments: Any) -> list[bool]:
        """Call a method of the callbacks that define it, in order; return which returned True."""
        stopping: list[bool] = []
        defining = [each for each in self._run.callbacks if defines(each, method)]
        if defining:
            self._trainer.write_back()
        for callback in defining:
            stopping.append(stops(getattr(callback, method)(*arguments)))
            self._take_changes(callback)
        self._adopt_optimizer()
        return stopping

    def _take_changes(self, callback: Callback) -> None:
        """Go on with what a callback has written; raise if that is not finite."""
        forget_interrupts()
        if self._trainer.read_back() and (name := self._trainer.nonfinite_parameter):
            raise DataError(
                f"fit: the callback {callback.title} has written NaN or infinite values into "
                f"net.params[{name!r}]; the training cannot go on from there"
            )

    def _adopt_optimizer(self) -> None:
        """Take the learning rate that a callback has assigned."""
        arguments, objective = self._run.model.compile_arguments, self._trainer.objective
        if arguments is not None and arguments.optimizer is not objective.optimizer:
            self._trainer.objective = replace(objective, optimizer=arguments.optimizer)

    def _report(self, step: int, running: RunningMetrics) -> None:
        run = self._run
        speed = self._speed(run.samples_of(step))
        run.progress.advance(run.position_of(step), running.means(), speed)

    def _speed(self, samples: int) -> float:
        # The resolution of the clock may be coarser than an epoch.
        return samples / max(time.perf_counter() - self._start_time, 1e-9)

    def _explained(self, error: NotFinite, shuffle: bool) -> DataError:
        run, trainer = self._run, self._trainer
        epoch = trainer.counter.epoch
        trainer.write_back()
        losses, evidence = self.history.get("loss", []), run.evidence(error, shuffle, epoch)
        return explained(error, run.model, trainer.objective, *evidence, epoch, losses)

    def _interrupted(self) -> str:
        """Return the note of an interrupt: what is kept, and what a later ``fit`` does again."""
        epoch, done = (counter := self._trainer.counter).epoch, counter.step
        missing = epoch - self._first_epoch - self.history.epochs
        lacks = f"; the history lacks {counted(missing, 'epoch')} before it" if missing > 0 else ""
        if not done:
            return f"interrupted in epoch {epoch}, before its first step{lacks}"
        steps = self._run.steps
        of_all = " steps" if steps is None else f" of its {counted(steps, 'step')}"
        return (
            f"interrupted in epoch {epoch}, after {done}{of_all}, which are kept; the next fit "
            f"begins epoch {epoch} anew, in the same order{lacks}"
        )

    def _note_end(self, epochs: int) -> None:
        """Say how a full-batch method has ended, unless a callback has stopped it."""
        note = self._trainer.end
        is_minimizer = isinstance(self._trainer.objective.optimizer, Minimizer)
        if is_minimizer and not note and self.history.epochs == epochs:
            note = f"not converged: no tolerance is met after {counted(epochs, 'epoch')}"
        if note:
            self.history.notes.append(note)
            self._run.progress.note(note)

    def _note_fusion(self) -> None:
        objective = self._trainer.objective
        if objective.fused is not None and not self._run.model.counter.steps:
            note = (
                f"the {objective.loss.contains} of layer {objective.fused.name!r} and the "
                f"{objective.loss.name} are computed together, which is more "
                "exact; predict still applies it"
            )
            self.history.notes.append(note)
            self._run.progress.note(note)
