"""Deserialisation of a restricted Boltzmann machine: every entry and shape is verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import from_config
from chainrule.train.files.schema import BOLTZMANN_MACHINE, Description
from chainrule.train.files.training_progress import read_training
from chainrule.train.rbm.rbm import RBM, model_of_machine

__all__ = ["restored"]

Tensors = Mapping[str, NDArray[Any]]


_ENTRIES = ("format", "versions", "model", "checksum", "config", "optimizer")
_OF_CHECKPOINTS = (
    "seed", "dtype", "layers", "classes", "loss", "metrics", "attributes", "functions", "run",
)  # fmt: skip
"""What a checkpoint has as that of a network, and `config` says too."""


def restored(description: Description, tensors: Tensors) -> RBM:
    """Return the machine that a file describes, with what its training has come to."""
    is_checkpoint, has_training = description.has("run"), description.has("training")
    counters = ("input_shape", "training") if has_training else ("visible", "epoch", "count")
    description.only(*_ENTRIES, *counters, *(_OF_CHECKPOINTS if is_checkpoint else ()))
    optimizer = description.get("optimizer", dict, type(None))
    machine = RBM(**description.get("config", dict))
    if optimizer is not None:
        machine.optimizer = from_config(optimizer)
    unread = {name: each for name, each in tensors.items() if not name.startswith("run:")}
    prefix = f"{BOLTZMANN_MACHINE}." if is_checkpoint else ""
    visible = _visible(description) if has_training else _count(description, "visible")
    parameters = {
        name: _popped(unread, prefix + name, shape, machine.dtype)
        for name, shape in _shapes(machine, visible).items()
    }
    if has_training:
        _take_up(machine, parameters, description, unread)
    else:
        epoch, count = (_count(description, name) for name in ("epoch", "count"))
        slots = _slots(unread, parameters, machine.optimizer) if unread else {}
        machine.resume(parameters, slots, epoch, count)
    if unread:
        raise FormatError(f"load: the machine has no tensor {min(unread)[:60]!a}")
    return machine


def _take_up(
    machine: RBM, parameters: Tensors, description: Description, unread: dict[str, NDArray[Any]]
) -> None:
    """Give a machine parameters, and what its training has come to."""
    machine.resume(parameters, {}, 0, 0)
    model, left = model_of_machine(machine), set(unread)
    progress = read_training(model, description.get("training", dict), unread, left)
    progress.restore(model)
    machine.history = progress.history
    for name in unread.keys() - left:
        del unread[name]


def _visible(description: Description) -> int:
    shape = description.get("input_shape", list)
    if len(shape) != 1 or type(shape[0]) is not int or not 0 < shape[0] < 2**60:
        raise FormatError(f"load: 'input_shape' is {shape!s:.60}; a machine has one size")
    return shape[0]


def _count(description: Description, name: str) -> int:
    value = description.get(name, int)
    if not 0 <= value < 2**60:
        raise FormatError(f"load: {name!r} is {value:.3g}; it must be 0 or more, and below 2**60")
    return value


def _shapes(machine: RBM, visible: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the parameters; nothing is allocated."""
    shapes = {
        "weight": (visible, machine.hidden),
        "visible_bias": (visible,),
        "hidden_bias": (machine.hidden,),
    }
    chains = {"chains": (machine.batch_size, machine.hidden)}
    return shapes | chains if machine.persistent else shapes


def _slots(
    unread: dict[str, NDArray[Any]], parameters: Tensors, optimizer: Optimizer
) -> dict[str, dict[str, NDArray[Any]]]:
    """The optimiser slots of each trained parameter."""
    return {
        name: {
            slot: _popped(unread, f"slots.{name}.{slot}", np.shape(first), array.dtype)
            for slot, first in optimizer.slots(array).items()
        }
        for name, array in parameters.items()
        if name != "chains"
    }


def _popped(
    unread: dict[str, NDArray[Any]], name: str, shape: tuple[int, ...], dtype: np.dtype[Any]
) -> NDArray[Any]:
    found = unread.pop(name, None)
    if found is None or found.shape != shape or found.dtype != dtype:
        problem = "is missing" if found is None else f"is {found.dtype}{list(found.shape)}"
        raise FormatError(f"load: the tensor {name!r} {problem}; it must be {dtype}{list(shape)}")
    return found
