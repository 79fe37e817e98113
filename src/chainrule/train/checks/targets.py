"""Checks of targets against the loss and the network's output."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError, ShapeError, counted, warn
from chainrule.nn.losses.loss import Loss

__all__ = ["check_targets"]

Array = NDArray[Any]


def check_targets(
    y: Array,
    loss: Loss,
    output_shape: tuple[int | None, ...],
    function: str,
    name: str = "y",
    weight: Array | None = None,
) -> None:
    """Refuse targets that a loss cannot compare with the network's output.

    What a loss is not defined for passes where its weight is 0.

    Examples
    --------
    >>> from chainrule.nn.losses.loss import LOSSES
    >>> check_targets(np.array([1, 2, 3]), LOSSES["cross_entropy"], (None, 3), "fit")
    Traceback (most recent call last):
    chainrule.errors.DataError: fit: y has 1 label that is larger than 2, first 3 at y[2]; labels
    are counted from 0, here 0 to 2 for 3 outputs, and these go from 1 to 3: subtract 1
    """
    if y.dtype.kind not in "biuf":
        return
    where = f"{function}: {name}"
    outputs = (len(y), *(size or 0 for size in output_shape[1:]))
    if loss.takes_labels and outputs[-1] == 1:
        raise DataError(
            f"{where} are classes and the network has a single output, which {loss.name} cannot "
            'learn from: one class is always certain; use loss="binary_cross_entropy", or one '
            "output a class"
        )
    if loss.takes_labels and y.shape == outputs[:-1]:
        _check_labels(y, outputs[-1], where, name)
        return
    # A single output takes targets of shape (n,) or (n, 1).
    if not (outputs == (len(y), 1) and y.ndim == 1 and not loss.takes_labels):
        _check_shape(y.shape, outputs, loss, where, name)
    _check_values(y, loss, weight, where, name)


def _check_labels(y: Array, classes: int, where: str, name: str) -> None:
    _refuse(
        y, y != np.rint(y) if y.dtype.kind == "f" else None, f"{where} has", name,
        "label that is not an integer", "labels that are not integers",
        "labels are 0, 1, 2, ...; for a quantity to be predicted use a loss such as mse",
    )  # fmt: skip
    low, high = int(y.min()), int(y.max())
    if low >= 0 and high < classes:
        return
    rule = f"labels are counted from 0, here 0 to {classes - 1} for {counted(classes, 'output')}"
    is_sign = low == -1 and high == 1 and bool(np.all(y))
    remedy = "map -1 to 0, for example with (y + 1) // 2" if is_sign else rule
    _refuse(
        y, y < 0, f"{where} has", name, "label that is negative", "labels that are negative", remedy
    )
    shifted = low == 1 and high == classes
    remedy = (
        f"and these go from 1 to {high}: subtract 1"
        if shifted
        else f"give the last layer {high + 1} units, or correct the labels"
    )
    _refuse(
        y, y >= classes, f"{where} has", name,
        f"label that is larger than {classes - 1}", f"labels that are larger than {classes - 1}",
        f"{rule}{', ' if shifted else '; '}{remedy}",
    )  # fmt: skip


def _check_shape(
    shape: tuple[int, ...], outputs: tuple[int, ...], loss: Loss, where: str, name: str
) -> None:
    if not loss.checks or shape == outputs:
        return
    if shape == (*outputs, 1) or outputs == (*shape, 1):
        size = ", ".join(map(str, (-1, *outputs[1:])))
        remedy = f"reshape one, for example np.asarray({name}).reshape({size})"
    elif loss.takes_labels:
        labels = str(("n", *outputs[1:-1])).replace("'", "")
        remedy = f"give class indices of shape {labels}, or one row of {outputs[-1]} a sample"
        if len(shape) == 1 < len(outputs) - 1:
            remedy = "for one class a sample, put nn.Flatten() before the last layers"
        if len(shape) == len(outputs) == 2 and shape[1] == 1:
            remedy = f"give class indices of shape {labels}, as by np.asarray({name}).reshape(-1)"
        elif len(shape) == len(outputs) == 2:
            remedy += (
                f"; for a class of each of {shape[1]} steps, recurrent layers need "
                "return_sequences=True"
            )
    elif len(shape) == 1 and len(outputs) == 2:
        remedy = (
            f'for classes use loss="cross_entropy"; for a quantity give the last layer 1 unit and '
            f"pass np.asarray({name}).reshape(-1, 1)"
        )
    elif len(shape) < len(outputs):
        remedy = (
            "for one answer a sample, let the last recurrent layer give its last step alone "
            "(return_sequences=False), or put nn.Flatten() before the last layers"
        )
    else:
        remedy = "give the last layer as many units as there are targets"
    raise ShapeError(
        f"{where} has shape {shape} and the network's output {outputs}; {loss.name} needs them "
        f"equal, as nothing is stretched: {remedy}"
    )


def _check_values(y: Array, loss: Loss, weight: Array | None, where: str, name: str) -> None:
    """Refuse or warn of values outside of the domain of the loss, but where the weight is 0."""
    outside = loss.targets.search(y, loss.name)
    if outside is not None and weight is not None and not weight.all():
        counted = np.argwhere(weight > 0)
        outside = loss.targets.search(y[weight > 0], loss.name)
        if outside is not None:
            first, *rest = outside.index
            outside = replace(outside, index=(*counted[first].tolist(), *rest))
    if outside is None:
        return
    shown = ", ".join(map(str, outside.index))
    words = outside.one if outside.count == 1 else outside.many
    message = (
        f"{where} has {outside.count} {words}, first {_short(y[outside.index])} at "
        f"{name}[{shown}]; {outside.remedy}"
    )
    if loss.targets.is_certain:
        raise DataError(message)
    warn(message)


def _short(value: Any) -> str:
    """Return a value or a row as messages show it."""
    if np.ndim(value) == 0:
        return str(value)
    return np.array2string(value, threshold=8, edgeitems=2, separator=", ", precision=4)


def _refuse(
    y: Array, bad: Array | None, subject: str, name: str, one: str, many: str, remedy: str
) -> None:
    if bad is None or not bad.any():
        return
    count = int(bad.sum())
    index = tuple(int(each) for each in np.unravel_index(int(bad.argmax()), bad.shape))
    shown = ", ".join(map(str, index))
    raise DataError(
        f"{subject} {count} {one if count == 1 else many}, first {y[index]} at {name}[{shown}]; "
        f"{remedy}"
    )
