"""Preprocessing of tables: rows of named columns become inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from chainrule.data.columns import is_table, read_columns, row_count
from chainrule.data.row_labels import check_row_labels
from chainrule.errors import ArgumentError, DataError
from chainrule.train.inputs.samples import split_at
from chainrule.train.model.model import Model

__all__ = ["Inputs", "as_inputs", "fit_table"]

Inputs = ArrayLike | Mapping[str, ArrayLike]
"""Arrays, lists and data frames, dicts of columns, paths of CSV files."""


def as_inputs(model: Model, X: Any, function: str) -> Any:
    """Encode the rows of a table; what has no named columns is returned as it is."""
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
    model.table = table.fit({name: cells[:first] for name, cells in columns.items()})
    return as_inputs(model, columns, "fit")
