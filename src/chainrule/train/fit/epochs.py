"""The epochs of one call of ``fit``, and who is told of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from chainrule.errors import DataError
from chainrule.optim.schedules.schedule import Schedule
from chainrule.train.callbacks import Callback
from chainrule.train.checks import explain_nan
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.trainer import Trainer
from chainrule.train.history import History
from chainrule.train.inference.evaluate import evaluate
from chainrule.train.inputs.samples import Samples, shuffled_orders
from chainrule.train.model.model import Model
from chainrule.train.model.running_metrics import RunningMetrics
from chainrule.train.progress import Progress

__all__ = ["EpochLoop"]


class EpochLoop:
    """The epochs of one call, and who is told of them.

    Parameters
    ----------
    net : Network, or another model with a history
        What callbacks are given.
    model : Model
        Its inside.
    trainer : Trainer
        The loop to be run.
    watchers, progress : list of Callback, and Progress
        Who is told of its course.
    samples, validation : Samples, and Samples or None
        What is learned from, and what is only watched.
    size : int
        Samples a step.

    Attributes
    ----------
    history : History
        The model's, too.
    """

    def __init__(
        self,
        net: Any,
        model: Model,
        trainer: Trainer,
        watchers: list[Callback],
        progress: Progress,
        samples: Samples,
        validation: Samples | None,
        size: int,
    ) -> None:
        self.history = net.history = History()
        self._net, self._model, self._trainer = net, model, trainer
        self._watchers, self._progress = watchers, progress
        self._samples, self._validation, self._size = samples, validation, size
        self._started = 0.0

    def run(self, epochs: int, shuffle: bool) -> None:
        """Run epochs until they are done, a watcher ends them or an exception does."""
        trainer = self._trainer
        try:
            self._progress.start(epochs, -(-len(self._samples) // self._size))
            self._note_fusion()
            self._tell(lambda watcher: watcher.on_fit_start(self._net))
            left = epochs
            while left:
                left -= (done := self._epochs(left, shuffle)) or 1
                if not done and self._epoch(shuffle):
                    break
            self._tell(lambda watcher: watcher.on_fit_end(self._net))
        except NotFinite as found:
            raise self._explained(found) from None
        except KeyboardInterrupt:
            self.history.notes.append(f"interrupted in epoch {trainer.counter.epoch}")
            raise
        finally:
            trainer.write_back()
            self._model.slots = trainer.slots
            self._progress.close()

    def _epochs(self, most: int, shuffle: bool) -> int:
        """Run several epochs in one go, where nobody wants to be told of each; return how many."""
        most = min(most, self._trainer.epochs_at_once)
        objective = self._trainer.objective
        is_told = self._watchers or self._validation or objective.gathers
        if most < 2 or is_told or isinstance(objective.optimizer.learning_rate, Schedule):
            return 0
        began = time.perf_counter()
        orders = self._orders(shuffle, self._trainer.counter.epoch, most)
        try:
            logs = self._trainer.run_epochs(most, orders)
        except NotFinite as found:
            self._note(found.finished, time.perf_counter() - began)
            raise
        seconds = (time.perf_counter() - began) / most
        self._note(logs, seconds * most)
        last = {name: float(column[-1]) for name, column in logs.items()}
        self._progress.finish_epochs(most, last, len(self._samples) / seconds)
        return most

    def _note(self, logs: dict[str, Any], seconds: float) -> None:
        """Write down the results of several epochs."""
        if count := len(logs.get("loss", ())):
            self.history.extend(logs | {"seconds": [seconds / count] * count})

    def _orders(self, shuffle: bool, epoch: int, count: int) -> Any:
        if not shuffle:
            return None
        return shuffled_orders(len(self._samples), self._size, self._model.seed, epoch, count)

    def _epoch(self, shuffle: bool) -> bool:
        """Run one epoch; return whether a watcher wants it to be the last."""
        trainer, number = self._trainer, self._trainer.counter.epoch
        self._tell(lambda watcher: watcher.on_epoch_start(self._net, number))
        count = len(self._samples)
        (order,) = self._orders(shuffle, number, 1) or (None,)
        self._started = time.perf_counter()
        logs = trainer.run_epoch(order, self._tick)
        speed = self._speed(count)
        rate = logs.pop("learning_rate")
        logs |= self._validated()
        logs |= {"learning_rate": rate, "seconds": time.perf_counter() - self._started}
        self.history.append(logs)
        self._progress.finish_epochs(1, logs, speed)
        self._observe(logs.get("val_loss", logs["loss"]))
        return any(self._tell(lambda watcher: watcher.on_epoch_end(self._net, number, logs)))

    def _validated(self) -> dict[str, float]:
        if self._validation is None:
            return {}
        model, trainer = self._model, self._trainer
        trainer.write_back()
        results = evaluate(model.stack, trainer.objective, model.programs, self._validation)
        return {f"val_{name}": value for name, value in results.items()}

    def _observe(self, loss: float) -> None:
        """Let a schedule that watches the loss choose the rate to go on with."""
        trainer, before = self._trainer, self._trainer.objective.optimizer
        optimizer = before.observe(loss)
        if optimizer is not before:
            trainer.objective = replace(trainer.objective, optimizer=optimizer)
            self._model.aim = trainer.objective.loss, optimizer, trainer.objective.metrics

    def _tell(self, message: Callable[[Callback], Any]) -> list[bool]:
        """Call watchers one by one; return for each whether it answered True."""
        answers: list[bool] = []
        if self._watchers:
            self._trainer.write_back()
        for watcher in self._watchers:
            answers.append(message(watcher) is True)
            self._trainer.read_back()
        return answers

    def _tick(self, step: int, running: RunningMetrics) -> None:
        done = min(step * self._size, len(self._samples))
        self._progress.advance(step, running.means(), self._speed(done))

    def _speed(self, samples: int) -> float:
        # A coarse clock may not have moved since the epoch began.
        return samples / max(time.perf_counter() - self._started, 1e-9)

    def _explained(self, found: NotFinite) -> DataError:
        evidence = explain_nan(
            found.loss,
            step=found.step,
            epoch=self._trainer.counter.epoch,
            learning_rate=found.learning_rate,
            parameters=found.parameters,
            losses=[*self.history.get("loss", []), *found.losses],
        )
        return DataError(
            f"fit: {evidence} The network has the parameters of the last step that was finite."
        )

    def _note_fusion(self) -> None:
        objective = self._trainer.objective
        if objective.fused is not None and not self._model.counter.count:
            note = (
                f"the {objective.loss.contains} of layer {objective.fused.name!r} and the "
                f"{objective.loss.name} are computed together, which is more "
                "exact; predict still applies it"
            )
            self.history.notes.append(note)
            self._progress.note(note)
