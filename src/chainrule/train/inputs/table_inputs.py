"""Preprocessing of tables: rows of named columns become inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from chainrule.data.columns import is_table, read_columns, row_count, take_rows
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import ArgumentError, DataError
from chainrule.train.inputs.samples import split_at
from chainrule.train.model.model import Model

__all__ = ["Inputs", "as_inputs", "fit_table"]

Inputs = ArrayLike | Mapping[str, ArrayLike]
"""Arrays, lists and data frames, dicts of columns, paths of CSV files."""


def as_inputs(model: Model, X: Any, function: str) -> Any:
    """Encode the rows of a table; what has no named columns is returned as it is."""
    if model.table is None:
        _check_order(model, X, function)
    if model.table is None or not is_table(X):
        return X
    if not model.table.is_fitted:
        raise ArgumentError(
            f"{function}: the table that the network begins with is not fitted yet; call "
            "net.fit first"
        )
    return model.table.transform(X, model.dtype.name)


def fit_table(model: Model, X: Any, validation_split: float, **others: Any) -> Any:
    """Fit the table on the training part, then encode all rows; a fitted table stays as it is.

    Encoded rows have no labels any more, so those of `others`, targets and weights, are compared.
    """
    if model.table is not None:
        check_row_labels("fit", X=X, **others)
    if model.table is None and model.columns is None:
        model.columns = _names_of_columns(X)
    if model.table is None or model.table.is_fitted:
        return as_inputs(model, X, "fit")
    if not is_table(X):
        raise DataError(
            "fit: the network begins with a table that is not fitted yet, and X has no named "
            "columns; give a DataFrame, a dict of columns or the path of a CSV file"
        )
    columns = read_columns(X)
    first = split_at(row_count(columns), validation_split)
    table = model.table.copy()
    model.table = table.fit(take_rows(columns, slice(first)))
    return as_inputs(model, columns, "fit")


def _names_of_columns(X: Any) -> list[str] | None:
    """Return the names of the columns of a data frame, where they are texts."""
    names = getattr(X, "columns", None)
    if names is None or not hasattr(X, "__array__"):
        return None
    names = list(names)
    is_named = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return list(map(str, names)) if is_named else None


def _check_order(model: Model, X: Any, function: str) -> None:
    """Refuse the columns that the network was trained on in another order."""
    names = _names_of_columns(X) if model.columns else None
    if names is None or names == model.columns or sorted(names) != sorted(model.columns or ()):
        return
    assert model.columns is not None, "they are compared"
    place = next(i for i, (a, b) in enumerate(zip(names, model.columns, strict=True)) if a != b)
    raise DataError(
        f"{function}: the columns of X are in another order than in training: column {place} is "
        f"{names[place]!r:.60} and was {model.columns[place]!r:.60}; pass X[net.columns]"
    )
