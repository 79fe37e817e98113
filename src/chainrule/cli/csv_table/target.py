"""The target of a CSV file: classes or numbers, and the rows that have one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from chainrule import data
from chainrule.cli.csv_table.option import TableOptions
from chainrule.data.cell import are_numbers, as_texts, is_missing
from chainrule.data.csv_file import read_table
from chainrule.data.dates import are_dates
from chainrule.data.features.checks import differ_in_case
from chainrule.data.file_columns import FileColumns
from chainrule.data.formats.date_inference import infer_dates
from chainrule.data.formats.number_format import EXACT
from chainrule.errors import DataError, counted

__all__ = ["Target", "target_of"]

# Integer targets with at most this many distinct values are classes.
MOST_CLASSES = 20
# Rows of each class, on average; numbers that occur more seldom are amounts.
ROWS_PER_CLASS = 3
SKEWED = 2.0
FEW = 5


@dataclass(frozen=True)
class Target:
    """The column to predict.

    Parameters
    ----------
    values : array, (n,)
        Names of classes, or float64.
    rows : array of bool, (n of the file,)
        The rows that have a target.
    are_classes : bool
        Whether the values are classes.
    reads_missing : bool
        Whether a class is spelled as a missing value is, such as NA.
    """

    values: NDArray[Any]
    rows: NDArray[np.bool_]
    are_classes: bool
    reads_missing: bool = False


def target_of(path: Path, columns: FileColumns, name: str, options: TableOptions) -> Target:
    """Return the target, and print what may not be as meant."""
    cells, reads_missing = columns[name], False
    _refuse_dates(name, cells)
    if not are_numbers(cells) and "" in as_texts(cells):
        # A class may be called NA: in the column to predict, only an empty cell is missing.
        reading = replace(options.read_options(), missing=frozenset({"", *options.missing}))
        cells = read_table(path, reading, [name])[0][name]
        reads_missing = _print_classes_like_missing(name, columns[name], cells)
    rows = np.array([not is_missing(cell) for cell in cells.tolist()])
    if not rows.any():
        raise DataError(f"train: the target {name!r} is missing in all rows")
    if not rows.all():
        missing = int(np.sum(~rows))
        click.echo(f"{counted(missing, 'row')} without a target {name!r} left out")
    kept = cells[rows]
    if len({*as_texts(kept)}) < 2:
        raise DataError(
            f"train: all rows have the target {as_texts(kept)[0]!r}; there is nothing to predict"
        )
    if options.kind == "class" or (options.kind is None and _are_classes(kept)):
        names = np.array(as_texts(kept))
        _check_classes(name, kept, names, options)
        return Target(names, rows, are_classes=True, reads_missing=reads_missing)
    numbers = data.Table(target=name).targets({name: kept}, kind="number")
    _print_skew(name, numbers)
    return Target(numbers, rows, are_classes=False)


def _refuse_dates(name: str, cells: NDArray[Any]) -> None:
    is_text = not are_numbers(cells)
    if are_dates(cells) or (is_text and infer_dates(as_texts(cells)).format):
        raise DataError(
            f"train: the target {name!r} holds dates; predict a number or a class, such as the "
            "days until then, in a column of its own"
        )


def _print_classes_like_missing(name: str, blanked: NDArray[Any], written: NDArray[Any]) -> bool:
    """Print which classes are spelled as missing values are, if there are such."""
    texts = [
        text
        for text, blank in zip(as_texts(written), as_texts(blanked), strict=True)
        if text and not blank
    ]
    for spelled in sorted({*texts}):
        click.echo(
            f"the target {name!r} is {spelled!r} in {counted(texts.count(spelled), 'row')}, taken "
            f"as a class; --missing {spelled} leaves such rows out"
        )
    return bool(texts)


def _are_classes(cells: NDArray[Any]) -> bool:
    """Whether a target is one of classes: texts, booleans, or few integers, each often."""
    if not are_numbers(cells) or cells.dtype.kind == "b":
        return True
    listed = cells.tolist()
    values = {*listed}
    if all(isinstance(value, bool) for value in values):
        return True
    if any(value != value or value % 1 for value in values):
        return False
    if len(values) == 2 or max(map(abs, values)) > EXACT:
        return len(values) <= max(MOST_CLASSES, len(listed) // ROWS_PER_CLASS)
    return len(values) <= MOST_CLASSES and ROWS_PER_CLASS * len(values) <= len(listed)


def _check_classes(
    target: str, cells: NDArray[Any], names: NDArray[Any], options: TableOptions
) -> None:
    """Refuse classes of a single row; print which classes may be amounts, and which are rare."""
    classes, counts = np.unique(names, return_counts=True)
    texts = [each for each in classes.tolist() if not _is_number(each)]
    if cells.dtype.kind not in "biuf" and texts and 2 * len(texts) < len(classes):
        row = names.tolist().index(texts[0])
        raise DataError(
            f"train: the target {target!r} holds numbers, but {texts[0]!r} in row {row} (rows are "
            "counted from 0) is none; write it as a number, or pass "
            f"missing={texts[:5]!r}"
        )
    if counts.min() < 2:
        rare = str(classes[counts.argmin()])
        other = (
            f"or pass missing={['', rare]!r} to leave them out"
            if texts
            else "or predict it as an amount by --target-kind number"
        )
        raise DataError(
            f"train: the target {target!r} is {rare!r} in one row only, of {len(names)}; each "
            f"class needs two rows or more, for training and test: remove such rows, {other}"
        )
    if options.kind is None and are_numbers(cells) and len(classes) > 2:
        click.echo(
            f"the target {target!r} has {len(classes)} different numbers, taken as classes; "
            "--target-kind number predicts it as an amount"
        )
    alike = differ_in_case(classes.tolist())
    if alike is not None:
        click.echo(
            f"the target {target!r} has {alike[0]!r} and {alike[1]!r}, which differ in upper and "
            "lower case alone, as two classes; write them alike"
        )
    few = [str(each) for each in classes[counts < FEW]]
    if few and len(names) >= FEW * len(classes):
        shown = ", ".join(map(repr, few[:3])) + (", ..." if len(few) > 3 else "")
        click.echo(f"fewer than {FEW} rows have the target {shown}: they are hardly learned")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _print_skew(name: str, numbers: NDArray[np.float64]) -> None:
    """Print that a few amounts are far above all others, which a squared error then follows."""
    deviation = float(numbers.std())
    if not deviation > 0 or numbers.min() < 0 or len(numbers) < 10:
        return
    skewness = float(np.mean(((numbers - numbers.mean()) / deviation) ** 3))
    if skewness > SKEWED:
        click.echo(
            f"the target {name!r} is skewed: half of the rows are below {np.median(numbers):.4g}, "
            f"the largest is {numbers.max():.4g}; its logarithm may be predicted better, as a "
            "column of its own"
        )
