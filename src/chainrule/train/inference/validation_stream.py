"""Evaluation on the batches of an iterable."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from numpy.typing import NDArray

from chainrule.errors import ArgumentError, DataError, ShapeError, counted
from chainrule.train.inference.evaluate import evaluate_batches
from chainrule.train.inference.gathered_loss import kind_of_loss
from chainrule.train.inputs.batch_source import BatchSource, as_batch_source
from chainrule.train.inputs.batch_stream import BatchChecks
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["ValidationStream", "evaluate_each"]

Array = NDArray[Any]


def evaluate_each(
    model: Model, objective: Objective, X: Any, y: Any, sample_weight: Any
) -> dict[str, float] | None:
    """Return loss and metrics on all batches of an iterable; None if X is none."""
    is_array = y is not None and isinstance(X, Sequence)
    source = None if is_array else as_batch_source(X, "evaluate")
    if source is None:
        return None
    for name, value in {"y": y, "sample_weight": sample_weight}.items():
        if value is not None:
            raise ArgumentError(
                f"evaluate: {name} is given beside {source.title}: its batches must be tuples "
                "(X, y) or (X, y, sample_weight)"
            )
    return ValidationStream(model, objective, source, None, "evaluate").evaluate()


class ValidationStream:
    """Batches on which a network is evaluated: those of pass 0, `steps` of them if given."""

    def __init__(
        self,
        model: Model,
        objective: Objective,
        source: BatchSource,
        steps: int | None,
        function: str,
    ) -> None:
        self.source = source
        self._model, self._objective, self._steps = model, objective, steps
        self._function = function
        self._of = "" if function == "evaluate" else "validation_data, "
        self._checks = BatchChecks(model, objective, function)

    def check_first(self) -> None:
        """Check the first batch, unless that would take it away."""
        if not self.source.is_once and next(self._batches(), None) is None:
            raise self._empty()

    def evaluate(self) -> dict[str, float]:
        """Return loss and metrics, with the parameters as of now."""
        model, objective, function = self._model, self._objective, self._function
        parts = self._batches()
        first = next(parts, None)
        if first is None:
            raise self._empty()
        stack, programs = model.stack, model.programs
        kind = kind_of_loss(stack, objective, programs, Samples(*first), function)
        if kind == "of all and layers":
            raise ShapeError(
                f"{function}: the loss {objective.loss.name} gives one number that depends on what "
                "layers keep of a batch, so that all samples must be one; give arrays"
            )
        # Copies, as another thread may train while the iterable is read.
        params = model.parameter_lock.read(lambda: [each.copy() for each in stack.arrays()])
        batches = itertools.chain([first], parts)
        return evaluate_batches(stack, objective, programs, batches, kind, params)

    def _empty(self) -> DataError:
        return DataError(
            f"{self._function}: {self._of}{self.source.title} yields no batches; a generator can "
            "be read once, so give what can be iterated again, such as a data.Pipeline, a list, "
            "or the function that makes the generator"
        )

    def _batches(self) -> Iterator[list[Array]]:
        steps, count = self._steps, 0
        for batch in itertools.islice(self.source.start(0, 0), steps):
            place = f"{self._of}batch {count}"
            yield self._checks.arrays(batch, place, f"{self._of}{self.source.title}")
            count += 1
        if count and steps is not None and count < steps:
            raise DataError(
                f"fit: validation_data, {self.source.title}, has ended after "
                f"{counted(count, 'batch')} of the {steps} of validation_steps; give fewer "
                "validation_steps, or what can be iterated again"
            )
