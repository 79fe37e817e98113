"""Checks of inputs and targets: missing values, classes, validation rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.insight.mistakes.catalogue import kind
from chainrule.insight.mistakes.columns import column_mistakes
from chainrule.insight.mistakes.mistake import Mistake
from chainrule.insight.mistakes.subject import Subject

__all__ = ["sample_mistakes"]

Array = NDArray[Any]

_FEW = 20
"""Samples; with fewer, rows are equal by chance."""
_IMBALANCED = 0.95
_ENOUGH = 100  # samples; fewer are no evidence of imbalance
_ROWS = 20_000
"""Rows that are compared."""


def sample_mistakes(subject: Subject) -> Iterator[Mistake]:
    """Yield what is certainly wrong with the samples."""
    X, y = subject.X, subject.y
    named = {"X": X, "y": y, "X_val": subject.X_val}
    missing = [x for name, each in named.items() if each is not None for x in _missing(each, name)]
    if missing:
        yield from missing
        return
    if len(X) < 2:
        return
    if bool(np.all(y == y[:1])) and subject.loss.is_built_in:  # others may not use targets
        yield Mistake(kind("CR040"), f"y is {y.flat[0]} for all {len(y)} samples")
    if float(np.ptp(X)) == 0:
        yield Mistake(kind("CR033"), f"X is {X.flat[0]:.4g} everywhere")
    else:
        yield from column_mistakes(X, y)
    yield from _imbalance(subject)
    yield from _validation(subject)


def _missing(values: Array, name: str) -> Iterator[Mistake]:
    if values.dtype.kind != "f":
        return
    bad = ~np.isfinite(values)
    if bad.any():
        first = ", ".join(str(int(each)) for each in np.argwhere(bad)[0])
        remedy = "" if name != "y" else "leave out the rows whose target is missing"
        yield Mistake(
            kind("CR036"),
            f"{name} has {int(bad.sum())} values that are NaN or infinite, first at "
            f"{name}[{first}]",
            remedy,
        )


def _imbalance(subject: Subject) -> Iterator[Mistake]:
    y = subject.y
    if subject.nature not in ("class", "binary") or subject.settings.is_weighted:
        return
    labels = y.argmax(axis=-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y), -1)
    values, counts = np.unique(labels, return_counts=True)
    share = counts.max() / counts.sum()
    if len(y) >= _ENOUGH and share >= _IMBALANCED and len(values) > 1:
        yield Mistake(
            kind("CR037"), f"class {values[counts.argmax()]:g} is {share:.1%} of the samples"
        )


def _validation(subject: Subject) -> Iterator[Mistake]:
    X, held_out = subject.X, subject.X_val
    if held_out is None or held_out.shape[1:] != X.shape[1:] or len(held_out) < 2:
        return
    rows, others = _hashes(X[:_ROWS]), _hashes(held_out[:_ROWS])
    distinct = set(rows)
    repeated = 1 - len(distinct) / len(rows)  # of few values, which repeat anyway
    shared = sum(map(distinct.__contains__, others))
    if shared > (0.05 + 3 * repeated) * len(others) and len(rows) >= _FEW:
        yield Mistake(
            kind("CR038"),
            f"{shared} of the {len(others)} validation samples are among the training samples",
        )


def _hashes(rows: Array) -> list[int]:
    flat = np.ascontiguousarray(rows.reshape(len(rows), -1).astype("float32"))
    return [hash(each.tobytes()) for each in flat]
