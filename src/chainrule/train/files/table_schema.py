"""Serialisation of a fitted table: the statistics and categories of each column."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any, cast

from chainrule.data.cell import CELLS
from chainrule.data.features.category import ENCODINGS, POLICIES, FittedCategory
from chainrule.data.features.date import PARTS, FittedDate
from chainrule.data.features.number import FittedNumber
from chainrule.data.formats.date_format import checked_date_format
from chainrule.data.formats.number_format import DECIMALS, PLAIN, NumberFormat
from chainrule.data.table import Table
from chainrule.errors import ArgumentError, FormatError
from chainrule.train.files.schema import Description

__all__ = ["describe_table", "table_of"]

Fitted = FittedNumber | FittedCategory | FittedDate
LONGEST_UNIT = 20
# Python's dates end in the year 9999.
MOST_DAYS = 2_000_000


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


def _described(column: Fitted) -> dict[str, Any]:
    if isinstance(column, FittedCategory):
        return {"kind": "category"} | asdict(column)
    if isinstance(column, FittedDate):
        return {"kind": "date"} | asdict(column)
    described = {"kind": "number"} | asdict(column)
    # What files of earlier versions, which do not say it, mean.
    if column.holds == "either":
        del described["holds"]
    if column.format == PLAIN:
        del described["format"]
    return described


def _column(described: Any, number: int) -> Fitted:
    if not isinstance(described, dict):
        raise FormatError(f"load: column {number} of the table is described by {described!r:.60}")
    description = Description(
        cast(dict[str, Any], described), f"the description of column {number}"
    )
    kind = description.get("kind", str)
    read = {"number": _number, "category": _category, "date": _date}.get(kind)
    if read is None:
        raise FormatError(f"load: column {number} of the table is of the kind {kind!r:.60}")
    return read(description)


def _number(description: Description) -> FittedNumber:
    description.only("kind", "name", "fill", "mean", "scale", "has_gaps", "holds", "format")
    fill, (mean, scale) = float(description.get("fill", float)), _mean_and_scale(description)
    if not math.isfinite(fill):
        raise FormatError(f"load: the table fills in {fill}, which is not finite")
    holds = description.get("holds", str) if description.has("holds") else "either"
    if holds not in CELLS:
        raise FormatError(f"load: a column of numbers holds {holds!r:.60}")
    name, has_gaps = description.get("name", str), description.get("has_gaps", bool)
    number_format = _format(description) if description.has("format") else PLAIN
    return FittedNumber(name, fill, mean, scale, has_gaps, holds, number_format)


def _mean_and_scale(description: Description) -> tuple[float, float]:
    mean, scale = (float(description.get(name, float)) for name in ("mean", "scale"))
    if not (math.isfinite(mean) and 0 < scale < math.inf):
        raise FormatError(f"load: the table divides by {scale}, or has a number that is not finite")
    return mean, scale


def _format(description: Description) -> NumberFormat:
    described = Description(description.get("format", dict), "the format of a column of numbers")
    described.only("decimal", "unit", "grouped", "missing")
    decimal, unit = described.get("decimal", str), described.get("unit", str)
    missing = _texts(described, "missing")
    if decimal not in DECIMALS or len(unit) > LONGEST_UNIT:
        raise FormatError(f"load: numbers have the decimal mark {decimal!r:.60}, in {unit!r:.60}")
    return NumberFormat(decimal, unit, described.get("grouped", bool), missing)


def _date(description: Description) -> FittedDate:
    description.only("kind", "name", "format", "parts", "mean", "scale", "weekdays", "has_gaps")
    name, written = description.get("name", str), description.get("format", str)
    if written:
        try:
            checked_date_format("load", written)
        except ArgumentError as error:
            raise FormatError(str(error)) from None
    parts, weekdays = _texts(description, "parts"), description.get("weekdays", list)
    if not parts or len({*parts}) < len(parts) or not {*parts} <= {*PARTS}:
        raise FormatError(f"load: a column of dates has the features {parts!r:.60}")
    if weekdays != sorted({*weekdays} & {*range(7)}) or not all(type(x) is int for x in weekdays):
        raise FormatError(f"load: a column of dates has the weekdays {weekdays!r:.60}")
    mean, scale = _mean_and_scale(description)
    if abs(mean) > MOST_DAYS:
        raise FormatError(f"load: the mean of a column of dates is {mean} days from 1970")
    has_gaps = description.get("has_gaps", bool)
    return FittedDate(name, written, parts, mean, scale, tuple(weekdays), has_gaps)


def _texts(description: Description, name: str) -> tuple[str, ...]:
    texts = description.get(name, list)
    if not all(type(each) is str for each in texts):
        raise FormatError(f"load: {name} of a column must be texts")
    return tuple(texts)


def _category(description: Description) -> FittedCategory:
    description.only("kind", "name", "values", "encoding", "unseen")
    values = description.get("values", list)
    if not values or not all(type(each) is str for each in values) or values != sorted(set(values)):
        raise FormatError("load: the categories of a column must be names in order, each once")
    encoding, unseen = description.get("encoding", str), description.get("unseen", str)
    if encoding not in ENCODINGS or unseen not in POLICIES:
        raise FormatError(f"load: a column is encoded by {encoding!r:.60}, {unseen!r:.60}")
    return FittedCategory(description.get("name", str), tuple(values), encoding, unseen)
