"""Evaluation and prediction, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError
from chainrule.graph.array_type import ArrayType, type_of
from chainrule.graph.guards import Guards
from chainrule.nn.row_independence import are_row_independent
from chainrule.train.checks import check_settings, is_clearly_finite
from chainrule.train.checks.lookup_range import explain_lookup_error
from chainrule.train.inference.compile_inference import (
    LossKind,
    compile_evaluation,
    compile_scoring,
)
from chainrule.train.inference.gathered_loss import kind_of_loss, loss_of_all
from chainrule.train.inference.padded_rows import PaddedRows, padded_count
from chainrule.train.inference.predict_function import PredictFunction
from chainrule.train.inputs.batch_source import BatchSource, as_batch_source, parts_of_batch
from chainrule.train.inputs.batch_stream import in_message, refuse_single
from chainrule.train.inputs.data_adapter import accepts_any_finite, prepare_inputs
from chainrule.train.inputs.samples import Samples, batches
from chainrule.train.model.layer_stack import LayerStack
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.model.program_cache import ProgramCache
from chainrule.train.model.running_metrics import RunningMetrics

__all__ = ["PREDICT_BATCH_SIZE", "evaluate", "evaluate_batches", "predict", "predict_each"]

Array = NDArray[Any]

PREDICT_BATCH_SIZE = 1024
"""Samples computed at once: enough for all threads, few enough for the caches."""


def evaluate(
    stack: LayerStack,
    objective: Objective,
    programs: ProgramCache,
    samples: Samples,
    size: int = PREDICT_BATCH_SIZE,
) -> dict[str, float]:
    """Return loss and metrics of samples.

    They are computed batch by batch. For a loss that gives one number, as for some metrics, the
    predictions of all rows are kept in memory; if it reads what layers saved, all are one batch.
    """
    kind = kind_of_loss(stack, objective, programs, samples)
    size = len(samples) if kind == "of all and layers" else size
    parts = map(samples.take, batches(len(samples), size))
    return evaluate_batches(stack, objective, programs, parts, kind, stack.arrays())


def evaluate_batches(
    stack: LayerStack,
    objective: Objective,
    programs: ProgramCache,
    parts: Iterable[Sequence[Array]],
    kind: LossKind,
    params: Sequence[Array],
) -> dict[str, float]:
    """Return loss and metrics of batches, each inputs, targets and perhaps weights."""
    running, is_gathered = RunningMetrics(objective), kind == "of all"
    penalized = tuple(stack.parameters(trainable=True))
    purpose, build = ("score", compile_scoring) if is_gathered else ("evaluate", compile_evaluation)
    scores: list[Array] = []
    targets: list[Array] = []
    with np.errstate(all="ignore"):
        for batch in parts:
            types = {"X": None, "y": None, "weight": None} | dict(
                zip(("X", "y", "weight"), map(type_of, batch), strict=False)
            )
            program = programs.get(
                (purpose, penalized, *types.values()), lambda t=types: build(stack, objective, t)
            )
            try:
                results = program([*params, *batch])
            except IndexError:
                explain_lookup_error(stack, batch[0])
                raise
            if is_gathered:
                *results, part = results
                scores.append(part)
                targets.append(batch[1])
            running.add(len(batch[0]), results, batch[1])
        means = running.results()
        if is_gathered:  # what the programs return as loss is the penalty alone
            means["loss"] += loss_of_all(objective.loss, np.concatenate(targets), scores)
    return means


def predict(model: Model, X: Any, size: int | None, function: str, activation: str = "") -> Array:
    """Return the outputs of a network for inputs, after checking them."""
    outputs = _predict_cached(model, X, size, activation)
    if outputs is not None:
        return outputs
    check_settings(function, batch_size=size)
    if type(X) is not np.ndarray and (source := as_batch_source(X, function)) is not None:
        return predict_each(model, source, size, function, activation)
    programs = model.programs  # first: see ProgramCache
    inputs = prepare_inputs(model, X, function)
    count, stack = size or len(inputs), model.stack
    try:
        return model.parameter_lock.read(
            lambda: _predict(stack, programs, inputs, count, activation)
        )
    except IndexError:
        explain_lookup_error(model.stack, inputs)
        raise


def predict_each(
    model: Model, source: BatchSource, size: int | None, function: str, activation: str = ""
) -> Array:
    """Return the outputs of a network for batches of an iterable, joined."""
    parts: list[Array] = []
    for number, batch in enumerate(source.start(0, 0)):
        with in_message(function, f"batch {number}"):
            X, y, _ = parts_of_batch(batch)
            refuse_single(X, y, model, function, source.title)
            parts.append(predict(model, X, size, function, activation))
            if parts[-1].shape[1:] != parts[0].shape[1:]:
                raise ShapeError(
                    f"{function}: the outputs have shape {parts[-1].shape}, and those before "
                    f"{parts[0].shape}, which cannot be joined; call net.{function} for each batch"
                )
    if not parts:
        raise DataError(
            f"{function}: {source.title} yields no batches; a generator can be read once, so give "
            "a new one"
        )
    return np.concatenate(parts)


def _predict(
    stack: LayerStack, programs: ProgramCache, inputs: Any, size: int, activation: str
) -> Array:
    parts: list[Array] = []
    for rows in batches(len(inputs), size):
        part = inputs[rows]
        batch_type: ArrayType = type_of(part)
        part = part if part.dtype.isnative else part.astype(batch_type.dtype)
        # For most of a batch, the program of full ones takes less time than to compile another.
        is_full = len(inputs) > size and 2 * len(part) > size
        count = size if is_full else padded_count(len(part))
        forward = _forward(stack, programs, batch_type, activation, count)
        parts.append(forward(part))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def _forward(
    stack: LayerStack, programs: ProgramCache, batch_type: ArrayType, activation: str, padded: int
) -> PredictFunction | PaddedRows:
    """Return the function for a batch: if possible, by a program for a padded one."""
    count, *shape = batch_type.shape

    def compiled(rows: int) -> PredictFunction:
        def build() -> tuple[PredictFunction, Guards]:
            function = PredictFunction(stack, batch_type.with_shape((rows, *shape)), activation)
            return function, function.guards

        key = "predict program", activation, batch_type.dtype, (rows, *shape)
        return programs.get(key, build)

    def choose() -> tuple[PredictFunction | PaddedRows, Guards]:
        function = compiled(padded if are_row_independent(stack.layers) else count)
        if not function.is_native:
            function = compiled(count)
        rows = function.count
        chosen = function if rows == count else PaddedRows(function, (rows, *shape), count)
        return chosen, function.guards

    return programs.get(("predict", activation, batch_type.dtype, batch_type.shape), choose)


def _predict_cached(model: Model, X: Any, size: Any, activation: str) -> Array | None:
    """Predict by a cached program, if a quick check shows that it fits the inputs; else None."""
    if type(X) is not np.ndarray or type(size) is not int or not accepts_any_finite(model):
        return None
    # A cached program for this type and shape shows that they fit the network.
    forward: PredictFunction | PaddedRows | None = model.programs.find(
        ("predict", activation, X.dtype, X.shape)
    )
    if forward is None or len(X) > size or not is_clearly_finite(X):
        return None
    lock = model.parameter_lock
    version = lock.version
    try:
        outputs = forward(X)
    except IndexError:
        explain_lookup_error(model.stack, X)
        raise
    # As in `SequenceLock.read`, without the time of a call.
    is_consistent = version is not None and lock.version is version
    return outputs if is_consistent else lock.read(lambda: forward(X))
