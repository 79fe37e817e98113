"""Why a loss became NaN or infinite: where, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["explain_nan"]

_LARGE = 1e3


def explain_nan(
    loss: float,
    *,
    step: int,
    epoch: int,
    learning_rate: float,
    parameters: Mapping[str, NDArray[Any]],
    gradients: Mapping[str, NDArray[Any]] | None = None,
    losses: Sequence[float] = (),
    samples: NDArray[Any] | None = None,
) -> str:
    """Return the evidence for a loss that is not finite, and the mend, for people.

    Examples
    --------
    >>> print(explain_nan(np.inf, step=7, epoch=0, learning_rate=0.5, losses=[2.3, 40.0, 9e9],
    ...                   parameters={"dense.weight": np.array([2e8, -3.0])}))
    the loss became inf at step 7 of epoch 0 (learning rate 0.5). Before, it grew from 2.3 to 9e+09.
    The largest parameter is 2e+08, in dense.weight. The steps are too long: use learning_rate=0.05,
    or limit the gradients with clip_norm=1.0.
    """
    time = f"step {step} of epoch {epoch} (learning rate {learning_rate:g})"
    said = [f"the loss became {loss} at {time}."]
    grew = len(losses) > 1 and losses[-1] > losses[0]
    if grew:
        said.append(f"Before, it grew from {losses[0]:g} to {losses[-1]:g}.")
    if samples is not None and (bad := np.flatnonzero(~np.isfinite(samples))).size:
        said.append(
            f"It comes from {bad.size} of {len(samples)} samples, first number {bad[0]} of the "
            "batch."
        )
    broken = _first_broken(parameters)
    if broken:
        said.append(f"The first parameter that is not finite is {broken}.")
    elif gradients is not None and (broken := _first_broken(gradients)):
        said.append(f"The parameters are finite; the first gradient that is not is {broken}.")
    largest, where = _largest(parameters)
    if largest > _LARGE:
        said.append(f"The largest parameter is {largest:g}, in {where}.")
    said.append(_mend(learning_rate, is_divergence=grew or bool(broken) or largest > _LARGE))
    return " ".join(said)


def _first_broken(arrays: Mapping[str, NDArray[Any]]) -> str:
    for name, array in arrays.items():
        bad = int(np.size(array) - np.isfinite(array).sum())
        if bad:
            return f"{name} ({bad} of its {np.size(array)} values)"
    return ""


def _largest(arrays: Mapping[str, NDArray[Any]]) -> tuple[float, str]:
    sizes = [
        (float(np.max(np.abs(array), initial=0, where=np.isfinite(array))), name)
        for name, array in arrays.items()
    ]
    return max(sizes, default=(0.0, ""))


def _mend(learning_rate: float, is_divergence: bool) -> str:
    if is_divergence:
        return (
            f"The steps are too long: use learning_rate={learning_rate / 10:g}, or limit the "
            "gradients with clip_norm=1.0."
        )
    return (
        "The parameters are of usual size, so a formula is outside its range: look for a log or "
        "a division of 0, or a square root of a negative number, in the loss and your own layers; "
        f"if there is none, use learning_rate={learning_rate / 10:g}."
    )
