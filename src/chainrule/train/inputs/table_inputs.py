"""Preprocessing of tables: rows of named columns become inputs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike

from chainrule.data.array_protocols import names_of_columns, select_by_name
from chainrule.data.columns import is_table, read_columns, row_count, take_rows
from chainrule.data.row_labels import check_row_labels
from chainrule.data.sparse_rows import is_sparse
from chainrule.data.table import Table
from chainrule.errors import ArgumentError, DataError, ShapeError, counted
from chainrule.train.inputs.samples import split_at
from chainrule.train.model.model import Model

__all__ = ["Inputs", "as_inputs", "fit_table"]

Inputs = ArrayLike | Mapping[str, ArrayLike]
"""Arrays, lists and data frames, dicts of columns, paths of CSV files."""


def as_inputs(model: Model, X: Any, function: str) -> Any:
    """Encode the rows of a table; what has no named columns is returned as it is."""
    if model.table is None:
        _refuse_table(X, function)
        return _in_order(model, X, function)
    if not is_table(X):
        _check_encoded(model.table, X, function)
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


def _refuse_table(X: Any, function: str) -> None:
    """Refuse columns by name for a network that does not begin with a table."""
    if isinstance(X, Mapping) and not is_sparse(X):
        names = ", ".join(map(str, cast(Mapping[Any, Any], X)))
        raise DataError(
            f"{function}: X is a table of the columns {names:.80}, and the network does not begin "
            "with one; begin it with data.Table(), as in chainrule.Network([data.Table(), "
            "nn.Dense(8), ...])"
        )


def _check_encoded(table: Table, X: Any, function: str) -> None:
    """Refuse rows without names of columns, unless they have as many features as encoded ones."""
    if not table.is_fitted or is_sparse(X):
        return
    shape, is_text = np.shape(X), np.asarray(X).dtype.kind in "UTO"
    if shape and (is_text or shape[-1] != len(table.feature_names)):
        names = [each.name for each in table.fitted]
        example = ", ".join(f"{name!r}: ..." for name in names[:2]) + ", ..." * (len(names) > 2)
        raise (DataError if is_text else ShapeError)(
            f"{function}: X has shape {shape} and no names of columns, but the network begins with "
            f"a table of {counted(len(names), 'column')}; give a DataFrame, a dict of columns, or "
            f"one row as {{{example}}}"
        )


def _names_of_columns(X: Any) -> list[str] | None:
    """Return the names of the columns of a data frame, where they are texts."""
    names = names_of_columns(X)
    if names is None or not hasattr(X, "__array__"):
        return None
    is_named = all(isinstance(name, str) for name in names) and len(set(names)) == len(names)
    return list(map(str, names)) if is_named else None


def _in_order(model: Model, X: Any, function: str) -> Any:
    """Return the columns that the network was trained on, found by their names, in that order."""
    names = _names_of_columns(X) if model.columns else None
    if names is None or model.columns is None or names == model.columns:
        return X
    missing = [each for each in model.columns if each not in names]
    if missing:
        further = [each for each in names if each not in model.columns]
        raise DataError(
            f"{function}: X lacks {counted(len(missing), 'column')} of those in training, first "
            f"{missing[0]!r:.60}"
            + (f", and has {further[0]!r:.60}, which was none of them" if further else "")
            + "; pass the columns that net.columns names, or an array without names"
        )
    return select_by_name(X, model.columns)
