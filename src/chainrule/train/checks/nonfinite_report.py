"""Report on a loss that became NaN or infinite: evidence, likely cause, remedy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import counted
from chainrule.train.checks.singular_operation import describe_overflow, describe_singularity

if TYPE_CHECKING:
    from chainrule.autodiff.singularity import Singularity

__all__ = ["explain_nonfinite"]

_LARGE = 1e3


def explain_nonfinite(
    loss: float,
    *,
    step: int,
    epoch: int,
    learning_rate: float | None,
    parameters: Mapping[str, NDArray[Any]],
    gradients: Mapping[str, NDArray[Any]] | None = None,
    losses: Sequence[float] = (),
    samples: NDArray[Any] | None = None,
    singularity: Singularity | None = None,
) -> str:
    """Return the evidence for a loss that is not finite, the likely cause and the remedy.

    `learning_rate` is None where a method chooses the length of its steps itself. `singularity` is
    where the computation of the loss, or of its gradient, ceases to be finite.

    Examples
    --------
    >>> print(explain_nonfinite(np.inf, step=7, epoch=0, learning_rate=0.5, losses=[2.3, 40.0, 9e9],
    ...                   parameters={"dense.weight": np.array([2e8, -3.0])}))
    the loss became inf at step 7 of epoch 0 (learning rate 0.5). Before, it grew from 2.3 to 9e+09.
    The largest parameter is 2e+08, in dense.weight. The steps are too long: use learning_rate=0.05,
    or limit the gradients with clip_norm=1.0.
    """
    rate = "" if learning_rate is None else f" (learning rate {learning_rate:g})"
    time = f"step {step} of epoch {epoch}{rate}"
    is_singular = singularity is not None and singularity.is_of_derivative
    what = "the gradient of the loss is not finite" if is_singular else f"the loss became {loss}"
    findings = [f"{what} at {time}."]
    grew = len(losses) > 1 and losses[-1] > losses[0]
    if grew:
        findings.append(f"Before, it grew from {losses[0]:g} to {losses[-1]:g}.")
    if samples is not None and (bad := np.flatnonzero(~np.isfinite(samples))).size:
        findings.append(
            f"It comes from {bad.size} of {counted(len(samples), 'sample')}, first number "
            f"{bad[0]} of the batch."
        )
    nonfinite = _first_nonfinite(parameters)
    if nonfinite:
        findings.append(f"The first parameter that is not finite is {nonfinite}.")
    elif gradients is not None and (nonfinite := _first_nonfinite(gradients)):
        findings.append(
            f"The parameters are finite; the first gradient that is not is {nonfinite}."
        )
    largest, where = _largest(parameters)
    if largest > _LARGE:
        findings.append(f"The largest parameter is {largest:g}, in {where}.")
    if singularity is not None and not grew and largest <= _LARGE:
        return " ".join([findings[0], f"There {describe_singularity(singularity)}"])
    if singularity is not None:
        findings.append(describe_overflow(singularity))
    findings.append(
        _remedy(learning_rate, is_divergence=grew or bool(nonfinite) or largest > _LARGE)
    )
    return " ".join(findings)


def _first_nonfinite(arrays: Mapping[str, NDArray[Any]]) -> str:
    for name, array in arrays.items():
        bad = int(np.size(array) - np.isfinite(array).sum())
        if bad:
            return f"{name} ({bad} of its {counted(np.size(array), 'value')})"
    return ""


def _largest(arrays: Mapping[str, NDArray[Any]]) -> tuple[float, str]:
    sizes = [
        (float(np.max(np.abs(array), initial=0, where=np.isfinite(array))), name)
        for name, array in arrays.items()
    ]
    return max(sizes, default=(0.0, ""))


def _remedy(learning_rate: float | None, is_divergence: bool) -> str:
    if is_divergence:
        if learning_rate is None:
            return "Start from smaller parameters, such as those of a new network."
        return (
            f"The steps are too long: use learning_rate={learning_rate / 10:g}, or limit the "
            "gradients with clip_norm=1.0."
        )
    usual = (
        "The parameters are of usual size, so a formula is outside its range: look for a log or "
        "a division of 0, or a square root of a negative number, in the loss and your own layers"
    )
    if learning_rate is None:
        return f"{usual}."
    return f"{usual}; if there is none, use learning_rate={learning_rate / 10:g}."
