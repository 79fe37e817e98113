"""A call of ``fit``: checks of arguments and data, then the epoch loop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from chainrule.errors import ArgumentError, counted
from chainrule.nn.layer import Layer
from chainrule.nn.layers.activation_layers import Rescale
from chainrule.nn.layers.augmentation import RandomFlip, RandomRotation, RandomShift, RandomZoom
from chainrule.nn.layers.dense import Dense
from chainrule.nn.layers.embedding import Embedding
from chainrule.nn.layers.feature_normalization import Normalization
from chainrule.nn.layers.function_layers import Identity
from chainrule.nn.layers.normalization import BatchNorm, LayerNorm
from chainrule.nn.layers.reshape import Flatten, Permute, RepeatVector, Reshape
from chainrule.nn.layers.spatial import Cropping1D, Cropping2D, ZeroPadding1D, ZeroPadding2D
from chainrule.nn.plain_arrays import warn_of_plain_weights
from chainrule.nn.sublayers import with_sublayers
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.scipy_minimizer import SciPyMinimizer
from chainrule.train.callbacks import resolve_callbacks
from chainrule.train.checks import Extent, warn_likely_mistakes
from chainrule.train.checks.finite import extent_of
from chainrule.train.checks.lookup_range import explain_lookup_error
from chainrule.train.checks.sorted_rows import warn_of_sorted_rows
from chainrule.train.checks.weights import check_some_left
from chainrule.train.fit.adaptation import adapt_layers, restored_on_error
from chainrule.train.fit.checkpointing import checkpoints_of, opened, taken_up
from chainrule.train.fit.epochs import EpochLoop
from chainrule.train.fit.fit_arguments import DEFAULT_BATCH_SIZE, FitArguments, check_arguments
from chainrule.train.fit.fit_run import FitRun
from chainrule.train.fit.output_activation import warn_of_output_activation
from chainrule.train.fit.stream_data import (
    opened_stream,
    source_of_batches,
    validation_stream,
)
from chainrule.train.fit.stream_trainer import StreamTrainer
from chainrule.train.fit.termination import ends_on_termination
from chainrule.train.fit.train_state import check_trainable
from chainrule.train.fit.trainer import Trainer
from chainrule.train.history import History
from chainrule.train.inference.gathered_loss import kind_of_loss
from chainrule.train.inference.validation_stream import ValidationStream
from chainrule.train.inputs.batch_source import BatchSource
from chainrule.train.inputs.batch_stream import BatchStream
from chainrule.train.inputs.class_weights import weighted_by_class
from chainrule.train.inputs.data_adapter import prepare_samples
from chainrule.train.inputs.padded_steps import (
    output_mask,
    warn_of_counted_padding,
    warn_of_idle_mask_value,
)
from chainrule.train.inputs.samples import Samples, split_at
from chainrule.train.inputs.table_inputs import fit_table
from chainrule.train.model.model import Model
from chainrule.train.model.objective import Objective
from chainrule.train.model.step_counter import UNKNOWN, StepCounter
from chainrule.train.progress import choose_display

if TYPE_CHECKING:
    from chainrule.train.fit.resumption import Checkpoints
    from chainrule.train.fit.scipy_trainer import SciPyTrainer

__all__ = ["fit", "run_fit"]

_SCALE_PRESERVING = (
    Cropping1D, Cropping2D, Flatten, Identity, Permute, RandomFlip, RandomRotation, RandomShift,
    RandomZoom, RepeatVector, Reshape, ZeroPadding1D, ZeroPadding2D,
)  # fmt: skip
"""Layers whose outputs have the magnitude of their inputs."""


def _trainer(
    model: Model,
    objective: Objective,
    samples: Samples | BatchStream,
    size: int,
    counter: StepCounter | None,
    checkpoints: Checkpoints | None,
) -> Trainer | StreamTrainer | SciPyTrainer:
    if isinstance(samples, BatchStream):
        if checkpoints is not None and (resumed := checkpoints.resumed) is not None:
            now = model.counter
            samples.open(now.epoch, now.step, now.steps - resumed.start[1])
        counter = counter or model.counter.begin(UNKNOWN)
        return StreamTrainer(model, objective, samples, counter, checkpoints)
    samples = samples.as_contiguous()
    if isinstance(optimizer := objective.optimizer, SciPyMinimizer):
        from chainrule.train.fit.scipy_trainer import SciPyTrainer

        return SciPyTrainer(model, objective, optimizer, samples)
    return Trainer(model, objective, samples, size, counter, checkpoints)


def _refuse_scipy(optimizer: Optimizer) -> None:
    if isinstance(optimizer, SciPyMinimizer):
        raise ArgumentError(
            f"fit: checkpoint is given, but the state of {optimizer.method!r} is held by SciPy, "
            "from which it cannot be read; leave checkpoint out, or give "
            "net.compile(..., optimizer='lbfgs')"
        )


def fit(
    net: Any,
    model: Model,
    X: Any,
    y: Any,
    arguments: FitArguments,
    replay: Checkpoints | None = None,
) -> History:
    """Train a network on samples; `replay` takes the place of checkpoints."""
    return run_fit(net, model, X, y, arguments, replay).history


def run_fit(
    net: Any,
    model: Model,
    X: Any,
    y: Any,
    arguments: FitArguments,
    replay: Checkpoints | None = None,
) -> EpochLoop:
    """Train a network on samples; return the epochs that were run."""
    callbacks = resolve_callbacks(arguments.callbacks)
    progress = choose_display(arguments.verbose, arguments.callbacks)
    check_arguments(arguments)
    source = source_of_batches(X, y, arguments)
    found, callbacks = checkpoints_of(arguments.checkpoint, callbacks)
    checkpoints = replay or found
    with ends_on_termination(), opened(checkpoints), model.in_training():
        objective = model.objective("fit")
        with model.rollback_on_error(), restored_on_error(model):
            held_out = validation_stream(model, objective, arguments)
            if source is None:
                samples, validation = _prepare_samples(model, objective, X, y, arguments, held_out)
                size = _batch_size(arguments.batch_size, len(samples), objective.optimizer)
            else:
                samples, validation = _prepare_stream(model, objective, source, arguments, held_out)
                size = 0
            if isinstance(validation, Samples):  # refuses weights that the loss cannot apply
                kind_of_loss(model.stack, objective, model.programs, validation, "fit")
            elif validation is not None:
                validation.check_first()
            if checkpoints is not None:
                _refuse_scipy(objective.optimizer)
            parts = samples, validation, size, bool(arguments.shuffle)
            counter = taken_up(checkpoints, net, model, *parts)
            objective = model.objective("fit")
            with progress.compiling():
                trainer = _trainer(model, objective, samples, size, counter, checkpoints)
                if progress.is_shown:  # or its wait would count as time of the first epoch
                    trainer.finish_compiling()
        run = FitRun(
            net, model, trainer, callbacks, progress, samples, validation, size, checkpoints,
            arguments.validates_last,
        )  # fmt: skip
        loop = EpochLoop(run)
        try:
            loop.run(arguments.epochs, bool(arguments.shuffle))
        except IndexError:
            if isinstance(samples, Samples):
                explain_lookup_error(model.stack, samples.X)
            raise
        finally:
            if isinstance(samples, BatchStream):
                samples.close()
        return loop


def _batch_size(given: int | None, count: int, optimizer: Optimizer) -> int:
    """Return the number of samples of a step: all of them for a full-batch method."""
    if isinstance(optimizer, Minimizer) and given is not None and given < count:
        if given is not DEFAULT_BATCH_SIZE:
            raise ArgumentError(
                f"fit: batch_size is {given} of {counted(count, 'sample')}, but "
                f"{type(optimizer).__name__} minimises the loss of all of them; leave batch_size "
                "out, or give an optimizer for batches, such as net.compile(..., optimizer='adam')"
            )
        return count
    return min(given or count, count)


def _prepare_samples(
    model: Model,
    objective: Objective,
    X: Any,
    y: Any,
    arguments: FitArguments,
    held_out: ValidationStream | None,
) -> tuple[Samples, Samples | ValidationStream | None]:
    """Return training and validation samples, checked and encoded for the loss."""
    weight = arguments.sample_weight
    inputs = fit_table(model, X, arguments.validation_split, y=y, sample_weight=weight)
    samples, checked = prepare_samples(model, objective, inputs, y, weight, "fit")
    first = split_at(len(samples), arguments.validation_split)
    validation = samples.part(slice(first, None)) if first < len(samples) else None
    if validation is not None and not model.counter.steps:
        warn_of_sorted_rows(samples.y, first, model.classes)
    if arguments.validation_data is not None and held_out is None:
        validation = _prepared_validation(model, objective, arguments)
    samples = samples.part(slice(first))
    if arguments.class_weight is not None:
        samples = weighted_by_class(
            arguments.class_weight, samples, objective.loss, model.output_shape,
            model.classes, model.dtype, output_mask(model, samples.X),
        )  # fmt: skip
    _check_weights_left(samples, validation, arguments, model.dtype)
    check_trainable(model.stack)
    adapt_layers(model, samples.X)
    if not model.counter.steps:
        _warn_of_mistakes(model, objective, samples, checked.extent)
        warn_of_idle_mask_value(model, samples.X)
    return samples, validation if held_out is None else held_out


def _prepare_stream(
    model: Model,
    objective: Objective,
    source: BatchSource,
    arguments: FitArguments,
    held_out: ValidationStream | None,
) -> tuple[BatchStream, Samples | ValidationStream | None]:
    """Return training batches, of which the first is checked, and validation samples."""
    stream = opened_stream(model, objective, source, arguments)
    first, validation = stream.first, held_out
    if arguments.validation_data is not None and held_out is None:
        validation = _prepared_validation(model, objective, arguments)
    if not model.counter.steps:
        extent = extent_of(first.X)
        assert extent is not None, "they are finite"
        _warn_of_mistakes(model, objective, first, extent, of_batch=True)
    return stream, validation


def _prepared_validation(model: Model, objective: Objective, arguments: FitArguments) -> Samples:
    names = ("validation_data[0]", "validation_data[1]")
    held_out = _unpack(arguments.validation_data)
    validation, _ = prepare_samples(model, objective, *held_out, "fit", names)
    return validation


def _warn_of_mistakes(
    model: Model, objective: Objective, samples: Samples, extent: Extent, of_batch: bool = False
) -> None:
    """Warn of likely mistakes; of a batch, which may lack classes, only those in its inputs."""
    warn_likely_mistakes(
        samples.X,
        samples.y,
        extent,
        objective.loss,
        model.output_shape,
        needs_scaling=_needs_scaling(model.layers),
        is_weighted=samples.weight is not None,
        ends_frozen=_ends_frozen(model),
        ends_scaled=not isinstance(model.layers[-1], Dense),
        of_batch=of_batch,
    )
    warn_of_output_activation(model, objective, samples.X)
    warn_of_plain_weights(with_sublayers(model.layers))
    warn_of_counted_padding(model, objective, samples)


def _check_weights_left(
    samples: Samples, validation: Samples | None, arguments: FitArguments, dtype: Any
) -> None:
    """Refuse weights that leave nothing, as multiplied and as parted by the validation split."""
    given = {"class_weight": arguments.class_weight, "sample_weight": arguments.sample_weight}
    names = [name for name, value in given.items() if value is not None]
    subject = f"{' times '.join(names)} is"
    if samples.weight is not None:
        check_some_left(samples.weight, "fit", subject, "training samples", dtype)
    if validation is not None and validation.weight is not None:
        check_some_left(validation.weight, "fit", subject, "validation samples", dtype)


def _ends_frozen(model: Model) -> bool:
    """Whether the last weights are frozen, as in a discriminator above a generator."""
    weights = [each for each in model.stack.parameters().values() if not each.is_state]
    return bool(weights) and not weights[-1].trainable


def _needs_scaling(layers: Sequence[Layer]) -> bool:
    """Whether no layer scales inputs far from 1 before they reach weights."""
    first = next((each for each in layers if not isinstance(each, _SCALE_PRESERVING)), None)
    return not isinstance(first, Rescale | BatchNorm | LayerNorm | Normalization | Embedding)


def _unpack(validation_data: Any) -> tuple[Any, Any, Any]:
    """Return X, y and sample_weight, which is None for ``(X, y)``."""
    if not isinstance(validation_data, tuple | list) or len(validation_data) not in (2, 3):
        raise ArgumentError(
            "fit: validation_data must be a tuple (X, y) or (X, y, sample_weight), got "
            f"{type(validation_data).__name__}"
        )
    X, y, *weight = validation_data
    return X, y, weight[0] if weight else None
