"""Encoding of targets: class names, class indices and one-hot rows to what losses take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.errors import DataError
from chainrule.nn.losses.loss import Loss

__all__ = ["encode_targets", "find_classes", "is_text"]

Array = NDArray[Any]


def is_text(y: Array) -> bool:
    """Whether targets are class names: text, or objects that are all text."""
    if y.dtype.kind != "O":
        return y.dtype.kind in "UT"
    return y.size > 0 and all(isinstance(each, str) for each in y.flat)


def find_classes(y: Array, loss: Loss, output_shape: tuple[int | None, ...]) -> list[str]:
    """Return the names of the classes in alphabetical order, that of their indices."""
    if loss.contains not in ("softmax", "sigmoid") and not loss.takes_labels:
        raise DataError(
            f"fit: y holds text such as {str(y.flat[0])!r}, but the loss {loss.name} takes "
            'numbers; use loss="cross_entropy" for classes, or pass numbers'
        )
    names: list[str] = np.unique(y.astype(str)).tolist()
    outputs = output_shape[-1]
    capacity = 2 if not loss.takes_labels and outputs == 1 else outputs
    if capacity != len(names):
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        raise DataError(
            f"fit: y has {len(names)} classes ({shown}), but the network has {outputs} outputs; "
            + _output_remedy(loss, len(names))
        )
    return names


def encode_targets(
    y: Array, loss: Loss, output_rank: int, classes: list[str] | None, title: str = "fit: y"
) -> Array:
    """Encode names as class indices; return the shape that the loss compares with the output."""
    if is_text(y):
        y = _indices_of(y, classes or [], title)
    elif loss.takes_labels and y.ndim < output_rank:
        y = _integers_of(y, title)
    # For one sigmoid unit (n,) means (n, 1); other losses refuse that comparison, which is
    # a mistake as often as not.
    if loss.contains == "sigmoid" and y.ndim == 1 and output_rank == 2:
        y = y[:, None]
    return y


def _indices_of(y: Array, classes: list[str], title: str) -> Array:
    known = np.array(classes, str)
    names = y.astype(str)
    if not classes:
        raise DataError(
            f"{title} holds text such as {str(y.flat[0])!r}, but the network was trained on "
            "numbers; pass class indices"
        )
    indices = np.searchsorted(known, names).clip(max=len(classes) - 1)
    unexpected = np.flatnonzero(known[indices] != names)
    if len(unexpected):
        first = unexpected[0]
        raise DataError(
            f"{title} has {len(unexpected)} {'names' if len(unexpected) > 1 else 'name'} of no "
            f"known class, first {str(names.flat[first])!r} at index {first}; the classes are "
            f"{', '.join(classes)}"
        )
    return indices.astype(np.int64)


def _integers_of(y: Array, title: str) -> Array:
    if y.dtype.kind == "f":
        fractions = np.flatnonzero(y != np.rint(y))
        if len(fractions):
            raise DataError(
                f"{title} has {len(fractions)} class indices that are not integers, first "
                f"{y.flat[fractions[0]]} at index {fractions[0]}; classes are 0, 1, 2, ... (for a "
                "quantity to be predicted, use a loss such as mse)"
            )
    return y.astype(np.int64)


def _output_remedy(loss: Loss, count: int) -> str:
    if loss.takes_labels:
        return f"give the last layer {count} units"
    return 'use loss="cross_entropy" with one unit a class' if count > 2 else "give it one unit"
