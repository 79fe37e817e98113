"""One call of ``fit``: its model, data and observers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chainrule.optim.minimizer import Minimizer
from chainrule.train.callbacks import Callback
from chainrule.train.fit.nonfinite import NotFinite
from chainrule.train.fit.step_inputs import Orders
from chainrule.train.fit.stream_trainer import StreamTrainer
from chainrule.train.fit.trainer import Trainer
from chainrule.train.inference.validation_stream import ValidationStream
from chainrule.train.inputs.batch_stream import BatchStream
from chainrule.train.inputs.samples import Rows, Samples, batches, shuffled_orders
from chainrule.train.model.model import Model
from chainrule.train.progress import Display

if TYPE_CHECKING:
    from chainrule.train.fit.resumption import Checkpoints
    from chainrule.train.fit.scipy_trainer import SciPyTrainer

__all__ = ["PARTS", "FitRun"]

PARTS = 1000
"""What the display counts of an epoch whose number of steps is not known before."""


@dataclass(frozen=True)
class FitRun:
    """One call of ``fit``: its model, data and observers."""

    net: Any  # the public object, with a `history`, that callbacks are called with
    model: Model
    trainer: Trainer | StreamTrainer | SciPyTrainer
    callbacks: list[Callback]
    progress: Display
    samples: Samples | BatchStream
    validation: Samples | ValidationStream | None
    batch_size: int  # 0 where batches come as they are
    checkpoints: Checkpoints | None = None
    validates_last: bool = False  # after the last epoch alone, unless an epoch is observed

    @property
    def steps(self) -> int | None:
        """Number of steps of an epoch; None if it is not known."""
        if isinstance(self.samples, BatchStream):
            return self.samples.expected_steps
        return -(-len(self.samples) // self.batch_size)

    def position_of(self, step: int) -> int:
        """Return a step as the display counts it; as parts of the last epoch where need be."""
        if self.steps is not None:
            return min(step, self.steps)
        last = self.samples.last_steps if isinstance(self.samples, BatchStream) else 0
        return min(PARTS * step // last, PARTS - 1) if last else 0

    def samples_of(self, step: int | None = None) -> int:
        """Return the samples of an epoch, or of its first steps; of a stream, those so far."""
        if isinstance(self.trainer, StreamTrainer):
            return self.trainer.samples_done
        assert isinstance(self.samples, Samples), "another trainer has them"
        count = len(self.samples)
        return count if step is None else min(step * self.batch_size, count)

    def orders(self, shuffle: bool, epoch: int, count: int) -> Orders:
        """Return the order of the samples in some epochs; None if it is that of the data."""
        if not shuffle or isinstance(self.samples, BatchStream):
            return None
        return shuffled_orders(len(self.samples), self.batch_size, self.model.seed, epoch, count)

    def evidence(
        self, error: NotFinite, shuffle: bool, epoch: int
    ) -> tuple[Samples, dict[int, Rows], int]:
        """Return samples, their rows by step, and the size of a full batch; see `explained`."""
        if isinstance(self.trainer, StreamTrainer):
            batch = self.trainer.batch_of(error.step)
            return batch, {error.step: slice(0, len(batch))}, len(batch)
        assert isinstance(self.samples, Samples), "another trainer has them"
        (order,) = self.orders(shuffle, epoch, 1) or (None,)
        rows = batches(len(self.samples), self.batch_size, order)
        return self.samples, dict(enumerate(rows)), self.batch_size

    def reported_names(self) -> list[str]:
        """Return the names of the quantities that the logs of an epoch hold."""
        names = ["loss", *(metric.name for metric in self.trainer.objective.metrics)]
        held_out = [f"val_{name}" for name in names] if self.validation is not None else []
        has_rate = not isinstance(self.trainer.objective.optimizer, Minimizer)
        return [*names, *held_out, *(["learning_rate"] if has_rate else []), "seconds"]
