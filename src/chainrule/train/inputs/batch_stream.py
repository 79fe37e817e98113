"""Batches of an iterable as samples: each is checked and encoded as arrays are."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.compiler.runtime.contiguous import native_byte_order
from chainrule.errors import ChainruleError, DataError, counted
from chainrule.train.checks import check_finite, check_targets, is_clearly_finite
from chainrule.train.checks.weights import check_weight
from chainrule.train.inputs.batch_reader import END, BatchReader
from chainrule.train.inputs.batch_source import BatchSource, parts_of_batch
from chainrule.train.inputs.class_weights import weighted_by_class
from chainrule.train.inputs.data_adapter import accepts_any_finite, prepare_samples
from chainrule.train.inputs.padded_steps import output_mask
from chainrule.train.inputs.samples import Samples
from chainrule.train.inputs.targets import encode_targets, is_text
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["BatchChecks", "BatchStream", "in_message", "refuse_single"]

Array = NDArray[Any]


class BatchChecks:
    """Turns batches into samples; a mistake raises, with the place of the batch.

    A batch whose arrays have the dtypes and shapes of one before is compared by its values alone.
    """

    def __init__(
        self, model: Model, objective: Objective, function: str, class_weight: Any = None
    ) -> None:
        self._model, self._objective, self._function = model, objective, function
        self._class_weight = class_weight
        self._known: dict[Any, tuple[int | None, ...]] = {}  # by types, the shape of the output

    def arrays(self, batch: Any, place: str, title: str = "the iterable") -> list[Array]:
        """Return X, y and perhaps weights of a batch, as programs read them.

        `place` is its number, for messages.
        """
        try:
            X, y, weight = parts_of_batch(batch)
            types = _types(X, y, weight)
            output_shape = self._known.get(types)
            if output_shape is not None and len(X) == len(y) > 0:
                arrays = self._compared(X, y, weight, output_shape)
            else:
                _refuse_parts(X, y, self._model, self._function, title)
                arrays = self._prepared(X, y, weight, types)
            return arrays if self._class_weight is None else self._weighted(arrays)
        except ChainruleError as error:
            raise _at_place(error, self._function, place) from None

    def _prepared(self, X: Any, y: Any, weight: Any, types: Any) -> list[Array]:
        """Return the arrays after all checks of `prepare_samples`."""
        model, function = self._model, self._function
        is_new = function == "fit" and model.classes is None
        try:
            samples, _ = prepare_samples(
                model, self._objective, X, y, weight, function, is_batch=True
            )
        except DataError:
            if is_new:
                _refuse_some_names(y, model)
            raise
        is_plain = accepts_any_finite(model) and not model.stack.may_mask and not model.classes
        if is_plain and types is not None:
            self._known[types] = model.build(samples.X.shape, function)
        return _contiguous(samples.take(slice(None)))

    def _compared(
        self, X: Array, y: Array, weight: Array | None, output_shape: tuple[int | None, ...]
    ) -> list[Array]:
        """Return arrays of known types, after checks of their values alone."""
        model, loss, name = self._model, self._objective.loss, self._function
        for each, title in ((X, "X"), (y, "y")):
            if not is_clearly_finite(each):
                check_finite(each, name, title, model.dtype)
        if weight is not None:
            check_weight(weight, len(X), name, "sample_weight", model.dtype)
        check_targets(y, loss, output_shape, name, "y", weight)
        y = encode_targets(y, loss, len(output_shape), None, f"{name}: y")
        return _contiguous([X, y] if weight is None else [X, y, weight.astype(model.dtype)])

    def _weighted(self, arrays: list[Array]) -> list[Array]:
        model, samples = self._model, Samples(*arrays)
        return weighted_by_class(
            self._class_weight, samples, self._objective.loss, model.output_shape, model.classes,
            model.dtype, output_mask(model, samples.X),
        ).arrays()  # fmt: skip


def _contiguous(arrays: Sequence[Any]) -> list[Array]:
    return [
        each
        if each.flags.c_contiguous and each.dtype.isnative
        else np.ascontiguousarray(native_byte_order(each))
        for each in arrays
    ]


@contextmanager
def in_message(function: str, place: str) -> Generator[None]:
    """Let errors of this library name the place of a batch, after the name of the function."""
    try:
        yield
    except ChainruleError as error:
        raise _at_place(error, function, place) from None


def _at_place(error: ChainruleError, function: str, place: str) -> ChainruleError:
    start, text = f"{function}: ", str(error)
    if not text.startswith(start):
        return error
    return type(error)(f"{start}{place}: {text.removeprefix(start)}")


def _types(X: Any, y: Any, weight: Any) -> Any:
    """Return dtypes and shapes of arrays, but for the number of samples; None for others."""
    if type(X) is not np.ndarray or type(y) is not np.ndarray or not (X.ndim and y.ndim):
        return None
    if weight is None:
        return X.dtype, X.shape[1:], y.dtype, y.shape[1:]
    if type(weight) is not np.ndarray or not weight.ndim:
        return None
    return X.dtype, X.shape[1:], y.dtype, y.shape[1:], weight.dtype, weight.shape[1:]


def refuse_single(X: Any, y: Any, model: Model, function: str, title: str) -> None:
    """Refuse a sample that an iterable yields in place of a batch."""
    shape, of_y = _shape_of(X), _shape_of(y)
    expected = None if model.table is not None else model.input_shape
    is_single = shape == () or of_y == () or isinstance(y, str)
    if is_single or (expected is not None and shape == expected[1:]):
        described = "" if shape is None else f", X of shape {shape}"
        raise DataError(
            f"{function}: {title} yields single samples{described}, and batches of them are "
            "needed: `pipe.batch(32)` of a Pipeline, or data.Pipeline(iterable).batch(32)"
        )


def _refuse_parts(X: Any, y: Any, model: Model, function: str, title: str) -> None:
    """Refuse single samples, and batches without targets."""
    refuse_single(X, y, model, function, title)
    if y is None:
        remedy = "; of a dict: pipe.map(lambda batch: (batch['X'], batch['y']))"
        raise DataError(
            f"{function}: {title} yields X alone; a batch must be a tuple (X, y), or "
            f"(X, y, sample_weight){remedy * isinstance(X, dict)}"
        )


def _shape_of(value: Any) -> tuple[int, ...] | None:
    """Return the shape of an array or a number; None for what has no shape."""
    if isinstance(value, int | float):
        return ()
    shape = getattr(value, "shape", None)
    return None if shape is None else tuple(shape)


def _refuse_some_names(y: Any, model: Model) -> None:
    """Refuse names of classes of a batch that has not as many as the network has outputs."""
    names = np.asarray(y)
    if not is_text(names) or not model.output_shapes:
        return
    found, outputs = len(np.unique(names.astype(str))), model.output_shape[-1]
    if found != (2 if outputs == 1 else outputs):
        raise DataError(
            f"fit: y holds {counted(found, 'name')} of classes such as {str(names.flat[0])!r}, and "
            "the first batch must have all of them; yield class indices, as by "
            "np.searchsorted(names, y) with the sorted array of all names"
        ) from None


class BatchStream:
    """The batches of a source in the order of epochs and steps, as samples.

    The first one is read at once, and checked by `begin`, before training changes anything. An
    error that the iterable raises passes, with a note of the step.
    """

    def __init__(self, source: BatchSource, steps: int | None, epoch: int) -> None:
        self.source, self.steps = source, steps
        self.last_steps = 0  # those of the last epoch
        self._reader, self._checks = BatchReader(source, steps), None
        self._first: list[Array] | None = None
        with _noted(source, epoch, 0):
            self._reader.open(epoch, 0, 0)
            held = self._reader.hold()
        if held is END:
            used = ", or has been read before" if source.is_once else ""
            raise DataError(
                f"fit: {source.title} yields no batches{used}; give an iterable that yields "
                "(X, y), such as data.Pipeline((X, y)).batch(32)"
            )
        self._held, self._epoch = held, epoch

    def begin(self, checks: BatchChecks) -> None:
        """Check the first batch, as all that follow."""
        self._checks = checks
        self._first = checks.arrays(self._held, _place(self._epoch, 0), self.source.title)
        self.first = Samples(*self._first)
        self._held = None

    def open(self, epoch: int, step: int, consumed: int) -> None:
        """Go on with the step before one of an epoch, of a run that has read some batches."""
        self._first = None
        back = min(step, 1)
        with _noted(self.source, epoch, step):
            self._reader.open(epoch, step - back, consumed - back)

    @property
    def expected_steps(self) -> int | None:
        """Number of steps of an epoch, if known."""
        return self.steps or self.source.length

    @property
    def is_exhausted(self) -> bool:
        """Whether a source of one pass has ended."""
        return self._reader.is_exhausted

    def is_over(self, epoch: int) -> bool:
        """Whether the source has no further batch, which is read to see that."""
        with _noted(self.source, epoch, 0):
            return self._reader.hold() is END

    def read(self, epoch: int, step: int) -> list[Array] | None:
        """Return the arrays of the next batch, that of a step; None at the end of the epoch."""
        try:
            batch = self._reader.read(step)
        except Exception as error:
            error.add_note(_note(self.source, epoch, step))
            raise
        first, self._first = self._first, None
        if batch is END or first is not None:
            return first
        assert self._checks is not None, "begin comes first"
        return self._checks.arrays(batch, _place(epoch, step), self.source.title)

    def close(self) -> None:
        """Close what was opened here."""
        self._reader.close()


@contextmanager
def _noted(source: BatchSource, epoch: int, step: int) -> Generator[None]:
    """Add a note of the step to an error that an iterable raises."""
    try:
        yield
    except Exception as error:
        error.add_note(_note(source, epoch, step))
        raise


def _note(source: BatchSource, epoch: int, step: int) -> str:
    return f"raised by {source.title}, asked for {_place(epoch, step)} of fit"


def _place(epoch: int, step: int) -> str:
    return f"batch {step} of epoch {epoch}"
