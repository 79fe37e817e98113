"""Precision, recall, F1 and support of each class, which print as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chainrule.console import right_aligned, width_of
from chainrule.errors import MissingKeyError
from chainrule.train.metrics.confusion import class_counts, ratio
from chainrule.train.metrics.outcome import Outcome

__all__ = ["ClassificationReport"]

_COLUMNS = ("precision", "recall", "f1", "support")
Row = dict[str, float | int]


class ClassificationReport(Mapping[Any, Any]):
    """A mapping from each class to its precision, recall, F1 and support; it prints as a table.

    Beside the classes it has ``"accuracy"``, a number, and the rows ``"macro avg"``, the means over
    the classes, and ``"weighted avg"``, means weighted by support.
    """

    def __init__(self, outcome: Outcome, names: Sequence[str]) -> None:
        counts = class_counts(outcome.truth, outcome.predicted, len(outcome.classes))
        right, predicted, present = counts
        columns = (
            ratio(right, predicted),
            ratio(right, present),
            ratio(2 * right, predicted + present),
        )
        total = int(present.sum())
        self._rows: dict[Any, Row] = {
            key: _row([float(column[k]) for column in columns], int(present[k]))
            for k, key in enumerate(outcome.classes.tolist())
        }
        self._names = dict(zip(self._rows, names, strict=True))
        self._averages = {
            "macro avg": _row([float(np.mean(column)) for column in columns], total),
            "weighted avg": _row([_weighted(column, present) for column in columns], total),
        }
        self._accuracy = float(right.sum() / total)

    def __getitem__(self, key: Any) -> Any:
        if key in self._rows:
            return self._rows[key]
        if key == "accuracy":
            return self._accuracy
        if key in self._averages:
            return self._averages[key]
        for own, name in self._names.items():
            if key in (name, str(own)):
                return self._rows[own]
        raise MissingKeyError(f"the report has no {key!r}; it has {', '.join(map(str, self))}")

    def __iter__(self) -> Iterator[Any]:
        return iter([*self._rows, "accuracy", *self._averages])

    def __len__(self) -> int:
        return len(self._rows) + 1 + len(self._averages)

    def __repr__(self) -> str:
        support = self._averages["macro avg"]["support"]
        rows = {self._names[key]: row for key, row in self._rows.items()} | self._averages
        first = max(map(width_of, [*rows, "accuracy"]))
        lines = ["".join([" " * first, *(f"{name:>11}" for name in _COLUMNS)]), ""]
        lines += [_line(right_aligned(name, first), row) for name, row in rows.items()]
        accuracy = f"{'accuracy':>{first}}{'':22}{self._accuracy:11.2f}{support:11d}"
        return "\n".join([*lines[:-2], "", accuracy, *lines[-2:]])


def _row(values: list[float], support: int) -> Row:
    return {**dict(zip(_COLUMNS, values, strict=False)), "support": support}


def _line(name: str, row: Row) -> str:
    return name + "".join(f"{row[each]:11.2f}" for each in _COLUMNS[:3]) + f"{row['support']:11d}"


def _weighted(column: NDArray[np.float64], present: NDArray[Any]) -> float:
    return float(np.average(column, weights=present))
