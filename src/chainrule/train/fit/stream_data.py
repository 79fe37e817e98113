"""The data of a call of ``fit`` that are iterables of batches: arguments, checks, first batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule.errors import ArgumentError, DataError
from chainrule.nn.adaptation import needs_data
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.scipy_minimizer import SciPyMinimizer
from chainrule.train.fit.fit_arguments import DEFAULT_BATCH_SIZE, DEFAULT_SHUFFLE, FitArguments
from chainrule.train.fit.train_state import check_trainable
from chainrule.train.inference.validation_stream import ValidationStream
from chainrule.train.inputs.batch_source import BatchSource, as_batch_source
from chainrule.train.inputs.batch_stream import BatchChecks, BatchStream
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective

__all__ = ["opened_stream", "source_of_batches", "validation_stream"]


def source_of_batches(X: Any, y: Any, arguments: FitArguments) -> BatchSource | None:
    """Return the batches of an iterable, None for arrays; refuse arguments that do not fit."""
    is_array = y is not None and isinstance(X, Sequence)
    source = None if is_array else as_batch_source(X, "fit")
    if source is None:
        _refuse_missing_targets(X, y)
        if arguments.steps_per_epoch is not None:
            raise ArgumentError(
                "fit: steps_per_epoch is given, and X is no iterable of batches: an epoch is one "
                "pass over the arrays; leave it out, or give "
                "data.Pipeline((X, y)).shuffle(seed=0).batch(32) in place of X and y"
            )
        return None
    _refuse_arguments(source, y, arguments)
    if source.is_once and arguments.epochs != 1 and arguments.steps_per_epoch is None:
        raise ArgumentError(
            f"fit: epochs is {arguments.epochs}, and {source.title} can be read only once; give "
            "what can be iterated again, such as a data.Pipeline, a list, or the function that "
            "makes the generator (net.fit(batches), without a call of it), or give "
            "steps_per_epoch, the number of its batches that are an epoch"
        )
    return source


def _refuse_missing_targets(X: Any, y: Any) -> None:
    if y is not None:
        return
    if isinstance(X, tuple | list) and len(X) in (2, 3) and hasattr(X[0], "shape"):
        raise ArgumentError(
            f"fit: X is a {type(X).__name__} of {len(X)} arrays, and y is missing; call "
            "net.fit(X, y), with sample_weight= for weights"
        )
    raise DataError(
        "fit: y is None; it must be an array with one row a sample. Without y, X must be an "
        "iterable of batches (X, y), such as data.Pipeline((X, y)).batch(32)"
    )


def _refuse_arguments(source: BatchSource, y: Any, arguments: FitArguments) -> None:
    """Refuse arguments that an iterable of batches answers itself."""
    weights = arguments.class_weight
    remedies = {
        "y": (y is not None, "its batches must be tuples (X, y)"),
        "batch_size": (
            arguments.batch_size is not DEFAULT_BATCH_SIZE,
            "its batches have a size: choose it there, as by data.Pipeline((X, y)).batch(64)",
        ),
        "shuffle": (
            arguments.shuffle is not DEFAULT_SHUFFLE and bool(arguments.shuffle),
            "its batches have an order: data.Pipeline((X, y)).shuffle(seed=0).batch(64)",
        ),
        "validation_split": (
            bool(arguments.validation_split),
            "give validation_data, arrays or another iterable",
        ),
        "sample_weight": (
            arguments.sample_weight is not None,
            "its batches may be tuples (X, y, sample_weight)",
        ),
        "class_weight": (
            isinstance(weights, str),
            f"{weights!r} needs all of y; give a mapping, such as {{0: 1.0, 1: 5.0}}",
        ),
    }
    for name, (is_given, remedy) in remedies.items():
        if is_given:
            raise ArgumentError(f"fit: {name} is given beside {source.title}: {remedy}")


def opened_stream(
    model: Model, objective: Objective, source: BatchSource, arguments: FitArguments
) -> BatchStream:
    """Read and check the first batch, and build the network for it."""
    optimizer = objective.optimizer
    if isinstance(optimizer, Minimizer | SciPyMinimizer):
        raise ArgumentError(
            f"fit: {type(optimizer).__name__} minimises the loss of all samples, and "
            f"{source.title} gives batches; pass arrays, as by net.fit(*pipe.arrays()), or give an "
            "optimizer for batches, such as net.compile(..., optimizer='adam')"
        )
    if model.table is not None and not model.table.is_fitted:
        raise ArgumentError(
            "fit: the network begins with a table that is not fitted yet, and a batch does not "
            "have all of its values; fit it first: chainrule.Network([data.Table().fit(columns), "
            "...])"
        )
    stream = BatchStream(source, arguments.steps_per_epoch, model.counter.epoch)
    checks = BatchChecks(model, objective, "fit", arguments.class_weight)
    stream.begin(checks)
    check_trainable(model.stack)
    pending = [each for each in model.stack.adapting if needs_data(each)]
    if pending:
        layer = pending[0]
        raise ArgumentError(
            f"fit: layer {layer.name or layer.kind!r} ({type(layer).__name__}) takes statistics of "
            f"its inputs, and {source.title} gives batches of them; call its adapt(X) before, with "
            "an array of inputs such as it gets"
        )
    return stream


def validation_stream(
    model: Model, objective: Objective, arguments: FitArguments
) -> ValidationStream | None:
    """Return the validation data if they are batches; None for arrays."""
    given = arguments.validation_data
    source = None if given is None else as_batch_source(given, "fit", "validation_data")
    steps = arguments.validation_steps
    if source is None:
        if steps is not None:
            raise ArgumentError(
                "fit: validation_steps is given, and validation_data is no iterable of batches; "
                "pass fewer samples instead"
            )
        return None
    if source.is_once and arguments.epochs != 1 and steps is None:
        raise ArgumentError(
            f"fit: validation_data is {source.title}, which can be read only once; give what can "
            "be iterated again, such as a data.Pipeline, a list, or the function that makes the "
            "generator, or validation_steps, the number of its batches after each epoch"
        )
    return ValidationStream(model, objective, source, steps, "fit")
