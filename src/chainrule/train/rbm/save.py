"""Serialisation of a restricted Boltzmann machine, in the format of `train.files.save`.

The tensors are the parameters by name. The description has the model, its settings, and what its
training has come to, as that of a network has it::

    {"format": 4, "versions": {...}, "model": "rbm",
     "input_shape": [784],
     "config": {"hidden": 128, "k": 1, "persistent": false, ...},
     "optimizer": {"kind": "SGD", "learning_rate": 0.05, ...} | null,
     "training": {...},                counters, optimiser slots, history: `training_progress`
     "checksum": "..."}

A checkpoint of a machine has "model" and "config" besides what that of a network has, where the
layer of its units is called ``rbm``. Up to format 3 there were, in the place of "training", the
entries "epoch" and "count", and tensors such as ``slots.weight.velocity``; "input_shape" was
"visible".
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import ArgumentError
from chainrule.train.files.description import FORMAT, optimizer_config, versions
from chainrule.train.files.paths import checked_target
from chainrule.train.files.save import write
from chainrule.train.files.schema import BOLTZMANN_MACHINE
from chainrule.train.files.training_progress import describe_training
from chainrule.train.history import History
from chainrule.train.model.model import Model

__all__ = ["entries_of", "save"]

_SAVED = ("hidden", "k", "persistent", "batch_size", "l2", "seed")
_LATER = {"sparsity": None, "sparsity_cost": 10.0}
"""Settings that files of earlier versions lack: written where they differ from these defaults."""


def save(machine: Any, model: Model, path: str | os.PathLike[str]) -> None:
    """Write a machine into a file, atomically."""
    target = checked_target(path)
    if model.input_shape is None:
        raise ArgumentError(
            "save: the machine has no parameters yet; call fit, or transform, with samples first"
        )
    # As of one moment: another thread may train.
    tensors, description = model.parameter_lock.read(
        lambda: _contents(model, machine.history, entries_of(machine))
    )
    write(target, description, tensors)


def entries_of(machine: Any) -> dict[str, Any]:
    """Return the entries of a description by which a machine is made again."""
    later = [name for name, default in _LATER.items() if getattr(machine, name) != default]
    config = {name: getattr(machine, name) for name in (*_SAVED, *later)}
    return {"model": BOLTZMANN_MACHINE, "config": config | {"dtype": machine.dtype.name}}


def _contents(
    model: Model, history: History | None, entries: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return tensors and description, without its checksum."""
    assert model.input_shape is not None, "a machine that is saved has sizes"
    (layer,) = model.layers
    optimizer = optimizer_config(model.objective("save").optimizer)
    has_slots = optimizer is not None  # whose they are
    tensors = {name: np.array(each.array, order="C") for name, each in layer.parameters().items()}
    description = {
        "format": FORMAT,
        "versions": versions(),
        **entries,
        "input_shape": list(model.input_shape[1:]),
        "optimizer": optimizer,
        "training": describe_training(model, history, tensors, False, has_slots),
    }
    return tensors, description
