"""Serialisation of a restricted Boltzmann machine, in the format of `train.files.save`.

The tensors are the parameters by name, and optimiser slots as ``slots.weight.velocity``. The
description has the model, its config and its counters::

    {"format": 3, "versions": {...}, "model": "rbm",
     "visible": 784,
     "config": {"hidden": 128, "k": 1, "persistent": false, ...},
     "optimizer": {"kind": "SGD", "learning_rate": 0.05, ...} | null,
     "epoch": 5, "count": 9375,        epochs and steps so far: training continues from there
     "checksum": "..."}
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
from chainrule.train.model.model import Model

__all__ = ["MODEL", "save"]

MODEL = "rbm"


def save(model: Model, config: dict[str, Any], path: str | os.PathLike[str]) -> None:
    """Write a machine into a file, atomically."""
    target = checked_target(path)
    if model.input_shape is None:
        raise ArgumentError(
            "save: the machine has no parameters yet; call fit, or transform, with samples first"
        )
    # As of one moment: another thread may train.
    tensors, description = model.parameter_lock.read(lambda: _contents(model, config))
    write(target, description, tensors)


def _contents(
    model: Model, config: dict[str, Any]
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return tensors and description, without its checksum."""
    assert model.input_shape is not None, "a machine that is saved has sizes"
    (layer,) = model.layers
    optimizer = optimizer_config(model.objective("save").optimizer)
    tensors = {name: np.array(each.array, order="C") for name, each in layer.parameters().items()}
    if optimizer is not None:
        for full_name, slots in model.optimizer_slots.items():
            name = full_name.removeprefix(f"{layer.name}.")
            tensors |= {f"slots.{name}.{slot}": np.array(each) for slot, each in slots.items()}
    description = {
        "format": FORMAT,
        "versions": versions(),
        "model": MODEL,
        "visible": model.input_shape[-1],
        "config": config,
        "optimizer": optimizer,
        "epoch": model.counter.epoch,
        "count": model.counter.steps,
    }
    return tensors, description
