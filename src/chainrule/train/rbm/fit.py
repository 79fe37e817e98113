"""A call of a machine's ``fit``, from samples to the history: a network's loop of trainer."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_flag
from chainrule.errors import ArgumentError
from chainrule.optim.optimizer import Optimizer
from chainrule.train.callbacks import resolve_callbacks
from chainrule.train.checks import check_settings
from chainrule.train.fit.epochs import EpochLoop, FitRun
from chainrule.train.fit.trainer import Trainer
from chainrule.train.history import History
from chainrule.train.inputs.samples import Samples
from chainrule.train.model.compile_arguments import CompileArguments
from chainrule.train.model.model import Model
from chainrule.train.progress import choose_progress
from chainrule.train.rbm.contrastive_divergence import CONTRAST, PSEUDO_LIKELIHOOD, Contrast
from chainrule.train.rbm.input_checks import checked_visible

__all__ = ["change_rule", "fit", "prepare_visible"]


def fit(
    machine: Any,
    model: Model,
    batch_size: int,
    X: Any,
    epochs: Any,
    shuffle: Any,
    callbacks: Any,
    verbose: Any,
) -> History:
    """Train a machine on samples."""
    check_settings("fit", epochs=epochs)
    shuffle = checked_flag("fit", "shuffle", shuffle)
    observers, progress = resolve_callbacks(callbacks), choose_progress(verbose)
    is_new = not model.output_shapes
    with model.rollback_on_error():
        visible = prepare_visible(model, X, "fit")
        samples = Samples(visible, np.zeros(len(visible), np.int8)).made_plain()
        if is_new:
            _layer_of(model).expect(samples.X)
        size, objective = min(batch_size, len(samples)), model.objective("fit")
        trainer = Trainer(model, objective, samples, size)
    loop = EpochLoop(FitRun(machine, model, trainer, observers, progress, samples, None, size))
    loop.run(epochs, shuffle)
    return loop.history


def prepare_visible(model: Model, X: Any, function: str) -> Any:
    """Check samples, and build a machine for them if it is not yet."""
    units = model.input_shape[-1] if model.input_shape else None
    visible = checked_visible(X, function, units, model.dtype)
    model.build(visible.shape, function)
    return visible


def change_rule(model: Model, rule: Any) -> None:
    """Let training go on by another optimiser."""
    if not isinstance(rule, Optimizer):
        raise ArgumentError(
            f"RBM: optimizer is {rule!r}; it must be one of chainrule.optim, such as "
            "optim.SGD(0.05, momentum=0.9)"
        )
    number = np.zeros((), model.dtype)
    arguments = model.compile_arguments
    previous = arguments.optimizer if arguments else rule
    if type(rule) is not type(previous) or rule.slots(number) != previous.slots(number):
        model.optimizer_slots = {}
    model.compile_arguments = CompileArguments(CONTRAST, rule, (PSEUDO_LIKELIHOOD,))
    model.programs.clear()


def _layer_of(model: Model) -> Contrast:
    (layer,) = model.layers
    assert isinstance(layer, Contrast)
    return layer
