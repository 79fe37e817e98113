"""A call of ``RBM.fit``: the training loop of networks on the contrast of free energies."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_flag
from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer
from chainrule.train.callbacks import resolve_callbacks
from chainrule.train.checks import check_settings
from chainrule.train.fit.checkpointing import checkpoints_of, opened, taken_up
from chainrule.train.fit.epochs import EpochLoop
from chainrule.train.fit.fit_run import FitRun
from chainrule.train.fit.termination import ends_on_termination
from chainrule.train.fit.trainer import Trainer
from chainrule.train.history import History
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.compile_arguments import CompileArguments
from chainrule.train.model.model import Model
from chainrule.train.progress import choose_display
from chainrule.train.rbm.contrastive_divergence import CONTRAST, PSEUDO_LIKELIHOOD, Contrast
from chainrule.train.rbm.energy import Couplings
from chainrule.train.rbm.input_checks import checked_visible

__all__ = ["couplings_of", "fit", "prepare_visible", "set_optimizer"]


def fit(
    machine: Any,
    model: Model,
    batch_size: int,
    X: Any,
    epochs: Any,
    shuffle: Any,
    callbacks: Any,
    verbose: Any,
    checkpoint: Any,
) -> History:
    """Train a machine on samples."""
    check_settings("fit", epochs=epochs)
    shuffle = checked_flag("fit", "shuffle", shuffle)
    callbacks, progress = resolve_callbacks(callbacks), choose_display(verbose, callbacks)
    checkpoints, callbacks = checkpoints_of(checkpoint, callbacks, partial(_entries, machine))
    with ends_on_termination(), opened(checkpoints), model.in_training():
        with model.rollback_on_error():
            is_new = not model.output_shapes
            visible = prepare_visible(model, X, "fit")
            samples = Samples(visible, np.zeros(len(visible), np.int8)).as_contiguous()
            if is_new:
                with model.parameter_lock.writing():
                    _layer_of(model).initialize_bias(samples.X)
            size = min(batch_size, len(samples))
            others = {name: getattr(machine, name) for name in ("sparsity", "sparsity_cost")}
            parts = samples, None, size, shuffle
            counter = taken_up(checkpoints, machine, model, *parts, **others)
            objective = model.objective("fit")
            with progress.compiling():
                trainer = Trainer(model, objective, samples, size, counter, checkpoints)
                if progress.is_shown:
                    trainer.finish_compiling()
        run = FitRun(machine, model, trainer, callbacks, progress, samples, None, size, checkpoints)
        loop = EpochLoop(run)
        loop.run(epochs, shuffle)
        return loop.history


def _entries(machine: Any) -> dict[str, Any]:
    """Return what a checkpoint has besides that of a network, for `chainrule.load`."""
    from chainrule.train.rbm.save import entries_of  # here, as most programs save nothing

    return entries_of(machine)


def prepare_visible(model: Model, X: Any, function: str) -> Any:
    """Check states of visible units; build the machine if necessary."""
    units = model.input_shape[-1] if model.input_shape else None
    visible = checked_visible(X, function, units, model.dtype)
    model.build(visible.shape, function)
    return visible


def couplings_of(model: Model) -> Couplings:
    """Return W, b and c as of one moment, as another thread may train."""
    layer = _layer_of(model)
    return model.parameter_lock.read(
        lambda: {name: np.array(value) for name, value in layer.couplings.items()}
    )


def set_optimizer(model: Model, optimizer: Any) -> None:
    """Continue training with another optimiser; compatible slots are retained."""
    if not isinstance(optimizer, Optimizer):
        raise ArgumentError(
            f"RBM: optimizer is {optimizer!r}; it must be one of chainrule.optim, such as "
            "optim.SGD(0.05, momentum=0.9)"
        )
    model.set_optimizer(CompileArguments(CONTRAST, optimizer, (PSEUDO_LIKELIHOOD,)))


def _layer_of(model: Model) -> Contrast:
    (layer,) = model.layers
    assert isinstance(layer, Contrast)
    return layer
