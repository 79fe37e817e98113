"""What recurrent layers share: how they read a series step by step, and what they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.arguments.checks import checked_flag, checked_number
from chainrule.autodiff.scan import scan
from chainrule.errors import ShapeError
from chainrule.nn.layer import Shape

__all__ = ["RecurrentOptions", "Step", "checked_series", "run_recurrence"]

Step = Callable[[tuple[Any, ...], Any], tuple[Any, ...]]
"""From the states and what one step of the series brings to the next states, the output first."""


@dataclass(frozen=True)
class RecurrentOptions:
    """How a recurrent layer reads, and what it returns.

    Parameters
    ----------
    return_sequences : bool
        Whether to return the states after all steps instead of the last one.
    go_backwards : bool
        Whether to read from the last step to the first.
    mask_value : float or None
        What fills the steps that are skipped; None skips none.
    """

    return_sequences: bool
    go_backwards: bool
    mask_value: float | None

    @staticmethod
    def checked(
        owner: str, return_sequences: Any, go_backwards: Any, mask_value: Any
    ) -> RecurrentOptions:
        """Make one of the arguments of a layer."""
        return RecurrentOptions(
            checked_flag(owner, "return_sequences", return_sequences),
            checked_flag(owner, "go_backwards", go_backwards),
            None if mask_value is None else checked_number(owner, "mask_value", mask_value),
        )


def run_recurrence(
    x: Any, brought: Any, step: Step, states: tuple[int, ...], reading: RecurrentOptions
) -> Any:
    """Carry states through the steps of a series, from zeros on.

    What every step takes of the input alone is computed by the caller for all steps at once; only
    what depends on the states is left to the loop.
    """
    start = tuple(np.zeros((x.shape[0], size), brought.dtype) for size in states)
    value = reading.mask_value
    real = None if value is None else np.any(x != value, axis=-1, keepdims=True)

    def one(carry: tuple[Any, ...], row: tuple[Any, Any]) -> tuple[Any, Any]:
        given, is_real = row
        after = step(carry, given)
        shown = after[0]
        if is_real is not None:
            kept = (np.where(is_real, new, old) for new, old in zip(after, carry, strict=True))
            after, shown = tuple(kept), np.where(is_real, shown, value)
        return after, shown if reading.return_sequences else None

    rows = (brought, None if real is None else np.swapaxes(real, 0, 1))
    (last, *_), shown = scan(one, start, rows, reverse=reading.go_backwards)
    if not reading.return_sequences:
        return last
    return np.swapaxes(shown[::-1] if reading.go_backwards else shown, 0, 1)


def checked_series(title: str, input_shape: Shape) -> int:
    """Return the number of features of an input (batch, time, features)."""
    if len(input_shape) != 3 or input_shape[-1] is None:
        mend = "; for one feature pass x[..., None]" if len(input_shape) == 2 else ""
        shape = ", ".join(map(str, ("batch", *input_shape[1:])))
        raise ShapeError(
            f"{title}: its input has shape ({shape}), but a series is shaped (batch, time, "
            f"features){mend}"
        )
    return input_shape[-1]
