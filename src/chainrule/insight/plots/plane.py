"""A plane through samples: of two columns, or of two principal components of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from chainrule.arguments.checks import as_position, bad_argument
from chainrule.data.columns import is_table, read_columns
from chainrule.data.file_argument import is_path
from chainrule.errors import DataError, counted

__all__ = ["Plane", "feature_names", "plane_of"]

Array = NDArray[Any]


_SAMPLES_OF_COMPONENTS = 1000
"""Rows, at equal distances, of which principal components are computed."""


@dataclass(frozen=True)
class Plane:
    """Two columns, or principal components, of a table or array."""

    points: Array  # (n, 2)
    names: tuple[str, str]
    samples: Callable[[Array], Any]  # points (m, 2) -> what a network takes, other columns typical
    is_projection: bool = False
    width: int = 2  # columns of what a network takes


def plane_of(function: str, X: Any, columns: Any, features: Any) -> Plane:
    """Return the plane of two columns, the only two or those asked for; else of components.

    Principal components are those of the correlation of all columns, which must be numbers.
    """
    if is_path(X):
        raise DataError(
            f"{function}: X is a path; give the columns, as from data.read_csv({str(X)!r})"
        )
    values = _table(X) if is_table(X) else _rows(function, X)
    names = list(values)
    if columns is None and len(names) > 2 and _are_numbers(values):
        _check_finite(function, values)
        feature_names(function, features, len(names))
        return _of_components(X, values)
    chosen = _chosen(function, names, columns, X)
    points = [np.asarray(values[name]) for name in chosen]
    for name, column in zip(chosen, points, strict=True):
        if column.dtype.kind not in "biuf" or not np.isfinite(column).all():
            what = "missing values" if column.dtype.kind in "biuf" else f"{column[0]!r:.40}"
            raise DataError(f"{function}: column {name!r} has {what}; a plane is one of numbers")
    width = len(names)
    if is_table(X):
        shown = (str(chosen[0]), str(chosen[1]))
        return Plane(
            np.stack(points, 1), shown, lambda grid: _as_table(X, values, chosen, grid), width=width
        )
    labels = feature_names(function, features, len(names))
    if labels is None:
        ordinal = ("first feature", "second feature")
        labels = list(ordinal) if len(names) == 2 else [f"feature {each}" for each in names]
    shown = (labels[names.index(chosen[0])], labels[names.index(chosen[1])])
    return Plane(np.stack(points, 1), shown, lambda grid: _as_array(X, chosen, grid), width=width)


def _are_numbers(values: Mapping[Any, Array]) -> bool:
    """Whether columns have principal components: of numbers, in three rows or more."""
    columns = [np.asarray(each) for each in values.values()]
    return len(columns[0]) > 2 and all(each.dtype.kind in "biuf" for each in columns)


def _check_finite(function: str, values: Mapping[Any, Array]) -> None:
    """Refuse columns with missing values, of which there are no components."""
    complete = [name for name, each in values.items() if np.isfinite(each).all()]
    lacking = [name for name in values if name not in complete]
    if lacking:
        pair = tuple(complete[:2])
        other = f", or choose two complete columns: columns={pair!r}" if len(pair) == 2 else ""
        raise DataError(
            f"{function}: column {lacking[0]!r} has missing values, and all columns are projected "
            f"on a plane; leave out rows with such values{other}"
        )


def _of_components(X: Any, values: Mapping[Any, Array]) -> Plane:
    """Return the plane through the mean along two principal components.

    Columns are standardised first, so that units do not matter.
    """
    rows = np.stack([np.asarray(each, float) for each in values.values()], axis=1)
    mean, spread = rows.mean(axis=0), rows.std(axis=0)
    scale = np.where(spread > 1e-12 * np.abs(mean), spread, 1.0)
    standard = (rows - mean) / scale
    kept = np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLES_OF_COMPONENTS)).astype(int)
    _, lengths, directions = np.linalg.svd(standard[kept], full_matrices=False)
    axes = directions[:2]
    axes = axes * np.where(axes.sum(axis=1, keepdims=True) < 0, -1, 1)  # the same on any machine
    shares = lengths**2 / (np.sum(lengths**2) or 1.0)
    named = tuple(
        f"{which} principal component ({100 * share:.0f} % of variance)"
        for which, share in zip(("first", "second"), shares, strict=False)
    )

    def samples(grid: Array) -> Any:
        columns = mean + (grid @ axes) * scale
        if not is_table(X):
            return columns.astype(np.result_type(np.asarray(X), np.float32))
        return _like_table(X, dict(zip(values, columns.T, strict=True)))

    return Plane(standard @ axes.T, (named[0], named[1]), samples, True, len(values))


def feature_names(function: str, features: Any, count: int) -> list[str] | None:
    """Return the names given to columns; None if none are."""
    if features is None:
        return None
    if isinstance(features, str) or not isinstance(features, Sequence | np.ndarray):
        raise bad_argument(function, "features", features, "a list with the name of each column")
    if len(features) != count:
        raise DataError(
            f"{function}: features has {counted(len(features), 'name')} and X "
            f"{counted(count, 'column')}; give one name for each column"
        )
    return [str(each) for each in features]


def _table(X: Any) -> dict[Any, Array]:
    return dict(read_columns(X))


def _rows(function: str, X: Any) -> dict[Any, Array]:
    rows = np.asarray(X)
    if rows.ndim != 2 or not len(rows) or rows.shape[1] < 2:
        raise DataError(
            f"{function}: X has shape {rows.shape}; a plane has two features, so X must be (n, 2) "
            "and y (n,), n at least 1"
        )
    return {place: rows[:, place] for place in range(rows.shape[1])}


def _chosen(function: str, names: list[Any], columns: Any, X: Any) -> list[Any]:
    if columns is None and len(names) == 2:
        return names
    example = tuple(names[:2])
    if columns is None:
        what = (
            "shape " + str(np.shape(X)) if not is_table(X) else f"{counted(len(names), 'column')}"
        )
        raise DataError(
            f"{function}: X has {what}, and a plane has two features, so X must be (n, 2) and y "
            f"(n,); or choose two columns, as by columns={example!r}"
        )
    pair = list(columns) if isinstance(columns, Sequence) and not isinstance(columns, str) else []
    if not is_table(X):
        places = [as_position(each) for each in pair]
        pair = [each % len(names) for each in places if each is not None and each < len(names)]
    if len(pair) != 2 or pair[0] == pair[1] or any(each not in names for each in pair):
        known = ", ".join(map(repr, names)) if is_table(X) else f"positions below {len(names)}"
        raise bad_argument(
            function,
            "columns",
            columns,
            f"two different columns, as {example!r}; known are {known:.200}",
        )
    return pair


def _as_array(X: Any, chosen: list[Any], grid: Array) -> Array:
    rows = np.asarray(X)
    if rows.shape[1] == 2 and chosen == [0, 1]:
        return grid
    typical = np.nanmedian(rows, axis=0).astype(grid.dtype)
    samples = np.tile(typical, (len(grid), 1))
    samples[:, chosen] = grid
    return samples


def _as_table(X: Any, values: Mapping[Any, Array], chosen: list[Any], grid: Array) -> Any:
    typical = {name: np.full(len(grid), _typical(column)) for name, column in values.items()}
    return _like_table(X, {**typical, chosen[0]: grid[:, 0], chosen[1]: grid[:, 1]})


def _like_table(X: Any, columns: dict[Any, Array]) -> Any:
    """Return columns as a table of the type of another."""
    if isinstance(X, Mapping):
        return columns
    if isinstance(X, np.ndarray):  # structured
        dtype = [(name, column.dtype) for name, column in columns.items()]
        return np.array(list(zip(*columns.values(), strict=True)), cast(Any, dtype))
    return type(X)(columns)


def _typical(column: Array) -> Any:
    """Return the median of numbers, the most frequent of other values."""
    if column.dtype.kind in "iuf":
        return np.nanmedian(column)
    texts, places, counts = np.unique(column.astype(str), return_index=True, return_counts=True)
    return column[places[np.argmax(counts)]] if len(texts) else None
