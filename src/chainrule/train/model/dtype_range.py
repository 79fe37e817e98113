"""Settings of layers and optimisers that the dtype of a network cannot hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np

from chainrule.errors import ArgumentError
from chainrule.nn.layer import Layer
from chainrule.nn.sublayers import with_sublayers
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.schedules.schedule import Schedule

__all__ = ["check_layer_settings", "check_optimizer_settings"]


def check_optimizer_settings(optimizer: Optimizer, dtype: np.dtype[Any]) -> None:
    """Refuse numbers of an optimiser that a dtype turns into infinity, or its rate into 0.

    Examples
    --------
    >>> from chainrule import optim
    >>> check_optimizer_settings(optim.SGD(0.1, clip_norm=1e300), np.dtype("float32"))
    Traceback (most recent call last):
    chainrule.errors.ArgumentError: SGD: clip_norm is 1e+300, which float32 cannot hold: its largest
    number is 3.4e+38; give a smaller one, or chainrule.Network(..., dtype="float64")
    """
    for owner, name, value in _numbers(optimizer):
        _check(owner, name, value, dtype)
        if name == "learning_rate" and value > 0 and not dtype.type(value):
            raise ArgumentError(
                f"{owner}: {name} is {value:g}, which is 0 as {dtype}, so that nothing would be "
                f"learned; give a larger one, such as {name}=0.001"
            )


def check_layer_settings(layer: Layer, dtype: np.dtype[Any]) -> None:
    """Refuse numbers given to layers of the library that a dtype turns into infinity."""
    for each in with_sublayers([layer]):
        if _is_ours(each):  # what a user's own layer does with a number, it alone knows
            for name, value in each._arguments.arguments.items():
                if isinstance(value, float):
                    _check(type(each).__name__, name, value, dtype)


def _check(owner: str, name: str, value: float, dtype: np.dtype[Any]) -> None:
    if abs(value) > float(np.finfo(dtype).max):
        wider = ', or chainrule.Network(..., dtype="float64")' if dtype == np.float32 else ""
        raise ArgumentError(
            f"{owner}: {name} is {value:g}, which {dtype} cannot hold: its largest number is "
            f"{np.finfo(dtype).max:.2g}; give a smaller one{wider}"
        )


def _numbers(record: Any) -> Iterator[tuple[str, str, float]]:
    """Yield the numbers of an optimiser and of its schedules, each with its owner and name."""
    for field in fields(record) if _is_ours(record) else ():
        value = getattr(record, field.name)
        if isinstance(value, float):
            yield type(record).__name__, field.name, value
        elif isinstance(value, Schedule):
            yield from _numbers(value)


def _is_ours(record: Any) -> bool:
    return type(record).__module__.startswith("chainrule.")
