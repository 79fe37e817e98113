"""A table as an entry of a network's file: what was learned of each column."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, cast

from chainrule.data.feature import ENCODINGS, POLICIES, FittedCategory, FittedNumber
from chainrule.data.table import Table
from chainrule.errors import ArgumentError, FormatError
from chainrule.train.files.schema import Entries

__all__ = ["describe_table", "table_of"]


def describe_table(table: Table) -> dict[str, Any]:
    """Return what a table has learned as JSON values.

    Parameters
    ----------
    table : Table
        One that has learned.

    Returns
    -------
    dict
        See `chainrule.train.files.save` for its grammar.

    Raises
    ------
    ArgumentError
        If it has learned nothing.
    """
    if not table.is_fitted:
        raise ArgumentError(
            "save: the table that the network begins with has learned nothing yet; call fit first"
        )
    return {"target": table.target, "columns": [_described(column) for column in table.fitted]}


def table_of(described: dict[str, Any]) -> Table:
    """Return the table that a file describes.

    Parameters
    ----------
    described : dict
        JSON values, to be checked.

    Returns
    -------
    Table
        One that has learned.

    Raises
    ------
    FormatError
        If anything in it is not what it must be.
    """
    entries = Entries(described, "the description of the table")
    entries.only("target", "columns")
    columns = [_column(each, place) for place, each in enumerate(entries.get("columns", list))]
    if not columns or len({column.name for column in columns}) != len(columns):
        raise FormatError("load: the table has no columns, or one of them twice")
    return Table.of(columns, entries.get("target", str, type(None)))


def _described(column: FittedNumber | FittedCategory) -> dict[str, Any]:
    kind = "number" if isinstance(column, FittedNumber) else "category"
    return {"kind": kind} | asdict(column)


def _column(described: Any, place: int) -> FittedNumber | FittedCategory:
    if not isinstance(described, dict):
        raise FormatError(f"load: column {place} of the table is described by {described!r:.60}")
    entries = Entries(cast(dict[str, Any], described), f"the description of column {place}")
    kind = entries.get("kind", str)
    if kind not in ("number", "category"):
        raise FormatError(f"load: column {place} of the table is of the kind {kind!r:.60}")
    return _number(entries) if kind == "number" else _category(entries)


def _number(entries: Entries) -> FittedNumber:
    entries.only("kind", "name", "fill", "mean", "scale", "has_gaps")
    fill, mean, scale = (float(entries.get(name, float)) for name in ("fill", "mean", "scale"))
    if not (math.isfinite(fill) and math.isfinite(mean) and 0 < scale < math.inf):
        raise FormatError(f"load: the table divides by {scale}, or has a number that is not finite")
    return FittedNumber(entries.get("name", str), fill, mean, scale, entries.get("has_gaps", bool))


def _category(entries: Entries) -> FittedCategory:
    entries.only("kind", "name", "values", "encoding", "unseen")
    values = entries.get("values", list)
    if not values or not all(type(each) is str for each in values) or values != sorted(set(values)):
        raise FormatError("load: the categories of a column must be names in order, each once")
    encoding, unseen = entries.get("encoding", str), entries.get("unseen", str)
    if encoding not in ENCODINGS or unseen not in POLICIES:
        raise FormatError(f"load: a column is encoded by {encoding!r:.60}, {unseen!r:.60}")
    return FittedCategory(entries.get("name", str), tuple(values), encoding, unseen)
