"""The arguments of a call of ``fit``, their defaults and ranges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chainrule.arguments.checks import checked_count, checked_flag
from chainrule.errors import ArgumentError
from chainrule.train.checks import check_settings

__all__ = ["DEFAULT_BATCH_SIZE", "DEFAULT_SHUFFLE", "FitArguments", "check_arguments"]


class _Default(int):
    """A number that is distinguished, by identity, from one that is given."""


class _DefaultFlag(int):
    """The same of a flag."""

    def __repr__(self) -> str:
        return repr(bool(self))


DEFAULT_SHUFFLE: Any = _DefaultFlag(True)
"""The ``shuffle`` of a call that gives none; batches of an iterable have an order of their own."""

DEFAULT_BATCH_SIZE = _Default(32)
"""The ``batch_size`` of a call that gives none; full-batch methods take all samples instead."""


@dataclass(frozen=True)
class FitArguments:
    """The arguments of a call of ``fit``, unchecked; see `chainrule.Network.fit`."""

    epochs: Any
    batch_size: Any
    validation_data: Any
    validation_split: Any
    shuffle: Any
    sample_weight: Any
    class_weight: Any
    callbacks: Any
    verbose: Any
    checkpoint: Any = None
    steps_per_epoch: Any = None
    validation_steps: Any = None
    validates_last: bool = False  # see `FitRun`


def check_arguments(arguments: FitArguments) -> None:
    """Refuse arguments out of range."""
    check_settings(
        "fit",
        batch_size=arguments.batch_size,
        epochs=arguments.epochs,
        validation_split=arguments.validation_split,
    )
    if arguments.shuffle is not DEFAULT_SHUFFLE:
        checked_flag("fit", "shuffle", arguments.shuffle)
    for name in ("steps_per_epoch", "validation_steps"):
        if (value := getattr(arguments, name)) is not None:
            checked_count("fit", name, value, 1, ", or None for all batches")
    if arguments.validation_data is not None and arguments.validation_split:
        raise ArgumentError(
            "fit: validation_data and validation_split are both given; keep one of them"
        )
