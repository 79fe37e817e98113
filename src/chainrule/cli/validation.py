"""Validation parts of recipes: taken from the training part, and monitored while it is trained on.

The test part is used once, at the end, so that nothing is chosen by it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule import data
from chainrule.cli.recipe import Part
from chainrule.data.columns import take_rows

__all__ = ["HoldOut", "hold_out_classes", "hold_out_latest", "hold_out_nothing", "hold_out_rows"]

HoldOut = Callable[[Part], tuple[Part, Part | None]]
"""Divides a training part into what is trained on, and a validation part or None."""

SHARE = 0.1
LEAST = 10
"""Rows from which on a validation part is taken."""
RARE = 5
"""Rows of a class below which all of them are trained on."""


def hold_out_nothing(part: Part) -> tuple[Part, Part | None]:
    """Return the whole part, and no validation part."""
    return part, None


def hold_out_rows(part: Part) -> tuple[Part, Part | None]:
    """Hold out a random tenth."""
    return _without(part, np.arange(len(part[1])), stratify=False)


def hold_out_classes(part: Part) -> tuple[Part, Part | None]:
    """Hold out a random tenth of each class; rows of rare classes are all trained on."""
    _, codes, counts = np.unique(part[1], return_inverse=True, return_counts=True)
    return _without(part, np.flatnonzero(counts[codes.ravel()] >= RARE), stratify=True)


def hold_out_latest(gap: int) -> HoldOut:
    """Hold out the last tenth, `gap` windows later than the others, so that no target is in both.

    The part has at least as many windows as one forecast has steps, which is one more than the gap.
    """
    return partial(_latest, gap)


def _latest(gap: int, part: Part) -> tuple[Part, Part | None]:
    X, y = part
    first = len(y) - max(round(SHARE * len(y)), gap + 1)
    if first - gap < LEAST:
        return part, None
    return (X[: first - gap], y[: first - gap]), (X[first:], y[first:])


def _without(part: Part, rows: NDArray[np.intp], stratify: bool) -> tuple[Part, Part | None]:
    X, y = part
    if len(rows) < LEAST:
        return part, None
    _, (held, _) = data.split(rows, y[rows], test_size=SHARE, seed=0, stratify=stratify)
    trained = np.setdiff1d(np.arange(len(y)), held)
    return _taken(X, y, trained), _taken(X, y, np.sort(held))


def _taken(X: Any, y: NDArray[Any], rows: NDArray[np.intp]) -> Part:
    return take_rows(X, rows), y[rows]
