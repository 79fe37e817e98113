"""Row labels, as pandas has them: inputs and targets are paired by place, never against labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np

from chainrule.errors import DataError, warn

__all__ = ["check_dates_in_order", "check_row_labels"]


def check_row_labels(function: str, **arguments: Any) -> None:
    """Refuse arguments with the same row labels in another order; warn of shuffled ones.

    Objects without labels, and labels of other rows, such as the numbers of a new data frame or the
    dates of what follows, are paired by place.
    """
    labelled = [
        (expression, labels)
        for name, value in arguments.items()
        if value is not None and type(value) is not np.ndarray
        for expression, labels in _labels(name, value)
    ]
    for name, labels in labelled[1:]:
        _compare(function, *labelled[0], name, labels)


def check_dates_in_order(function: str, series: Any) -> None:
    """Refuse a time series whose labels are dates that do not ascend."""
    for name, labels in _labels("series", series):
        is_time = getattr(labels.dtype, "kind", "") == "M" or hasattr(labels, "freqstr")
        if is_time and not labels.is_monotonic_increasing:
            raise DataError(
                f"{function}: the dates of the series do not ascend, and each window must precede "
                f"what it predicts; pass {name}.sort_index(), or {name}.to_numpy() if its rows are "
                "in temporal order"
            )


def _labels(name: str, value: Any) -> list[tuple[str, Any]]:
    """Return the row labels of an argument, each with the expression that gives its owner."""
    if isinstance(value, Mapping):
        columns = cast(Mapping[Any, Any], value).items()
        return [pair for key, each in columns for pair in _labels(f"{name}[{key!r}]", each)]
    index = getattr(value, "index", None) if hasattr(value, "iloc") else None
    return [(name, index)] if hasattr(index, "equals") and hasattr(index, "isin") else []


def _compare(function: str, first: str, labels: Any, second: str, others: Any) -> None:
    if len(labels) != len(others) or labels.equals(others):
        return
    shared = int(others.isin(labels).sum())
    if shared == len(others) and labels.isin(labels.intersection(others)).all():
        row = int((labels != others).argmax())
        raise DataError(
            f"{function}: {first} and {second} have the same row labels in another order, first "
            f"{labels[row]!s:.60} and {others[row]!s:.60} in row {row}; "
            + _remedy(first, labels, second, others)
        )
    is_ordered = labels.is_monotonic_increasing and others.is_monotonic_increasing
    is_new = _counts_rows(labels) or _counts_rows(others)
    if 2 * shared > len(others) and not is_ordered and not is_new:
        warn(
            f"{function}: {first} and {second} have {shared} row labels of {len(others)} in "
            f"common, at different places; rows are paired by place: pass {second}.to_numpy() if "
            "that is right"
        )


def _remedy(first: str, labels: Any, second: str, others: Any) -> str:
    by_place = f"{second}.to_numpy() if the rows belong together by place"
    if labels.is_unique and others.is_unique:
        return f"pass {second}.loc[{first}.index], or {by_place}"
    return (
        "labels that repeat cannot be aligned: number the rows with reset_index(drop=True) before "
        f"they are reordered, or pass {by_place}"
    )


def _counts_rows(labels: Any) -> bool:
    """Whether labels are the default ones, 0, 1, 2, ..., of a new data frame."""
    return getattr(labels, "start", None) == 0 and getattr(labels, "step", None) == 1
