"""Another optimiser in the place of the one that trains a network: what may differ."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chainrule.errors import ArgumentError
from chainrule.optim.minimizer import Minimizer
from chainrule.optim.optimizer import Optimizer

__all__ = ["check_only_rate_differs", "have_same_slots"]


def have_same_slots(optimizer: Optimizer, other: Optimizer, scalar: Any) -> bool:
    """Whether the slots of an optimiser serve another one; of a minimiser those of an equal one."""
    if isinstance(optimizer, Minimizer) or type(optimizer) is not type(other):
        return optimizer == other
    return optimizer.slots(scalar) == other.slots(scalar)


def check_only_rate_differs(optimizer: Optimizer, other: Optimizer) -> None:
    """Raise if two optimisers differ in more than their learning rate."""
    if isinstance(optimizer, Minimizer):
        if other == optimizer:
            return
        raise ArgumentError(
            f"optimizer: {optimizer!r} is training this network; return True from the callback to "
            "stop, and assign the other optimiser after fit"
        )
    if type(other) is type(optimizer):
        rate = optimizer.learning_rate
        if replace(other, learning_rate=rate) == replace(optimizer, learning_rate=rate):
            return
    raise ArgumentError(
        f"optimizer: {optimizer!r} is training this network; during fit only its learning rate can "
        "be changed, by net.optimizer = dataclasses.replace(net.optimizer, learning_rate=...); "
        "return True from the callback to stop, and assign the other optimiser after fit"
    )
