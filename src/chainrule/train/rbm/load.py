"""Deserialisation of a restricted Boltzmann machine: every entry and shape is verified."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import FormatError
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.registry import from_config
from chainrule.train.files.schema import Description
from chainrule.train.rbm.rbm import RBM

__all__ = ["restored"]

Tensors = Mapping[str, NDArray[Any]]


def restored(description: Description, tensors: Tensors) -> RBM:
    """Return the machine that a file describes, with its optimiser state."""
    description.only(
        "format",
        "versions",
        "model",
        "checksum",
        "visible",
        "config",
        "optimizer",
        "epoch",
        "count",
    )
    visible, epoch, count = (_count(description, name) for name in ("visible", "epoch", "count"))
    optimizer = description.get("optimizer", dict, type(None))
    machine = RBM(**description.get("config", dict))
    if optimizer is not None:
        machine.optimizer = from_config(optimizer)
    unread = dict(tensors)
    parameters = {
        name: _popped(unread, name, shape, machine.dtype)
        for name, shape in _shapes(machine, visible).items()
    }
    slots = _slots(unread, parameters, machine.optimizer) if unread else {}
    if unread:
        raise FormatError(f"load: the machine has no tensor {min(unread)[:60]!a}")
    machine.resume(parameters, slots, epoch, count)
    return machine


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
