"""Networks that begin with a table: rows of named columns become inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import ArrayLike

from chainrule.data.columns import is_table, read_columns, row_count
from chainrule.errors import ArgumentError, DataError
from chainrule.train.inputs.samples import split_at
from chainrule.train.model.model import Model

__all__ = ["Inputs", "as_inputs", "learn_table"]

Inputs = ArrayLike | Mapping[str, ArrayLike]
"""What users hand in: arrays, lists and data frames, dicts of columns, paths of CSV files."""


def as_inputs(model: Model, X: Any, function: str) -> Any:
    """Return inputs made of a table's rows; what has no named columns is taken as it is."""
    if model.table is None or not is_table(X):
        return X
    if not model.table.is_fitted:
        raise ArgumentError(
            f"{function}: the table that the network begins with has learned nothing yet; call "
            "net.fit first"
        )
    return model.table.transform(X, model.dtype.name)


def learn_table(model: Model, X: Any, validation_split: float) -> Any:
    """Return inputs made of a table's rows, and learn from the training part what that takes.

    A table that has learned already, in an earlier call or by the user's will, stays as it is.
    """
    if model.table is None or model.table.is_fitted:
        return as_inputs(model, X, "fit")
    if not is_table(X):
        raise DataError(
            "fit: the network begins with a table that has learned nothing yet, and X has no named "
            "columns; give a DataFrame, a dict of columns or the path of a CSV file"
        )
    columns = read_columns(X)
    first = split_at(row_count(columns), validation_split)
    learned = model.table.copy()
    model.table = learned.fit({name: cells[:first] for name, cells in columns.items()})
    return as_inputs(model, columns, "fit")
