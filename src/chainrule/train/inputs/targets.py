"""Encoding of targets: class names, class indices and one-hot rows to what losses take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.data.category_codes import category_codes
from chainrule.data.cell import value_of
from chainrule.errors import DataError, counted
from chainrule.nn.losses.loss import Loss

__all__ = ["encode_targets", "find_classes", "is_text", "numbers_as_names"]

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
            f"fit: y has {counted(len(names), 'class')} ({shown}), but the network has "
            f"{counted(outputs, 'output')}; " + _output_remedy(loss, len(names))
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
    # For a single output (n,) means (n, 1); nothing is stretched to (n, n). A loss of the user's
    # own takes the targets as they are given.
    is_ours = loss.checks or loss.contains == "sigmoid"
    if is_ours and not loss.takes_labels and y.ndim == 1 and output_rank == 2:
        y = y[:, None]
    return y


def numbers_as_names(y: Array, classes: list[str] | None, title: str) -> Array:
    """Return the class indices of numbers that are themselves names of classes, such as "007".

    A column of labels that is read as text among others may be read as numbers by itself. Where no
    name is a number, numbers are class indices.

    Examples
    --------
    >>> numbers_as_names(np.array([7, 12]), ["007", "012", "x1"], "evaluate: y")
    array([0, 1])
    """
    is_column = y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1)
    if classes is None or y.dtype.kind not in "biuf" or not is_column:
        return y
    if all(value_of(name) is None for name in classes):
        return y
    labels, inverse = np.unique(y, return_inverse=True)
    codes = category_codes(labels.tolist(), classes)
    if np.any(codes < 0):
        label = labels[np.argmax(codes < 0)]
        raise DataError(
            f"{title} has the number {label}, and the network was trained on names, some of them "
            f"numbers: {', '.join(classes):.200}; pass the names as texts, such as {classes[0]!r}"
        )
    return codes[inverse].reshape(y.shape).astype(np.int64)


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
    if len(unexpected):  # 1.0 is the class that is called 1
        codes = category_codes(names.flat[unexpected].tolist(), classes)
        indices.flat[unexpected[codes >= 0]] = codes[codes >= 0]
        unexpected = unexpected[codes < 0]
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
    if count == 1:
        return "there is nothing to learn from a single class: give samples of two or more"
    if loss.takes_labels:
        return f"give the last layer {counted(count, 'unit')}"
    return 'use loss="cross_entropy" with one unit a class' if count > 2 else "give it one unit"
