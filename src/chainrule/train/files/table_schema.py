"""Serialisation of a fitted table: the statistics and categories of each column."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, cast

from chainrule.data.cell import CELLS
from chainrule.data.feature import ENCODINGS, POLICIES, FittedCategory, FittedNumber
from chainrule.data.table import Table
from chainrule.errors import ArgumentError, FormatError
from chainrule.train.files.schema import Description

__all__ = ["describe_table", "table_of"]


def describe_table(table: Table) -> dict[str, Any]:
    """Return a fitted table as JSON values."""
    if not table.is_fitted:
        raise ArgumentError(
            "save: the table that the network begins with is not fitted yet; call fit first"
        )
    return {"target": table.target, "columns": [_described(column) for column in table.fitted]}


def table_of(described: dict[str, Any]) -> Table:
    """Return the table that a file describes."""
    description = Description(described, "the description of the table")
    description.only("target", "columns")
    columns = [
        _column(each, number) for number, each in enumerate(description.get("columns", list))
    ]
    if not columns or len({column.name for column in columns}) != len(columns):
        raise FormatError("load: the table has no columns, or one of them twice")
    return Table.of(columns, description.get("target", str, type(None)))


def _described(column: FittedNumber | FittedCategory) -> dict[str, Any]:
    if isinstance(column, FittedCategory):
        return {"kind": "category"} | asdict(column)
    described = {"kind": "number"} | asdict(column)
    if column.holds == "either":  # what files of earlier versions, which do not say it, mean
        del described["holds"]
    return described


def _column(described: Any, number: int) -> FittedNumber | FittedCategory:
    if not isinstance(described, dict):
        raise FormatError(f"load: column {number} of the table is described by {described!r:.60}")
    description = Description(
        cast(dict[str, Any], described), f"the description of column {number}"
    )
    kind = description.get("kind", str)
    if kind not in ("number", "category"):
        raise FormatError(f"load: column {number} of the table is of the kind {kind!r:.60}")
    return _number(description) if kind == "number" else _category(description)


def _number(description: Description) -> FittedNumber:
    description.only("kind", "name", "fill", "mean", "scale", "has_gaps", "holds")
    fill, mean, scale = (float(description.get(name, float)) for name in ("fill", "mean", "scale"))
    if not (math.isfinite(fill) and math.isfinite(mean) and 0 < scale < math.inf):
        raise FormatError(f"load: the table divides by {scale}, or has a number that is not finite")
    holds = description.get("holds", str) if description.has("holds") else "either"
    if holds not in CELLS:
        raise FormatError(f"load: a column of numbers holds {holds!r:.60}")
    name, has_gaps = description.get("name", str), description.get("has_gaps", bool)
    return FittedNumber(name, fill, mean, scale, has_gaps, holds)


def _category(description: Description) -> FittedCategory:
    description.only("kind", "name", "values", "encoding", "unseen")
    values = description.get("values", list)
    if not values or not all(type(each) is str for each in values) or values != sorted(set(values)):
        raise FormatError("load: the categories of a column must be names in order, each once")
    encoding, unseen = description.get("encoding", str), description.get("unseen", str)
    if encoding not in ENCODINGS or unseen not in POLICIES:
        raise FormatError(f"load: a column is encoded by {encoding!r:.60}, {unseen!r:.60}")
    return FittedCategory(description.get("name", str), tuple(values), encoding, unseen)
